#include "config/safetensors.h"

#include <algorithm>

#include "config/json.h"

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
      fail("is too short for a safetensors file: " + std::to_string(file_.size) + " bytes");
    const std::uint64_t length = little_endian(file_.data(), kLengthBytes), room = file_.size - kLengthBytes;
    if (length > room || length > kMostJsonBytes)
      fail("byte 0: promises a header of " + std::to_string(length) + " bytes; " +
           std::to_string(std::min<std::uint64_t>(room, kMostJsonBytes)) + " at most can be");
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
    const auto known =
        std::find_if(types.begin(), types.end(), [&](Element e) { return *type == dtype_of(e); });
    if (known == types.end()) fail_in(name, "its dtype " + describe(*type) + " is not read; save it as F32");
    array.element = *known;
    array.shape = counts(name, "shape", *shape);
    const Lengths ends = counts(name, "data_offsets", *offsets);
    if (ends.size() != 2)
      fail_in(name, "its data_offsets are " + std::to_string(ends.size()) + " numbers; two are needed");
    if (ends[0] > ends[1] || ends[1] > numbers_.size)
      fail_in(name, "its data_offsets " + std::to_string(ends[0]) + " to " + std::to_string(ends[1]) +
                        " lie outside of the " + std::to_string(numbers_.size) + " bytes of numbers");
    const auto needed = array_bytes(array.element, array.shape);
    if (!needed || *needed != ends[1] - ends[0])
      fail_in(name, "has " + std::to_string(ends[1] - ends[0]) + " bytes, but its shape (" +
                        shape_text(array.shape) + ") takes " +
                        (needed ? std::to_string(*needed) : "more than there can be"));
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
        fail_in(name, std::string("its ") + what + " has " + describe(number) +
                          "; whole numbers from 0 on are needed");
      numbers.push_back(number.get<std::size_t>());
    }
    return numbers;
  }

  // The numbers of all tensors fill the file, without gaps.
  void check_places() {
    std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t end = 0;
    for (const Place& place : places_) {
      if (place.begin != end)
        fail_in(place.name, "begins at byte " + std::to_string(place.begin) + " of the numbers, " +
                                (place.begin < end ? "inside of another one" : "after a gap") + "; " +
                                std::to_string(end) + " is expected");
      end = place.end;
    }
    if (end != numbers_.size)
      fail("has " + std::to_string(numbers_.size) + " bytes of numbers, its tensors take " +
           std::to_string(end));
  }

  const Bytes& file_;
  const std::string& path_;
  Bytes numbers_;
  std::vector<Place> places_;
};

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

}  // namespace deadrelu
