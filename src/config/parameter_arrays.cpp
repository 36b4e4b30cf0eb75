#include "config/parameter_arrays.h"

#include <filesystem>
#include <fstream>

#include "base/file_kind.h"
#include "config/json.h"
#include "config/json_files.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

ParameterArrays read_npz(const std::string& path) {
  ParameterArrays file{path, {}, true};
  const NpzFile npz(path);
  for (const std::string& name : npz.names()) file.arrays.push_back({name, npz.read(name)});
  return file;
}

ParameterArrays read_tensors(const std::string& path) {
  SafetensorsFile tensors = read_safetensors(map_file(path), path);
  const WeightLayout layout = tensors.from_pytorch ? WeightLayout::kTorch : WeightLayout::kAuto;
  return {path, std::move(tensors.tensors), false, layout};
}

// By its first bytes, if they tell, else by its name.
FileKind kind_of(const std::string& path) {
  std::string start(kFileStart, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.gcount()));
  FileKind kind = file_kind(start);
  if (kind.format == FileFormat::kForeign) return kind;
  if (path.ends_with(".safetensors")) kind.format = FileFormat::kSafetensors;
  if (path.ends_with(".npz")) kind.format = FileFormat::kNpz;
  return kind;
}

}  // namespace

ParameterSet read_parameter_file(const std::string& path, WeightLayout layout) {
  std::error_code ignored;
  const FileKind kind = std::filesystem::is_regular_file(path, ignored) ? kind_of(path) : FileKind{};
  switch (kind.format) {
    case FileFormat::kNpz: return layers_of(read_npz(path), layout);
    case FileFormat::kSafetensors: return layers_of(read_tensors(path), layout);
    case FileFormat::kForeign:
    case FileFormat::kNpy:
    case FileFormat::kIdx:
      fail_input(path, foreign_file(kind, "a file of parameters (.safetensors, .npz, JSON)"));
    case FileFormat::kText:
    case FileFormat::kJson:
    case FileFormat::kUnknown: break;
  }
  return parse_parameters(read_text_file(path, true), path);
}

std::vector<NamedArray> sequential_arrays(const ParameterSet& parameters, const ModelSpec& model) {
  std::vector<NamedArray> arrays;
  std::size_t modules = 0;
  for (std::size_t l = 0; l < parameters.layers.size(); ++l) {
    const LayerParameters& layer = parameters.layers[l];
    const auto add = [&](const std::string& module, BlockKind kind, Lengths shape) {
      const BlockKindInfo& info = kBlockKinds[static_cast<std::size_t>(kind)];
      if (!layer[kind].empty())
        arrays.push_back({module + '.' + info.torch_name, std::move(shape), layer[kind]});
    };
    const bool hidden = l + 1 < parameters.layers.size();
    const auto add_normalization = [&](Position position) {
      if (!hidden || model.normalization.kind == Normalization::kNone ||
          model.normalization.position != position)
        return;
      const std::string module = std::to_string(modules++);
      for (std::size_t k = 0; k < kBlockKinds.size(); ++k)
        if (kBlockKinds[k].normalization) add(module, static_cast<BlockKind>(k), {layer.blocks[k].size()});
    };
    const std::string dense = std::to_string(modules++);
    add(dense, BlockKind::kWeights, {layer.rows, layer.inputs});
    add(dense, BlockKind::kBias, {layer.rows});
    add_normalization(Position::kBeforeActivation);
    add(std::to_string(modules++), BlockKind::kSlope, {1});
    add_normalization(Position::kAfterActivation);
    if (hidden && model.dropout > 0) ++modules;
  }
  return arrays;
}

}  // namespace deadrelu
