// Formulas, and the numbers beside them, whose names are free.
#include <gtest/gtest.h>

#include "config_testing.h"

namespace deadrelu {
namespace {

std::string with_activation(const std::string& activation, const std::string& more = "") {
  return "{\"data\": {\"kind\": \"function\"},\n\"model\": {\"hidden\": [4, 3], \"activation\":\n" +
         activation + "}" + more + "}";
}

const std::string kLeaky = R"j({"name": "expression", "formula": "max(0, x) + a*min(0, x)", "a" : 0.25
})j";

TEST(FormulaKeys, the_numbers_of_a_formula_stand_beside_it) {
  const ActivationSpec spec = spec_of(with_activation(kLeaky)).model.activation;
  EXPECT_EQ(spec.kind, Activation::kExpression);
  EXPECT_EQ(spec.formula, "max(0, x) + a*min(0, x)");
  EXPECT_EQ(spec.numbers, (std::vector<NamedNumber>{{"a", 0.25}}));
  const RunSpec output = spec_of(
      R"j({"data": {"kind": "function"}, "model": {"hidden": [], "output_activation": {"name": "expression",
      "formula": "b_2*x - B", "B": 3, "b_2": 2}}})j");
  EXPECT_EQ(output.model.output_activation.numbers, (std::vector<NamedNumber>{{"B", 3}, {"b_2", 2}}));
}

TEST(FormulaKeys, a_list_of_activations_has_formulas_of_its_own) {
  const RunSpec run =
      spec_of(with_activation("[" + kLeaky + R"j(, {"name": "expression", "formula": "c*x", "c": 7}])j"));
  ASSERT_EQ(run.model.activations.size(), 2u);
  EXPECT_EQ(run.model.activations[0].numbers, (std::vector<NamedNumber>{{"a", 0.25}}));
  EXPECT_EQ(run.model.activations[1].numbers, (std::vector<NamedNumber>{{"c", 7}}));
}

// What other activations call alpha or slope is any number here.
TEST(FormulaKeys, keys_of_other_activations_are_free_names) {
  const ActivationSpec spec =
      spec_of(with_activation(
                  R"j({"name": "expression", "formula": "alpha*x + slope", "alpha": 2, "slope": -1})j"))
          .model.activation;
  EXPECT_EQ(spec.numbers, (std::vector<NamedNumber>{{"alpha", 2}, {"slope", -1}}));
}

TEST(FormulaKeys, numbers_are_swept_and_set_like_any_key) {
  const std::string text = with_activation(
      R"j({"name": "expression", "formula": "a*x + b", "b": 5})j",
      R"j(, "sweep": {"grid": {"model.activation.a": {"lin": [1, 3, 3]}}, "exclude": [{"model.activation.a": 2}]})j");
  const std::vector<PlannedRun> runs = runs_of(text);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].spec.model.activation.numbers, (std::vector<NamedNumber>{{"a", 1}, {"b", 5}}));
  EXPECT_EQ(runs[1].spec.model.activation.numbers, (std::vector<NamedNumber>{{"a", 3}, {"b", 5}}));
  EXPECT_EQ(std::get<double>(runs[1].values.at(0)), 3);
  EXPECT_NE(runs[0].id, runs[1].id);
  EXPECT_EQ(runs_of(text, {"model.activation.b=6"})[0].spec.model.activation.numbers[1].value, 6);
  const std::string zipped = with_activation(
      R"j({"name": "expression", "formula": "a*x + b"})j",
      R"j(, "sweep": {"zip": {"model.activation.a": [1, 2], "model.activation.b": [3, 4]}})j");
  EXPECT_EQ(runs_of(zipped)[1].spec.model.activation.numbers, (std::vector<NamedNumber>{{"a", 2}, {"b", 4}}));
  const std::string whole = with_activation(
      kLeaky,
      R"j(, "sweep": {"grid": {"model.activation": ["relu", {"name": "expression", "formula": "c*x", "c": 2}]}})j");
  EXPECT_EQ(runs_of(whole)[1].spec.model.activation.numbers, (std::vector<NamedNumber>{{"c", 2}}));
}

TEST(FormulaKeys, a_run_id_knows_formula_and_numbers) {
  const auto id = [](const std::string& activation) { return runs_of(with_activation(activation))[0].id; };
  const std::uint64_t leaky = id(kLeaky);
  EXPECT_EQ(id(R"j({"a": 2.5e-1, "formula": "max(0, x) + a*min(0, x)", "name": "expression"
})j"),
            leaky);
  EXPECT_NE(id(R"j({"name": "expression", "formula": "max(0, x) + a*min(0, x)", "a": 0.5
})j"),
            leaky);
  EXPECT_NE(id(R"j({"name": "expression", "formula": "max(0, x) + b*min(0, x)", "b": 0.25
})j"),
            leaky);
  EXPECT_EQ(id(R"j({"name": "expression", "formula": "a*x + b", "b": 1, "a": 2})j"),
            id(R"j({"name": "expression", "formula": "a*x + b", "a": 2, "b": 1})j"));
}

