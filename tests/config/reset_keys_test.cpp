// The keys of remedy.reset: which of them go with which rule, their defaults, and what contradicts them.
#include <gtest/gtest.h>

#include "config_testing.h"

namespace deadrelu {
namespace {

std::string with_reset(const std::string& json, const std::string& more = "") {
  return minimal(R"("remedy": {"reset": )" + json + "}" + more);
}
ResetSpec reset_of(const std::string& json) { return spec_of(with_reset(json)).remedy.reset; }

TEST(ResetKeys, every_rule_starts_with_its_defaults) {
  EXPECT_EQ(reset_of(R"("redo")").threshold, 0.1);
  EXPECT_EQ(reset_of(R"("grama")").threshold, 0.01);
  EXPECT_EQ(reset_of(R"({"rule": "frt", "threshold": 7})").silent_examples, 7u);
  for (const ResetRule rule : values_of<ResetRule>()) {
    ResetSpec expected{.rule = rule};
    if (rule == ResetRule::kGrama) expected.threshold = 0.01;
    EXPECT_TRUE(reset_of('"' + std::string(name_of(rule)) + '"') == expected) << name_of(rule);
    EXPECT_TRUE(spec_of(minimal(), {"remedy.reset.rule=" + std::string(name_of(rule))}).remedy.reset ==
                expected);
  }
}

TEST(ResetKeys, keys_of_another_rule_and_unknown_ones_are_mistakes) {
  EXPECT_NE(errors_of(with_reset(R"({"rule": "redo", "maturity": 5})")), "");
  EXPECT_NE(errors_of(with_reset(R"({"rule": "none", "every": 5})")), "");
  EXPECT_NE(errors_of(with_reset(R"({"every": 5})")), "");
  EXPECT_NE(errors_of(with_reset(R"({"rule": "cbp", "mt": 5})")).find("unknown key \"mt\""),
            std::string::npos);
  EXPECT_NE(errors_of(with_reset(R"({"rule": "cbp", "maturity_threshold": 5})")).find("did you mean"),
            std::string::npos);
  EXPECT_NE(errors_of(with_reset(R"({"rule": "grama", "every": 1})")).find("[2, "), std::string::npos);
}

TEST(ResetKeys, what_contradicts_them_is_said) {
  const auto expect_error = [](const std::string& config, const std::string& key, const std::string& words) {
    const std::string errors = errors_of(config);
    EXPECT_NE(errors.find("/remedy/reset/" + key), std::string::npos) << errors;
    EXPECT_NE(errors.find(words), std::string::npos) << errors;
  };
  for (const char* activation : {"maxout", "crelu"}) {
    const std::string config = R"({"data": {"kind": "function"}, "model": {"hidden": [4], "activation": ")" +
                               std::string(activation) + R"("}, "remedy": {"reset": {"rule": "redo"}}})";
    expect_error(config, "rule", activation);
  }
  expect_error(R"({"data": {"kind": "function"}, "model": {"hidden": [4, 4], "output_bias": false},
                   "remedy": {"reset": {"rule": "redo", "compensation": "mean"}}})",
               "compensation", "biases");
  const auto with_model = [](const std::string& model, const std::string& reset) {
    return R"({"data": {"kind": "function"}, "model": {"hidden": [4, 4], )" + model +
           R"(}, "remedy": {"reset": )" + reset + "}}";
  };
  expect_error(with_model(R"("skip": true)", R"({"rule": "redo"})"), "rule", "model.skip");
  const std::string behind = R"("normalization": {"name": "layer_norm", "position": "after_activation"})";
  expect_error(with_model(behind, R"({"rule": "redo", "compensation": "mean"})"), "compensation",
               "normalization");
  EXPECT_EQ(errors_of(with_model(behind, R"({"rule": "redo"})")), "");
  expect_error(with_reset(R"({"rule": "snr", "lowest_threshold": 30, "highest_threshold": 20})"),
               "lowest_threshold", "may not be above");
  const std::string damped =
      R"(, "train": {"optimizer": {"name": "sgd", "momentum": 0.9, "dampening": 0.5}})";
  expect_error(with_reset(R"("redo")", damped), "optimizer_state", "dampening");
  EXPECT_EQ(errors_of(with_reset(R"({"rule": "redo", "optimizer_state": "moments"})", damped)), "");
}

TEST(ResetKeys, runs_with_different_rules_and_numbers_are_different_runs) {
  const auto runs = runs_of(minimal(R"("sweep": {"grid": {"remedy": ["none", "random", "redo", "redo+l2_init",
    {"reset": {"rule": "redo", "threshold": 0.2}}, {"reset": {"rule": "cbp", "maturity": 10}}]}})"));
  std::vector<std::string> names;
  for (const PlannedRun& run : runs) names.push_back(std::get<std::string>(run.values.at(0)));
  EXPECT_EQ(names, (std::vector<std::string>{"none", "random", "redo", "redo+l2_init", "redo(threshold=0.2)",
                                             "cbp(maturity=10)"}));
  auto ids = ids_of(runs);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

}  // namespace
}  // namespace deadrelu
