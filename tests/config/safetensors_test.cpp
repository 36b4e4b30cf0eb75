// Networks in safetensors and npz files, and what is none.
#include "config/parameter_arrays.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "base/error.h"

namespace deadrelu {
namespace {

using Numbers = std::vector<double>;

std::string write_bytes(const std::string& name, const std::string& bytes) {
  const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path = testing::TempDir() + test + "_" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

// What is said, without the path that it begins with.
std::string refusal(const std::string& path, const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kInputOutput);
    const std::string said = error.what();
    EXPECT_EQ(said.substr(0, path.size() + 2), path + ": ");
    return said.substr(std::min(said.size(), path.size() + 2));
  }
  return "";
}

std::string with_header(const std::string& header, std::size_t numbers, std::size_t length = 0) {
  if (length == 0) length = header.size();
  std::string text;
  for (int i = 0; i < 8; ++i) text += static_cast<char>(length >> 8 * i & 255);
  return text + header + std::string(numbers, '\0');
}

std::string tensor(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"dtype": ")" + type + R"(", "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}";
}

TEST(Safetensors, what_we_write_reads_back_to_the_same_bits) {
  const Numbers numbers{1, -0.0, 0.1, 1e-310, -1e300, 3};
  const NamedArray arrays[] = {{"a \"b\"", {2, 3}, numbers}, {"c", {6}, numbers}};
  const std::string path = write_bytes("ours", safetensors_text(arrays, false));
  const SafetensorsFile file = read_safetensors(map_file(path), path);
  EXPECT_TRUE(file.from_pytorch);
  ASSERT_EQ(file.tensors.size(), 2u);
  EXPECT_EQ(file.tensors[0].name, "a \"b\"");
  EXPECT_EQ(file.tensors[0].array.shape, (Lengths{2, 3}));
  Numbers row(3);
  file.tensors[0].array.read_row(1, row.data());
  EXPECT_EQ(row, (Numbers{1e-310, -1e300, 3}));
}

TEST(Safetensors, a_damaged_file_is_refused_with_its_place) {
  const std::string one = tensor("F32", "[2]", "[0, 8]");
  const struct {
    std::string content, said;
  } files[] = {
      {"abc", "is too short for a safetensors file: 3 bytes"},
      {with_header("{}", 0, 1000), "byte 0: promises a header of 1000 bytes; 2 at most can be"},
      {with_header("{}", 0, SIZE_MAX), "byte 0: promises a header of 18446744073709551615 bytes"},
      {with_header("[]", 0), "header: is no JSON object"},
      {with_header("{\"a\": ", 0), "header: "},
      {with_header("{\"a\xff\": 1}", 0), "header: "},
      {with_header("{\"a\": " + std::string(1000, '['), 0), "header: "},
      {with_header("{\"a\": " + one + ", \"a\": " + one + "}", 8), "header: "},
      {with_header("{\"a\": 1}", 0), "tensor \"a\": found 1; an object"},
      {with_header("{\"a\": {\"dtype\": \"F32\"}}", 0), "tensor \"a\": found an object"},
      {with_header("{\"a\": " + tensor("F8_E4M3", "[8]", "[0, 8]") + "}", 8), "tensor \"a\": its dtype"},
      {with_header("{\"a\": " + tensor("F32", "2", "[0, 8]") + "}", 8),
       "tensor \"a\": its shape is 2; a list"},
      {with_header("{\"a\": " + tensor("F32", "[-2]", "[0, 8]") + "}", 8), "tensor \"a\": its shape has -2"},
      {with_header("{\"a\": " + tensor("F32", "[2.5]", "[0, 8]") + "}", 8),
       "tensor \"a\": its shape has 2.5"},
      {with_header("{\"a\": " + tensor("F32", "[4294967296, 4294967296]", "[0, 8]") + "}", 8),
       "tensor \"a\": has 8 bytes"},
      {with_header("{\"a\": " + tensor("F32", "[3]", "[0, 8]") + "}", 8),
       "tensor \"a\": has 8 bytes, but its shape (3) takes 12"},
      {with_header("{\"a\": " + tensor("F32", "[2]", "[0]") + "}", 8),
       "tensor \"a\": its data_offsets are 1 numbers"},
      {with_header("{\"a\": " + tensor("F32", "[2]", "[8, 0]") + "}", 8),
       "tensor \"a\": its data_offsets 8 to 0 lie outside"},
      {with_header("{\"a\": " + tensor("F32", "[2]", "[0, 80]") + "}", 8),
       "tensor \"a\": its data_offsets 0 to 80 lie outside of the 8 bytes"},
      {with_header("{\"a\": " + tensor("F32", "[2]", "[0, 1e30]") + "}", 8),
       "tensor \"a\": its data_offsets has"},
      {with_header("{\"a\": " + tensor("F32", "[2]", "[4, 12]") + "}", 12),
       "tensor \"a\": begins at byte 4 of the numbers, after a gap"},
      {with_header("{\"a\": " + one + ", \"b\": " + one + "}", 8),
       "tensor \"b\": begins at byte 0 of the numbers, inside of another"},
      {with_header("{\"a\": " + one + "}", 9), "has 9 bytes of numbers, its tensors take 8"},
      {with_header("{\"a.weight\": " + one + ", \"__metadata__\": 3}", 8), ""},
  };
  int number = 0;
  for (const auto& file : files) {
    const std::string path = write_bytes(std::to_string(number++), file.content);
    const std::string said = refusal(path, [&] { read_safetensors(map_file(path), path); });
    EXPECT_EQ(said.substr(0, file.said.size()), file.said) << said;
    EXPECT_EQ(said.empty(), file.said.empty());
  }
}

// Arrays whose numbers count on from 1 through the whole file; [name, shape].
using Shapes = std::vector<std::pair<std::string, Lengths>>;

struct Written {
  explicit Written(const Shapes& shapes) {
    std::size_t count = 0;
    for (const auto& [name, shape] : shapes) count += array_bytes(Element::kUint8, shape).value();
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(static_cast<double>(i) + 1);
    std::size_t at = 0;
    for (const auto& [name, shape] : shapes) {
      const std::size_t size = array_bytes(Element::kUint8, shape).value();
      arrays.push_back({name, shape, std::span(numbers).subspan(at, size)});
      at += size;
    }
  }
  Numbers numbers;
  std::vector<NamedArray> arrays;
};

std::string npz(const Shapes& shapes) {
  return write_bytes("net.npz", npz_text(Written(shapes).arrays, true));
}

// Without the word that it is PyTorch's.
std::string safetensors(const Shapes& shapes) {
  std::string text = safetensors_text(Written(shapes).arrays, false);
  text.replace(text.find("\"pt\""), 4, "\"xx\"");
  return write_bytes("net.safetensors", text);
}

ParameterSet read(const std::string& path, WeightLayout layout = WeightLayout::kAuto) {
  return read_parameter_file(path, layout);
}

std::vector<std::size_t> widths(const ParameterSet& set) {
  std::vector<std::size_t> widths{set.layers[0].inputs};
  for (const LayerParameters& layer : set.layers) widths.push_back(layer.rows);
  return widths;
}

using Widths = std::vector<std::size_t>;

TEST(NetworkFile, numbers_in_names_are_counted_not_spelled) {
  Shapes shapes;
  for (const char* layer : {"0", "10", "2", "4", "6", "8"})  // as torch sorts them
    shapes.push_back({std::string("net.") + layer + ".weight", {3, 3}});
  shapes[0].second = {3, 7};
  shapes[1].second = {5, 3};
  const ParameterSet set = read(safetensors(shapes));
  EXPECT_EQ(widths(set), (Widths{7, 3, 3, 3, 3, 3, 5}));
  EXPECT_EQ(set.layers[1][BlockKind::kWeights][0], 21 + 15 + 1);
}

TEST(NetworkFile, shapes_tell_the_order_where_names_do_not) {
  const ParameterSet set = read(safetensors(
      {{"hidden.weight", {4, 6}}, {"hidden.bias", {4}}, {"input.weight", {6, 2}}, {"out.weight", {3, 4}}}));
  EXPECT_EQ(widths(set), (Widths{2, 6, 4, 3}));
  const std::string square =
      safetensors({{"a.weight", {4, 4}}, {"b.weight", {4, 4}}, {"out.weight", {1, 4}}});
  EXPECT_EQ(
      refusal(square, [&] { read(square); }),
      "its layers fit together in more than one order; number their names: 'a' (4 × 4), 'b' (4 × 4), 'out' (1 × 4)");
}

TEST(NetworkFile, an_npz_has_its_layers_in_the_order_in_which_they_were_saved) {
  const ParameterSet set = read(npz({{"b.weight", {4, 4}}, {"a.weight", {4, 4}}, {"out.weight", {1, 4}}}));
  EXPECT_EQ(set.layers[0][BlockKind::kWeights][0], 1);
  EXPECT_EQ(set.layers[1][BlockKind::kWeights][0], 17);
}

TEST(NetworkFile, arrays_without_names_are_weights_and_their_biases) {
  // np.savez(file, *model.get_weights()) of Keras: [in][out].
  const ParameterSet set = read(npz({{"arr_0", {2, 3}}, {"arr_1", {3}}, {"arr_2", {3, 1}}, {"arr_3", {1}}}));
  EXPECT_EQ(widths(set), (Widths{2, 3, 1}));
  EXPECT_EQ(set.layers[0][BlockKind::kWeights], (Numbers{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(set.layers[0][BlockKind::kBias], (Numbers{7, 8, 9}));
  EXPECT_EQ(set.layers[1][BlockKind::kBias], (Numbers{13}));
}

TEST(NetworkFile, the_layout_is_told_by_biases_and_by_widths) {
  EXPECT_EQ(widths(read(npz({{"0.weight", {3, 2}}, {"2.weight", {4, 3}}}))), (Widths{2, 3, 4}));
  EXPECT_EQ(widths(read(npz({{"0.weight", {2, 3}}, {"2.weight", {3, 4}}}))), (Widths{2, 3, 4}));
  EXPECT_EQ(widths(read(npz({{"0.weight", {1, 3}}, {"0.bias", {3}}, {"2.weight", {3, 1}}}))),
            (Widths{1, 3, 1}));
  EXPECT_EQ(widths(read(npz({{"d/kernel:0", {3, 3}}, {"d/bias:0", {3}}}))), (Widths{3, 3}));
  const std::string both = npz({{"0.weight", {3, 3}}, {"0.bias", {3}}});
  EXPECT_EQ(
      refusal(both, [&] { read(both); }),
      "its weights may be [out][in] as in PyTorch or [in][out] as in Keras; set init.layout to torch or keras");
  EXPECT_EQ(read(both, WeightLayout::kTorch).layers[0][BlockKind::kWeights][1], 2);
  EXPECT_EQ(read(both, WeightLayout::kKeras).layers[0][BlockKind::kWeights][1], 4);
}

TEST(NetworkFile, crelu_and_maxout_may_lie_between_two_layers) {
  EXPECT_EQ(widths(read(npz({{"0.weight", {3, 2}}, {"0.bias", {3}}, {"2.weight", {4, 6}}, {"2.bias", {4}}}))),
            (Widths{2, 3, 4}));
  EXPECT_EQ(widths(read(npz({{"0.weight", {6, 2}}, {"0.bias", {6}}, {"2.weight", {4, 3}}, {"2.bias", {4}}}))),
            (Widths{2, 6, 4}));
}

TEST(NetworkFile, a_weight_of_one_number_is_the_slope_of_the_layer_before) {
  const ParameterSet set =
      read(safetensors({{"0.weight", {3, 2}}, {"1.weight", {1}}, {"2.weight", {4, 3}}, {"3.weight", {1}}}));
  EXPECT_EQ(set.layers[0][BlockKind::kSlope], Numbers{7});
  EXPECT_EQ(set.layers[1][BlockKind::kSlope], Numbers{20});
  const ParameterSet named =
      read(safetensors({{"act.weight", {1}}, {"fc1.weight", {3, 2}}, {"fc2.weight", {4, 3}}}));
  EXPECT_EQ(named.layers[0][BlockKind::kSlope], Numbers{1});
}

TEST(NetworkFile, exported_names_are_those_of_a_sequential) {
  ParameterSet set = read(npz({{"0.weight", {3, 2}}, {"0.bias", {3}}, {"2.weight", {4, 3}}}));
  set.layers[0][BlockKind::kSlope] = {0.25};
  std::vector<std::string> names;
  for (const NamedArray& array : sequential_arrays(set, {})) names.push_back(array.name);
  EXPECT_EQ(names, (std::vector<std::string>{"0.weight", "0.bias", "1.weight", "2.weight"}));
  const std::string path =
      write_bytes("again.safetensors", safetensors_text(sequential_arrays(set, {}), false));
  const ParameterSet again = read(path);
  for (std::size_t l = 0; l < 2; ++l) EXPECT_EQ(again.layers[l].blocks, set.layers[l].blocks);
}

TEST(NetworkFile, normalizations_belong_to_the_layer_before) {
  for (const Normalization kind : values_of<Normalization>()) {
    for (const Position position : values_of<Position>()) {
      for (const bool affine : {false, true}) {
        ModelSpec model;
        model.hidden = {3, 5};
        model.normalization = {.kind = kind, .position = position, .affine = affine};
        model.dropout = affine ? 0.5 : 0;
        const NetworkShape shape = network_shape(model, 2, 4);
        ParameterSet set;
        double number = 1;
        for (const LayerShape& layer : shape.layers) {
          set.layers.push_back({layer.rows, layer.inputs, {}});
          for (std::size_t k = 0; k < kBlockKinds.size(); ++k)
            for (std::size_t i = 0; i < layer.blocks[k].size(); ++i)
              set.layers.back().blocks[k].push_back(number++);
        }
        const auto arrays = sequential_arrays(set, model);
        const ParameterSet again = read(write_bytes("norm.safetensors", safetensors_text(arrays, false)));
        ASSERT_EQ(again.layers.size(), set.layers.size());
        for (std::size_t l = 0; l < set.layers.size(); ++l)
          EXPECT_EQ(again.layers[l].blocks, set.layers[l].blocks) << name_of(kind) << name_of(position);
      }
    }
  }
}

TEST(NetworkFile, exported_modules_count_as_in_pytorch) {
  ParameterSet set = read(npz({{"0.weight", {3, 2}}, {"0.bias", {3}}, {"2.weight", {4, 3}}}));
  set.layers[0][BlockKind::kGain] = set.layers[0][BlockKind::kShift] = {1, 2, 3};
  set.layers[0][BlockKind::kRunningMean] = set.layers[0][BlockKind::kRunningVariance] = {1, 2, 3};
  ModelSpec model;
  model.normalization.kind = Normalization::kBatchNorm;
  model.dropout = 0.5;
  const auto names = [&](Position position) {
    model.normalization.position = position;
    std::vector<std::string> list;
    for (const NamedArray& array : sequential_arrays(set, model)) list.push_back(array.name);
    return list;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(Position::kBeforeActivation), (Names{"0.weight", "0.bias", "1.weight", "1.bias",
                                                       "1.running_mean", "1.running_var", "4.weight"}));
  EXPECT_EQ(names(Position::kAfterActivation), (Names{"0.weight", "0.bias", "2.weight", "2.bias",
                                                      "2.running_mean", "2.running_var", "4.weight"}));
}

TEST(NetworkFile, other_layers_are_refused_by_name) {
  const struct {
    Shapes shapes;
    std::string said;
  } files[] = {
      {{}, "holds no weights of a dense layer"},
      {{{"0.weight", {2, 3, 3, 3}}},
       "tensor \"0.weight\": has 4 axes (2 × 3 × 3 × 3); a dense layer has two"},
      {{{"0.weight", {3, 2}}, {"1.weight", {3}}, {"1.bias", {4}}},
       "tensor \"1.bias\": is 4 numbers of a normalization that has 3 elsewhere"},
      {{{"0.weight", {3, 2}}, {"1.weight_g", {3}}}, "'1.weight_g' is neither NAME.weight nor NAME.bias"},
      {{{"0.weight", {3}}, {"0.bias", {3}}, {"2.weight", {7, 5}}, {"2.bias", {7}}},
       "tensor \"0.weight\": is a normalization before the first layer"},
      {{{"0.weight", {5, 5}},
        {"1.weight", {5}},
        {"2.running_mean", {5}},
        {"3.weight", {7, 5}},
        {"3.bias", {7}}},
       "tensor \"2.running_mean\": is a second normalization"},
      {{{"0.bias", {3}}}, "'0' has a bias and no weight"},
      {{{"0.weight", {3, 2}}, {"0.bias", {4}}}, "tensor \"0.bias\": is 4 numbers for weights of 3 × 2"},
      {{{"0.weight", {3, 0}}}, "tensor \"0.weight\": holds no values"},
      {{{"0.weight", {3, 2}}, {"0.bias", {3}}, {"2.weight", {3, 4}}, {"2.bias", {4}}},
       "its biases do not go with weights of one layout"},
      {{{"a.weight", {3, 2}}, {"b.weight", {7, 5}}},
       "the widths of its layers do not go together in any order"},
      {{{"0.weight", {1}}, {"2.weight", {7, 5}}, {"2.bias", {7}}},
       "tensor \"0.weight\": is a learned slope before the first layer"},
      {{{"0.weight", {5, 5}}, {"1.weight", {1}}, {"2.weight", {1}}, {"3.weight", {7, 5}}, {"3.bias", {7}}},
       "tensor \"2.weight\": is a second learned slope"},
      {{{"a/weight", {5, 5}}, {"a.weight", {5, 5}}}, "'a.weight' is a second weight of one layer"},
  };
  for (const auto& file : files) {
    const std::string path = safetensors(file.shapes);
    const std::string said = refusal(path, [&] { read(path); });
    EXPECT_EQ(said.substr(0, file.said.size()), file.said) << said;
  }
}

TEST(NetworkFile, numbers_that_are_not_finite_are_named) {
  const Numbers numbers{1, 2, NAN, 4};
  const NamedArray arrays[] = {{"0.weight", {2, 2}, numbers}};
  const std::string path = write_bytes("nan.safetensors", safetensors_text(arrays, true));
  EXPECT_EQ(
      refusal(path, [&] { read(path); }),
      "tensor \"0.weight\": element [1, 0] is not a number (counted from 0); a finite number is needed");
}

TEST(NetworkFile, a_file_of_another_kind_is_named) {
  const auto said = [&](const std::string& name, const std::string& bytes) {
    const std::string path = write_bytes(name, bytes);
    return refusal(path, [&] { read(path); });
  };
  EXPECT_NE(said("m.h5", "\x89HDF\r\n\x1a\n").find("is an HDF5 file, not a file of parameters"),
            std::string::npos);
  EXPECT_NE(said("m.h5", "\x89HDF\r\n\x1a\n").find("python -m deadrelu convert"), std::string::npos);
  EXPECT_NE(said("m.safetensors", std::string("PAR1\0\0", 6)).find("is a Parquet file"), std::string::npos);
}

}  // namespace
}  // namespace deadrelu
