// Every key's way into the run spec, and the defaults.
#include <gtest/gtest.h>

#include "config/key_table.h"
#include "config_testing.h"

namespace deadrelu {
namespace {

RunSpec with(const std::string& more) { return spec_of(minimal(more)); }
RunSpec with_data(const std::string& data) {
  return spec_of(R"({"data": )" + data + R"(, "model": {"hidden": [4]}})");
}
RunSpec with_model(const std::string& model) {
  return spec_of(R"({"data": {"kind": "function"}, "model": )" + model + "}");
}
OptimizerSpec optimizer(const std::string& json) {
  return with(R"("train": {"optimizer": )" + json + "}").train.optimizer;
}

// An activation as a config gives it, with the formula that a new spec has.
std::string activation_text(Activation kind) {
  const std::string name(name_of(kind));
  if (kind != Activation::kExpression) return '"' + name + '"';
  return R"j({"name": "expression", "formula": "max(0, x)"})j";
}

// Every key at once: what a config does not say is what a new spec holds. The exceptions stand here.
TEST(Keys, defaults_are_those_of_the_spec) {
  RunSpec expected;
  expected.model.hidden = {4};
  EXPECT_TRUE(spec_of(minimal()) == expected);

  for (const Activation kind : values_of<Activation>()) {
    RunSpec run = expected;
    run.model.activation.kind = kind;
    if (kind == Activation::kPrelu) run.model.activation.slope = 0.25;
    EXPECT_TRUE(with_model(R"({"hidden": [4], "activation": )" + activation_text(kind) + "}") == run)
        << name_of(kind);
  }
  const auto with_name = [](const char* key, auto kind) {
    return spec_of(minimal(), {key + std::string(name_of(kind))});
  };
  for (const Optimizer kind : values_of<Optimizer>()) {
    RunSpec run = expected;
    run.train.optimizer.kind = kind;
    if (kind == Optimizer::kAdam || kind == Optimizer::kAdamw) run.train.optimizer.learning_rate = 0.001;
    if (kind == Optimizer::kLion) run.train.optimizer.learning_rate = 1e-4;
    if (kind == Optimizer::kLion) run.train.optimizer.beta2 = 0.99;
    EXPECT_TRUE(with_name("train.optimizer=", kind) == run) << name_of(kind);
  }
  for (const Schedule kind : values_of<Schedule>()) {
    RunSpec run = expected;
    run.train.schedule.kind = kind;
    EXPECT_TRUE(with_name("train.schedule=", kind) == run) << name_of(kind);
  }
  for (const WeightInit kind : values_of<WeightInit>()) {
    RunSpec run = expected;
    run.init.hidden.weights.kind = run.init.output.weights.kind = kind;
    EXPECT_TRUE(with_name("init.weights=", kind) == run) << name_of(kind);
  }
  for (const BiasInit kind : values_of<BiasInit>()) {
    RunSpec run = expected;
    run.init.hidden.bias.kind = run.init.output.bias.kind = kind;
    EXPECT_TRUE(with_name("init.bias=", kind) == run) << name_of(kind);
  }
}

TEST(Keys, defaults_of_data_are_those_of_the_spec) {
  for (const DataKind kind : values_of<DataKind>()) {
    RunSpec run;
    run.model.hidden = {4};
    run.data.kind = kind;
    run.train.batch_size_given = true;
    std::string required;
    switch (kind) {
      case DataKind::kPoints:
        required = R"(, "inputs": [[1]], "targets": [[2]])";
        run.data.inputs = PointList{{1}};
        run.data.targets = PointList{{2}};
        run.train.batch_size = 1;
        break;
      case DataKind::kCsv:
        required = R"(, "path": "d.csv", "targets": ["y"])";
        run.data.path = "d.csv";
        run.data.csv.targets = {"y"};
        break;
      case DataKind::kNpy:
        required = R"(, "inputs": "x.npy", "targets": "y.npy")";
        run.data.inputs_array = "x.npy";
        run.data.targets_array = "y.npy";
        break;
      case DataKind::kNpz:
        required = R"(, "path": "d.npz")";
        run.data.path = "d.npz";
        run.data.inputs_array = "inputs";
        run.data.targets_array = "targets";
        break;
      case DataKind::kIdx:
        required = R"(, "images": "i", "labels": "l")";
        run.data.images = "i";
        run.data.labels = "l";
        break;
      case DataKind::kSlowlyChangingRegression: run.data.dimensions = 20; break;
      default: break;
    }
    if (is_endless(run.data)) run.data.bin = 10'000;
    if (has_classes(run.data)) run.train.loss = Loss::kCrossEntropy;
    const std::string batch = kind == DataKind::kPoints ? "train.batch_size=1" : "train.batch_size=32";
    EXPECT_TRUE(spec_of(R"({"data": {"kind": ")" + std::string(name_of(kind)) + '"' + required +
                            R"(}, "model": {"hidden": [4]}})",
                        {batch}) == run)
        << name_of(kind);
  }
}

TEST(Keys, function_data) {
  const DataSpec data = with_data(R"({"kind": "function", "function": "abs_sum_diff", "domain": [-2, 3.5],
    "sampling": "uniform", "samples": 50, "noise": 0.25, "limit": 40, "standardize": true, "scale": 2, "offset": -1,
    "target_scale": 3, "test_fraction": 0.1, "seed": 9007199254740993})")
                            .data;
  EXPECT_EQ(data.function, TargetFunction::kAbsSumDiff);
  EXPECT_EQ(data.domain, (std::array<double, 2>{-2, 3.5}));
  EXPECT_TRUE(data.function_sampling == FunctionSampling::kUniform && data.standardize);
  EXPECT_EQ(data.samples, 50u);
  EXPECT_EQ(data.noise, 0.25);
  EXPECT_EQ(data.limit, 40u);
  EXPECT_EQ(data.scale, 2);
  EXPECT_EQ(data.offset, -1);
  EXPECT_EQ(data.target_scale, 3);
  EXPECT_EQ(data.test_fraction, 0.1);
  EXPECT_EQ(data.seed, 9007199254740993u);
}

