// NumPy's own files (tests/data/npy, by tests/data/make_npy.py), and what is no such file.
#include "data/npy.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <set>
#include <sstream>

#include "data/dataset.h"
#include "data/examples.h"
#include "temporary_files.h"

namespace deadrelu {
namespace {

Examples examples_with(const Array& inputs, const Array& targets, bool classes, std::size_t count = 0) {
  DataSpec spec;
  spec.kind = DataKind::kNpy;
  spec.targets_array = targets.place;
  if (classes) spec.task = Task::kClassification;
  spec.label_classes = count;
  return examples_of(inputs, targets, spec);
}

const std::filesystem::path kNumpyFiles = std::filesystem::path(__FILE__).parent_path() / "npy";

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// What make_npy.py puts into a file whose name begins with the type.
double expected(const std::string& type, std::size_t v) {
  const auto value = static_cast<double>(v);
  if (type.starts_with("bool")) return static_cast<double>(v % 2);
  if (type.starts_with("uint")) return value;
  return type.starts_with("int") ? value - 5 : value / 4 - 1;
}

void expect_numpys_values(const Array& array, const std::string& type) {
  ASSERT_EQ(array.shape, (Lengths{3, 3, 2})) << array.place;
  EXPECT_TRUE(type.starts_with(name_of(array.element))) << array.place;
  std::vector<double> row(6);
  for (std::size_t i = 0; i < 3; ++i) {
    array.read_row(i, row.data());
    for (std::size_t j = 0; j < 6; ++j) EXPECT_EQ(row[j], expected(type, 6 * i + j)) << array.place << i << j;
  }
}

TEST(Npy, every_type_and_order_and_version_reads_as_numpy_wrote_it) {
  std::set<std::string> types;
  for (const auto& file : std::filesystem::directory_iterator(kNumpyFiles)) {
    const std::string name = file.path().filename();
    if (!name.ends_with(".npy")) continue;
    expect_numpys_values(read_npy_file(file.path()), name);
    types.insert(name.substr(0, name.find('_')));
  }
  EXPECT_EQ(types.size(), names_of<Element>().size() - 1);  // NumPy has no bfloat16
}

TEST(Npy, arrays_of_an_npz_read_stored_and_deflated) {
  for (const char* name : {"float64_stored.npz", "float64_deflated.npz"}) {
    const NpzFile file(kNumpyFiles / name);
    EXPECT_EQ(file.names(), (std::vector<std::string>{"float64_first", "int16_second"}));
    for (const std::string& array : file.names()) expect_numpys_values(file.read(array), array);
  }
}

TEST(Npy, what_we_write_reads_back_to_the_same_bits) {
  const Reals numbers{1, -0.0, 0.1, 1e-310, -1e300, 3};
  const NamedArray arrays[] = {
      {"a", {2, 3}, numbers}, {"b", {6}, numbers}, {"c", {1}, std::span(numbers).first(1)}};
  const NpzFile file(write_file("ours.npz", npz_text(arrays, false)));
  EXPECT_EQ(file.names(), (std::vector<std::string>{"a", "b", "c"}));
  Reals row(3);
  for (std::size_t r = 0; r < 2; ++r) {
    file.read("a").read_row(r, row.data());
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(std::bit_cast<std::uint64_t>(row[i]), std::bit_cast<std::uint64_t>(numbers[3 * r + i]));
  }
  const Array single = read_npy_file(write_file("ours.npy", npy_text({"x", {6}, numbers}, true)));
  double value = 0;
  single.read_row(2, &value);
  EXPECT_EQ(value, static_cast<double>(0.1f));
}

TEST(Npy, a_half_has_the_value_that_ieee_754_gives_its_bits) {
  const auto value_of = [](std::uint16_t bits) -> double {
    const int sign = bits >> 15, exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent == 31) return fraction == 0 ? (sign ? -INFINITY : INFINITY) : NAN;
    const double size =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    return sign ? -size : size;
  };
  std::string bytes;
  for (unsigned bits = 0; bits < 65536; ++bits)
    bytes += {static_cast<char>(bits), static_cast<char>(bits >> 8)};
  Array array;
  array.element = Element::kFloat16;
  array.shape = {1, 65536};
  array.bytes = {{std::shared_ptr<const void>(), reinterpret_cast<const std::byte*>(bytes.data())},
                 bytes.size()};
  Reals values(65536);
  array.read_row(0, values.data());
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const double right = value_of(static_cast<std::uint16_t>(bits));
    if (std::isnan(right)) {
      EXPECT_TRUE(std::isnan(values[bits]));
    } else {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(values[bits]), std::bit_cast<std::uint64_t>(right)) << bits;
    }
  }
}

