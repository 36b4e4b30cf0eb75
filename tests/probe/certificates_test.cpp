// Certificates against breakpoints found one by one, corners, closed forms, and the networks themselves.
#include "probe/certificates.h"

#include <gtest/gtest.h>

#include "probe/pack_testing.h"
#include "probe/relaxation.h"
#include "train/batches.h"

namespace deadrelu {
namespace {

class Draws {
 public:
  explicit Draws(std::uint32_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  double uniform(double low, double high) { return low + (high - low) * (engine_() * 0x1p-32); }
  double normal() { return std::normal_distribution<double>()(engine_); }
  Matrix normals(std::size_t rows, std::size_t columns) {
    Matrix matrix(rows, std::vector<double>(columns));
    for (auto& row : matrix)
      for (double& value : row) value = normal();
    return matrix;
  }

 private:
  std::mt19937 engine_;
};

// Normal weights, and normal biases of this scale (0: none).
std::shared_ptr<const ParameterSet> random_network(const std::vector<std::size_t>& widths, double bias,
                                                   Draws& draws) {
  std::vector<LayerParameters> layers;
  for (std::size_t l = 1; l < widths.size(); ++l) {
    std::vector<double> biases = draws.normals(1, widths[l])[0];
    for (double& value : biases) value *= bias;
    layers.push_back(
        layer_of(draws.normals(widths[l], widths[l - 1]), bias == 0 ? std::vector<double>{} : biases));
  }
  return network_of(std::move(layers));
}

RunSpec spec_of(std::shared_ptr<const ParameterSet> network, Certify method, std::vector<double> low,
                std::vector<double> high, Activation kind = Activation::kRelu) {
  std::vector<std::size_t> hidden;
  for (std::size_t l = 0; l + 1 < network->layers.size(); ++l) hidden.push_back(network->layers[l].rows);
  RunSpec spec = untrained(std::move(hidden), kind);
  spec.model.bias = !network->layers[0][BlockKind::kBias].empty();
  spec.model.output_bias = !network->layers.back()[BlockKind::kBias].empty();
  spec.initial = std::move(network);
  spec.record.certify = method;
  spec.record.domain_low = std::move(low);
  spec.record.domain_high = std::move(high);
  return spec;
}

template <class T>
std::shared_ptr<const Dataset<T>> examples_of(Matrix inputs, std::size_t outputs = 1) {
  Matrix targets(inputs.size(), std::vector<double>(outputs));
  return make_examples<T>({std::move(inputs), std::move(targets)});
}

// The corners of a box, and points in it.
Matrix points_in(const std::vector<double>& low, const std::vector<double>& high, std::size_t count,
                 Draws& draws) {
  Matrix points;
  for (std::size_t c = 0; c < std::size_t{1} << low.size(); ++c) {
    points.emplace_back();
    for (std::size_t i = 0; i < low.size(); ++i)
      points.back().push_back((c >> i & 1) != 0 ? high[i] : low[i]);
  }
  for (std::size_t p = 0; p < count; ++p) {
    points.emplace_back();
    for (std::size_t i = 0; i < low.size(); ++i) points.back().push_back(draws.uniform(low[i], high[i]));
  }
  return points;
}

// (a), (b), (c) of the layer that a single unit follows.
struct Golden {
  LayerParameters first;
  std::vector<double> weights;
  double bias, interval, linear, exact;
};
const Golden kGolden[] = {
    {layer_of({{1}, {-1}}, {0, 0}), {-1, -1}, -0.125, -0.125, -0.125, -0.125},
    {layer_of({{1}, {1}}, {2, 2}), {1, -1}, -0.5, 1.5, -0.5, -0.5},
    {layer_of({{1}, {1}}, {0, 0}), {1, -1}, -0.125, 0.875, 0.875, -0.125},
};

template <class T>
struct Measured {
  std::vector<RunSpec> specs;
  Pack<T> pack;
  Buffer<T> parameters;
  Certificates<T> certificates;