TEST(Keys, points_data) {
  const RunSpec run =
      spec_of(R"({"data": {"kind": "points", "inputs": [[1, 2], [3, 4]], "targets": [[0.5], [-1]]},
    "model": {"hidden": []}, "train": {"batch_size": "full"}})");
  EXPECT_EQ(*run.data.inputs, (PointList{{1, 2}, {3, 4}}));
  EXPECT_EQ(*run.data.targets, (PointList{{0.5}, {-1}}));
  EXPECT_EQ(run.train.batch_size, 0u);
  EXPECT_TRUE(run.model.hidden.empty());
}

TEST(Keys, file_data) {
  const DataSpec csv =
      with_data(R"({"kind": "csv", "path": "d.csv", "targets": ["y"], "task": "classification"})").data;
  EXPECT_EQ(csv.path, "d.csv");
  EXPECT_EQ(csv.csv.targets, std::vector<ColumnRef>{"y"});
  EXPECT_TRUE(csv.task == Task::kClassification);
  const RunSpec idx = with_data(R"({"kind": "idx", "images": "a", "labels": "b", "test_images": "c",
    "test_labels": "d"})");
  EXPECT_EQ(idx.data.images + idx.data.labels + idx.data.test_images + idx.data.test_labels, "abcd");
  EXPECT_EQ(idx.train.loss, Loss::kCrossEntropy);
}

