// IDX images and labels, plain or gzip: the first two bytes say where the labels start.
#include <algorithm>

#include "data/dataset.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes = fuzzing::text_of(data + 2, size - 2);
  const std::size_t middle = std::min<std::size_t>(data[0] * 256u + data[1], bytes.size());
  fuzzing::allow_sentences([&] {
    const fuzzing::InputFile images(bytes.substr(0, middle)), labels(bytes.substr(middle));
    DataSpec spec;
    spec.kind = DataKind::kIdx;
    spec.images = images.path();
    spec.labels = labels.path();
    make_dataset<float>(spec, 0);
  });
  return 0;
}
