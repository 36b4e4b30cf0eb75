// The group `remedy`: its shorthand, and the short names that a sweep's columns have.
#include <gtest/gtest.h>

#include "config/key_table.h"
#include "config_testing.h"

namespace deadrelu {
namespace {

RemedySpec remedy(const std::string& json) { return spec_of(minimal(R"("remedy": )" + json)).remedy; }

std::vector<std::string> names_in_sweep(const std::string& values) {
  std::vector<std::string> names;
  for (const PlannedRun& run : runs_of(minimal(R"("sweep": {"grid": {"remedy": )" + values + "}}")))
    names.push_back(std::get<std::string>(run.values.at(0)));
  return names;
}
using Texts = std::vector<std::string>;

TEST(RemedyKeys, nothing_and_none_and_an_empty_object_are_no_remedy) {
  EXPECT_TRUE(spec_of(minimal()).remedy == RemedySpec());
  EXPECT_TRUE(remedy("{}") == RemedySpec());
  EXPECT_TRUE(remedy(R"("none")") == RemedySpec());
  EXPECT_TRUE(remedy(R"({"penalty": "none"})") == RemedySpec());
  EXPECT_EQ(ids_of(runs_of(minimal(R"("remedy": "none")"))), ids_of(runs_of(minimal())));
  EXPECT_EQ(names_in_sweep(R"([{}, "none", {"penalty": "none"}])"), Texts{"none"});
}

TEST(RemedyKeys, a_part_may_be_given_by_its_name_alone) {
  const RemedySpec l2_init{.penalty = {Penalty::kL2Init, 0.01}}, l1{.penalty = {Penalty::kL1, 1e-4}};
  EXPECT_TRUE(remedy(R"("l2_init")") == l2_init);
  EXPECT_TRUE(remedy(R"({"penalty": "l2_init"})") == l2_init);
  EXPECT_TRUE(remedy(R"("none+l1")") == l1);
  EXPECT_TRUE(spec_of(minimal(R"("remedy": "l2_init")"), {"remedy=l1"}).remedy == l1);
  EXPECT_TRUE(spec_of(minimal(R"("remedy": "l2_init")"), {"remedy=none"}).remedy == RemedySpec());
}

// Every name of every part stands for the same in a text, as the part's value, and in the column of a sweep.
TEST(RemedyKeys, every_name_means_the_part_that_has_it) {
  const KeyTable& table = KeyTable::get();
  std::size_t names = 0;
  for (const auto& [name, row] : table.part_names("remedy")) {
    if (name == "none") continue;
    const std::string part = parent_of(table.rows()[row].key.path), text = '"' + name + '"';
    const std::string object = "{\"" + last_of(part) + "\": " + text + "}";
    EXPECT_TRUE(remedy(text) == remedy(object)) << name;
    EXPECT_EQ(names_in_sweep("[" + text + ", " + object + "]"), Texts{name});
    ++names;
  }
  EXPECT_GE(names, 2u);
}

TEST(RemedyKeys, short_names_tell_what_differs_from_the_defaults) {
  EXPECT_EQ(names_in_sweep(
                R"([{}, {"penalty": {"name": "l2_init"}}, {"penalty": {"name": "l2_init", "strength": 0.1}},
    {"penalty": {"name": "l1", "strength": 1e-4}}, {"penalty": {"name": "l1", "strength": 0.01}}])"),
            (Texts{"none", "l2_init", "l2_init(strength=0.1)", "l1", "l1(strength=0.01)"}));
  const auto runs = runs_of(minimal(R"("sweep": {"grid": {"remedy.penalty": ["none", "l1"]}})"));
  EXPECT_EQ(std::get<std::string>(runs.at(1).values.at(0)), "l1");
}

TEST(RemedyKeys, exclusions_take_short_names) {
  const auto runs = runs_of(minimal(R"("sweep": {"grid": {"remedy": ["none", "l1", {"penalty": {"name": "l1",
    "strength": 1}}], "train.loss": ["mse", "mae"]}, "exclude": [{"remedy": ["l1", "none"], "train.loss": "mae"}]})"));
  EXPECT_EQ(runs.size(), 4u);
}