TEST(Keys, generated_data) {
  const DataSpec gaussian = with_data(R"({"kind": "gaussian", "inputs": 7, "target": "norm"})").data;
  EXPECT_EQ(gaussian.dimensions, 7u);
  EXPECT_EQ(gaussian.gaussian_target, GaussianTarget::kNorm);
  const DataSpec teacher = with_data(R"({"kind": "teacher", "inputs": 3, "hidden": [5, 6], "outputs": 2,
    "bias": 0.5})")
                               .data;
  EXPECT_EQ(teacher.teacher_hidden, (std::vector<std::size_t>{5, 6}));
  EXPECT_EQ(teacher.teacher_outputs, 2u);
  EXPECT_EQ(teacher.teacher_bias, 0.5);
  const DataSpec blobs = with_data(R"({"kind": "blobs", "inputs": 4, "classes": 3, "spread": 0.5})").data;
  EXPECT_EQ(blobs.dimensions, 4u);
  EXPECT_EQ(blobs.classes, 3u);
  EXPECT_EQ(blobs.spread, 0.5);
  EXPECT_EQ(with_data(R"({"kind": "spirals", "turns": 1.5})").data.turns, 1.5);
  for (const char* kind : {"circles", "moons", "xor"})
    EXPECT_EQ(with_data(R"({"kind": ")" + std::string(kind) + R"(", "noise": 0.1})").data.noise, 0.1) << kind;
}

TEST(Keys, the_loss_of_classification_data_is_cross_entropy_unless_given) {
  EXPECT_EQ(with_data(R"({"kind": "moons"})").train.loss, Loss::kCrossEntropy);
  EXPECT_EQ(with_data(R"({"kind": "csv", "path": "x", "targets": ["y"]})").train.loss, Loss::kMse);
  EXPECT_EQ(
      with_data(R"({"kind": "csv", "path": "x", "targets": ["y"], "task": "classification"})").train.loss,
      Loss::kCrossEntropy);
  EXPECT_EQ(spec_of(R"({"data": {"kind": "moons"}, "model": {"hidden": [4]}, "train": {"loss": "mse"}})")
                .train.loss,
            Loss::kMse);
}

TEST(Keys, binary_cross_entropy_takes_one_target_column_for_two_classes) {
  const auto form = [](const std::string& data) {
    return spec_of(R"({"data": )" + data +
                   R"(, "model": {"hidden": [4]}, "train": {"loss": "binary_cross_entropy"}})")
        .data.target_form;
  };
  EXPECT_EQ(form(R"({"kind": "moons"})"), TargetForm::kBinary);
  EXPECT_EQ(form(R"({"kind": "moons", "one_output": false})"), TargetForm::kOneHot);
  EXPECT_EQ(with_data(R"({"kind": "moons"})").data.target_form, TargetForm::kOneHot);
}

TEST(Keys, width_and_depth_make_the_hidden_list) {
  EXPECT_EQ(with_model(R"({"width": 3, "depth": 2})").model.hidden, (std::vector<std::size_t>{3, 3}));
  EXPECT_TRUE(with_model(R"({"width": 3, "depth": 0})").model.hidden.empty());
  EXPECT_EQ(runs_of(R"({"data": {"kind": "function"}, "model": {"width": 3, "depth": 2}})")[0].id,
            runs_of(R"({"data": {"kind": "function"}, "model": {"hidden": [3, 3]}})")[0].id);
}

TEST(Keys, every_activation_name_is_its_enumerator) {
  for (const Activation kind : values_of<Activation>()) {
    const std::string text = activation_text(kind);
    EXPECT_EQ(with_model(R"({"hidden": [4], "activation": )" + text + "}").model.activation.kind, kind)
        << text;
  }
}

