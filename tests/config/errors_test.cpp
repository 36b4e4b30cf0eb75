// Mistakes: each is found, and reported at its line and pointer.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/sweep_plan.h"
#include "config/words.h"
#include "config_testing.h"

namespace deadrelu {
namespace {

std::string line_starting(const std::string& report, const std::string& start) {
  for (std::size_t from = 0; from < report.size();) {
    const std::size_t to = std::min(report.find('\n', from), report.size());
    if (report.compare(from, start.size(), start) == 0) return report.substr(from, to - from);
    from = to + 1;
  }
  return "";
}

const char* const kRest = R"("model": {"hidden": [4]})";

void expect_wrong(const std::string& text, const std::string& start, const std::string& mention) {
  const std::string report = errors_of(text);
  const std::string line = line_starting(report, start);
  EXPECT_NE(line, "") << text << "\nexpected: " << start << "\nreport: " << report;
  EXPECT_NE(line.find(mention), std::string::npos) << "no \"" << mention << "\" in: " << line;
}

TEST(Errors, wrong_data) {
  const auto wrong = [](const std::string& data, const std::string& pointer, const std::string& mention) {
    expect_wrong("{\"data\":\n" + data + ",\n" + kRest + "}", "test.json:2: " + pointer + ": ", mention);
  };
  wrong(R"({"kind": "functoin"})", "/data/kind", "did you mean \"function\"");
  wrong(R"({"kind": 3})", "/data/kind", "found 3; allowed: function, points");
  wrong(R"({})", "/data/kind", "is missing");
  wrong(R"([])", "/data", "found a list; allowed: an object");
  wrong(R"({"kind": "function", "samples": 0})", "/data/samples", "whole number in [1, 100000000]");
  wrong(R"({"kind": "function", "samples": 1e9})", "/data/samples", "found 1e+09");
  wrong(R"({"kind": "function", "samples": 1.5})", "/data/samples", "found 1.5");
  wrong(R"({"kind": "function", "samples": "many"})", "/data/samples", "found \"many\"");
  wrong(R"({"kind": "function", "samples": 99999999999999999999999})", "/data/samples", "found 1e+23");
  wrong(R"({"kind": "function", "domain": [1, 0]})", "/data/domain", "below the second");
  wrong(R"({"kind": "function", "domain": [1]})", "/data/domain", "two numbers");
  wrong(R"({"kind": "function", "domain": [0, "1"]})", "/data/domain/1", "found \"1\"");
  wrong(R"({"kind": "function", "function": "cos"})", "/data/function", "abs, sine");
  wrong(R"({"kind": "function", "noise": -1})", "/data/noise", "found -1");
  wrong(R"({"kind": "function", "one_hot": [-1, 1]})", "/data/one_hot", "numbers, not classes");
  wrong(R"({"kind": "function", "one_output": true})", "/data/one_output", "numbers, not classes");
  wrong(R"({"kind": "moons", "one_hot": [-1, 1]})", "/data/one_hot", "cross_entropy takes [0, 1]");
  wrong(R"({"kind": "moons", "one_hot": [1, 0]})", "/data/one_hot", "below the second");
  wrong(R"({"kind": "moons", "one_output": true})", "/data/one_output", "needs an output a class");
  wrong(R"({"kind": "function", "images": "x"})", "/data/images", "belongs to data.kind idx");
  wrong(R"({"kind": "function", "classes": 3})", "/data/classes", "belongs to data.kind blobs, spirals");
  wrong(R"({"kind": "function", "inputs": 3})", "/data/inputs", "data.kind points or data.kind gaussian");
  wrong(R"({"kind": "function", "sampels": 3})", "/data/sampels", "did you mean \"samples\"");
  wrong(R"({"kind": "function", "kind": "xor"})", "/data/kind", "given twice (first in line 2)");
  wrong(R"({"kind": "function", "test_fraction": 1})", "/data/test_fraction", "[0, 1)");
  wrong(R"({"kind": "function", "standardize": 1})", "/data/standardize", "true or false");
  wrong(R"({"kind": "function", "seed": -1})", "/data/seed", "9223372036854775807");
  wrong(R"({"kind": "points", "targets": [[1]]})", "/data/inputs", "is missing");
  wrong(R"({"kind": "points", "inputs": [[1, 2], [3]], "targets": [[1], [2]]})", "/data/inputs/1",
        "has 1 numbers");
  wrong(R"({"kind": "points", "inputs": [], "targets": [[1]]})", "/data/inputs", "empty");
  wrong(R"({"kind": "points", "inputs": [[1], [2]], "targets": [[1]]})", "/data/targets", "found 1 rows");
  wrong(R"({"kind": "csv", "path": "a", "targets": ["x", "y"], "task": "classification"})", "/data/targets",
        "one target column");
  wrong(R"({"kind": "csv", "targets": ["x"]})", "/data/path", "is missing");
  wrong(R"({"kind": "csv", "path": "a", "targets": []})", "/data/targets", "empty");
  wrong(R"({"kind": "idx", "images": "a", "labels": "b", "test_images": "c"})", "/data/test_images",
        "needs data.test_labels");
  wrong(
      R"({"kind": "idx", "images": "a", "labels": "b", "test_images": "c", "test_labels": "d", "test_fraction": 0.5})",
      "/data/test_fraction", "together with data.test_images");
}

TEST(Errors, a_value_stands_in_the_line_of_its_own) {
  expect_wrong(
      "// first\n{ /* second\nthird */ \"data\": {\n\"kind\": \"function\",\n\"samples\":\n\n-1\n},\n" +
          std::string(kRest) + "\n}",
      "test.json:7: /data/samples: ", "found -1");
  expect_wrong("{\"data\": {\"kind\": \"points\", \"inputs\": [[1],\n[2],\n[\"x\"]], \"targets\": [[1]]}}",
               "test.json:3: /data/inputs/2/0: ", "found \"x\"");
}

TEST(Errors, wrong_model_and_init) {
  const auto wrong = [](const std::string& rest, const std::string& pointer, const std::string& mention) {
    expect_wrong("{\"data\": {\"kind\": \"function\"},\n\n" + rest + "}", "test.json:3: " + pointer + ": ",
                 mention);
  };
  wrong(R"("model": {})", "/model/hidden", "is missing");
  wrong(R"("model": {"width": 3})", "/model/width", "needs model.depth");
  wrong(R"("model": {"depth": 3})", "/model/depth", "needs model.width");
  wrong(R"("model": {"hidden": [3], "width": 3, "depth": 1})", "/model/width", "together with model.hidden");
  wrong(R"("model": {"hidden": [0]})", "/model/hidden/0", "[1, 65536]");
  wrong(R"("model": {"hidden": 3})", "/model/hidden", "found 3; allowed: a list");
  wrong(R"("model": {"width": 65537, "depth": 1})", "/model/width", "[1, 65536]");
  wrong(R"("model": {"width": 1, "depth": 1025})", "/model/depth", "[0, 1024]");
  wrong(R"("model": {"width": 65536, "depth": 1000})", "/model/hidden",
        "parameters; allowed: at most 100000000");
  wrong(R"("model": {"hidden": [3], "activation": "rleu"})", "/model/activation", "did you mean \"relu\"");
  wrong(R"("model": {"hidden": [3], "activation": 1})", "/model/activation", "an object, or the name alone");
  wrong(R"("model": {"hidden": [3], "activation": {"name": "relu", "slope": 1}})", "/model/activation/slope",
        "belongs to model.activation.name leaky_relu, prelu; model.activation.name is \"relu\"");
  wrong(R"("model": {"hidden": [3], "activation": {"slope": 1}})", "/model/activation/slope",
        "(the default)");
  wrong(R"("model": {"hidden": [3], "activation": {"name": "rrelu", "lower": 0.5}})",
        "/model/activation/lower", "lower may not be above upper");
  const char* const two = R"("model": {"hidden": [3, 4], "activation": )";
  wrong(two + std::string(R"(["relu"]})"), "/model/activation",
        "found a list of 1; the network has 2 hidden");
  wrong(two + std::string(R"(["relu", "rleu"]})"), "/model/activation/1", "did you mean \"relu\"");
  wrong(two + std::string(R"(["relu", {"name": "elu", "slope": 1}]})"), "/model/activation/1/slope",
        "belongs to model.activation.name leaky_relu, prelu");
  wrong(two + std::string(R"(["relu", {"name": "elu", "alhpa": 1}]})"), "/model/activation/1/alhpa",
        "did you mean \"alpha\"");
  wrong(two + std::string(R"(["relu", ["relu"]]})"), "/model/activation/1", "no list itself");
  wrong(two + std::string(R"(["relu", 3]})"), "/model/activation/1", "found 3");
  wrong(two + std::string(R"({"layers": ["relu", "relu"], "slope": 3}})"), "/model/activation/layers",
        "together with model.activation.name");
  wrong(two + std::string(R"({"layers": ["relu", "relu"], "name": "relu"}})"), "/model/activation/layers",
        "together with model.activation.name");
  wrong(two + std::string(R"(["relu", {"name": "rrelu", "lower": 0.5}]})"), "/model/activation",
        "entry 2: found lower 0.5");
  wrong(R"("model": {"hidden": [3, 4], "bias": [true]})", "/model/bias", "found a list of 1");
  wrong(R"("model": {"hidden": [3, 4], "bias": [true, 1]})", "/model/bias/1", "found 1");
  wrong(R"("model": {"hidden": [3], "output_activation": "crelu"})", "/model/output_activation",
        "two values a unit");
  wrong(R"("model": {"hidden": [3], "output_activation": ["relu"]})", "/model/output_activation",
        "found a list");
  wrong(R"("model": {"hidden": [3]}, "init": {"weights": ["rai", "rai"]})", "/init/weights",
        "found a list of 2; the network has 1");
  wrong(R"("model": {"hidden": [3]}, "init": {"bias": [true]})", "/init/bias/0", "found true");
  wrong(R"("model": {"hidden": [3]}, "init": {"weights": {"name": "uniform", "low": 2, "high": 1}})",
        "/init/weights/low", "low may not be above high");
  wrong(R"("model": {"hidden": [3]}, "init": {"weights": {"name": "uniform", "low": 0, "limit": 1}})",
        "/init/weights/limit", "together with init.weights.low");
  wrong(R"("model": {"hidden": [3], "derivative_at_zero": 2})", "/model/derivative_at_zero", "[0, 1]");
  wrong(R"("model": {"hidden": [3]}, "init": {"weights": {"name": "normal", "limit": 1}})",
        "/init/weights/limit", "belongs to init.weights.name uniform");
  wrong(R"("model": {"hidden": [3]}, "init": {"bias": "zero"})", "/init/bias", "constant, normal");
  wrong(R"("model": {"hidden": [3]}, "init": {"bias": true})", "/init/bias", "or a number");
  wrong(R"("model": {"hidden": [3]}, "init": {"weights": {"name": "normal", "std": -1}})",
        "/init/weights/std", "found -1");
  wrong(R"("model": {"hidden": [3]}, "init": {"output": {"weigths": "rai"}})", "/init/output/weigths",
        "did you mean \"weights\"");
}

TEST(Errors, wrong_training_and_recording) {
  const auto wrong = [](const std::string& more, const std::string& pointer, const std::string& mention) {
    expect_wrong(minimal("\n" + more), "test.json:2: " + pointer + ": ", mention);
  };
  wrong(R"("train": {"loss": "msee"})", "/train/loss", "did you mean \"mse\"");
  wrong(R"("train": {"loss": "cross_entropy"})", "/train/loss", "needs classes");
  wrong(R"("train": {"loss": "binary_cross_entropy"})", "/train/loss", "needs classes");
  wrong(R"("train": {"optimizer": {"name": "adam", "momentum": 0.9}})", "/train/optimizer/momentum",
        "belongs to train.optimizer.name sgd, rmsprop");
  wrong(R"("train": {"optimizer": {"nesterov": true}})", "/train/optimizer/nesterov", "momentum above 0");
  wrong(R"("train": {"optimizer": {"nesterov": true, "momentum": 0.5, "dampening": 0.1}})",
        "/train/optimizer/nesterov", "dampening 0");
  wrong(R"("train": {"freeze": [0]})", "/train/freeze/0", "[1, 1025]");
  wrong(R"("train": {"freeze": [1, 3]})", "/train/freeze", "found 3; the network has 2 layers");
  wrong(R"("train": {"optimizer": {"library": "keras"}})", "/train/optimizer/library",
        "belongs to train.optimizer.name adam, adamw, rmsprop");
  wrong(R"("train": {"optimizer": {"learning_rate": -1}})", "/train/optimizer/learning_rate", "found -1");
  wrong(R"("train": {"optimizer": {"learning_rate": [0.1, 0.2]}})", "/train/optimizer/learning_rate",
        "found a list");
  wrong(R"("train": {"optimizer": {"name": "adam", "beta1": 1}})", "/train/optimizer/beta1", "[0, 1)");
  wrong(R"("train": {"schedule": {"name": "cosine", "gamma": 1}})", "/train/schedule/gamma", "belongs to");
  wrong(R"("train": {"schedule": {"name": "linear_warmup", "until": 2}})", "/train/schedule/until", "[0, 1]");
  wrong(R"("train": {"steps": 1, "epochs": 1})", "/train/epochs", "together with train.steps");
  wrong(R"("train": {"steps": 1000000000001})", "/train/steps", "[0, 1000000000000]");
  wrong(R"("train": {"steps": -0.5})", "/train/steps", "found -0.5");
  wrong(R"("train": {"batch_size": 1001})", "/train/batch_size", "only 1000 examples");
  wrong(R"("train": {"batch_size": "all"})", "/train/batch_size", "or \"full\"");
  wrong(R"("train": {"batch_size": 0})", "/train/batch_size", "found 0");
  wrong(R"("record": {"every": 1, "log": 2})", "/record/log", "together with record.every");
  wrong(R"("record": {"steps": [1], "log": 2})", "/record/log", "together with record.steps");
  wrong(R"("record": {"every": 1, "steps": [2]})", "/record/steps", "together with record.every");
  wrong(R"("record": {"probe": {"split": "test"}})", "/record/probe/split", "there is none");
  wrong(R"("record": {"tables": ["metric"]})", "/record/tables/0", "did you mean \"metrics\"");
  wrong(R"("record": {"parameters": "final"})", "/record/parameters", "found \"final\"");
  wrong(R"("record": {"thresholds": {"dormant": null}})", "/record/thresholds/dormant", "found null");
  wrong(R"("seed": 9223372036854775808)", "/seed", "found 9223372036854775808");
  wrong(R"("seed": -1)", "/seed", "found -1");
  wrong(R"("seed": 1.5)", "/seed", "found 1.5");
  wrong(R"("name": "a/b")", "/name", "folder name");
  wrong(R"("name": "..")", "/name", "folder name");
  wrong(R"("name": "")", "/name", "folder name");
  wrong(R"("nmae": "x")", "/nmae", "did you mean \"name\"");
  wrong(R"("traim": {})", "/traim", "did you mean \"train\"");
}

TEST(Errors, a_key_of_another_place_or_library_is_found_in_the_whole_tree) {
  const auto meant = [](const std::string& more, const std::string& pointer, const std::string& mention) {
    expect_wrong(minimal("\n" + more), "test.json:2: " + pointer + ": unknown key ",
                 "; did you mean " + mention + "?");
  };
  meant(R"("train": {"lr": 1})", "/train/lr", "train.optimizer.learning_rate");
  meant(R"("learning_rate": 1)", "/learning_rate", "train.optimizer.learning_rate");
  meant(R"("optimizer": {"lr": 1})", "/optimizer", "train.optimizer");
  meant(R"("train": {"optimizer": {"clip_norm": 1}})", "/train/optimizer/clip_norm", "train.clip_norm");
  meant(R"("train": {"weight_decay": 1})", "/train/weight_decay", "train.optimizer.weight_decay");
  meant(R"("train": {"seed": 1})", "/train/seed", "\"seed\" at the top level");
  meant(R"("train": {"BatchSize": 1})", "/train/BatchSize", "\"batch_size\"");
  meant(R"("train": {"optimizer": {"betas": [0.9, 0.99]}})", "/train/optimizer/betas",
        "\"beta1\" or \"beta2\"");
  meant(R"("init": {"output": {"kernel_initializer": "rai"}})", "/init/output/kernel_initializer",
        "init.weights");
  meant(R"("epochs": 1)", "/epochs", "train.epochs");
  meant(R"("steps": 1)", "/steps", "train.steps");
  meant(R"("train.lr": 1)", "/train.lr", "train.optimizer.learning_rate");
  meant(R"("seeds": 3)", "/seeds", "sweep.seeds");
  EXPECT_EQ(
      errors_of(minimal(), {"optimizer.clip_norm=1"}),
      "--set optimizer.clip_norm=1: /optimizer/clip_norm: unknown path \"optimizer.clip_norm\"; did you mean "
      "train.clip_norm?");
}

TEST(Errors, an_unknown_key_lists_the_keys_of_its_kind_only) {
  const std::string report =
      errors_of(R"({"data": {"kind": "moons", "qwertz": 1}, "model": {"hidden": [4]}})");
  const std::string allowed = "; allowed: kind, samples, noise";
  EXPECT_NE(report.find(allowed), std::string::npos) << report;
  for (const Doc& key : config_keys()) {
    if (!key.name.starts_with("data.")) continue;
    const std::string name =
        key.name.substr(5, key.name.find('.', 5) - 5);  // of the group, where it is in one
    const std::string text =
        R"({"data": {"kind": "moons", ")" + name + R"(": "abs"}, "model": {"hidden": [4]}})";
    const bool foreign = errors_of(text).find("belongs to data.kind") != std::string::npos;
    const std::string listed = report.substr(report.find("; allowed: ") + 10) + ',';
    EXPECT_NE(listed.find(' ' + name + ',') != std::string::npos, foreign) << key.name;
  }
}

// What a choice is called elsewhere, or in capitals.
TEST(Errors, a_value_of_another_library_is_named_as_it_is_called_here) {
  const auto meant = [](const std::string& set, const std::string& mention) {
    const std::string report = errors_of(minimal(), {set});
    EXPECT_TRUE(report.ends_with("; did you mean " + mention + '?')) << report;
  };
  meant("model.activation=swish", "\"silu\"");
  meant("model.activation=LeakyReLU", "\"leaky_relu\"");
  meant("model.activation=nn.Tanh", "\"tanh\"");
  meant("model.activation=linear", "\"identity\"");
  meant("train.optimizer=Adam", "\"adam\"");
  meant("train.loss=logistic", "\"binary_cross_entropy\"");
  meant("train.loss=BCEWithLogitsLoss", "\"binary_cross_entropy\"");
  meant("init.weights=xavier", "\"glorot_uniform\" or \"glorot_normal\"");
  meant("init.output.weights=kaiming_normal_", "\"he_normal\"");
  meant("init.bias=zeros", "0");
}

TEST(Errors, other_libraries_words_point_at_what_there_is) {
  const KeyTable& table = KeyTable::get();
  for (const OtherWords& other : other_words()) {
    SCOPED_TRACE(std::string(other.words) + " → " + other.path);
    const std::string path = other.path;
    if (path.starts_with("sweep.")) {
      EXPECT_TRUE(contains(sweep_sections(), path.substr(6)));
      continue;
    }
    ASSERT_TRUE(table.range(path));
    if (other.value == nullptr) continue;
    Problems problems;
    const Json value = Json::parse(other.value);
    Assignment assignment = read_assignment(value, path, "", problems);
    Document document(table.paths().size());
    assignment.put_into(document);
    check_leaves(assignment, document, problems);
    EXPECT_TRUE(problems.empty()) << other.value;
  }
}

TEST(Errors, flat_points_get_one_sentence_with_the_right_form) {
  const auto report = [](const std::string& inputs, const std::string& targets) {
    return errors_of(R"({"data": {"kind": "points", "inputs": )" + inputs + R"(, "targets": )" + targets +
                     R"(}, "model": {"hidden": [4]}})");
  };
  const std::string start = "test.json:1: /data/targets: found ",
                    middle = ", a list of numbers; every example is a row of its own: ";
  EXPECT_EQ(report("[[1], [2]]", "[0, 1.5]"), start + "[0, 1.5]" + middle + "[[0], [1.5]]");
  EXPECT_EQ(report("[[1], [2]]", "[0, 1, 1, 0, 0, 0]"),
            start + "[0, 1, 1, 0, …]" + middle + "[[0], [1], [1], [0], …]");
  EXPECT_EQ(line_count(report("[1, 2, 3]", "[1, 2, 3]")), 2u);
}

TEST(Errors, wrong_sweeps) {
  const auto wrong = [](const std::string& sweep, const std::string& pointer, const std::string& mention) {
    expect_wrong(minimal("\n\"sweep\": " + sweep), "test.json:2: /sweep" + pointer + ": ", mention);
  };
  wrong("3", "", "found 3");
  wrong(R"({"gird": {}})", "/gird", "did you mean \"grid\"");
  wrong(R"({"grid": []})", "/grid", "an object");
  wrong(R"({"grid": {}})", "/grid", "not empty");
  wrong(R"({"grid": {"init.bias": 1}})", "/grid/init.bias", "a list of values");
  wrong(R"({"grid": {"init.bias": []}})", "/grid/init.bias", "not empty");
  wrong(R"({"grid": {"init.bais": [1]}})", "/grid/init.bais", "did you mean init.bias?");
  wrong(R"({"grid": {"seed": [1, 2]}})", "/grid/seed", "sweep.seeds");
  wrong(R"({"grid": {"name": ["a"]}})", "/grid/name", "cannot be swept");
  wrong(R"({"grid": {"sweep.seeds": [1]}})", "/grid/sweep.seeds", "cannot be swept");
  wrong(R"({"grid": {"train.steps": [1, 2.5]}})", "/grid/train.steps/1", "found 2.5");
  wrong(R"({"grid": {"train.optimizer": ["sgd", {"name": "adam", "momentum": 1}]}})",
        "/grid/train.optimizer/1/momentum", "belongs to");
  wrong(R"({"grid": {"train.loss": {"lin": [0, 1, 2]}}})", "/grid/train.loss", "a range is for numbers");
  wrong(R"({"grid": {"init.bias": {"lin": [0, 1]}}})", "/grid/init.bias", "is no range");
  wrong(R"({"grid": {"init.bias": {"lin": [0, 1, 0]}}})", "/grid/init.bias", "is no range");
  wrong(R"({"grid": {"init.bias": {"lin": [0, 1, 1e15]}}})", "/grid/init.bias", "count from 1 to 1000000");
  wrong(R"({"grid": {"init.bias": {"log": [0, 1, 3]}}})", "/grid/init.bias", "is no range");
  wrong(R"({"grid": {"data.test_fraction": {"lin": [0, 1, 3]}}})", "/grid/data.test_fraction", "found 1");
  wrong(R"({"grid": {"init.bias": [1], "init.bias.std": [2]}})", "/grid/init.bias.std",
        "overlaps with init.bias");
  wrong(R"({"grid": {"model.hidden": [[1]], "model.width": [2]}})", "/grid/model.width",
        "overlaps with model.hidden");
  wrong(R"({"grid": {"init.bias": [1]}, "zip": {"init.bias": [1]}})", "/zip",
        "swept already by /sweep/grid/init.bias");
  wrong(R"({"grid": {"init.bias": {"lin": [0, 1, 1000001]}}})", "/grid/init.bias", "is no range");
  wrong(R"({"zip": {"init.bias": [1, 2], "init.gain": [1]}})", "/zip/init.gain", "equally many");
  wrong(R"({"list": [3]})", "/list/0", "an object");
  wrong(R"({"list": []})", "/list", "not empty");
  wrong(R"({"list": [{"init.bias": 1, "init.bias.value": 2}]})", "/list/0/init.bias.value", "overlaps");
  wrong(R"({"grid": {"init.bias": [1]}, "exclude": [{"init.gain": 1}]})", "/exclude/0/init.gain",
        "is not swept");
  wrong(R"({"grid": {"init.bias": [1, 2]}, "exclude": [{"init.bias": 3}]})", "/exclude/0/init.bias",
        "is no value of");
  wrong(R"({"grid": {"init.bias": [1, 2]}, "exclude": [{"init.bias": [1, 2]}]})", "", "excludes every point");
  wrong(R"({"seeds": 0})", "/seeds", "found 0");
  wrong(R"({"seeds": []})", "/seeds", "a list of seeds");
  wrong(R"({"seeds": [1, -1]})", "/seeds", "a list of seeds");
  wrong(R"({"seeds": {"from": 1}})", "/seeds", "found an object");
  wrong(R"({"seeds": {"from": 9223372036854775807, "count": 2}})", "/seeds", "beyond 9223372036854775807");
  wrong(R"({"grid": {"init.bias": {"lin": [0, 1, 1000000]}}, "seeds": 1001})", "", "at most 1000000000");
}

TEST(Errors, a_contradiction_between_two_axes_is_found_at_its_point) {
  expect_wrong(minimal(R"(
"sweep": {"grid": {"train.optimizer.nesterov": [false,
 true], "train.optimizer.momentum": [0, 0.5]}})"),
               "test.json:3: /sweep/grid/train.optimizer.nesterov/1: ", "momentum above 0");
}

TEST(Errors, an_overridden_value_of_the_base_is_checked_too) {
  expect_wrong(minimal(R"(
"init": {"gain": "x"},
"sweep": {"grid": {"init.gain": [1, 2]}})"),
               "test.json:2: /init/gain: ", "found \"x\"");
}

TEST(Errors, all_mistakes_are_reported_at_once_sorted_by_line) {
  const std::string report = errors_of(R"({
    "data": {"kind": "function", "samples": 0},
    "model": {"hidden": [4], "widht": 2},
    "train": {"loss": "msee", "optimizer": {"nesterov": true}},
    "sweep": {"grid": {"init.bias": 3}}
  })");
  EXPECT_EQ(line_count(report), 4u) << report;
  EXPECT_LT(report.find("test.json:2: /data/samples"), report.find("test.json:3: /model/widht"));
  EXPECT_LT(report.find("test.json:3: /model/widht"), report.find("test.json:4: /train/loss"));
  EXPECT_LT(report.find("test.json:4: /train/loss"), report.find("test.json:5: /sweep/grid/init.bias"));
}

TEST(Errors, what_does_not_hang_on_a_wrong_sweep_is_reported_beside_it) {
  const std::string report = errors_of(R"({"data": {"kind": "function"}, "model": {"activation": "relu"},
    "train": {"optimizer": {"name": "adam", "momentum": 1}, "schedule": {"gamma": 1}},
    "sweep": {"grid": {"train.schedule.name": ["step", 3]}}})");
  EXPECT_EQ(line_count(report), 3u) << report;
  expect_wrong(R"({"data": {"kind": "function"}, "sweep": {"seeds": 0}})",
               "test.json:1: /model/hidden: ", "missing");
  EXPECT_EQ(line_count(errors_of(R"({"data": {"kind": "function"}, "model": {"depth": 1},
    "sweep": {"grid": {"model.width": [1, 0]}}})")),
            1u);
}

