#include "train/pack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "nn/init.h"
#include "train/pack_testing.h"

namespace deadrelu {
namespace {

struct Change {
  const char* name;
  std::function<void(RunSpec&)> apply;
};

const Change kShared[] = {
    {"seed", [](RunSpec& r) { r.seed = 5; }},
    {"learning rate", [](RunSpec& r) { r.train.optimizer.learning_rate = 7; }},
    {"momentum", [](RunSpec& r) { r.train.optimizer.momentum = 0.5; }},
    {"dampening", [](RunSpec& r) { r.train.optimizer.dampening = 0.5; }},
    {"nesterov", [](RunSpec& r) { r.train.optimizer.nesterov = true; }},
    {"weight decay", [](RunSpec& r) { r.train.optimizer.weight_decay = 0.5; }},
    {"betas",
     [](RunSpec& r) { r.train.optimizer.beta1 = r.train.optimizer.beta2 = r.train.optimizer.alpha = 0.5; }},
    {"epsilon", [](RunSpec& r) { r.train.optimizer.epsilon = 1; }},
    {"schedule", [](RunSpec& r) { r.train.schedule.kind = Schedule::kCosine; }},
    {"clip norm", [](RunSpec& r) { r.train.clip_norm = 1; }},
    {"slope", [](RunSpec& r) { r.model.activation.slope = 0.5; }},
    {"rrelu bounds", [](RunSpec& r) { r.model.activation.lower = r.model.activation.upper = 0.5; }},
    {"alpha", [](RunSpec& r) { r.model.activation.alpha = 2; }},
    {"derivative at zero", [](RunSpec& r) { r.model.activation.at_zero = 1; }},
    {"slope of the output", [](RunSpec& r) { r.model.output_activation.slope = 0.5; }},
    {"library", [](RunSpec& r) { r.train.optimizer.library = Library::kKeras; }},
    {"one output", [](RunSpec& r) { r.data.one_output = false; }},
    {"initial weights of a layer", [](RunSpec& r) { r.init.weights.resize(2); }},
    {"initial weights", [](RunSpec& r) { r.init.hidden.weights.kind = WeightInit::kOrthogonal; }},
    {"initial bias", [](RunSpec& r) { r.init.hidden.bias.value = -2; }},
    {"given parameters", [](RunSpec& r) { r.initial = std::make_shared<ParameterSet>(); }},
    {"noise", [](RunSpec& r) { r.data.noise = 0.1; }},
    {"formula's numbers",
     [](RunSpec& r) {
       r.model.activation.numbers = {{"a", 2}};
     }},
    {"scale", [](RunSpec& r) { r.data.scale = 2; }},
    {"target scale", [](RunSpec& r) { r.data.target_scale = 2; }},
    {"data seed", [](RunSpec& r) { r.data.seed = 3; }},
    {"thresholds", [](RunSpec& r) { r.record.thresholds.dormant = 0.5; }},
    {"epsilon of a normalization", [](RunSpec& r) { r.model.normalization.epsilon = 1e-3; }},
    {"momentum of running statistics", [](RunSpec& r) { r.model.normalization.momentum = 0.5; }},
};

const Change kApart[] = {
    {"widths",
     [](RunSpec& r) {
       r.model.hidden = {16, 17};
     }},
    {"depth",
     [](RunSpec& r) {
       r.model.hidden = {16, 16, 16};
     }},
    {"activation", [](RunSpec& r) { r.model.activation.kind = Activation::kElu; }},
    {"formula", [](RunSpec& r) { r.model.activation.formula = "x"; }},
    {"pieces", [](RunSpec& r) { r.model.activation.pieces = 3; }},
    {"activations", [](RunSpec& r) { r.model.activations.assign(2, {.kind = Activation::kTanh}); }},
    {"output activation", [](RunSpec& r) { r.model.output_activation.kind = Activation::kTanh; }},
    {"bias", [](RunSpec& r) { r.model.bias = false; }},
    {"biases",
     [](RunSpec& r) {
       r.model.biases = {true, false};
     }},
    {"normalization", [](RunSpec& r) { r.model.normalization.kind = Normalization::kLayerNorm; }},
    {"position", [](RunSpec& r) { r.model.normalization.position = Position::kAfterActivation; }},
    {"gains", [](RunSpec& r) { r.model.normalization.affine = false; }},
    {"skip", [](RunSpec& r) { r.model.skip = true; }},
    {"dropout", [](RunSpec& r) { r.model.dropout = 0.1; }},
    {"frozen layers", [](RunSpec& r) { r.train.freeze = {2}; }},
    {"targets of classes",
     [](RunSpec& r) {
       r.data.one_hot = {-1, 1};
     }},
    {"output bias", [](RunSpec& r) { r.model.output_bias = false; }},
    {"loss", [](RunSpec& r) { r.train.loss = Loss::kMae; }},
    {"optimizer", [](RunSpec& r) { r.train.optimizer.kind = Optimizer::kAdam; }},
    {"batch size", [](RunSpec& r) { r.train.batch_size = 33; }},
    {"sampling", [](RunSpec& r) { r.train.sampling = Sampling::kSequential; }},
    {"steps", [](RunSpec& r) { r.train.steps = 1001; }},
    {"epochs", [](RunSpec& r) { r.train.epochs = 1; }},
    {"precision", [](RunSpec& r) { r.train.precision = Precision::kFloat64; }},
    {"samples", [](RunSpec& r) { r.data.samples = 1001; }},
    {"data kind", [](RunSpec& r) { r.data.kind = DataKind::kXor; }},
    {"test fraction", [](RunSpec& r) { r.data.test_fraction = 0.2; }},
    {"limit", [](RunSpec& r) { r.data.limit = 10; }},
    {"recorded steps", [](RunSpec& r) { r.record.every = 7; }},
    {"listed steps", [](RunSpec& r) { r.record.steps = {3}; }},
    {"log steps", [](RunSpec& r) { r.record.log_count = 3; }},
    {"probe samples", [](RunSpec& r) { r.record.probe_samples = 10; }},
    {"probe split", [](RunSpec& r) { r.record.probe_split = ProbeSplit::kTest; }},
    {"metrics table", [](RunSpec& r) { r.record.metrics = false; }},
    {"layers table", [](RunSpec& r) { r.record.layers = false; }},
    {"effective rank", [](RunSpec& r) { r.record.effective_rank = true; }},
    {"rank samples", [](RunSpec& r) { r.record.rank_samples = 8; }},
    {"units table", [](RunSpec& r) { r.record.units = true; }},
    {"initial parameters", [](RunSpec& r) { r.record.parameters_initial = true; }},
    {"final parameters", [](RunSpec& r) { r.record.parameters_final = true; }},
};

RunSpec base_run() {
  RunSpec run;
  run.model.hidden = {16, 16};
  return run;
}

TEST(PackForm, runs_that_differ_in_numbers_share_a_pack) {
  for (const Change& change : kShared) {
    RunSpec run = base_run();
    change.apply(run);
    EXPECT_TRUE(pack_form(run) == pack_form(base_run())) << change.name;
    EXPECT_EQ(pack_form(run).hash(), pack_form(base_run()).hash()) << change.name;
  }
}

TEST(PackForm, runs_that_drop_more_or_less_share_a_pack) {
  RunSpec few = base_run(), many = base_run();
  few.model.dropout = 0.1;
  many.model.dropout = 0.7;
  EXPECT_TRUE(pack_form(few) == pack_form(many));
}

TEST(PackForm, runs_that_differ_in_shape_or_operations_do_not) {
  std::vector<PackForm> forms{pack_form(base_run())};
  for (const Change& change : kApart) {
    RunSpec run = base_run();
    change.apply(run);
    EXPECT_EQ(std::count(forms.begin(), forms.end(), pack_form(run)), 0) << change.name;
    forms.push_back(pack_form(run));
  }
}

// 10 samples on a grid over two inputs are 3 times 3.
TEST(PackForm, runs_with_equal_forms_have_equally_many_examples) {
  RunSpec grid = base_run(), random = base_run();
  grid.data.function = random.data.function = TargetFunction::kAbsSumDiff;
  grid.data.samples = random.data.samples = 10;
  random.data.function_sampling = FunctionSampling::kUniform;
  ASSERT_EQ(make_dataset<float>(grid.data, 0).train.samples, 9U);
  ASSERT_EQ(make_dataset<float>(random.data, 0).train.samples, 10U);
  EXPECT_FALSE(pack_form(grid) == pack_form(random));
}

TEST(PackForm, runs_of_different_files_do_not_share_a_pack) {
  std::vector<PackForm> forms;
  const auto add = [&](const std::function<void(DataSpec&)>& change) {
    RunSpec run = base_run();
    run.data.kind = DataKind::kCsv;
    change(run.data);
    EXPECT_EQ(std::count(forms.begin(), forms.end(), pack_form(run)), 0) << forms.size();
    forms.push_back(pack_form(run));
  };
  add([](DataSpec&) {});
  add([](DataSpec& data) { data.path = "a.csv"; });
  add([](DataSpec& data) { data.path = "b.csv"; });
  add([](DataSpec& data) { data.csv.targets = {"ab", "c"}; });
  add([](DataSpec& data) { data.csv.targets = {"a", "bc"}; });
  add([](DataSpec& data) { data.task = Task::kClassification; });
  add([](DataSpec& data) { data.directory = "x"; });
  add([](DataSpec& data) { data.images = "x"; });
  add([](DataSpec& data) { data.labels = "x"; });
}

template <class T>
class PackOf : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(PackOf, Precisions);

TYPED_TEST(PackOf, initial_parameters_are_those_of_init_layer) {
  using T = TypeParam;
  std::vector<RunSpec> runs;
  const std::size_t count = std::min<std::size_t>(3, lane_count<T>(available_simd()[0]));
  for (std::uint64_t lane = 0; lane < count; ++lane) {
    RunSpec run = small_run(lane + 10);
    run.model.activation = {.kind = Activation::kPrelu, .slope = 0.1 * static_cast<double>(lane + 1)};
    run.init.hidden.weights.kind = lane == 1 ? WeightInit::kOrthogonal : WeightInit::kHeUniform;
    run.init.output.weights.kind = WeightInit::kGlorotNormal;
    run.init.output.bias.value = 2;
    runs.push_back(run);
  }
  const auto pack = pack_of<T>(runs, make_examples<T>(9));
  const Buffer<T> parameters = initial_parameters(pack);
  for (std::size_t lane = 0; lane < runs.size(); ++lane) {
    const ParameterSet set =
        lane_parameters(pack.network.shape, parameters.data(), pack.network.kernels.lanes, lane);
    ASSERT_EQ(set.layers.size(), 3U);
    for (std::size_t l = 0; l < 3; ++l) {
      const LayerShape& shape = pack.network.shape.layers[l];
      LayerParameters expected;
      init_layer(shape, l < 2 ? runs[lane].init.hidden : runs[lane].init.output, runs[lane].model.activation,
                 runs[lane].seed, l, expected);
      for (auto& values : expected.blocks)
        for (double& value : values) value = static_cast<double>(static_cast<T>(value));
      EXPECT_EQ(set.layers[l].blocks, expected.blocks);
      EXPECT_EQ(set.layers[l][BlockKind::kSlope].size(), l < 2 ? 1U : 0U);
    }
  }
}

TYPED_TEST(PackOf, given_parameters_are_taken_as_they_are) {
  using T = TypeParam;
  if (lane_count<T>(available_simd()[0]) < 3) GTEST_SKIP() << "a pack of three runs";
  RunSpec run = small_run();
  run.model.hidden = {2};
  run.model.activation = {.kind = Activation::kPrelu, .slope = 0.25};
  run.model.output_bias = false;
  ParameterSet given;
  given.layers.push_back({2, 3, {{{1, 2, 3, 4, 5, 6}, {7, 8}, {0.5}}}});
  given.layers.push_back({2, 2, {{{-1, -2, -3, -4}, {}, {}}}});
  run.initial = std::make_shared<ParameterSet>(given);
  RunSpec without_slope = run;
  given.layers[0][BlockKind::kSlope].clear();
  without_slope.initial = std::make_shared<ParameterSet>(given);
  const auto pack = pack_of<T>({run, without_slope, small_run()}, make_examples<T>(9));
  const Buffer<T> parameters = initial_parameters(pack);
  const auto set = [&](std::size_t lane) {
    return lane_parameters(pack.network.shape, parameters.data(), pack.network.kernels.lanes, lane);
  };
  EXPECT_EQ(set(0).layers[0][BlockKind::kWeights], (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(set(0).layers[0][BlockKind::kBias], (std::vector<double>{7, 8}));
  EXPECT_EQ(set(0).layers[0][BlockKind::kSlope], std::vector<double>{0.5});
  EXPECT_EQ(set(0).layers[1][BlockKind::kWeights], (std::vector<double>{-1, -2, -3, -4}));
  EXPECT_TRUE(set(0).layers[1][BlockKind::kBias].empty());
  EXPECT_EQ(set(1).layers[0][BlockKind::kSlope], std::vector<double>{0.25});
  EXPECT_NE(set(2).layers[0][BlockKind::kWeights], set(0).layers[0][BlockKind::kWeights]);
}

TYPED_TEST(PackOf, lanes_without_a_run_repeat_the_first) {
  using T = TypeParam;
  const auto pack = pack_of<T>({small_run(3), small_run(4)}, make_examples<T>(9));
  const std::size_t lanes = pack.network.kernels.lanes;
  ASSERT_EQ(pack.runs.size(), lanes);
  EXPECT_EQ(pack.used_lanes, 2U);
  const Buffer<T> parameters = initial_parameters(pack);
  for (std::size_t i = 0; i < pack.network.shape.parameter_count; ++i)
    for (std::size_t lane = 2; lane < lanes; ++lane)
      ASSERT_EQ(parameters[i * lanes + lane], parameters[i * lanes]);
}

TYPED_TEST(PackOf, epochs_are_counted_in_batches) {
  using T = TypeParam;
  RunSpec run = small_run();
  run.train.epochs = 3;
  run.train.batch_size = 8;
  EXPECT_EQ((pack_of<T>({run}, make_examples<T>(20)).steps), 9U);
  run.train.batch_size = 0;
  EXPECT_EQ((pack_of<T>({run}, make_examples<T>(20)).steps), 3U);
  run.train.epochs = 0;
  EXPECT_EQ((pack_of<T>({run}, make_examples<T>(20)).steps), run.train.steps);
}

}  // namespace
}  // namespace deadrelu
