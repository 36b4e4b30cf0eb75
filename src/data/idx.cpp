// IDX (the MNIST files' format): bytes 0 0 type dimensions, the sizes as big-endian 32-bit numbers, then the
// values.
#include <algorithm>
#include <array>
#include <limits>

#include "data/examples.h"
#include "data/input_file.h"

namespace deadrelu {
namespace {

constexpr std::size_t kChunk = 1 << 20;  // bytes that are allocated before they are known to exist
constexpr unsigned kUnsignedByte = 0x08;

struct IdxHeader {
  std::size_t samples = 0;
  std::size_t values = 1;  // per sample
  std::size_t bytes = 4;   // of the header itself
};

std::string type_name(unsigned type) {
  switch (type) {
    case 0x09: return "signed bytes";
    case 0x0B: return "16-bit integers";
    case 0x0C: return "32-bit integers";
    case 0x0D: return "32-bit floats";
    case 0x0E: return "64-bit floats";
    default: return fmt::format("values of the unknown type {}", type);
  }
}

void read_header_bytes(ByteSource& file, unsigned char* to, std::size_t size, std::size_t before) {
  const std::size_t found = file.read(to, size);
  if (found == size) return;
  file.fail(fmt::format("is too short for an IDX header: {} bytes expected, {} found", before + size,
                        before + found));
}

IdxHeader read_header(ByteSource& file, bool labels) {
  file.require(FileFormat::kIdx, "an IDX file");
  std::array<unsigned char, 4> magic{};
  read_header_bytes(file, magic.data(), magic.size(), 0);
  if (magic[0] != 0 || magic[1] != 0) file.fail("is not an IDX file: it does not begin with two zero bytes");
  if (magic[2] != kUnsignedByte) file.fail("holds " + type_name(magic[2]) + ", unsigned bytes are needed");
  const std::size_t dimensions = magic[3];
  if (labels && dimensions != 1) file.fail(fmt::format("has {} dimensions, a label file has 1", dimensions));
  if (!labels && dimensions < 2)
    file.fail(fmt::format("has {} dimensions, an image file has at least 2", dimensions));
  IdxHeader header;
  for (std::size_t d = 0; d < dimensions; ++d) {
    std::array<unsigned char, 4> size{};
    read_header_bytes(file, size.data(), size.size(), header.bytes);
    header.bytes += size.size();
    std::size_t length = 0;
    for (const unsigned char byte : size) length = length << 8 | byte;
    if (length == 0) file.fail(fmt::format("holds no values: dimension {} is 0", d));
    if (d == 0) {
      header.samples = length;
    } else if (__builtin_mul_overflow(header.values, length, &header.values)) {
      file.fail("promises an impossible number of values");
    }
  }
  return header;
}

// Bytes of values that the header promises; the file's length is checked against it.
std::size_t promised_bytes(const ByteSource& file, const IdxHeader& header) {
  std::size_t promised = 0, whole = 0;
  if (__builtin_mul_overflow(header.samples, header.values, &promised) ||
      __builtin_add_overflow(promised, header.bytes, &whole)) {
    file.fail("promises an impossible number of values");
  }
  const std::string expected = fmt::format("{} bytes expected, ", whole);
  const std::string most = std::to_string(file.most_bytes());
  if (file.is_gzip()) {
    if (whole > file.most_bytes())
      file.fail("is too short: " + expected + "no more than " + most + " fit in");
  } else if (*file.plain_size() != whole) {
    const bool is_short = *file.plain_size() < whole;
    file.fail((is_short ? "is too short: " : "has trailing bytes: ") + expected + most + " found");
  }
  return promised;
}

// Reads the values of the first `samples` samples. Grows as the bytes come: a header may promise what is not
// there.
std::vector<std::uint8_t> read_values(ByteSource& file, const IdxHeader& header, std::size_t samples) {
  const std::size_t promised = promised_bytes(file, header);
  const std::size_t wanted = samples * header.values;
  std::vector<std::uint8_t> values;
  while (values.size() < wanted) {
    const std::size_t before = values.size(), more = std::min(kChunk, wanted - before);
    values.resize(before + more);
    const std::size_t found = file.read(values.data() + before, more);
    if (found < more) {
      file.fail(fmt::format("is too short: {} bytes expected, {} found", header.bytes + promised,
                            header.bytes + before + found));
    }
  }
  char beyond = 0;
  if (wanted == promised && file.read(&beyond, 1) == 1)
    file.fail(fmt::format("has trailing bytes: {} bytes expected, more found", header.bytes + promised));
  return values;
}

}  // namespace

Examples read_idx(const std::string& images, const std::string& labels, std::size_t limit) {
  ByteSource image_file(images), label_file(labels);
  const IdxHeader image_header = read_header(image_file, false);
  const IdxHeader label_header = read_header(label_file, true);
  if (image_header.samples != label_header.samples) {
    label_file.fail(fmt::format("holds {} labels, but {} holds {} images", label_header.samples, images,
                                image_header.samples));
  }
  Examples set;
  set.samples = limit == 0 ? image_header.samples : std::min(limit, image_header.samples);
  set.inputs = image_header.values;
  promised_bytes(image_file, image_header);
  promised_bytes(label_file, label_header);
  require_memory(images, set.samples, set.inputs + 1, 1 + sizeof(float));  // as they come, and as numbers
  const std::vector<std::uint8_t> all_labels = read_values(label_file, label_header, label_header.samples);
  set.classes = std::size_t{*std::ranges::max_element(all_labels)} + 1;
  set.labels.assign(all_labels.begin(), all_labels.begin() + static_cast<std::ptrdiff_t>(set.samples));
  set.pixels = read_values(image_file, image_header, set.samples);
  return set;
}

}  // namespace deadrelu
