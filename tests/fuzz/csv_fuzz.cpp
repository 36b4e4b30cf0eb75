// A CSV data set: its first byte says of which task.
#include "data/dataset.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  fuzzing::allow_sentences([&] {
    const fuzzing::InputFile file(fuzzing::text_of(data + 1, size - 1));
    DataSpec spec;
    spec.kind = DataKind::kCsv;
    spec.path = file.path();
    spec.target_columns = {"y"};
    spec.task = data[0] % 2 == 1 ? Task::kClassification : Task::kRegression;
    make_dataset<float>(spec, 0);
  });
  return 0;
}
