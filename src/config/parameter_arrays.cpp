#include "config/parameter_arrays.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/file_kind.h"
#include "config/json.h"
#include "config/json_files.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

constexpr std::size_t kLengthBytes = 8;

// F32, BF16, U8, BOOL, …
std::string dtype_of(Element element) {
  if (element == Element::kBool) return "BOOL";
  const std::string_view name = name_of(element);
  const char letter = static_cast<char>(name[0] - 'a' + 'A');
  return letter + std::string(name[1] == 'f' ? "F" : "") + std::to_string(8 * bytes_of(element));
}

// Reads the header; what is wrong with it is thrown at once.
class TensorReader {
 public:
  TensorReader(const Bytes& file, const std::string& path) : file_(file), path_(path) {}

  SafetensorsFile read() {
    const Json header = read_header();
    SafetensorsFile result;
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        const Json* const format = find_member(entry, "format");
        result.from_pytorch = format != nullptr && *format == "pt";
      } else {
        result.tensors.push_back(read_tensor(name, entry));
      }
    }
    check_places();
    return result;
  }

 private:
  struct Place {
    std::uint64_t begin, end;
    std::string name;
  };

  [[noreturn]] void fail(const std::string& text) const { fail_input(path_, text); }
  [[noreturn]] void fail_in(const std::string& name, const std::string& text) const {
    fail("tensor " + json_quoted(name) + ": " + text);
  }

  Json read_header() {
    if (file_.size < kLengthBytes)
      fail(fmt::format("is too short for a safetensors file: {} bytes", file_.size));
    const std::uint64_t length = little_endian(file_.data(), kLengthBytes), room = file_.size - kLengthBytes;
    if (length > room || length > kMostJsonBytes)
      fail(fmt::format("byte 0: promises a header of {} bytes; {} at most can be", length,
                       std::min<std::uint64_t>(room, kMostJsonBytes)));
    const std::string_view text(reinterpret_cast<const char*>(file_.data() + kLengthBytes), length);
    numbers_ = file_.part(kLengthBytes + length, room - length);
    Problems problems;
    Json header;
    if (!text.starts_with('{')) problems.add("", "is no JSON object");
    if (problems.empty()) read_json(text, Problems::kFile, header, problems);
    if (problems.empty() && !header.is_object()) problems.add("", "is no JSON object");
    if (!problems.empty()) fail("header: " + problems.report(text, "").front().sentence);
    return header;
  }

  Tensor read_tensor(const std::string& name, const Json& entry) {
    Tensor tensor{name, {}};
    Array& array = tensor.array;
    array.place = path_ + ": tensor " + json_quoted(name);
    const Json *const type = find_member(entry, "dtype"), *const shape = find_member(entry, "shape"),
                      *const offsets = find_member(entry, "data_offsets");
    if (type == nullptr || shape == nullptr || offsets == nullptr)
      fail_in(name, "found " + describe(entry) + "; an object with dtype, shape and data_offsets is needed");
    const auto types = values_of<Element>();
    const auto known = std::ranges::find_if(types, [&](Element e) { return *type == dtype_of(e); });
    if (known == types.end()) fail_in(name, "its dtype " + describe(*type) + " is not read; save it as F32");
    array.element = *known;
    array.shape = counts(name, "shape", *shape);
    const Lengths ends = counts(name, "data_offsets", *offsets);
    if (ends.size() != 2)
      fail_in(name, fmt::format("its data_offsets are {} numbers; two are needed", ends.size()));
    if (ends[0] > ends[1] || ends[1] > numbers_.size)
      fail_in(name, fmt::format("its data_offsets {} to {} lie outside of the {} bytes of numbers", ends[0],
                                ends[1], numbers_.size));
    const auto needed = array_bytes(array.element, array.shape);
    if (!needed || *needed != ends[1] - ends[0])
      fail_in(name, fmt::format("has {} bytes, but its shape ({}) takes {}", ends[1] - ends[0],
                                shape_text(array.shape),
                                needed ? std::to_string(*needed) : "more than there can be"));
    array.bytes = numbers_.part(ends[0], *needed);
    places_.push_back({ends[0], ends[1], name});
    return tensor;
  }

  Lengths counts(const std::string& name, const char* what, const Json& list) {
    Lengths numbers;
    if (!list.is_array())
      fail_in(name, std::string("its ") + what + " is " + describe(list) + "; a list is needed");
    for (const Json& number : list) {
      if (!number.is_number_integer() || number.get<std::int64_t>() < 0)
        fail_in(name,
                fmt::format("its {} has {}; whole numbers from 0 on are needed", what, describe(number)));
      numbers.push_back(number.get<std::size_t>());
    }
    return numbers;
  }

  // The numbers of all tensors fill the file, without gaps.
  void check_places() {
    std::ranges::sort(places_, [](const Place& a, const Place& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t end = 0;
    for (const Place& place : places_) {
      if (place.begin != end)
        fail_in(place.name, fmt::format("begins at byte {} of the numbers, {}; {} is expected", place.begin,
                                        place.begin < end ? "inside of another one" : "after a gap", end));
      end = place.end;
    }
    if (end != numbers_.size)
      fail(fmt::format("has {} bytes of numbers, its tensors take {}", numbers_.size, end));
  }

  const Bytes& file_;
  const std::string& path_;
  Bytes numbers_;
  std::vector<Place> places_;
};

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

SafetensorsFile read_safetensors(const Bytes& file, const std::string& path) {
  return TensorReader(file, path).read();
}

std::string safetensors_text(std::span<const NamedArray> tensors, bool single) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  std::string numbers;
  for (const NamedArray& tensor : tensors) {
    const std::size_t begin = numbers.size();
    numbers += number_bytes(tensor.numbers, single);
    header[tensor.name] = {{"dtype", dtype_of(single ? Element::kFloat32 : Element::kFloat64)},
                           {"shape", tensor.shape},
                           {"data_offsets", {begin, numbers.size()}}};
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');  // the numbers begin aligned
  std::string file;
  for (std::size_t i = 0; i < kLengthBytes; ++i) file += static_cast<char>(text.size() >> 8 * i & 255);
  return file + text + numbers;
}

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