// An .npy file of version 1 with this header, whatever it says.
std::string npy_with(const std::string& header, std::size_t bytes) {
  std::string text = "\x93NUMPY";
  text += {1, 0, static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  return text + header + std::string(bytes, '\0');
}

std::string dictionary(const std::string& type, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
}

struct Hostile {
  std::string content, sentence;  // part of what is said
};

void expect_refused(const std::vector<Hostile>& files, const std::string& extension) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = write_file(std::to_string(i) + extension, files[i].content);
    const std::string said = message_of([&] {
      if (extension == ".npy") read_npy_file(path);
      if (extension == ".npz") NpzFile(path).read("a");
    });
    EXPECT_EQ(said.substr(0, path.size()), path);
    EXPECT_NE(said.find(files[i].sentence), std::string::npos) << said << "\nexpected: " << files[i].sentence;
  }
}

TEST(Npy, what_is_no_array_of_numbers_is_refused_with_its_place) {
  const std::string good = npy_with(dictionary("<f8", "(2,)"), 16), magic = "\x93NUMPY";
  expect_refused(
      {
          {"", "is empty"},
          {"PK", "is a text file, not a NumPy file (.npy)"},
          {std::string("\x93NUMPX\0\0", 8), "is no .npy file: it does not begin"},
          {"PAR1" + std::string(8, '\0'), "is a Parquet file, not a NumPy file (.npy); pandas"},
          {magic, "too short for an .npy header: 6 bytes"},
          {magic + '\1' + '\0', "too short"},
          {magic + '\4' + std::string(20, '\0'), "of version 4"},
          {magic + '\1' + '\0' + "\xff\xff{", "byte 8: promises a header of 65535 bytes"},
          {magic + '\2' + '\0' + "\xff\xff\xff\xff{", "promises a header of 4294967295 bytes"},
          {npy_with("", 0), "'{' is expected"},
          {npy_with("{'descr': '<f8'}", 8), "has no 'fortran_order'"},
          {npy_with("{'descr: }", 8), "is not closed"},
          {npy_with("{'a': 1}", 8), "unknown entry 'a'"},
          {npy_with("{'shape': (1,), 'shape': (1,)}", 8),
           "byte 34 of the .npy header: 'shape' is there twice"},
          {npy_with(dictionary("<f8", "(2,)") + "x", 16), "something follows"},
          {npy_with(dictionary("<f8", "(-2,)"), 16), "a length below 0: -2"},
          {npy_with(dictionary("<f8", "(2)"), 16), "has a comma"},
          {npy_with(dictionary("<f8", "(2 3)"), 48), "',' is expected"},
          {npy_with(dictionary("<f8", "(99999999999999999999,)"), 16), "a length is expected"},
          {npy_with(dictionary("<f8", "(4294967296, 4294967296)"), 16), "an impossible number of values"},
          {npy_with(dictionary("<f8", "(1152921504606846977,)"), 16), "an impossible number of values"},
          {npy_with(dictionary("<f8", "(0, 3)"), 0), "holds no values: its shape is 0 × 3"},
          {npy_with(dictionary("<f8", "(3,)"), 16), "is too short: 3 numbers of type float64 take 24 bytes"},
          {good + '\0', "has trailing bytes"},
          {npy_with(dictionary("|O", "(2,)"), 16), "pickled Python objects"},
          {npy_with(dictionary("<U5", "(2,)"), 40), "holds texts"},
          {npy_with(dictionary("<c16", "(1,)"), 16), "complex"},
          {npy_with(dictionary("<f16", "(1,)"), 16), "of a type that is not read"},
          {npy_with(dictionary("<M8[ns]", "(2,)"), 16), "dates"},
          {npy_with(dictionary("|V2", "(2,)"), 4), "bytes without a type"},
          {npy_with(dictionary("", "(2,)"), 4), "not read"},
          {npy_with("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}", 16),
           "several fields"},
          {npy_with("{'descr': '<f8', 'fortran_order': Maybe, 'shape': (2,)}", 16), "True or False"},
          {npy_with(dictionary(
                        "<f8", "(" +
                                   [] {
                                     std::string ones;
                                     for (int i = 0; i < 70; ++i) ones += "1, ";
                                     return ones;
                                   }() +
                                   ")"),
                    8),
           "more than 64 axes"},
      },
      ".npy");
}

