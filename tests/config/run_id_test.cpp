// Run ids, resolved configs, --set.
#include "config/resolve.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <set>

#include "base/number.h"
#include "config_testing.h"

namespace deadrelu {
namespace {

std::uint64_t id_of(const std::string& text, std::vector<std::string> sets = {}) {
  return runs_of(text, std::move(sets)).at(0).id;
}

// The resolved config gives the same runs again, and resolves to itself.
void expect_round_trip(const std::string& text, std::vector<std::string> sets = {}) {
  const std::string resolved = ExperimentConfig(source_of(text, sets)).resolved_json();
  EXPECT_EQ(ids_of(runs_of(resolved)), ids_of(runs_of(text, sets))) << text << "\n" << resolved;
  EXPECT_EQ(ExperimentConfig(source_of(resolved)).resolved_json(), resolved);
}

TEST(RunId, is_the_first_eight_bytes_of_the_hash) {
  PointHash hash;
  hash.start("a=1\n");
  unsigned char digest[EVP_MAX_MD_SIZE];
  const std::string text = "a=1\nseed=5\nengine_epoch=" + std::to_string(kEngineEpoch) + "\n";
  ASSERT_EQ(EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr), 1);
  std::uint64_t expected = 0;
  for (int i = 0; i < 8; ++i) expected = expected << 8 | digest[i];
  EXPECT_EQ(hash.id(5), expected);
  EXPECT_NE(hash.id(6), expected);
  EXPECT_EQ(hash.id(5), expected);  // ids of one point do not disturb each other
}

TEST(RunId, is_the_same_for_the_same_run_however_it_is_written) {
  const std::uint64_t id = id_of(minimal());
  EXPECT_EQ(id, id_of(R"({"model": {"hidden": [4.0]}, "data": {"samples": 1e3, "kind": "function"}})"));
  EXPECT_EQ(id, id_of(minimal(R"("name": "other", "$schema": "x")")));
  EXPECT_EQ(id, id_of(minimal(R"("seed": 0, "train": {"optimizer": {"learning_rate": 1e-2}})")));
  EXPECT_EQ(id, id_of(minimal(R"("init": {"bias": -0.0, "weights": {"name": "he_normal"}})")));
  EXPECT_EQ(id, id_of(minimal(R"("init": {"output": {"bias": 0}})")));
  EXPECT_EQ(id, id_of(minimal(R"("sweep": {"seeds": [0]})")));
}

TEST(RunId, differs_where_anything_that_is_recorded_may_differ) {
  const char* const changes[] = {"",
                                 R"("seed": 1)",
                                 R"("init": {"bias": -1})",
                                 R"("init": {"output": {"bias": -1}})",
                                 R"("train": {"steps": 999})",
                                 R"("train": {"epochs": 999})",
                                 R"("train": {"precision": "float64"})",
                                 R"("train": {"optimizer": "adam"})",
                                 R"("model": {"hidden": [4], "activation": "relu6"})",
                                 R"("record": {"every": 10})",
                                 R"("record": {"log": 10})",
                                 R"("record": {"tables": ["layers"]})",
                                 R"("record": {"thresholds": {"dormant": 0}})"};
  std::set<std::uint64_t> ids;
  for (const std::string change : changes) {
    const bool model = change.find("model") != std::string::npos;
    ids.insert(id_of(model ? R"({"data": {"kind": "function"}, )" + change + "}" : minimal(change)));
  }
  EXPECT_EQ(ids.size(), std::size(changes));
}

TEST(RunId, of_a_list_counts_its_entries) {
  const auto id = [](const std::string& activation) {
    return id_of(R"({"data": {"kind": "function"}, "model": {"hidden": [4, 3], "activation": )" + activation +
                 "}}");
  };
  EXPECT_EQ(id(R"(["relu", "leaky_relu"])"),
            id(R"([{"name": "relu"}, {"name": "leaky_relu", "slope": 1e-2}])"));
  EXPECT_EQ(id(R"(["relu", "tanh"])"), id(R"({"layers": ["relu", "tanh"]})"));
  EXPECT_NE(id(R"(["relu", "tanh"])"), id(R"(["tanh", "relu"])"));
  EXPECT_NE(id(R"(["relu", "relu"])"), id("\"relu\""));
}

TEST(RunId, is_the_same_in_two_sweeps) {
  const auto wide =
      runs_of(minimal(R"("sweep": {"grid": {"init.bias": [0, -1, -2], "train.steps": [5, 6]}, "seeds": 3})"));
  const auto narrow = runs_of(minimal(R"("train": {"steps": 6}, "init": {"bias": -1}, "seed": 2)"));
  EXPECT_EQ(wide.at(11).id, narrow.at(0).id);
}

TEST(RunId, stays_what_it_was) {  // ids are in every store: a change needs a new engine epoch
  ASSERT_EQ(kEngineEpoch, 3);
  EXPECT_EQ(hex_id(id_of(minimal())), "bbdf547372c0a550");
}

TEST(RunId, a_relative_directory_does_not_matter) {
  ConfigSource here =
      source_of(R"({"data": {"kind": "csv", "path": "d", "targets": ["y"]}, "model": {"hidden": [1]}})");
  ConfigSource there = here;
  there.directory = "/elsewhere";
  PlannedRun a, b;
  const ExperimentConfig first(here), second(there);
  ASSERT_TRUE(first.runs()(a) && second.runs()(b));
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(b.spec.data.directory, "/elsewhere");
}

TEST(ResolvedConfig, loads_again_to_the_same_runs) {
  const char* const rests[] = {
      "",
      R"("seed": 9007199254740993, "name": "n", "init": {"bias": {"name": "normal"}, "weights": "sign"})",
      R"("train": {"epochs": 2}, "record": {"steps": [3]}, "sweep": {"seeds": 2})",
      R"("sweep": {"grid": {"train.optimizer.name": ["sgd", "adam", "rmsprop"]}})",
      R"("train": {"optimizer": {"name": "adam", "beta1": 0.8}}, "sweep": {"grid": {"train.optimizer.name": ["adam", "adamw"]}})",
      R"("train": {"optimizer": {"beta1": 0.8}}, "sweep": {"grid": {"train.optimizer.name": ["adam", "adamw"]}})",
      R"("sweep": {"grid": {"init.weights": ["rai", {"name": "normal", "std": 2}], "init.bias": [0, -1]}})",
      R"("sweep": {"list": [{"train.epochs": 3}, {}]})",
      R"("sweep": {"list": [{"record.log": 3}, {"record.steps": [1]}, {}]})",
      R"("sweep": {"list": [{"init.bias": 3}, {"init.output.bias": 1}, {"init.gain": 2}]})",
      R"("sweep": {"grid": {"model.activation": ["relu", "prelu", {"name": "maxout", "pieces": 3}]}})",
      R"("init": {"weights": ["rai"], "bias": [{"name": "uniform", "limit": 2}]}, "sweep": {"grid":
        {"model.activation": ["relu", ["tanh"], [{"name": "elu", "alpha": 2}]], "model.bias": [true, [false]]}})",
      R"("init": {"weights": {"name": "uniform", "limit": 2}, "bias": {"name": "uniform", "low": 0}})",
      R"("sweep": {"zip": {"train.schedule": ["constant", "cosine"], "train.batch_size": [1, "full"]},
        "exclude": [{"train.batch_size": "full"}]})",
      R"("record": {"certify": "exact", "domain": {"low": -1, "high": [1]}},
        "sweep": {"grid": {"record.certify": ["interval", "linear"], "record.domain.high": [2, [3]]}})",
      R"("sweep": {"grid": {"data": [{"kind": "xor"}, {"kind": "function", "function": "sine"}]}})",
      R"("sweep": {"grid": {"data.kind": ["moons", "circles", "gaussian"]}})",
  };
  for (const char* rest : rests) {
    std::string text = minimal(rest);
    if (std::string(rest).find("\"data.kind\"") != std::string::npos)
      text.replace(0, 29, "{\"data\": {\"samples\": 100}");
    expect_round_trip(text);
  }
  expect_round_trip(
      R"({"data": {"kind": "function"}, "model": {"depth": 2}, "sweep": {"grid": {"model.width": [1, 2]}}})");
  expect_round_trip(minimal(), {"train.steps=5", "sweep.grid.init.bias=[1,2]"});
}