  Measured(RunSpec spec, const std::shared_ptr<const Dataset<T>>& data, SimdTarget target, Engine engine)
      : specs{std::move(spec)},
        pack(make_pack<T>(std::vector<const RunSpec*>{&specs[0]}, std::vector{data}, target, engine)),
        parameters(initial_parameters(pack)),
        certificates(specs[0].record, *data, false) {
    Evaluation<T> evaluation(pack, false, true, 64);
    evaluation.run(pack, parameters.data(), Activations<T>(pack.network, 64));
    certificates.measure(pack.network, parameters.data(), 0, evaluation.probes());
  }
  const std::vector<Ends>& z(std::size_t l) const { return certificates.network().layers[l].z; }
};

template <class T>
class Certified : public testing::Test {};
using CertifiedPrecisions = testing::Types<float, double>;
TYPED_TEST_SUITE(Certified, CertifiedPrecisions);

TYPED_TEST(Certified, bounds_of_the_golden_three) {
  using T = TypeParam;
  for (const Golden& golden : kGolden) {
    const auto network =
        network_of({golden.first, layer_of({golden.weights}, {golden.bias}), layer_of({{1}}, {0})});
    const Measured<T> measured(spec_of(network, Certify::kInterval, {-1}, {1}), examples_of<T>({{0}}),
                               available_simd()[0], Engine::kLanes);
    EXPECT_EQ(measured.z(1)[0][1], golden.interval);

    KinkedNetwork kinked{{{-1, 1}}, std::vector<KinkedLayer>(2), 0x1p-53, 0, 1e300};
    kinked.layers[0].numbers = golden.first;
    for (const double bias : golden.first[BlockKind::kBias])
      kinked.layers[0].z.push_back({bias - 1, bias + 1});
    kinked.layers[1].numbers = layer_of({golden.weights}, {golden.bias});
    kinked.layers[1].z = {{-9, golden.interval}};
    kinked.layers[1].asked = {0};
    tighten_by_lines(kinked, [](std::span<const double>) {});
    EXPECT_NEAR(kinked.layers[1].z[0][1], golden.linear, 1e-12);
    tighten_by_regions(kinked, [](std::span<const double>) {});
    EXPECT_NEAR(kinked.layers[1].z[0][1], golden.exact, 1e-12);

    for (const Certify method : {Certify::kInterval, Certify::kLinear, Certify::kExact}) {
      const RunRecord record = train_one<T>(spec_of(network, method, {-1}, {1}), examples_of<T>({{0}}));
      const double bound = method == Certify::kInterval ? golden.interval
                           : method == Certify::kLinear ? golden.linear
                                                        : golden.exact;
      EXPECT_EQ(record.units.back().certified_dead, bound <= 0 ? 1 : kMissingInteger) << name_of(method);
    }
  }
}

// Every number of the forward pass is within the bounds, in every engine and on every target, at corners and inside.
TYPED_TEST(Certified, interval_bounds_hold_for_every_forward_pass) {
  using T = TypeParam;
  Draws draws(1);
  std::size_t compared = 0;
  for (const Activation kind : values_of<Activation>()) {
    if (strongest_certificate(kind) == Certify::kNone) continue;
    for (int round = 0; round < 12; ++round) {
      const std::vector<double> low{-draws.uniform(0, 3), -1, 0.1}, high{draws.uniform(0, 3), -0.5, 0.3};
      RunSpec spec = untrained({1 + draws.below(9), 1 + draws.below(9), 5}, kind);
      spec.model.activation.slope = draws.uniform(-1, 2);
      spec.init.hidden.bias.kind = BiasInit::kNormal;
      spec.init.hidden.bias.std = 0.5;
      spec.seed = static_cast<std::uint64_t>(round);
      spec.record.certify = Certify::kInterval;
      spec.record.domain_low = low;
      spec.record.domain_high = high;
      const auto data = examples_of<T>(points_in(low, high, 55, draws));
      for (const SimdTarget target : available_simd()) {
        for (const Engine engine : values_of<Engine>()) {
          const Measured<T> measured(spec, data, target, engine);
          const Network<T>& network = measured.pack.network;
          const Activations<T> activations(network, 64);
          BlockBuffer<T> buffer(network, 64);
          const LaneMatrix<T> inputs = buffer.block(63).inputs;
          for (std::size_t s = 0; s < 63; ++s)
            for (std::size_t i = 0; i < 3; ++i)
              std::fill_n(inputs.at(i, s), network.kernels.lanes, data->train.inputs[s * 3 + i]);
          forward<T>(network, measured.parameters.data(), inputs, Mode::kEvaluate, activations);
          for (std::size_t l = 0; l < 3; ++l) {
            const LaneMatrix<const T> z = activations.z(l, 63);
            for (std::size_t r = 0; r < z.rows; ++r) {
              const auto [lowest, highest] = measured.z(l)[r];
              double least = *z.at(r, 0), most = least;
              for (std::size_t s = 0; s < 63; ++s, ++compared) {
                ASSERT_LE(lowest, *z.at(r, s)) << name_of(kind);
                ASSERT_LE(*z.at(r, s), highest) << name_of(kind);
                least = std::min<double>(least, *z.at(r, s));
                most = std::max<double>(most, *z.at(r, s));
              }
              if (l > 0) continue;  // in the first layer corners attain them
              EXPECT_EQ(lowest, least);
              EXPECT_EQ(highest, most);
            }
          }
        }
      }
    }
  }
  EXPECT_GT(compared, 100'000u);
}

TYPED_TEST(Certified, bounds_of_a_single_input_are_what_the_network_computes) {
  using T = TypeParam;
  Draws draws(6);
  for (const Activation kind : values_of<Activation>()) {
    if (strongest_certificate(kind) == Certify::kNone) continue;
    for (int round = 0; round < 20; ++round) {
      const std::vector<double> x{draws.normal(), draws.normal(), 0};
      RunSpec spec = spec_of(random_network({3, 7, 6, 5, 1}, 1, draws), Certify::kInterval, x, x, kind);
      spec.model.activation.slope = draws.uniform(-1, 2);
      const auto data = examples_of<T>({x});
      const Measured<T> measured(spec, data, available_simd()[0], Engine::kLanes);
      const Network<T>& network = measured.pack.network;
      const Activations<T> activations(network, 1);
      BlockBuffer<T> buffer(network, 1);
      for (std::size_t i = 0; i < 3; ++i)
        std::fill_n(buffer.block(1).inputs.at(i, 0), network.kernels.lanes, data->train.inputs[i]);
      forward<T>(network, measured.parameters.data(), buffer.block(1).inputs, Mode::kEvaluate, activations);
      for (std::size_t l = 0; l < 3; ++l)
        for (std::size_t r = 0; r < measured.z(l).size(); ++r)
          for (const double end : measured.z(l)[r])
            EXPECT_EQ(end, *activations.z(l, 1).at(r, 0)) << name_of(kind);
    }
  }
}

TYPED_TEST(Certified, verdicts_are_the_same_in_every_engine_and_on_every_target) {
  using T = TypeParam;
  Draws draws(7);
  for (int round = 0; round < 200; ++round) {
    const auto method = values_of<Certify>()[1 + draws.below(3)];
    const RunSpec spec = spec_of(random_network({2, 6, 5, 4, 1}, 0.5, draws), method, {-1, -2}, {1, 2});
    const auto data = examples_of<T>({{0.5, 0.5}, {0.25, -1}});
    std::vector<std::int64_t> first;
    for (const SimdTarget target : available_simd()) {
      for (const Engine engine : values_of<Engine>()) {
        const Measured<T> measured(spec, data, target, engine);
        std::vector<std::int64_t> verdicts;
        for (std::size_t l = 0; l < 3; ++l) {
          LayerRow row;
          std::vector<UnitRow> units(spec.model.hidden[l]);
          measured.certificates.describe(l, row, units);
          for (const UnitRow& unit : units) verdicts.push_back(unit.certified_dead);
        }
        if (first.empty()) first = verdicts;
        EXPECT_EQ(verdicts, first);
      }
    }
  }
}

// z = w·a − w·a − tiny is below 0 but for rounding, which makes it positive for some numbers of the box.
TYPED_TEST(Certified, what_only_rounding_turns_on_is_not_certified_dead) {
  using T = TypeParam;
  Draws draws(8);
  const T tiny = std::numeric_limits<T>::epsilon() / 128;
  for (int round = 0; round < 20; ++round) {
    const T w = static_cast<T>(draws.uniform(1, 2));
    bool turns_on = false;
    for (T a = 1; a < 3; a += T{1} / 731) turns_on |= std::fma(-w, a, std::fma(w, a, -tiny)) > 0;
    ASSERT_TRUE(turns_on);
    const auto network =
        network_of({layer_of({{1}, {1}}, {2, 2}), layer_of({{w, -w}}, {-tiny}), layer_of({{1}}, {0})});
    for (const Certify method : {Certify::kInterval, Certify::kLinear, Certify::kExact}) {
      const UnitRow unit =
          train_one<T>(spec_of(network, method, {-1}, {1}), examples_of<T>({{0}})).units.back();
      EXPECT_EQ(unit.dead, 1);
      EXPECT_NE(unit.certified_dead, 1) << name_of(method);
    }
    // Far enough below 0, it is dead for certain.
    const auto dead =
        network_of({network->layers[0], layer_of({{w, -w}}, {-10000 * tiny}), network->layers[2]});
    EXPECT_EQ(train_one<T>(spec_of(dead, Certify::kLinear, {-1}, {1}), examples_of<T>({{0}}))
                  .units.back()
                  .certified_dead,
              1);
  }
}

// The largest z of every hidden unit of a ReLU network of one input on [low, high]: all breakpoints, one unit at a
// time.
std::vector<std::vector<long double>> largest_by_breakpoints(const ParameterSet& network, double low,
                                                             double high) {
  std::vector<long double> cuts{low, high};
  const auto values = [&](std::size_t depth, long double x) {  // z of that layer
    std::vector<long double> a{x}, z;
    for (std::size_t l = 0; l <= depth; ++l) {
      const LayerParameters& layer = network.layers[l];
      z.assign(layer.rows, 0);
      for (std::size_t r = 0; r < layer.rows; ++r) {
        if (!layer[BlockKind::kBias].empty()) z[r] = layer[BlockKind::kBias][r];
        for (std::size_t i = 0; i < layer.inputs; ++i)
          z[r] += layer[BlockKind::kWeights][r * layer.inputs + i] * a[i];
      }
      a = z;
      for (long double& value : a) value = std::max(value, 0.0L);
    }
    return z;
  };
  std::vector<std::vector<long double>> largest;
  for (std::size_t l = 0; l + 1 < network.layers.size(); ++l) {
    std::vector<std::vector<long double>> at;
    for (const long double x : cuts) at.push_back(values(l, x));
    largest.push_back(at[0]);
    std::vector<long double> more = cuts;
    for (std::size_t r = 0; r < at[0].size(); ++r) {
      for (std::size_t c = 0; c < cuts.size(); ++c) {
        largest[l][r] = std::max(largest[l][r], at[c][r]);
        if (c > 0 && (at[c - 1][r] < 0) != (at[c][r] < 0))
          more.push_back(cuts[c - 1] + (cuts[c] - cuts[c - 1]) * (at[c - 1][r] / (at[c - 1][r] - at[c][r])));
      }
    }
    std::sort(more.begin(), more.end());
    cuts = more;
  }
  return largest;
}

struct Tally {
  std::size_t networks = 0, dead[4] = {}, alive[4] = {}, units = 0, probe_dead = 0;
};

// Trains nothing: certifies a pack of random networks of one shape by every method, and compares.
template <class T>
void compare_methods(std::size_t inputs, Activation kind, Draws& draws, Tally& tally) {
  const std::size_t lanes = lane_count<T>(available_simd()[0]);
  std::vector<std::size_t> widths{inputs, 1 + draws.below(4), 1 + draws.below(4)};
  if (draws.below(2) == 0) widths.push_back(1 + draws.below(4));
  widths.push_back(1);
  const double bias = draws.below(4) == 0 ? 0 : draws.uniform(0.1, 2), size = draws.uniform(0.5, 4);
  std::vector<double> low(inputs), high(inputs);
  for (std::size_t i = 0; i < inputs; ++i) {
    low[i] = static_cast<float>(draws.below(3) == 0 ? 0 : -size);
    high[i] = static_cast<float>(draws.uniform(0.5, size + 0.5));
  }
  std::vector<std::shared_ptr<const ParameterSet>> networks;
  for (std::size_t lane = 0; lane < lanes; ++lane) networks.push_back(random_network(widths, bias, draws));
  const auto data = examples_of<T>(points_in(low, high, 24, draws));
  std::vector<std::vector<RunRecord>> records;
  for (const Certify method : values_of<Certify>()) {
    std::vector<RunSpec> specs;
    for (const auto& network : networks) specs.push_back(spec_of(network, method, low, high, kind));
    for (RunSpec& spec : specs) spec.model.activation.slope = 0.25;
    records.push_back(train_together<T>(specs, data));
  }
  tally.networks += lanes;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::vector<std::vector<long double>> largest;
    if (inputs == 1 && kind == Activation::kRelu)
      largest = largest_by_breakpoints(*networks[lane], low[0], high[0]);
    for (std::size_t u = 0; u < records[0][lane].units.size(); ++u) {
      std::int64_t before = kMissingInteger;
      for (std::size_t m = 0; m < records.size(); ++m) {
        const UnitRow& unit = records[m][lane].units[u];
        const std::int64_t verdict = unit.certified_dead;
        ASSERT_TRUE(m > 0 || verdict == kMissingInteger);
        ASSERT_TRUE(before == kMissingInteger || verdict == before) << "a stronger method proves no less";
        before = verdict;
        tally.dead[m] += verdict == 1;
        tally.alive[m] += verdict == 0;
        if (verdict == 1) {
          ASSERT_EQ(unit.dead, 1);
        }
        if (unit.dead == 0 && m > 0) {
          ASSERT_EQ(verdict, 0);  // the probe set is a witness
        }
        if (unit.layer == 1 && m > 0) {
          ASSERT_NE(verdict, kMissingInteger);
        }
        if (largest.empty() || verdict == kMissingInteger) continue;
        const long double z =
            largest[static_cast<std::size_t>(unit.layer) - 1][static_cast<std::size_t>(unit.unit) - 1];
        const long double tolerance = sizeof(T) == 4 ? 1e-4L : 1e-12L;
        ASSERT_TRUE(verdict == 1 ? z <= tolerance : z > -tolerance) << static_cast<double>(z);
      }
      tally.probe_dead += records[0][lane].units[u].dead == 1;
      ++tally.units;
    }
  }
}

TYPED_TEST(Certified, interval_is_within_linear_within_exact_within_dead_on_the_probe_set) {
  Draws draws(2);
  Tally tally;
  while (tally.networks < 50'000)
    compare_methods<TypeParam>(1 + draws.below(2),
                               draws.below(4) > 0 ? Activation::kRelu : Activation::kLeakyRelu, draws, tally);
  // Each method proves more than the last, and exact leaves next to nothing unknown: ReLUs without biases that are 0 along
  // a line through 0.
  EXPECT_LT(tally.dead[1], tally.dead[2]);
  EXPECT_LT(tally.dead[2], tally.dead[3]);
  EXPECT_LT(tally.alive[1], tally.alive[3]);
  EXPECT_LT(tally.dead[3], tally.probe_dead);
  EXPECT_LT(tally.units - tally.dead[3] - tally.alive[3], tally.units / 200);
}

// Brownlowe et al. 2024 (arXiv 2412.06829): how often a unit of the second layer is off on all of R^n, n inputs and m
// units below, weights and biases symmetric: 1/2^(m+1) for m ≤ n, (2^n + 1)/4^(n+1) for m = n + 1.
TEST(CertifiedFractions, second_layer_units_are_dead_everywhere_as_often_as_is_known) {
  struct Case {
    std::size_t inputs, units;
    double expected;
  };
  Draws draws(3);
  for (const Case& c :
       {Case{1, 1, 1.0 / 4}, Case{1, 2, 3.0 / 16}, Case{2, 2, 1.0 / 8}, Case{2, 3, 5.0 / 64}}) {
    constexpr std::size_t kNetworks = 4096, kUnits = 4;
    double dead = 0, known = 0;
    const std::size_t lanes = lane_count<double>(available_simd()[0]);
    const auto data = examples_of<double>({std::vector<double>(c.inputs)});
    for (std::size_t n = 0; n < kNetworks; n += lanes) {
      std::vector<RunSpec> specs;
      for (std::size_t lane = 0; lane < lanes; ++lane)
        specs.push_back(spec_of(random_network({c.inputs, c.units, kUnits, 1}, 1, draws), Certify::kExact,
                                {-1e7}, {1e7}));
      for (const RunRecord& record : train_together<double>(specs, data)) {
        dead += record.layers[1].certified_dead_fraction;
        known += record.layers[1].certified_dead_fraction + record.layers[1].certified_alive_fraction;
      }
    }
    // Units of one network are not independent: its share of dead ones has a variance of p(1 − p) at most.
    const double deviation = std::sqrt(c.expected * (1 - c.expected) / kNetworks);
    EXPECT_NEAR(dead / kNetworks, c.expected, 4 * deviation)
        << c.inputs << " inputs, " << c.units << " units";
    EXPECT_GT(known / kNetworks, 0.999);
  }
}

// One input, no biases: a layer 2 of N units is wholly dead on both half-lines with probability 3·4^−N − 2·8^−N.
TEST(CertifiedFractions, second_layers_without_biases_are_dead_as_often_as_is_known) {
  Draws draws(4);
  const std::size_t lanes = lane_count<float>(available_simd()[0]);
  for (const std::size_t units : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    constexpr std::size_t kNetworks = 8192;
    double dead = 0, known = 0;
    for (std::size_t n = 0; n < kNetworks; n += lanes) {
      std::vector<RunSpec> specs;
      for (std::size_t lane = 0; lane < lanes; ++lane)
        specs.push_back(spec_of(random_network({1, units, units, 1}, 0, draws), Certify::kExact, {-1}, {1}));
      for (const RunRecord& record : train_together<float>(specs, examples_of<float>({{0}}))) {
        dead += record.layers[1].certified_dead_fraction == 1;
        known += record.layers[1].certified_dead_fraction + record.layers[1].certified_alive_fraction;
      }
    }
    const double n = static_cast<double>(units), expected = 3 * std::pow(4, -n) - 2 * std::pow(8, -n);
    EXPECT_NEAR(dead / kNetworks, expected, 4 * std::sqrt(expected * (1 - expected) / kNetworks));
    EXPECT_GT(known / kNetworks, 0.999);
  }
}

TEST(CertifiedDomain, units_are_dead_on_the_data_and_alive_on_the_domain) {
  const auto network = network_of(
      {layer_of({{1}, {1}, {-1}}, {-2, -4, -4}), layer_of({{1, 0, 0}}, {-0.5}), layer_of({{1}}, {0})});
  const auto data = examples_of<float>({{-1}, {1}});
  for (const Certify method : {Certify::kInterval, Certify::kLinear, Certify::kExact}) {
    const RunRecord wide = train_one<float>(spec_of(network, method, {-3}, {3}), data);
    EXPECT_EQ(wide.layers[0].dead_fraction, 1);
    EXPECT_EQ(wide.layers[0].certified_dead_fraction, 2.0 / 3);
    EXPECT_EQ(wide.layers[0].certified_alive_fraction, 1.0 / 3);
    EXPECT_EQ(wide.layers[1].certified_alive_fraction, 1);
    const RunRecord own = train_one<float>(spec_of(network, method, {}, {}), data);
    EXPECT_EQ(own.layers[0].certified_dead_fraction, 1);
    EXPECT_EQ(own.layers[1].certified_dead_fraction, 1);
    EXPECT_TRUE(std::isnan(own.layers[2].certified_dead_fraction));
  }
}

TEST(CertifiedDomain,
     the_domain_is_the_smallest_box_around_both_splits_or_around_all_inputs_where_they_are_permuted) {
  const auto data = make_examples<float>({{{1, -2}, {3, 0}}, {{0}, {0}}}, {{{0, 5}}, {{0}}});
  const auto box = [&](bool permuted) { return Certificates<float>({}, *data, permuted).network().box; };
  EXPECT_EQ(box(false), (std::vector<Ends>{{0, 3}, {-2, 5}}));
  EXPECT_EQ(box(true), (std::vector<Ends>{{-2, 5}, {-2, 5}}));
}

}  // namespace
}  // namespace deadrelu