TEST(RemedyKeys, every_part_has_its_keys_and_its_short_name) {
  const RemedySpec all = remedy(R"({"perturb": {"shrink": 0.4, "noise": 0.1, "every": 5, "draw": "init"},
    "clip_weights": {"kappa": 2}, "lift": {"every": 100, "active": 3}, "penalty": "l2_init"})");
  EXPECT_TRUE((all == RemedySpec{.penalty = {Penalty::kL2Init, 0.01},
                                 .perturb = {0.4, 0.1, Noise::kInit, 5, false, false},
                                 .clip_weights = {2},
                                 .lift = {100, 3}}));
  EXPECT_EQ(names_in_sweep(R"([{"perturb": {"shrink": 0.4, "every": 10}}, {"clip_weights": {"kappa": 2}},
    {"lift": {"every": 100}, "penalty": "l1"}])"),
            (Texts{"perturb(shrink=0.4 every=10)", "clip_weights(kappa=2)", "l1+lift(every=100)"}));
}

TEST(RemedyKeys, parts_that_do_nothing_or_cannot_work_are_refused) {
  const auto wrong = [](const std::string& json, const std::string& more = "") {
    return errors_of(minimal(R"("remedy": )" + json + more));
  };
  EXPECT_NE(wrong(R"({"perturb": {"shrink": 0.5}})").find("needs every or at_task"), std::string::npos);
  EXPECT_NE(wrong(R"({"perturb": {"every": 5}})").find("needs shrink or noise"), std::string::npos);
  EXPECT_NE(wrong(R"({"perturb": {"noise": 0.5, "at_task": true}})").find("there are no tasks"),
            std::string::npos);
  EXPECT_NE(wrong(R"({"perturb": {"noise": 0.5, "at_task": true, "every": 1}})"), "");
  EXPECT_NE(wrong(R"({"lift": {"active": 2}})").find("needs remedy.lift.every"), std::string::npos);
  EXPECT_NE(wrong(R"({"clip_weights": {"kappa": 0}})"), "");
  const auto with_model = [](const std::string& model, const std::string& more) {
    return errors_of(R"({"data": {"kind": "function"}, "model": {"hidden": [4, 4], )" + model + "}, " + more +
                     "}");
  };
  const std::string lift = R"("remedy": {"lift": {"every": 5}})";
  EXPECT_NE(with_model(R"("bias": [true, false])", lift).find("hidden layer 2 has no biases"),
            std::string::npos);
  EXPECT_NE(with_model(R"("activation": "tanh")", lift).find("no hidden layer is a relu"), std::string::npos);
  EXPECT_EQ(with_model(R"("activation": ["tanh", "relu"])", lift), "");
  for (const std::string name : {"data_bias", "quantile_bias"}) {
    const std::string init = R"("init": {"adjust": ")" + name + "\"}";
    EXPECT_NE(with_model(R"("bias": false)", init).find("has no biases"), std::string::npos);
  }
  EXPECT_EQ(with_model(R"("bias": false)", R"("init": {"adjust": "sign_flip"})"), "");
}

TEST(RemedyKeys, mistakes_are_told_with_what_is_allowed) {
  const std::string unknown = errors_of(minimal(R"("remedy": "l2_inti")"));
  EXPECT_NE(unknown.find("/remedy"), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("l1, l2_init, none"), std::string::npos) << unknown;
  EXPECT_EQ(unknown.find(" ,"), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("did you mean \"l2_init\""), std::string::npos) << unknown;
  const std::string twice = errors_of(minimal(R"("remedy": "l1+l2_init")"));
  EXPECT_NE(twice.find("one of each kind"), std::string::npos) << twice;
  EXPECT_NE(errors_of(minimal(R"("remedy": 1)")), "");
  EXPECT_NE(errors_of(minimal(R"("remedy": ["l1"])")), "");
  EXPECT_NE(errors_of(minimal(R"("remedy": "")")), "");
  EXPECT_NE(errors_of(minimal(R"("remedy": {"penalty": {"strength": 1}})")), "");  // of none
}

}  // namespace
}  // namespace deadrelu
