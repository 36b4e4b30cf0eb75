#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "data/examples.h"
#include "temporary_files.h"

namespace deadrelu {
namespace {

struct Pair {
  std::string images, labels;
};

Pair three_images() {
  return {write_file("images", idx_bytes({3, 2, 2}, {0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6})),
          write_file("labels", idx_bytes({3}, {1, 0, 4}))};
}

std::string reading(const std::string& images, const std::string& labels, std::size_t limit = 0) {
  return message_of([&] { read_idx(images, labels, limit); });
}

TEST(Idx, images_are_flattened_and_divided_by_255) {
  const auto [images, labels] = three_images();
  const Examples set = read_idx(images, labels, 0);
  EXPECT_EQ(set.samples, 3u);
  EXPECT_EQ(set.inputs, 4u);
  EXPECT_EQ(set.classes, 5u);
  EXPECT_EQ(set.labels, (Labels{1, 0, 4}));
  std::vector<double> row(4);
  set.read_inputs(0, row.data());
  EXPECT_EQ(row, (Reals{0.0, 51.0 / 255, 102.0 / 255, 153.0 / 255}));
  set.read_inputs(1, row.data());
  EXPECT_EQ(row, (Reals{204.0 / 255, 1.0, 1.0 / 255, 2.0 / 255}));
}

TEST(Idx, a_gzip_file_reads_as_the_plain_one_whatever_its_name) {
  const auto [images, labels] = three_images();
  const std::string packed =
      write_file("packed", gzipped(idx_bytes({3, 2, 2}, {0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6})));
  const std::string packed_labels = write_file("packed_labels", gzipped(idx_bytes({3}, {1, 0, 4})));
  const Examples plain = read_idx(images, labels, 0), gzip = read_idx(packed, packed_labels, 0);
  EXPECT_EQ(plain.pixels, gzip.pixels);
  EXPECT_EQ(plain.labels, gzip.labels);
}

TEST(Idx, a_limit_reads_the_first_images_and_keeps_the_number_of_classes) {
  const auto [images, labels] = three_images();
  const Examples set = read_idx(images, labels, 2);
  EXPECT_EQ(set.samples, 2u);
  EXPECT_EQ(set.pixels.size(), 8u);
  EXPECT_EQ(set.labels, (Labels{1, 0}));
  EXPECT_EQ(set.classes, 5u);
  EXPECT_EQ(read_idx(images, labels, 100).samples, 3u);
}

TEST(Idx, a_missing_file_is_named) {
  const auto [images, labels] = three_images();
  EXPECT_EQ(reading("/nowhere/images", labels),
            "/nowhere/images: cannot be opened: No such file or directory");
}

TEST(Idx, a_directory_and_a_pipe_are_refused_without_waiting) {
  const auto [images, labels] = three_images();
  EXPECT_EQ(reading(testing::TempDir(), labels), testing::TempDir() + ": is a directory, a file is needed");
  const std::string pipe = testing::TempDir() + "idx_pipe";
  std::filesystem::remove(pipe);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(reading(pipe, labels), pipe + ": is not a regular file");
  std::filesystem::remove(pipe);
}

TEST(Idx, a_short_file_is_told_with_expected_and_found_bytes) {
  const auto [images, labels] = three_images();
  const std::string cut = idx_bytes({3, 2, 2}, {1, 2, 3});
  const std::string plain = write_file("cut", cut), gzip = write_file("cut_gzip", gzipped(cut));
  EXPECT_EQ(reading(plain, labels), plain + ": is too short: 28 bytes expected, 19 found");
  EXPECT_EQ(reading(gzip, labels), gzip + ": is too short: 28 bytes expected, 19 found");
  const std::string header = write_file("header", idx_bytes({3, 2, 2}, {}).substr(0, 10));
  EXPECT_EQ(reading(header, labels),
            header + ": is too short for an IDX header: 12 bytes expected, 10 found");
  const std::string empty = write_file("empty", "");
  EXPECT_EQ(reading(empty, labels), empty + ": is too short for an IDX header: 4 bytes expected, 0 found");
  EXPECT_EQ(reading(images, empty), empty + ": is too short for an IDX header: 4 bytes expected, 0 found");
}

TEST(Idx, trailing_bytes_are_refused) {
  const auto [images, labels] = three_images();
  const std::string longer = idx_bytes({3}, {1, 0, 4, 7});
  const std::string plain = write_file("long", longer), gzip = write_file("long_gzip", gzipped(longer));
  EXPECT_EQ(reading(images, plain), plain + ": has trailing bytes: 11 bytes expected, 12 found");
  EXPECT_EQ(reading(images, gzip), gzip + ": has trailing bytes: 11 bytes expected, more found");
}

TEST(Idx, other_formats_and_types_are_told_apart) {
  const auto [images, labels] = three_images();
  const std::string text = write_file("text", "hello, world");
  EXPECT_EQ(reading(text, labels), text + ": is a text file, not an IDX file");
  const std::string floats = write_file("floats", idx_bytes({1, 1}, {0, 0, 0, 0}, 0x0D));
  EXPECT_EQ(reading(floats, labels), floats + ": holds 32-bit floats, unsigned bytes are needed");
  EXPECT_EQ(reading(labels, labels), labels + ": has 1 dimensions, an image file has at least 2");
  EXPECT_EQ(reading(images, images), images + ": has 3 dimensions, a label file has 1");
  const std::string none = write_file("none", idx_bytes({0, 2, 2}, {}));
  EXPECT_EQ(reading(none, labels), none + ": holds no values: dimension 0 is 0");
}

TEST(Idx, images_and_labels_must_be_as_many) {
  const auto [images, labels] = three_images();
  const std::string two = write_file("two", idx_bytes({2}, {1, 0}));
  EXPECT_EQ(reading(images, two), two + ": holds 2 labels, but " + images + " holds 3 images");
}

TEST(Idx, a_damaged_gzip_file_is_refused) {
  const auto [images, labels] = three_images();
  std::string packed = gzipped(idx_bytes({3, 2, 2}, {0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6}));
  const std::string cut = write_file("cut", packed.substr(0, packed.size() - 6));
  EXPECT_EQ(reading(cut, labels), cut + ": is a corrupt gzip file: it ends early");
  packed[packed.size() - 6] ^= 1;  // in the checksum
  const std::string checksum = write_file("checksum", packed);
  EXPECT_PRED_FORMAT2(testing::IsSubstring,
                      checksum + ": is a corrupt gzip file: ", reading(checksum, labels));
  const std::string garbage = write_file("garbage", "\x1f\x8b\x08 nonsense that is no stream");
  EXPECT_PRED_FORMAT2(testing::IsSubstring, garbage + ": is a corrupt gzip file: ", reading(garbage, labels));
}

TEST(Idx, sizes_that_no_file_has_are_refused_before_memory_is_taken) {
  const std::uint32_t huge = 0xffffffff;
  const std::string labels = write_file("labels", idx_bytes({huge}, {1}));
  const std::string overflow = write_file("overflow", idx_bytes({huge, huge, huge}, {1, 2}));
  EXPECT_EQ(reading(overflow, labels), overflow + ": promises an impossible number of values");
  const std::string plain = write_file("plain", idx_bytes({huge, 1, 1}, {1, 2}));
  EXPECT_EQ(reading(plain, labels), plain + ": is too short: 4294967311 bytes expected, 18 found");
  const std::string gzip = write_file("gzip", gzipped(idx_bytes({huge, 1}, {1, 2})));
  const std::uint64_t most = 1032 * std::filesystem::file_size(gzip);
  EXPECT_EQ(reading(gzip, labels), gzip + ": is too short: 4294967307 bytes expected, no more than " +
                                       std::to_string(most) + " fit in");
}

TEST(Idx, images_that_fit_into_no_memory_are_refused_before_they_are_unpacked) {
  const std::uint32_t huge = 0xffffffff;
  const auto stretched = [](const std::string& name, const std::string& bytes) {
    const std::string path = write_file(name, gzipped(bytes));
    std::filesystem::resize_file(path, std::uintmax_t{1} << 40);  // a hole: no disk holds it
    return path;
  };
  const std::string labels = stretched("labels", idx_bytes({huge}, {1}));
  const std::string images = stretched("images", idx_bytes({huge, 65535}, {1, 2}));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "more than this machine's memory holds", reading(images, labels));
  std::filesystem::remove(labels);
  std::filesystem::remove(images);
}

std::size_t most_kibibytes_held() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss);
}

// 200 MB of zeros behind a header that promises 2 bytes: only those and one more are unpacked.
TEST(Idx, a_gzip_bomb_is_unpacked_only_as_far_as_its_header_promises) {
  const std::string bomb = write_file("bomb", "");
  gzFile file = gzopen(bomb.c_str(), "wb1");
  const std::string header = idx_bytes({2, 1}, {7, 8}), zeros(std::size_t{1} << 20, '\0');
  gzwrite(file, header.data(), static_cast<unsigned>(header.size()));
  for (int i = 0; i < 200; ++i) gzwrite(file, zeros.data(), static_cast<unsigned>(zeros.size()));
  gzclose(file);
  const std::string labels = write_file("labels", idx_bytes({2}, {0, 1}));
  const std::size_t before = most_kibibytes_held();
  EXPECT_PRED_FORMAT2(testing::IsSubstring, "has trailing bytes", reading(bomb, labels));
  EXPECT_EQ(read_idx(bomb, labels, 1).pixels, std::vector<std::uint8_t>{7});
  EXPECT_LT(most_kibibytes_held() - before, 100u * 1024);
}

}  // namespace
}  // namespace deadrelu
