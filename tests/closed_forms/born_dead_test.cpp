// Born dead: some hidden layer puts out zero on every input before training (Lu, Shin, Su, Karniadakis 2019).
#include <gtest/gtest.h>

#include <cmath>

#include "closed_forms/ensemble.h"

namespace deadrelu {
namespace {

// Layers in the sense of the paper: L − 1 hidden ones and the output layer.
std::vector<std::size_t> hidden_layers(std::size_t width, std::size_t layers) {
  return std::vector<std::size_t>(layers - 1, width);
}

// On one input a unit is positive with probability 1/2, independently, while the layer below fires at all.
double one_point_probability(const std::vector<std::size_t>& hidden) {
  double alive = 1;
  for (const std::size_t width : hidden) alive *= 1 - std::pow(0.5, static_cast<double>(width));
  return 1 - alive;
}

TEST(BornDead, on_one_point_follows_the_product_formula) {
  EXPECT_NEAR(one_point_probability(hidden_layers(2, 10)), 0.924915, 1e-6);
  EXPECT_NEAR(one_point_probability(hidden_layers(3, 10)), 0.699342, 1e-6);
  EXPECT_NEAR(one_point_probability(hidden_layers(5, 10)), 0.248541, 1e-6);
  for (const std::size_t width : {2, 3, 5}) {
    SCOPED_TRACE(width);
    const auto hidden = hidden_layers(width, 10);
    expect_probability(born_dead(born(hidden, {{0.7}})), one_point_probability(hidden));
  }
}

TEST(BornDead, on_one_point_follows_the_product_formula_for_mixed_widths_and_symmetric_biases) {
  RunSpec spec = born({4, 1, 6, 2}, {{0.3, -0.8}});
  spec.init.hidden.weights.kind = WeightInit::kHeUniform;
  spec.init.hidden.bias.kind = BiasInit::kNormal;
  spec.init.hidden.bias.std = 0.5;
  // The first dead layer decides; with biases the ones above it may fire again.
  expect_probability(born_dead(spec), one_point_probability({4, 1, 6, 2}));
}

TEST(BornDead, on_one_point_is_the_upper_bound_for_any_inputs) {
  std::vector<std::vector<double>> inputs;
  for (int i = 0; i < 20; ++i) inputs.push_back({std::sin(3.0 * i), std::cos(5.0 * i)});
  const auto hidden = hidden_layers(3, 10);
  const Sample share = born_dead(born(hidden, inputs), 20'000);
  EXPECT_LT(share.mean() + kErrors * share.standard_error(), one_point_probability(hidden));
  EXPECT_GT(share.mean(), 0.1);
}

RunSpec both_signs(std::size_t width, std::size_t layers) {
  return born(hidden_layers(width, layers), {{-1.0}, {1.0}});
}

TEST(BornDead, on_inputs_of_both_signs_is_exact_with_two_hidden_layers) {
  for (const int width : {1, 2, 3, 4}) {
    SCOPED_TRACE(width);
    expect_probability(born_dead(both_signs(static_cast<std::size_t>(width), 3)),
                       3 * std::pow(4.0, -width) - 2 * std::pow(8.0, -width));
  }
}

TEST(BornDead, on_inputs_of_both_signs_is_exact_for_one_unit_a_layer) {
  for (const int layers : {2, 3, 5, 10}) {
    SCOPED_TRACE(layers);
    const auto hidden = static_cast<std::size_t>(layers);
    expect_probability(born_dead(both_signs(1, hidden)), 1 - std::pow(2.0, 2 - layers));
  }
}

TEST(BornDead, depends_on_the_signs_of_the_inputs_alone) {
  // Without biases a network of relu is positively homogeneous: more points of the same signs change nothing.
  const auto many = born(hidden_layers(3, 6), {{-3.0}, {-0.1}, {-1e-3}, {0.0}, {0.5}, {20.0}});
  expect_probability(born_dead(many, 20'000), born_dead(both_signs(3, 6), 20'000).mean());
}

double lower_bound(int width, int layers) {
  const double n = width, steps = layers - 2;
  const double a1 = 1 - std::pow(2, -n), a2 = 1 - std::pow(2, 1 - n) - (n - 1) * std::pow(4, -n);
  const double c = (1 - std::pow(2, 1 - n)) * (1 - std::pow(2, -n)) / (1 + (n - 1) * std::pow(2, -n));
  return 1 - std::pow(a1, steps) + c * (std::pow(a2, steps) - std::pow(a1, steps));
}

struct Reference {
  int width, layers;
  double probability;  // of 3·10⁵ networks, He normal, rounded to four digits
};

TEST(BornDead, on_inputs_of_both_signs_agrees_with_the_reference_table_and_its_lower_bound) {
  for (const auto& [width, layers, probability] :
       {Reference{2, 5, 0.4966}, Reference{2, 10, 0.8803}, Reference{2, 20, 0.9932}, Reference{3, 10, 0.5785},
        Reference{3, 20, 0.8907}, Reference{4, 10, 0.2951}, Reference{4, 20, 0.6270},
        Reference{5, 10, 0.1286}, Reference{5, 20, 0.3572}, Reference{10, 10, 0.0013}}) {
    SCOPED_TRACE(testing::Message() << "width " << width << " layers " << layers);
    const RunSpec spec = both_signs(static_cast<std::size_t>(width), static_cast<std::size_t>(layers));
    const Sample share = born_dead(spec, layers < 20 ? kBornNetworks : kBornNetworks / 4);
    const double variance = probability * (1 - probability) * (1 / share.count() + 1 / 3e5);
    EXPECT_NEAR(share.mean(), probability, kErrors * std::sqrt(variance) + 5e-5);
    EXPECT_GT(share.mean() + kErrors * share.standard_error(), lower_bound(width, layers));
  }
}

}  // namespace
}  // namespace deadrelu
