// An .npz file: every array that it says it has.
#include "data/npy.h"
#include "fuzzing.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzzing::InputFile input(fuzzing::text_of(data, size));
  fuzzing::allow_sentences([&] {
    const NpzFile file(input.path());
    for (const std::string& name : file.names())
      fuzzing::allow_sentences([&] {
        const Array array = file.read(name);
        if (!array.shape.empty()) require_finite(array);
      });
  });
  return 0;
}