TEST(ResolvedConfig, has_every_default_and_no_comment) {
  const std::string json = ExperimentConfig(source_of("// why\n" + minimal())).resolved_json();
  EXPECT_EQ(json.find("why"), std::string::npos);
  for (const char* key : {"\"learning_rate\": 0.01", "\"batch_size\": 32", "\"dormant\": 0.025",
                          "\"name\": \"test\"", "\"samples\": 1000", "\"seed\": 0", "\"every\": 100"})
    EXPECT_NE(json.find(key), std::string::npos) << key;
}

TEST(SetOption, changes_a_key_before_validation) {
  EXPECT_EQ(spec_of(minimal(), {"train.steps=7"}).train.steps, 7u);
  EXPECT_EQ(spec_of(minimal(R"("train": {"steps": "wrong"})"), {"train.steps=7"}).train.steps, 7u);
  EXPECT_EQ(spec_of(minimal(), {"train.optimizer.learning_rate=0.5"}).train.optimizer.learning_rate, 0.5);
  EXPECT_EQ(spec_of(minimal(R"("train": {"optimizer": "adam"})"), {"train.optimizer.beta1=0.5"})
                .train.optimizer.beta1,
            0.5);
  EXPECT_EQ(spec_of(minimal(), {"model.hidden=[1,2]"}).model.hidden, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(spec_of(minimal(), {"train.loss=mae"}).train.loss, Loss::kMae);
  EXPECT_EQ(
      spec_of(minimal(), {"init.weights={\"name\":\"sign\",\"magnitude\":3}"}).init.hidden.weights.magnitude,
      3);
  EXPECT_EQ(spec_of(minimal(), {"model.activation=[\"tanh\"]"}).model.activations.size(), 1u);
  EXPECT_EQ(spec_of("{}", {"data.kind=xor", "model.hidden=[3]"}).data.kind, DataKind::kXor);
  EXPECT_EQ(spec_of(minimal(), {"seed=4", "seed=5"}).seed, 5u);
}

TEST(SetOption, replaces_a_group_as_a_whole) {
  const std::string adam = minimal(R"("train": {"optimizer": {"name": "adam", "beta1": 0.5}})");
  EXPECT_EQ(spec_of(adam, {"train.optimizer=sgd"}).train.optimizer.kind, Optimizer::kSgd);
}

TEST(SetOption, reaches_into_the_sweep) {
  EXPECT_EQ(runs_of(minimal(), {"sweep.seeds=5"}).size(), 5u);
  EXPECT_EQ(runs_of(minimal(), {"sweep.seeds.from=5", "sweep.seeds.count=2"}).at(1).spec.seed, 6u);
  EXPECT_EQ(
      runs_of(minimal(R"("sweep": {"grid": {"init.bias": [1, 2, 3]}})"), {"sweep.grid.init.bias=[1]"}).size(),
      1u);
  EXPECT_EQ(runs_of(minimal(), {"sweep.grid.init.bias={\"lin\":[0,1,3]}"}).size(), 3u);
  EXPECT_EQ(runs_of(minimal(R"("sweep": {"seeds": 5})"), {"sweep=null"}).size(), 1u);
  EXPECT_EQ(runs_of(minimal(), {"seed=3", "sweep.seeds=2"}).at(1).spec.seed, 4u);
}

TEST(SetOption, mistakes_name_the_option) {
  const auto expect = [](const std::string& set, const std::string& start, const std::string& mention) {
    const std::string report = errors_of(minimal(R"("sweep": {"grid": {"init.bias": [0, 1]}})"), {set});
    EXPECT_EQ(report.rfind("--set " + set + ": " + start, 0), 0u) << report;
    EXPECT_NE(report.find(mention), std::string::npos) << report;
  };
  expect("train.steps=x", "/train/steps: ", "found \"x\"");
  expect("train.setps=1", "/train/setps: ", "did you mean train.steps?");
  expect("train.steps", "", "PATH=VALUE");
  expect("=1", "", "PATH=VALUE");
  expect("data.kind=\xff", "", "UTF-8");
  expect("model.hidden=[1", "", "ends too early");
  expect("init.bias=3", "/init/bias: ", "is swept by /sweep/grid/init.bias");
  expect("init.bias.value=3", "/init/bias/value: ", "is swept by /sweep/grid/init.bias");
  expect("init={}", "/init: ", "is swept by /sweep/grid/init.bias");
  expect("sweep.seeds=0", "/sweep/seeds: ", "found 0");
  expect("sweep.sedes=0", "/sweep/sedes: ", "did you mean \"seeds\"");
  expect("seed=-1", "/seed: ", "found -1");
  expect("train.optimizer.beta1=0.5", "/train/optimizer/beta1: ", "belongs to");
  expect("data={\"kind\":\"xor\",\"kind\":\"moons\"}", "/kind: ", "given twice");
}

}  // namespace
}  // namespace deadrelu
