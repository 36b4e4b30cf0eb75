// Parameters in files: those that record.parameters writes, and as other libraries name them, the arrays of a
// state_dict; Hugging Face's safetensors among them: 8 bytes with the header's length, a JSON header, then the numbers, all
// little-endian (https://huggingface.co/docs/safetensors).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/npy.h"
#include "nn/init.h"

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

// A file of arrays, and what it says about them besides.
struct ParameterArrays {
  std::string path;
  std::vector<Tensor> arrays;
  bool in_order = false;  // they stand in the order in which they were saved
  WeightLayout layout = WeightLayout::kAuto;
};

// The dense layers that the arrays NAME.weight (or NAME.kernel) and NAME.bias make, the output layer last; a
// NAME.weight of one number is the slope of the layer before it, and NAME.weight and NAME.bias of one axis, and
// NAME.running_mean and NAME.running_var, are its normalization. Arrays without such names are taken as
// weights (two axes) and their biases (one), in the order of the file. Which layer comes first is told by
// numbers in the names ("10" after "2"), else by the order of the file, else by widths that go together; whether
// weights are [out][in] or [in][out] by the biases and by widths that go together, else by `layout`. Throws
// UserError(kInputOutput) with the array's name where nothing, or more than one thing, fits.
ParameterSet layers_of(const ParameterArrays& file, WeightLayout layout);

// Reads what init.file names: a line of parameters.jsonl (regular files up to 64 MiB), .safetensors or .npz. Throws
// UserError: kInputOutput for a file that cannot be read, is damaged or of another kind (which is then named, with
// the line that converts it); kUsage, with line and JSON pointer, for JSON that means something else.
ParameterSet read_parameter_file(const std::string& path, WeightLayout layout);

// The arrays of a ParameterSet as torch.nn.Sequential(Linear, activation, Linear, …) names them, with the modules for
// normalization and dropout that the model has: 0.weight, 0.bias, 2.weight, …; a learned slope as its activation's:
// 1.weight. The set must outlive them.
std::vector<NamedArray> sequential_arrays(const ParameterSet& parameters, const ModelSpec& model);

}  // namespace deadrelu
