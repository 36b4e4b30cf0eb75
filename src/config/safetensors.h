// Hugging Face's safetensors files: 8 bytes with the header's length, a JSON header, then the numbers, all
// little-endian (https://huggingface.co/docs/safetensors).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/npy.h"

namespace deadrelu {

struct Tensor {
  std::string name;
  Array array;  // its numbers lie in the file
};

struct SafetensorsFile {
  std::vector<Tensor> tensors;  // as the header lists them
  bool from_pytorch = false;    // it says so: {"format": "pt"}
};

// Throws UserError(kInputOutput) with path, byte or tensor for anything else than such a file: numbers that
// overlap, leave gaps or lie outside, sizes that do not fit the shape, types that are no plain numbers.
SafetensorsFile read_safetensors(const Bytes& file, const std::string& path);

// The tensors as such a file, {"format": "pt"} in it.
std::string safetensors_text(std::span<const NamedArray> tensors, bool single);

}  // namespace deadrelu
