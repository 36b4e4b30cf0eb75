#include "data/npy.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/file_kind.h"
#include "base/number.h"

namespace deadrelu {
namespace {

constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr std::string_view kNpyExtension = ".npy";
constexpr std::size_t kMostAxes = 64;            // of NumPy 2
constexpr std::size_t kMostHeaderBytes = 65536;  // numpy.load reads up to 10,000

// Whether a type of NumPy's, 'f' of 8 bytes, is this one.
bool is_type(Element element, char kind, std::int64_t bytes) {
  return element != Element::kBfloat16 && name_of(element)[0] == kind &&
         bytes_of(element) == static_cast<std::uint64_t>(bytes);
}

// Why a type is no number that we read.
std::string refusal_of(char kind) {
  switch (kind) {
    case 'O':
      return "holds pickled Python objects, which are programs and are not run; save numbers: "
             "numpy.save(file, array.astype(\"float64\"))";
    case 'U':
    case 'S':
    case 'a':
      return "holds texts, numbers are needed; number the labels: numpy.unique(array, return_inverse=True)[1]";
    case 'c': return "holds complex numbers, real ones are needed; save array.real and array.imag";
    case 'M':
    case 'm': return "holds dates, numbers are needed; save array.astype(\"int64\")";
    case 'V': return "holds bytes without a type; save array.astype(\"float32\")";
    default: return "holds numbers of a type that is not read; save array.astype(\"float64\")";
  }
}

// Reads the header of an .npy file: a Python dictionary {'descr': '<f8', 'fortran_order': False,
// 'shape': (3, 4), }.
class HeaderReader {
 public:
  // `offset`: of the text in the file, for messages.
  HeaderReader(std::string_view text, std::size_t offset, Array& array)
      : text_(text), offset_(offset), array_(array) {}

  void read() {
    bool type = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const std::string key = read_text();
      expect(':');
      bool* const seen = key == "descr"           ? &type
                         : key == "fortran_order" ? &order
                         : key == "shape"         ? &shape
                                                  : nullptr;
      if (seen == nullptr) fail("unknown entry '" + key + "'");
      if (std::exchange(*seen, true)) fail("'" + key + "' is there twice");
      if (seen == &type) read_type();
      if (seen == &order) read_order();
      if (seen == &shape) read_shape();
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (!type || !order || !shape)
      fail(std::string("has no '") + (!type ? "descr" : !order ? "fortran_order" : "shape") + "'");
    skip_space();
    if (at_ < text_.size()) fail("something follows the dictionary");
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    fail_input(array_.place, "byte {} of the .npy header: {}", offset_ + at_, text);
  }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \n", at_), text_.size()); }
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("'") + c + "' is expected here");
  }

  std::string read_text() {
    const char quote = take('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("a quoted text is not closed");
    std::string text;
    for (const char c : text_.substr(at_, std::min<std::size_t>(end - at_, 40)))
      text += c < ' ' || c == 127 ? '?' : c;
    at_ = end + 1;
    return text;
  }

  void read_type() {
    if (take('['))
      fail_input(array_.place,
                 "holds records with several fields, one plain array is needed; save array[field]");
    const std::string text = read_text();
    const bool has_order = !text.empty() && std::string_view("<>|=").find(text[0]) != std::string_view::npos;
    const char kind = text.size() > has_order ? text[has_order] : ' ';
    const auto bytes =
        parse_integer(std::string_view(text).substr(std::min(text.size(), has_order + std::size_t{1})));
    const auto types = values_of<Element>();
    const auto type =
        std::ranges::find_if(types, [&](Element e) { return is_type(e, kind, bytes.value_or(0)); });
    if (type == types.end()) fail_input(array_.place, refusal_of(kind) + " (its type is '" + text + "')");
    array_.element = *type;
    array_.big_endian = text[0] == '>';
  }

  void read_order() {
    skip_space();
    array_.fortran_order = text_.substr(at_).starts_with("True");
    if (!array_.fortran_order && !text_.substr(at_).starts_with("False"))
      fail("True or False is expected here");
    at_ += array_.fortran_order ? 4 : 5;
  }

  void read_shape() {
    expect('(');
    bool comma = true;
    while (!take(')')) {
      if (!comma) fail("',' is expected here");
      skip_space();
      const std::size_t end = std::min(text_.find_first_not_of("-0123456789", at_), text_.size());
      const auto length = parse_integer(text_.substr(at_, end - at_));
      if (!length) fail("a length is expected here");
      if (*length < 0) fail(fmt::format("a length below 0: {}", *length));
      if (array_.shape.size() == kMostAxes) fail(fmt::format("more than {} axes", kMostAxes));
      array_.shape.push_back(static_cast<std::size_t>(*length));
      at_ = end;
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // as Python 2 wrote it
      comma = take(',');
    }
    if (array_.shape.size() == 1 && !comma) fail("a shape of one axis has a comma: (3,)");
  }

  std::string_view text_;
  const std::size_t offset_;
  Array& array_;
  std::size_t at_ = 0;
};

// A file that is known to be something else is named; one that is damaged is left to its reader.
void require_kind(const Bytes& bytes, const std::string& place, FileFormat format, std::string_view wanted) {
  const FileKind found = file_kind({reinterpret_cast<const char*>(bytes.data()), bytes.size});
  if (found.format != format && found.format != FileFormat::kUnknown)
    fail_input(place, foreign_file(found, wanted));
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 20; ++i) text += (i == 0 ? "'" : ", '") + names[i] + "'";
  return text + (names.size() > 20 ? ", …" : "");
}

void append_number(std::string& text, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> 8 * i & 255);
}