std::string replaced(std::string text, std::size_t at, const std::string& by) {
  return text.replace(at, by.size(), by);
}

TEST(Npy, a_damaged_zip_file_is_refused_with_its_byte) {
  const Reals numbers(100, 1.5);
  const NamedArray arrays[] = {{"a", {100}, numbers}};
  const std::string good = npz_text(arrays, false),
                    deflated = content_of(kNumpyFiles / "float64_deflated.npz");
  const std::size_t end = good.size() - 22, entry = good.size() - 22 - 46 - 5;
  const NamedArray twice[] = {{"a", {100}, numbers}, {"a", {100}, numbers}};
  EXPECT_EQ(message_of([&] { NpzFile(write_file("good", good)).read("a"); }), "");
  expect_refused(
      {
          {"PK\3\4", "is a zip archive, not a NumPy file (.npz)"},
          {std::string("\1\2\3\0", 4), "byte 0: is too short"},
          {good.substr(0, good.size() - 1), "the end of the zip file is missing"},
          {good.substr(100), "byte"},
          {replaced(good, end + 16, "\xff\xff\xff\x7f"), "beyond the end of the file"},
          {replaced(good, end + 12, "\xff\xff\xff\x7f"), "beyond the end of the file"},
          {replaced(good, end + 10, "\xff\xff"), "promises 65535 entries and has room for 1"},
          {replaced(good, end + 4, "\1"), "several parts"},
          {replaced(good, entry, "X"), "no entry of a zip file's directory"},
          {replaced(good, entry + 42, "\xff\xff\xff\x7f"), "the zip file ends early"},
          {replaced(good, entry + 42, "\5"), "'a.npy' does not begin here"},
          {replaced(good, entry + 28, "\xff\xff"), "ends early"},
          {replaced(good, entry + 30, "\xff\xff"), "ends early"},
          {replaced(good, entry + 20, "\xff\xff\xff\x7f"), "'a.npy' goes beyond the end of the file"},
          {replaced(good, entry + 24, "\xff\xff\xff\x7f"), "'a.npy' is stored in"},
          {replaced(good, entry + 8, "\1"), "is encrypted"},
          {replaced(good, entry + 10, "\14"), "packed by method 12"},
          {replaced(good, entry + 10, "\10"), "does not unpack"},
          {replaced(good, 200, "X"), "its CRC is wrong"},
          {replaced(good, 28, "\xff\xff"), "goes beyond the end of the file"},
          {npz_text(twice, false), "'a.npy' is there twice"},
          {npz_text({}, false), "is a zip archive, not a NumPy file (.npz)"},
          {deflated, "has no array 'a'; it holds 'float64_first', 'int16_second'"},
      },
      ".npz");
}

TEST(Npy, a_deflated_array_never_takes_more_memory_than_its_bytes_can_give) {
  std::string bytes = content_of(kNumpyFiles / "float64_deflated.npz");
  const std::size_t entry = bytes.find("PK\1\2");
  bytes.replace(entry + 24, 4, "\xf0\xff\xff\xff");  // 4 GB out of a few hundred bytes
  const std::string path = write_file("bomb", bytes);
  EXPECT_EQ(message_of([&] { NpzFile(path).read("float64_first"); }),
            path + ": byte 0: 'float64_first.npy' promises more bytes than fit into its packed ones");
}

DataSpec pair(const Array& inputs, const Array& targets) {
  DataSpec spec;
  spec.kind = DataKind::kNpy;
  spec.inputs_array = inputs.place;
  spec.targets_array = targets.place;
  return spec;
}

Array array_file(const std::string& name, Lengths shape, const Reals& numbers) {
  return read_npy_file(write_file(name + ".npy", npy_text({name, std::move(shape), numbers}, false)));
}

TEST(ArraySet, images_are_flattened_and_a_single_axis_is_one_input) {
  const Array images = array_file("x", {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}),
              one = array_file("y", {2}, {0.5, -1});
  const Dataset<double> data = make_dataset<double>(pair(images, one), 0);
  EXPECT_EQ(data.inputs, 4u);
  EXPECT_EQ(data.outputs, 1u);
  EXPECT_EQ(data.classes, 0u);
  EXPECT_EQ(data.train.inputs[5], 6);
  EXPECT_EQ(data.train.targets[1], -1);
  EXPECT_EQ(make_dataset<double>(pair(one, images), 0).outputs, 4u);
}