TEST(Keys, activation_numbers) {
  const auto spec = [](const std::string& json) {
    return with_model(R"({"hidden": [4], "derivative_at_zero": 0.5, "bias": false, "output_bias": false,
      "activation": )" +
                      json + "}")
        .model;
  };
  EXPECT_EQ(spec(R"({"name": "leaky_relu", "slope": 0.2})").activation.slope, 0.2);
  EXPECT_EQ(spec(R"("leaky_relu")").activation.slope, 0.01);
  EXPECT_EQ(spec(R"("prelu")").activation.slope, 0.25);
  EXPECT_EQ(spec(R"({"name": "rrelu", "lower": 0.1, "upper": 0.2})").activation.lower, 0.1);
  EXPECT_EQ(spec(R"({"name": "rrelu", "lower": 0.1, "upper": 0.2})").activation.upper, 0.2);
  EXPECT_EQ(spec(R"("rrelu")").activation.upper, 1.0 / 3);
  EXPECT_EQ(spec(R"({"name": "celu", "alpha": 2})").activation.alpha, 2);
  EXPECT_EQ(spec(R"({"name": "maxout", "pieces": 3})").activation.pieces, 3);
  EXPECT_EQ(spec(R"("relu")").activation.at_zero, 0.5);
  EXPECT_FALSE(spec(R"("relu")").bias);
  EXPECT_FALSE(spec(R"("relu")").output_bias);
}

TEST(Keys, initializers) {
  const auto init = [](const std::string& json) { return with(R"("init": )" + json).init; };
  EXPECT_EQ(init(R"({"weights": "rai"})").hidden.weights.kind, WeightInit::kRai);
  EXPECT_EQ(init(R"({"weights": {"name": "normal", "std": 0.5}})").hidden.weights.std, 0.5);
  EXPECT_EQ(init(R"({"weights": {"name": "uniform", "limit": 0.3}})").hidden.weights.high, 0.3);
  EXPECT_EQ(init(R"({"weights": {"name": "uniform", "limit": 0.3}})").hidden.weights.low, -0.3);
  EXPECT_EQ(init(R"({"weights": {"name": "uniform", "low": 0.3, "high": 0.5}})").hidden.weights.low, 0.3);
  EXPECT_EQ(init(R"({"weights": {"name": "uniform", "low": 0.3, "high": 0.5}})").output.weights.high, 0.5);
  EXPECT_EQ(init(R"({"weights": {"name": "normal", "mean": 3}})").hidden.weights.mean, 3);
  EXPECT_EQ(init(R"({"weights": 0.25})").hidden.weights.value, 0.25);
  EXPECT_EQ(init(R"({"weights": 0.25})").hidden.weights.kind, WeightInit::kConstant);
  EXPECT_EQ(init(R"({"weights": {"name": "sign", "magnitude": 2.5}})").hidden.weights.magnitude, 2.5);
  EXPECT_EQ(init(R"({"weights": {"name": "sign"}})").hidden.weights.kind, WeightInit::kSign);
  EXPECT_EQ(init(R"({"gain": 3})").hidden.gain, 3);
  EXPECT_EQ(init(R"({"bias": -2})").hidden.bias.value, -2);
  EXPECT_EQ(init(R"({"bias": {"name": "constant", "value": -2}})").hidden.bias.value, -2);
  EXPECT_EQ(init(R"({"bias": {"name": "normal", "std": 0.1}})").hidden.bias.kind, BiasInit::kNormal);
  EXPECT_EQ(init(R"({"bias": {"name": "normal", "std": 0.1}})").hidden.bias.std, 0.1);
  EXPECT_EQ(init(R"({"bias": {"name": "uniform", "limit": 0.2}})").hidden.bias.high, 0.2);
  EXPECT_EQ(init(R"({"bias": "pytorch"})").hidden.bias.kind, BiasInit::kPytorch);
}