// What stands alike before an entry and in the directory of a zip file.
void append_entry(std::string& text, const std::string& name, std::uint32_t crc, std::size_t size) {
  append_number(text, 20, 2);          // version that is needed to unpack
  append_number(text, 0, 2);           // flags
  append_number(text, 0, 2);           // stored
  append_number(text, 0x00210000, 4);  // 1980-01-01, so that equal arrays make equal files
  append_number(text, crc, 4);
  append_number(text, size, 4);
  append_number(text, size, 4);
  append_number(text, name.size(), 2);
  append_number(text, 0, 2);  // extra fields
}

}  // namespace

Array read_npy(const Bytes& bytes, const std::string& place) {
  Array array;
  array.place = place;
  const auto fail = [&](const std::string& text) { fail_input(place, text); };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size);
  if (!text.starts_with(kNpyMagic)) fail("is no .npy file: it does not begin with \\x93NUMPY");
  const std::size_t fixed = kNpyMagic.size() + 2;
  const auto version = bytes.size < fixed ? 1 : static_cast<unsigned>(bytes.data()[fixed - 2]);
  if (version < 1 || version > 3)
    fail(fmt::format("is of version {} of the .npy format; 1, 2 and 3 are read", version));
  const std::size_t length_bytes = version == 1 ? 2 : 4, start = fixed + length_bytes;
  if (bytes.size < start) fail(fmt::format("is too short for an .npy header: {} bytes", bytes.size));
  const std::uint64_t length = little_endian(bytes.data() + fixed, length_bytes);
  if (length > bytes.size - start || length > kMostHeaderBytes)
    fail(fmt::format("byte {}: promises a header of {} bytes; {} at most can be", fixed, length,
                     std::min<std::uint64_t>(bytes.size - start, kMostHeaderBytes)));
  HeaderReader(text.substr(start, length), start, array).read();
  const auto needed = array_bytes(array.element, array.shape);
  const std::size_t found = bytes.size - start - length;
  if (!needed) fail("promises an impossible number of values: " + shape_text(array.shape));
  if (*needed == 0) fail("holds no values: its shape is " + shape_text(array.shape));
  if (*needed != found)
    fail(fmt::format("{}{} numbers of type {} take {} bytes after the header, {} found",
                     found < *needed ? "is too short: " : "has trailing bytes: ", shape_text(array.shape),
                     name_of(array.element), *needed, found));
  array.bytes = bytes.part(start + length, found);
  return array;
}

Array read_npy_file(const std::string& path) {
  const Bytes file = map_file(path);
  require_kind(file, path, FileFormat::kNpy, "a NumPy file (.npy)");
  return read_npy(file, path);
}

NpzFile::NpzFile(const std::string& path)
    : zip_(
          [&] {
            Bytes file = map_file(path);
            require_kind(file, path, FileFormat::kNpz, "a NumPy file (.npz)");
            return file;
          }(),
          path) {}

std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> names;
  for (const ZipEntry& entry : zip_.entries())
    if (entry.name.ends_with(kNpyExtension))
      names.push_back(entry.name.substr(0, entry.name.size() - kNpyExtension.size()));
  return names;
}

Array NpzFile::read(std::string_view name) const {
  const ZipEntry* const entry = zip_.find(std::string(name) + std::string(kNpyExtension));
  if (entry == nullptr)
    fail_input(zip_.path(), "has no array '{}'; it holds {}; data.inputs and data.targets name arrays", name,
               names().empty() ? "no .npy file" : join(names()));
  return read_npy(zip_.read(*entry), zip_.path() + ": array '" + std::string(name) + "'");
}

std::string number_bytes(std::span<const double> numbers, bool single) {
  std::string text;
  text.reserve(numbers.size() * (single ? 4 : 8));
  for (const double number : numbers) {
    if (single) append_number(text, std::bit_cast<std::uint32_t>(static_cast<float>(number)), 4);
    if (!single) append_number(text, std::bit_cast<std::uint64_t>(number), 8);
  }
  return text;
}

std::string npy_text(const NamedArray& array, bool single) {
  std::string shape;
  for (const std::size_t length : array.shape)
    shape += std::to_string(length) + (shape.empty() && array.shape.size() > 1 ? ", " : ",");
  if (array.shape.size() > 1) shape.pop_back();
  std::string header = fmt::format("{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                   std::string("{'descr': '"), single ? "<f4" : "<f8", shape);
  constexpr std::size_t kBefore = 10, kAligned = 64;
  header.append(kAligned - (kBefore + header.size() + 1) % kAligned, ' ');
  std::string text(kNpyMagic);
  text += {1, 0};
  append_number(text, header.size() + 1, 2);
  return text + header + '\n' + number_bytes(array.numbers, single);
}

std::string npz_text(std::span<const NamedArray> arrays, bool single) {
  std::string text, directory;
  for (const NamedArray& array : arrays) {
    const std::string name = array.name + std::string(kNpyExtension), content = npy_text(array, single);
    const auto crc = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    append_number(directory, 0x02014b50, 4);
    append_number(directory, 20, 2);  // version that wrote it
    append_entry(directory, name, crc, content.size());
    directory.append(10, '\0');                // no comment, the first disk, no attributes
    append_number(directory, text.size(), 4);  // where its header begins
    directory += name;
    append_number(text, 0x04034b50, 4);
    append_entry(text, name, crc, content.size());
    text += name + content;
  }
  const std::size_t start = text.size();
  text += directory;
  append_number(text, 0x06054b50, 4);
  append_number(text, 0, 4);  // one disk
  append_number(text, arrays.size(), 2);
  append_number(text, arrays.size(), 2);
  append_number(text, directory.size(), 4);
  append_number(text, start, 4);
  append_number(text, 0, 2);  // no comment
  return text;
}

}  // namespace deadrelu
