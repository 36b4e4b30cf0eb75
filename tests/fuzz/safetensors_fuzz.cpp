// A network in a safetensors file.
#include "config/parameter_arrays.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzzing::InputFile file(fuzzing::text_of(data, size));
  for (const WeightLayout layout : values_of<WeightLayout>())
    fuzzing::allow_sentences([&] {
      const std::string path = file.path();
      layers_of({path, read_safetensors(map_file(path), path).tensors}, layout);
    });
  return 0;
}