TEST(Keys, lists_have_an_entry_a_layer) {
  const RunSpec run = spec_of(R"({"data": {"kind": "function"},
    "model": {"hidden": [4, 3, 2], "activation": ["tanh", {"name": "leaky_relu", "slope": 0.2}, "prelu"],
              "bias": [true, false, true], "derivative_at_zero": 0.5},
    "init": {"weights": ["rai", 0.5, {"name": "uniform", "low": 1, "high": 2}], "gain": 2,
             "bias": [1, {"name": "normal", "mean": 3}, "pytorch"]}})");
  const auto kind = [&](std::size_t l) { return run.model.activation_of(l).kind; };
  EXPECT_EQ(kind(0), Activation::kTanh);
  EXPECT_EQ(kind(1), Activation::kLeakyRelu);
  EXPECT_EQ(kind(2), Activation::kPrelu);
  EXPECT_EQ(kind(3), Activation::kIdentity);
  EXPECT_EQ(run.model.activation_of(1).slope, 0.2);
  EXPECT_EQ(run.model.activation_of(2).slope, 0.25);  // a default that hangs on the entry's own name
  EXPECT_EQ(run.model.activation_of(0).at_zero, 0.5);
  EXPECT_TRUE(run.model.has_bias(0) && !run.model.has_bias(1) && run.model.has_bias(2) &&
              run.model.has_bias(3));
  const NetworkShape shape = network_shape(run.model, 1, 1);
  const auto init = [&](std::size_t l) { return run.init.of(shape.layers[l], l); };
  EXPECT_EQ(init(0).weights.kind, WeightInit::kRai);
  EXPECT_EQ(init(1).weights.value, 0.5);
  EXPECT_EQ(init(2).weights.low, 1);
  EXPECT_EQ(init(2).gain, 2);
  EXPECT_EQ(init(3).weights.kind, WeightInit::kHeNormal);
  EXPECT_EQ(init(0).bias.value, 1);
  EXPECT_EQ(init(1).bias.mean, 3);
  EXPECT_EQ(init(2).bias.kind, BiasInit::kPytorch);
  EXPECT_EQ(init(3).bias.value, 0);
}

TEST(Keys, a_list_of_one_value_gives_what_the_bare_value_gives) {
  const auto shape_of = [](const std::string& activation) {
    return network_shape(with_model(R"({"hidden": [4, 3], "activation": )" + activation + "}").model, 2, 1);
  };
  const NetworkShape bare = shape_of("\"prelu\""), list = shape_of(R"(["prelu", "prelu"])");
  for (std::size_t l = 0; l < bare.layers.size(); ++l)
    EXPECT_EQ(bare.layers[l].activation, list.layers[l].activation);
  EXPECT_EQ(bare.parameter_count, list.parameter_count);
}

TEST(Keys, every_activation_but_crelu_may_be_the_outputs) {
  for (const Activation kind : values_of<Activation>()) {
    const std::string text = R"({"hidden": [4], "output_activation": )" + activation_text(kind) + "}";
    if (kind == Activation::kCrelu) continue;
    EXPECT_EQ(with_model(text).model.activation_of(1).kind, kind) << name_of(kind);
  }
  EXPECT_EQ(with_model(R"({"hidden": [], "output_activation": {"name": "elu", "alpha": 2}})")
                .model.activation_of(0)
                .alpha,
            2);
}

TEST(Keys, the_output_layer_starts_as_the_hidden_ones_unless_given) {
  const auto init = [](const std::string& json) { return with(R"("init": )" + json).init; };
  const InitSpec same = init(R"({"weights": {"name": "normal", "std": 0.5}, "bias": -1, "gain": 2})");
  EXPECT_EQ(same.output.weights.kind, WeightInit::kNormal);
  EXPECT_EQ(same.output.weights.std, 0.5);
  EXPECT_EQ(same.output.bias.value, -1);
  EXPECT_EQ(same.output.gain, 2);
  const InitSpec other = init(R"({"weights": {"name": "normal", "std": 0.5}, "bias": -1, "gain": 2,
    "output": {"weights": "lecun_normal", "bias": 0, "gain": 1}})");
  EXPECT_EQ(other.output.weights.kind, WeightInit::kLecunNormal);
  EXPECT_EQ(other.output.bias.value, 0);
  EXPECT_EQ(other.output.gain, 1);
  EXPECT_EQ(other.hidden.weights.kind, WeightInit::kNormal);
}

