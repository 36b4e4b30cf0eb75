#include "data/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "data/dataset.h"

namespace deadrelu {
namespace {

// The definition of Dohare et al. (2024), number by number; only the draws are the program's.
class PlainProblem {
 public:
  PlainProblem(const DataSpec& spec, std::uint64_t seed) : spec_(spec), seed_(seed) {}

  std::vector<double> input(std::uint64_t example) const {
    const std::size_t fast = spec_.dimensions - spec_.slow_inputs, in_block = 128 / fast;
    const auto slow = random_block(seed_, Purpose::kStream, 0, example / spec_.change_every);
    const auto quick = random_block(seed_, Purpose::kStream, 1, example / in_block);
    std::vector<double> x;
    for (std::size_t i = 0; i < spec_.slow_inputs; ++i) x.push_back(slow[i / 32] >> i % 32 & 1);
    for (std::size_t i = 0; i < fast; ++i) {
      const std::size_t bit = example % in_block * fast + i;
      x.push_back(quick[bit / 32] >> bit % 32 & 1);
    }
    return x;
  }

  double target(const std::vector<double>& x) const {
    const std::size_t inputs = spec_.dimensions;
    double output = sign(1, spec_.target_units);
    for (std::size_t j = 0; j < spec_.target_units; ++j) {
      const double bias = sign(0, j * (inputs + 1) + inputs);
      double z = bias, sum = 0;
      for (std::size_t i = 0; i < inputs; ++i) {
        const double weight = sign(0, j * (inputs + 1) + i);
        z += weight * x[i];
        sum += weight;
      }
      const double s = (static_cast<double>(inputs) - sum + bias) / 2;
      const double threshold = spec_.beta * static_cast<double>(inputs + 1) - s;
      if (z > threshold) output += sign(1, j);
    }
    return output;
  }

