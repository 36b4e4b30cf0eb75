#include "data/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "data/examples.h"

namespace deadrelu {
namespace {

constexpr std::uint64_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50, kZipEnd = 0x06054b50,
                        kZip64End = 0x06064b50, kLocator64 = 0x07064b50;
constexpr std::uint64_t kLocalBytes = 30, kEntryBytes = 46, kZipEndBytes = 22, kLocatorBytes = 20;
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;  // the number stands in the zip64 field
constexpr unsigned kZip64Field = 1, kEncrypted = 1, kStored = 0, kDeflated = 8;
constexpr std::uint64_t kBestDeflateRatio = 1032;  // 258 bytes in two bits

// Unpacks a raw DEFLATE stream into exactly `size` bytes; empty where it is another one.
Bytes inflated(const std::byte* from, std::uint64_t packed, std::uint64_t size) {
  const std::shared_ptr<std::byte[]> memory(new std::byte[size]);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  constexpr std::uint64_t kMost = 1u << 30;  // zlib counts in 32 bits
  std::uint64_t taken = 0, made = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from + taken));
    stream.avail_in = static_cast<uInt>(std::min(kMost, packed - taken));
    stream.next_out = reinterpret_cast<Bytef*>(memory.get() + made);
    stream.avail_out = static_cast<uInt>(std::min(kMost, size - made));
    const uInt in = stream.avail_in, out = stream.avail_out;
    state = inflate(&stream, Z_NO_FLUSH);
    taken += in - stream.avail_in;
    made += out - stream.avail_out;
    if (in == stream.avail_in && out == stream.avail_out && state == Z_OK) state = Z_BUF_ERROR;
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END || taken != packed || made != size) return {};
  return {{memory, memory.get()}, size};
}

std::uint32_t crc_of(const Bytes& bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size));
}

}  // namespace

ZipFile::ZipFile(Bytes file, std::string path) : file_(std::move(file)), path_(std::move(path)) {
  const Directory directory = find_directory();
  if (directory.offset > file_.size || directory.size > file_.size - directory.offset)
    fail(directory.offset, "the directory of the zip file lies beyond the end of the file");
  if (directory.count > directory.size / kEntryBytes)
    fail(directory.offset,
         fmt::format("the directory of the zip file promises {} entries and has room for {}", directory.count,
                     directory.size / kEntryBytes));
  std::uint64_t at = directory.offset;
  std::set<std::string_view> names;
  entries_.reserve(directory.count);
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    const std::uint64_t here = at;
    entries_.push_back(read_entry(at));
    if (!names.insert(entries_.back().name).second)
      fail(here, "'" + entries_.back().name + "' is there twice");
  }
}

const ZipEntry* ZipFile::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(entries_, [&](const ZipEntry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

ZipFile::Directory ZipFile::find_directory() const {
  // The end record comes last, but for a comment of up to 65535 bytes.
  if (file_.size < kZipEndBytes) fail(0, "is too short for a zip file");
  const std::uint64_t last = file_.size - kZipEndBytes, first = last > 0xFFFF ? last - 0xFFFF : 0;
  std::uint64_t end = last;
  while (end > first && number(end, 4) != kZipEnd) --end;
  if (number(end, 4) != kZipEnd) fail(last, "the end of the zip file is missing (is the file cut?)");
  if (end >= kLocatorBytes && number(end - kLocatorBytes, 4) == kLocator64) {
    const std::uint64_t end64 = number(end - kLocatorBytes + 8, 8);
    if (number(end64, 4) != kZip64End) fail(end64, "no end record of a zip64 file is here");
    return {number(end64 + 48, 8), number(end64 + 40, 8), number(end64 + 32, 8)};
  }
  if (number(end + 4, 2) != 0 || number(end + 6, 2) != 0) fail(end, "the zip file has several parts");
  return {number(end + 16, 4), number(end + 12, 4), number(end + 10, 2)};
}

std::uint64_t ZipFile::number(std::uint64_t at, std::size_t bytes) const {
  if (at > file_.size || file_.size - at < bytes) fail(at, "the zip file ends early");
  return little_endian(file_.data() + at, bytes);
}

ZipEntry ZipFile::read_entry(std::uint64_t& at) const {
  if (number(at, 4) != kDirectoryEntry) fail(at, "no entry of a zip file's directory is here");
  ZipEntry entry;
  entry.flags = static_cast<unsigned>(number(at + 8, 2));
  entry.method = static_cast<unsigned>(number(at + 10, 2));
  entry.crc = static_cast<std::uint32_t>(number(at + 16, 4));
  entry.packed = number(at + 20, 4);
  entry.size = number(at + 24, 4);
  entry.header = number(at + 42, 4);
  const std::uint64_t name_bytes = number(at + 28, 2), extra_bytes = number(at + 30, 2),
                      comment = number(at + 32, 2);
  const std::uint64_t name = at + kEntryBytes, extra = name + name_bytes;
  number(extra + extra_bytes, 0);
  entry.name.assign(reinterpret_cast<const char*>(file_.data() + name), name_bytes);
  for (char& c : entry.name)
    if (static_cast<unsigned char>(c) < ' ') c = '?';  // names go into sentences
  for (std::uint64_t field = extra; field + 4 <= extra + extra_bytes;) {
    std::uint64_t value = field + 4;
    const std::uint64_t next = value + number(field + 2, 2);
    if (number(field, 2) == kZip64Field)
      for (std::uint64_t* large : {&entry.size, &entry.packed, &entry.header})
        if (*large == kIn64 && value + 8 <= next) *large = number(std::exchange(value, value + 8), 8);
    field = next;
  }
  at = extra + extra_bytes + comment;
  return entry;
}

Bytes ZipFile::read(const ZipEntry& entry) const {
  const auto refuse = [&](const std::string& text) { fail(entry.header, "'" + entry.name + "' " + text); };
  if (number(entry.header, 4) != kLocalHeader) refuse("does not begin here");
  if ((entry.flags & kEncrypted) != 0) refuse("is encrypted");
  if (entry.method != kStored && entry.method != kDeflated)
    refuse(fmt::format("is packed by method {}; stored and deflated are read", entry.method));
  const std::uint64_t start =
      entry.header + kLocalBytes + number(entry.header + 26, 2) + number(entry.header + 28, 2);
  if (start > file_.size || entry.packed > file_.size - start) refuse("goes beyond the end of the file");
  Bytes bytes = file_.part(start, entry.packed);
  if (entry.method == kStored && entry.size != entry.packed)
    refuse(fmt::format("is stored in {} bytes, and has {}", entry.packed, entry.size));
  if (entry.method == kDeflated) {
    if (entry.size / kBestDeflateRatio > entry.packed)
      refuse("promises more bytes than fit into its packed ones");
    require_memory(path_, 1, entry.size, 1);
    bytes = inflated(bytes.data(), entry.packed, entry.size);
    if (bytes.data() == nullptr)
      refuse(fmt::format("is damaged: it does not unpack to {} bytes", entry.size));
  }
  if (crc_of(bytes) != entry.crc) refuse("is damaged: its CRC is wrong");
  return bytes;
}

void ZipFile::fail(std::uint64_t at, const std::string& text) const {
  fail_input(path_, "byte {}: {}", at, text);
}

}  // namespace deadrelu