TEST(Keys, optimizers) {
  EXPECT_EQ(optimizer(R"("adam")").learning_rate, 0.001);
  EXPECT_EQ(optimizer(R"("adamw")").learning_rate, 0.001);
  EXPECT_EQ(optimizer(R"("rmsprop")").learning_rate, 0.01);
  const OptimizerSpec sgd =
      optimizer(R"({"name": "sgd", "learning_rate": 0.5, "momentum": 0.9, "nesterov": true,
    "weight_decay": 0.1})");
  EXPECT_EQ(sgd.kind, Optimizer::kSgd);
  EXPECT_EQ(sgd.learning_rate, 0.5);
  EXPECT_EQ(sgd.momentum, 0.9);
  EXPECT_TRUE(sgd.nesterov);
  EXPECT_EQ(sgd.weight_decay, 0.1);
  EXPECT_EQ(optimizer(R"({"momentum": 0.9, "dampening": 0.5})").dampening, 0.5);
  const OptimizerSpec adam = optimizer(R"({"name": "adamw", "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-6})");
  EXPECT_EQ(adam.kind, Optimizer::kAdamw);
  EXPECT_EQ(adam.beta1, 0.8);
  EXPECT_EQ(adam.beta2, 0.9);
  EXPECT_EQ(adam.epsilon, 1e-6);
  EXPECT_EQ(optimizer(R"({"name": "rmsprop", "alpha": 0.5, "momentum": 0.25})").alpha, 0.5);
  EXPECT_EQ(optimizer(R"({"name": "rmsprop", "alpha": 0.5, "momentum": 0.25})").momentum, 0.25);
}

TEST(Keys, schedules) {
  const auto schedule = [](const std::string& json) {
    return with(R"("train": {"schedule": )" + json + "}").train.schedule;
  };
  EXPECT_EQ(schedule(R"("constant")").kind, Schedule::kConstant);
  const ScheduleSpec warmup =
      schedule(R"({"name": "linear_warmup", "factor": 8, "until": 0.02, "then_divide": 2.5})");
  EXPECT_EQ(warmup.kind, Schedule::kLinearWarmup);
  EXPECT_EQ(warmup.factor, 8);
  EXPECT_EQ(warmup.until, 0.02);
  EXPECT_EQ(warmup.then_divide, 2.5);
  EXPECT_EQ(schedule(R"({"name": "step", "every": 10, "gamma": 0.5})").every, 10u);
  EXPECT_EQ(schedule(R"({"name": "step", "every": 10, "gamma": 0.5})").gamma, 0.5);
  EXPECT_EQ(schedule(R"({"name": "cosine", "final": 0.1})").final_factor, 0.1);
}

TEST(Keys, training) {
  const TrainSpec train =
      with(R"("train": {"loss": "half_mse", "batch_size": 7, "sampling": "with_replacement",
    "epochs": 3, "clip_norm": 1.5, "precision": "float64"})")
          .train;
  EXPECT_EQ(train.loss, Loss::kHalfMse);
  EXPECT_EQ(train.batch_size, 7u);
  EXPECT_EQ(train.sampling, Sampling::kWithReplacement);
  EXPECT_EQ(train.epochs, 3u);
  EXPECT_EQ(train.clip_norm, 1.5);
  EXPECT_EQ(train.precision, Precision::kFloat64);
  EXPECT_EQ(with(R"("train": {"steps": 1e2})").train.steps, 100u);
  EXPECT_EQ(with(R"("train": {"steps": 0})").train.steps, 0u);
}