TEST(Errors, a_wrong_kind_does_not_blame_the_keys_that_hang_on_it) {
  EXPECT_EQ(line_count(errors_of(R"({"data": {"kind": "blob", "classes": 3}, "model": {"hidden": [4]}})")),
            1u);
}

TEST(Errors, text_that_is_no_json) {
  const auto wrong = [](const std::string& text, int line, const std::string& mention) {
    expect_wrong(text, "test.json:" + std::to_string(line) + ": ", mention);
  };
  wrong("", 1, "is empty");
  wrong("{\n\"a\": 1,\n}", 3, "no comma may follow the last entry");
  wrong("{\n\"a\": NaN}", 2, "NaN and Infinity");
  wrong("{\n\"a\": -Infinity}", 2, "NaN and Infinity");
  wrong("{\n'a': 1}", 2, "double quotes");
  wrong("{\n\"a\": \"x\n\"}", 2, "not closed");
  wrong("{\n\"a\": 1", 2, "ends too early");
  wrong("{}\n{}", 2, "not valid JSON");
  wrong("/* x", 1, "comment");
  wrong("{\"a\": 1e999}", 1, "too large");
  wrong("{\n// \xff\n}", 2, "UTF-8");
  wrong("[1]", 1, "a config is an object");
  wrong(std::string(100, '['), 1, "nested deeper than 64");
  wrong("{\"a\": \"\\x\"}", 1, "wrong escape");
}

TEST(Errors, a_config_may_be_64_MiB_long_and_no_longer) {
  expect_wrong(std::string((std::size_t{64} << 20) + 1, ' '), "test.json:1: ", "larger than 64 MiB");
}

TEST(Errors, comments_are_allowed_everywhere) {
  EXPECT_EQ(errors_of("// a\n{ /* b */ \"data\": /* c */ {\"kind\": \"function\" // d\n}, \"model\": "
                      "{\"hidden\": [4]}}\n// e"),
            "");
}

}  // namespace
}  // namespace deadrelu