TEST(ArraySet, labels_are_numbered_by_their_values) {
  const Array inputs = array_file("x", {4}, {1, 2, 3, 4});
  const Examples set = examples_with(inputs, array_file("y", {4, 1}, {10, -1, 10, 3}), true);
  EXPECT_EQ(set.labels, (Labels{2, 0, 2, 1}));
  EXPECT_EQ(set.classes, 3u);
  const Array y = array_file("z", {4}, {0, 2, 2, 0});
  EXPECT_EQ(examples_with(inputs, y, true, 5).classes, 5u);
  EXPECT_EQ(examples_with(inputs, y, true, 5).labels, (Labels{0, 2, 2, 0}));
  EXPECT_EQ(message_of([&] { examples_with(inputs, y, true, 2); }),
            y.place + ": element [1] is 2, no class from 0 to 1");
  const Examples hot =
      examples_with(inputs, array_file("h", {4, 3}, {0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0}), true);
  EXPECT_EQ(hot.labels, (Labels{1, 0, 1, 1}));
  EXPECT_EQ(hot.classes, 3u);
}

TEST(ArraySet, both_splits_have_the_classes_of_either) {
  const Array inputs = array_file("x", {3}, {1, 2, 3}), test = array_file("t", {2}, {1, 2});
  DataSpec spec = pair(inputs, array_file("y", {3}, {2, 7, 7}));
  spec.task = Task::kClassification;
  spec.test_inputs_array = test.place;
  spec.test_targets_array = array_file("u", {2}, {5, 7}).place;
  const Dataset<double> data = make_dataset<double>(spec, 0);
  EXPECT_EQ(data.classes, 3u);
  EXPECT_EQ(data.outputs, 3u);
  EXPECT_EQ(data.train.targets[0 * 3 + 0], 1);
  EXPECT_EQ(data.train.targets[1 * 3 + 2], 1);
  EXPECT_EQ(data.test.targets[0 * 3 + 1], 1);
  EXPECT_EQ(data.test.targets[1 * 3 + 2], 1);
}

TEST(ArraySet, an_npz_gives_the_same_as_its_arrays_in_files) {
  const Reals x{1, 2, 3, 4}, y{1, 0};
  const NamedArray arrays[] = {{"inputs", {2, 2}, x}, {"y", {2}, y}};
  DataSpec spec;
  spec.kind = DataKind::kNpz;
  spec.path = write_file("set.npz", npz_text(arrays, false));
  spec.inputs_array = spec.test_inputs_array = "inputs";
  spec.targets_array = spec.test_targets_array = "y";
  spec.task = Task::kClassification;
  const Dataset<float> data = make_dataset<float>(spec, 0);
  EXPECT_EQ(data.inputs, 2u);
  EXPECT_EQ(data.test.samples, 2u);
  EXPECT_EQ(data.test.inputs[3], 4);
  EXPECT_EQ(data.train.targets[1], 1);
  EXPECT_EQ(data_files(spec).front().path, spec.path);
}

TEST(ArraySet, cells_and_labels_that_are_none_are_named) {
  const Array x = array_file("x", {2, 3}, {1, 2, 3, 4, NAN, 6}), y = array_file("y", {2}, {1, -INFINITY});
  const Array fine = array_file("f", {2, 3}, {1, 2, 3, 4, 5, 6}), half = array_file("h", {2}, {1, 0.5});
  const Array three = array_file("t", {3}, {1, 2, 3});
  const auto said = [&](const Array& inputs, const Array& targets, bool classes) {
    return message_of([&] { examples_with(inputs, targets, classes); });
  };
  EXPECT_EQ(said(x, half, false),
            x.place + ": element [1, 1] is not a number (counted from 0); a finite number is needed");
  EXPECT_EQ(said(fine, y, false),
            y.place + ": element [1] is infinite (counted from 0); a finite number is needed");
  EXPECT_EQ(
      said(fine, half, true),
      half.place + ": element [1] is no class label: a whole number is needed (data.task is classification)");
  EXPECT_EQ(
      said(fine, fine, true),
      fine.place +
          ": element [0] is no class: a label is one whole number, or a row of which one number is 1 and the "
          "others 0");
  EXPECT_EQ(said(fine, three, false),
            three.place + ": has 3 examples (3), but " + fine.place + " has 2 (2 × 3)");
}

}  // namespace
}  // namespace deadrelu
