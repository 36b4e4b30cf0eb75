// Initial parameters from a file, and reading config files.
#include "config/json_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "config/parameter_arrays.h"
#include "config_testing.h"

namespace deadrelu {
namespace {

const char* const kTwoLayers =
    "{\"run_id\": \"00\", \"step\": 0, \"layers\": [{\"weights\": [[1], [-2.5]], \"bias\": [0, 1e-3], "
    "\"slope\": 0.25},\n"
    "{\"weights\": [[3, 4]], \"bias\": []}]}\n";

std::string error_of(const std::string& text) {
  try {
    parse_parameters(text, "p.json");
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    return error.what();
  }
  return "";
}

std::string write_file(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

ExitCode code_of(const std::string& path) {
  try {
    read_parameter_file(path, WeightLayout::kAuto);
  } catch (const UserError& error) {
    return error.code();
  }
  return ExitCode::kOk;
}

TEST(ParameterFile, is_read_layer_by_layer) {
  const ParameterSet set = parse_parameters(kTwoLayers, "p.json");
  ASSERT_EQ(set.layers.size(), 2u);
  EXPECT_EQ(set.layers[0].rows, 2u);
  EXPECT_EQ(set.layers[0].inputs, 1u);
  EXPECT_EQ(set.layers[0][BlockKind::kWeights], (std::vector<double>{1, -2.5}));
  EXPECT_EQ(set.layers[0][BlockKind::kBias], (std::vector<double>{0, 1e-3}));
  EXPECT_EQ(set.layers[0][BlockKind::kSlope], std::vector<double>{0.25});
  EXPECT_EQ(set.layers[1].rows, 1u);
  EXPECT_EQ(set.layers[1].inputs, 2u);
  EXPECT_TRUE(set.layers[1][BlockKind::kBias].empty());
  EXPECT_TRUE(set.layers[1][BlockKind::kSlope].empty());
}

TEST(ParameterFile, mistakes_have_their_line_and_pointer) {
  const auto expect = [](const std::string& text, const std::string& start, const std::string& mention) {
    const std::string error = error_of(text);
    EXPECT_EQ(error.rfind("p.json:" + start, 0), 0u) << error;
    EXPECT_NE(error.find(mention), std::string::npos) << error;
  };
  expect("{\"layers\":\n[{\"weights\": [[1, 2],\n[3]]}]}",
         "3: /layers/0/weights/1: ", "has 1 weights, the first has 2");
  expect("{\"layers\": [{\"weights\": [[1], [2]], \"bias\": [1]}]}",
         "1: /layers/0/bias: ", "1 biases for 2 rows");
  expect("{\"layers\": [{\"weights\": [[null]]}]}", "1: /layers/0/weights/0/0: ", "found null");
  expect("{\"layers\": [{\"weights\": [1]}]}", "1: /layers/0/weights/0: ", "found 1");
  expect("{\"layers\": [{\"bias\": [1]}]}", "1: /layers/0: ", "no \"weights\"");
  expect("{\"layers\": [{\"weights\": []}]}", "1: /layers/0/weights: ", "no weights");
  expect("{\"layers\": [{\"weights\": [[1]], \"weights\": [[1]]}]}", "1: /layers/0/weights: ", "given twice");
  expect("{\"layers\": [{\"wieghts\": [[1]]}]}", "1: /layers/0/wieghts: ", "unknown key");
  expect("{\"layers\": []}", "1: ", "no layers");
  expect("{}", "1: ", "no layers");
  expect("[]", "1: ", "found a list");
  expect("", "1: ", "is empty");
  expect("{\"layers\": [{\"weights\": [[1,]]}]}", "1: ", "no comma");
  expect("{\"layers\": [{\"weights\": [[NaN]]}]}", "1: ", "NaN");
}

TEST(ParameterFile, several_lines_of_parameters_need_a_choice) {
  EXPECT_NE(error_of(std::string(kTwoLayers) + kTwoLayers).find("take one line"), std::string::npos);
}

TEST(ParameterFile, what_cannot_be_read_is_an_input_error) {
  EXPECT_EQ(code_of(testing::TempDir() + "/is-not-there.json"), ExitCode::kInputOutput);
  EXPECT_EQ(code_of(testing::TempDir()), ExitCode::kInputOutput);
  const std::string pipe = testing::TempDir() + "/parameters.pipe";
  std::filesystem::remove(pipe);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(code_of(pipe), ExitCode::kInputOutput);
}

TEST(ParameterFile, is_shared_by_the_runs_and_found_beside_the_config) {
  write_file(
      "initial.json",
      "{\"layers\": [{\"weights\": [[1], [2]], \"bias\": [0, 0]}, {\"weights\": [[1, 1]], \"bias\": [0]}]}");
  ConfigSource source = source_of(R"({"data": {"kind": "function"}, "model": {"hidden": [2]},
    "init": {"file": "initial.json"}, "sweep": {"seeds": 2}})");
  source.directory = testing::TempDir();
  const ExperimentConfig config(source);
  const RunStream next = config.runs();
  PlannedRun first, second;
  ASSERT_TRUE(next(first) && next(second));
  ASSERT_TRUE(first.spec.initial);
  EXPECT_EQ(first.spec.initial, second.spec.initial);
  EXPECT_EQ(first.spec.initial->layers[0][BlockKind::kWeights][1], 2);
  source.sets = {"model.hidden=[3]"};
  EXPECT_THROW(ExperimentConfig{source}, UserError);
  source.sets = {"init.file=is-not-there.json"};
  try {
    const ExperimentConfig missing(source);
    ADD_FAILURE();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kInputOutput);
  }
}

TEST(ReadConfig, knows_the_files_name_and_directory) {
  const std::string path = write_file("some-config.json", minimal());
  const ConfigSource source = read_config(path, {"train.steps=3"});
  EXPECT_EQ(source.text, minimal());
  EXPECT_EQ(source.label, path);
  EXPECT_EQ(source.default_name, "some-config");
  EXPECT_EQ(std::filesystem::path(source.directory), std::filesystem::path(path).parent_path());
  EXPECT_EQ(ExperimentConfig(source).name(), "some-config");
}

TEST(ReadConfig, what_cannot_be_read_is_an_input_error) {
  for (const std::string& path : {testing::TempDir(), testing::TempDir() + "/is-not-there.json"}) {
    try {
      read_config(path, {});
      ADD_FAILURE() << path;
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kInputOutput);
      EXPECT_EQ(std::string(error.what()).rfind(path, 0), 0u);
    }
  }
}

}  // namespace
}  // namespace deadrelu
