// An .npy file as inputs, and as the labels of a classification.
#include "data/dataset.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzzing::InputFile file(fuzzing::text_of(data, size));
  DataSpec spec;
  spec.kind = DataKind::kNpy;
  spec.inputs_array = spec.targets_array = file.path();
  for (const Task task : values_of<Task>()) {
    spec.task = task;
    fuzzing::allow_sentences([&] { make_dataset<float>(spec, 0); });
  }
  return 0;
}