TEST(FormulaKeys, the_resolved_config_loads_to_the_same_runs) {
  for (
      const std::string& text :
      {with_activation(kLeaky), with_activation("[" + kLeaky + ", \"relu\"]"),
       with_activation(R"j({"name": "expression", "formula": "a*x + b", "b": 5})j",
                       R"j(, "sweep": {"grid": {"model.activation.a": [1, 2]}})j"),
       std::string(
           R"j({"data": {"kind": "function", "function": {"formula": ["a*x1", "x2"], "a": 2}}, "model": {"hidden": [2]}})j")}) {
    const ExperimentConfig config(source_of(text));
    EXPECT_EQ(ids_of(runs_of(config.resolved_json())), ids_of(runs_of(text))) << config.resolved_json();
  }
}

TEST(FormulaKeys, functions_of_data_are_formulas_too) {
  const auto data = [](const std::string& function) {
    return spec_of(R"j({"data": {"kind": "function", "function": )j" + function +
                   R"j(}, "model": {"hidden": [4]}})j")
        .data;
  };
  EXPECT_EQ(data(R"j({"formula": "x*sin(5*x)"
})j")
                .formulas,
            (std::vector<std::string>{"x*sin(5*x)"}));
  EXPECT_EQ(data(R"j({"formula": ["x1 + k*x2", "x3"], "k": 2})j").formulas.size(), 2u);
  EXPECT_EQ(data(R"j({"formula": ["x1 + k*x2", "x3"], "k": 2})j").numbers,
            (std::vector<NamedNumber>{{"k", 2}}));
  EXPECT_EQ(data(R"j("sine")j").function, TargetFunction::kSine);
  EXPECT_EQ(data(R"j({"name": "sine"})j").function, TargetFunction::kSine);
  EXPECT_TRUE(data(R"j("sine")j").formulas.empty());
}

TEST(FormulaKeys, a_mistake_is_found_at_its_key_and_column) {
  const auto expect = [](const std::string& text, const std::string& start, const std::string& mention) {
    const std::string report = errors_of(text);
    EXPECT_TRUE(report.starts_with(start)) << text << "\n" << report;
    EXPECT_NE(report.find(mention), std::string::npos) << text << "\n" << report;
    EXPECT_EQ(line_count(report), 1u) << report;
  };
  const auto wrong = [&](const std::string& activation, const std::string& key, const std::string& mention) {
    expect(with_activation(activation), "test.json:3: /model/activation" + key + ": ", mention);
  };
  wrong(R"j({"name": "expression"})j", "/formula", "is missing; give model.activation.formula");
  wrong(R"j("expression")j", "/formula", "is missing");
  wrong(R"j({"name": "expression", "formula": 3})j", "/formula", "found 3; allowed: a formula");
  wrong(R"j({"name": "expression", "formula": ""})j", "/formula", "column 1");
  wrong(R"j({"name": "expression", "formula": "max(0, x"})j", "/formula",
        "column 9 of \"max(0, x\": ')' is missing");
  wrong(R"j({"name": "expression", "formula": "x*sigmiod(x)"
})j",
        "/formula", "column 3");
  wrong(R"j({"name": "expression", "formula": "x + x2"})j", "/formula", "column 5");
  wrong(R"j({"name": "expression", "formula": "a*x"})j", "/a", "the formula uses a in column 1");
  wrong(R"j({"name": "expression", "formula": "x", "b": 1})j", "/b", "unknown key \"b\"");
  wrong(R"j({"name": "expression", "formula": "a*x", "a": "1"})j", "/a", "found \"1\"");
  wrong(R"j({"name": "expression", "formula": "a*x", "a": 1e200})j", "/a", "[-1e+100, 1e+100]");
  wrong(R"j({"name": "expression", "formula": "x", "sin": 1})j", "/sin", "unknown key \"sin\"");
  wrong(R"j({"name": "expression", "formula": "x", "x2": 1})j", "/x2", "unknown key \"x2\"");
  wrong(R"j({"name": "expression", "formula": "x", "pieces": 2})j", "/pieces", "unknown key");
  wrong(R"j({"name": "elu", "a": 2})j", "/a", "unknown key \"a\"");
  wrong(R"j({"name": "relu", "formula": "x"})j", "/formula", "belongs to model.activation.name expression");
  wrong(R"j(["relu", {"name": "expression", "formula": "a*x"}])j", "",
        "entry 2: the formula uses a in column 1");
  wrong(R"j(["relu", {"name": "expression", "formula": "2x"}])j", "/1/formula", "column 2");
  const auto wrong_data = [&](const std::string& function, const std::string& key,
                              const std::string& mention) {
    expect("{\"data\": {\"kind\": \"function\",\n" + function + R"j(}, "model": {"hidden": [4]}})j",
           "test.json:2: /data" + key + ": ", mention);
  };
  wrong_data(R"j("function": {"formula": "sin(x"})j", "/function/formula", "column 6");
  wrong_data(R"j("function": {"formula": ["x", "sin(y)"]
  })j",
             "/function/y", "uses y in column 5");
  wrong_data(R"j("function": {"formula": ["x", "2y"]})j", "/function/formula/1", "column 2");
  wrong_data(R"j("function": {"formula": []})j", "/function/formula", "found a list");
  wrong_data(R"j("function": {"formula": "x65"})j", "/function/formula", "inputs are x1 to x64");
  wrong_data(R"j("function": {"name": "sine", "a": 2})j", "/function/a", "unknown key");
  wrong_data(R"j("function": {"name": "sine", "formula": "x"})j", "/function/formula",
             "cannot be given together with data.function.name");
  wrong_data(R"j("samples": 7, "function": {"formula": "x1*x2*x3"})j", "/samples", "8 in all");
}

}  // namespace
}  // namespace deadrelu