TEST(Keys, recording) {
  const auto record = [](const std::string& json) { return with(R"("record": )" + json).record; };
  EXPECT_EQ(record(R"({"every": 5})").every, 5u);
  EXPECT_EQ(record(R"({"steps": [0, 10, 100]})").every, 0u);
  EXPECT_EQ(record(R"({"steps": [0, 10, 100]})").steps, (std::vector<std::uint64_t>{0, 10, 100}));
  EXPECT_EQ(record(R"({"log": 20})").every, 0u);
  EXPECT_EQ(record(R"({"log": 20})").log_count, 20u);
  const RecordSpec tables = record(R"({"tables": ["units"], "parameters": ["final", "initial"],
    "probe": {"samples": "all"}, "thresholds": {"rarely_active": 0.1, "dormant": 0.2, "saturated": 0.3}})");
  EXPECT_TRUE(tables.units && tables.parameters_final && tables.parameters_initial);
  EXPECT_FALSE(tables.metrics || tables.layers);
  EXPECT_EQ(tables.probe_samples, 0u);
  EXPECT_EQ(tables.thresholds.rarely_active, 0.1);
  EXPECT_EQ(tables.thresholds.dormant, 0.2);
  EXPECT_EQ(tables.thresholds.saturated, 0.3);
  EXPECT_TRUE(spec_of(R"({"data": {"kind": "function", "test_fraction": 0.5}, "model": {"hidden": [4]},
    "record": {"probe": {"split": "test"}}})")
                  .record.probe_split == ProbeSplit::kTest);
}

TEST(Keys, seeds_keep_every_bit) {
  EXPECT_EQ(with(R"("seed": 9007199254740993)").seed, 9007199254740993u);
  EXPECT_EQ(with(R"("seed": 9223372036854775807)").seed, 9223372036854775807u);
}

TEST(Keys, every_key_is_documented) {
  for (const Doc& doc : config_keys()) {
    EXPECT_FALSE(doc.meaning.empty()) << doc.name;
    EXPECT_FALSE(doc.default_text.empty()) << doc.name;
    EXPECT_FALSE(doc.type.empty()) << doc.name;
  }
}

TEST(Keys, of_two_keys_that_exclude_each_other_one_says_so) {
  const auto& table = KeyTable::get();
  for (const auto& row : table.rows()) {
    for (const std::size_t path : row.excludes) {
      for (const std::size_t other : table.paths()[path].rows) {
        const auto& back = table.rows()[other].excludes;
        EXPECT_EQ(std::count(back.begin(), back.end(), row.path), 0) << row.key.path;
      }
    }
  }
}

TEST(Keys, a_group_holds_exactly_the_paths_below_it) {
  const auto& table = KeyTable::get();
  for (const std::string& name : table.all_names()) {
    const auto [first, last] = *table.range(name);
    for (std::size_t path = 0; path < table.paths().size(); ++path) {
      const bool below = table.paths()[path].name == name || table.paths()[path].name.starts_with(name + ".");
      EXPECT_EQ(below, path >= first && path <= last) << name << " " << table.paths()[path].name;
    }
  }
}

// Ids do not change where there are 32 examples or more.
TEST(Keys, without_a_batch_size_it_is_32_or_all_of_fewer_training_examples) {
  const auto id = [](const std::string& samples, const std::string& train = "") {
    const std::string data = R"({"data": {"kind": "moons", "samples": )" + samples + "}";
    return ids_of(runs_of(data + R"(, "model": {"hidden": [4]}, "train": {)" + train + "}}")).at(0);
  };
  EXPECT_EQ(id("31"), id("31", R"("batch_size": "full")"));
  EXPECT_EQ(id("32"), id("32", R"("batch_size": 32)"));
  EXPECT_EQ(id(R"(40, "test_fraction": 0.25)"),
            id(R"(40, "test_fraction": 0.25)", R"("batch_size": "full")"));
  const TrainSpec few = spec_of(minimal(), {"data.samples=31"}).train, many = spec_of(minimal()).train;
  EXPECT_EQ(few.examples_a_step(31), 31u);
  EXPECT_EQ(many.examples_a_step(1000), 32u);
}

}  // namespace
}  // namespace deadrelu