 private:
  double sign(std::uint32_t stream, std::uint64_t index) const {
    return (random_block(seed_, Purpose::kTeacher, stream, index)[0] & 1) != 0 ? 1 : -1;
  }
  const DataSpec& spec_;
  std::uint64_t seed_;
};

DataSpec slow_spec() {
  DataSpec spec;
  spec.kind = DataKind::kSlowlyChangingRegression;
  spec.dimensions = 20;
  spec.samples = 50;
  spec.change_every = 70;
  return spec;
}

constexpr std::size_t kColumns = 3;

// One lane of a stream, batch by batch: inputs and targets of `steps` batches, [example][value].
struct Played {
  std::vector<std::vector<double>> inputs, targets;
};

// The other lanes' streams are others in all that a pack allows.
Played play(const DataSpec& spec, std::size_t batch, std::uint64_t steps, Engine engine = Engine::kLanes) {
  const Kernels<float> table = kernels<float>(available_simd()[0], engine);
  const std::size_t lanes = table.lanes, lane = lanes / 2;
  DataSpec other = spec;
  other.slow_inputs = spec.slow_inputs == 12 ? 13 : 12;
  other.change_every = 33;
  other.target_units = 7;
  other.scale = 3;
  other.target_scale = 0.5;
  std::vector<Streams<float>::Lane> sources(lanes, {&other, 8});
  sources[lane] = {&spec, 7};
  Streams<float> streams(table, sources, batch, kColumns);
  Buffer<float> in(spec.dimensions * kColumns * lanes), out(kColumns * lanes);
  const auto inputs = dense_lane_matrix(in.data(), spec.dimensions, kColumns, lanes);
  const auto targets = dense_lane_matrix(out.data(), 1, kColumns, lanes);
  Played played;
  for (std::uint64_t step = 0; step < steps; ++step) {
    for (std::size_t from = 0; from < batch; from += kColumns) {
      const std::size_t count = std::min(kColumns, batch - from);
      streams.fill(step, from, count, inputs, targets);
      for (std::size_t s = 0; s < count; ++s) {
        auto& x = played.inputs.emplace_back();
        for (std::size_t i = 0; i < spec.dimensions; ++i) x.push_back(inputs.at(i, s)[lane]);
        played.targets.push_back({targets.at(0, s)[lane]});
      }
    }
  }
  return played;
}

TEST(SlowStream, gives_the_examples_of_the_definition) {
  const DataSpec spec = slow_spec();
  for (const Engine engine : values_of<Engine>()) {
    const Played played = play(spec, 5, 60, engine);  // 300 examples, 5 segments
    const PlainProblem plain(spec, 7);
    ASSERT_EQ(played.inputs.size(), 300u);
    std::set<double> targets;
    for (std::size_t e = 0; e < played.inputs.size(); ++e) {
      EXPECT_EQ(played.inputs[e], plain.input(e)) << "example " << e;
      EXPECT_EQ(played.targets[e][0], plain.target(plain.input(e))) << "example " << e;
      targets.insert(played.targets[e][0]);
    }
    EXPECT_GT(targets.size(), 2u) << "the target hardly changes: the test would not see a wrong one";
  }
}

TEST(SlowStream, is_the_same_whatever_the_batch_size) {
  const DataSpec spec = slow_spec();
  const Played one = play(spec, 1, 200), many = play(spec, 8, 25);
  EXPECT_EQ(one.inputs, many.inputs);
  EXPECT_EQ(one.targets, many.targets);
}

TEST(SlowStream, keeps_the_slow_inputs_for_a_segment_and_draws_all_bits_fairly) {
  DataSpec spec = slow_spec();
  spec.change_every = 10;
  const Played played = play(spec, 1, 20'000);
  std::vector<double> ones(20);
  for (std::size_t e = 0; e < played.inputs.size(); ++e) {
    const auto& x = played.inputs[e];
    for (std::size_t i = 0; i < 20; ++i) ones[i] += x[i];
    if (e % 10 == 0) continue;
    EXPECT_TRUE(std::equal(x.begin(), x.begin() + 15, played.inputs[e - 1].begin())) << "example " << e;
  }
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_NEAR(ones[i] / 20'000, 0.5, i < 15 ? 0.05 : 0.016) << "input " << i;  // 4.5 standard errors
}

TEST(SlowStream, scales_inputs_and_targets_as_data_sets_are) {
  DataSpec spec = slow_spec();
  const Played plain = play(spec, 1, 30);
  spec.scale = 2;
  spec.offset = -1;
  spec.target_scale = 0.5;
  const Played scaled = play(spec, 1, 30);
  for (std::size_t e = 0; e < 30; ++e) {
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(scaled.inputs[e][i], 2 * plain.inputs[e][i] - 1);
    EXPECT_EQ(scaled.targets[e][0], 0.5 * plain.targets[e][0]);
  }
}

TEST(SlowStream, takes_every_number_of_fast_inputs_that_is_allowed) {
  for (const std::size_t slow : {8, 15, 19}) {
    DataSpec spec = slow_spec();
    spec.slow_inputs = slow;
    const Played played = play(spec, 1, 100);
    const PlainProblem plain(spec, 7);
    for (std::size_t e = 0; e < 100; ++e) {
      EXPECT_EQ(played.inputs[e], plain.input(e));
      EXPECT_EQ(played.targets[e][0], plain.target(plain.input(e)));
    }
  }
}

TEST(SlowStream, is_evaluated_on_random_examples_of_the_same_target) {
  const DataSpec spec = slow_spec();
  const Dataset<float> data = make_dataset<float>(spec, 7);
  ASSERT_EQ(data.train.samples, 50u);
  const PlainProblem plain(spec, 7);
  std::set<std::vector<double>> different;
  for (std::size_t s = 0; s < 50; ++s) {
    const std::vector<double> x(data.train.inputs.data() + s * 20, data.train.inputs.data() + (s + 1) * 20);
    EXPECT_EQ(data.train.targets[s], plain.target(x));
    different.insert(x);
  }
  EXPECT_GT(different.size(), 45u);
}

TEST(SlowStream, belongs_to_the_seed_of_the_data) {
  DataSpec spec = slow_spec();
  const Played of_run = play(spec, 1, 50);
  spec.seed = 7;
  EXPECT_EQ(play(spec, 1, 50).inputs, of_run.inputs);
  spec.seed = 8;
  EXPECT_NE(play(spec, 1, 50).inputs, of_run.inputs);
}

}  // namespace
}  // namespace deadrelu
