// A CSV data set: its first two bytes say of which task, and how it is read.
#include "data/dataset.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  fuzzing::allow_sentences([&] {
    const fuzzing::InputFile file(fuzzing::text_of(data + 2, size - 2));
    const unsigned choice = data[0], columns = data[1];
    DataSpec spec;
    spec.kind = DataKind::kCsv;
    spec.path = file.path();
    spec.task = choice % 2 == 1 ? Task::kClassification : Task::kRegression;
    CsvSpec& csv = spec.csv;
    csv.missing = values_of<Missing>()[choice / 2 % 3];
    csv.categories = choice & 8 ? Categories::kOneHot : Categories::kError;
    if (choice & 16) csv.header = (choice & 32) != 0;
    if (choice & 64) csv.delimiter = (choice & 128) != 0 ? "space" : ";";
    csv.targets = {"y"};
    if (columns & 1) csv.targets = {-1};
    if (columns & 2) csv.drop = {1};
    if (columns & 4) csv.inputs = {2, "a"};
    if (columns & 8) csv.decimal = ",";
    make_dataset<float>(spec, 0, [](const FoundData& found) { text_of(found); });
  });
  return 0;
}
