#include "nn/init.h"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"

namespace deadrelu {
namespace {

LayerShape shape_of(std::size_t inputs, std::size_t rows, bool bias = true) {
  LayerShape shape;
  shape.inputs = inputs;
  shape.rows = shape.units = shape.outputs = rows;
  shape.blocks[0] = {BlockKind::kWeights, rows, inputs, 0};
  if (bias) shape.blocks[1] = {BlockKind::kBias, rows, 1, rows * inputs};
  return shape;
}

LayerParameters draw(const LayerShape& shape, const LayerInit& init, std::uint64_t seed = 1,
                     std::size_t layer = 0) {
  LayerParameters drawn;
  init_layer(shape, init, {}, seed, layer, drawn);
  return drawn;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum / static_cast<double>(values.size());
}

double largest(const std::vector<double>& values) {
  return std::abs(*std::max_element(values.begin(), values.end(),
                                    [](double a, double b) { return std::abs(a) < std::abs(b); }));
}

// Within 4 standard errors of N(0, deviation²): Var x² = 2·deviation⁴.
void expect_normal(const std::vector<double>& values, double deviation) {
  const double n = static_cast<double>(values.size());
  EXPECT_NEAR(mean(values), 0, 4 * deviation / std::sqrt(n));
  EXPECT_NEAR(mean_square(values), deviation * deviation, 4 * deviation * deviation * std::sqrt(2 / n));
  EXPECT_GT(largest(values), 3 * deviation);  // a uniform distribution ends at √3 deviations
}

// Within 4 standard errors of U(±limit): variance limit²/3, Var x² = 4·limit⁴/45.
void expect_uniform(const std::vector<double>& values, double limit) {
  const double n = static_cast<double>(values.size());
  EXPECT_NEAR(mean(values), 0, 4 * limit / std::sqrt(3 * n));
  EXPECT_NEAR(mean_square(values), limit * limit / 3, 4 * limit * limit * std::sqrt(4.0 / 45 / n));
  EXPECT_LE(largest(values), limit);
  EXPECT_GT(largest(values), 0.99 * limit);
}

constexpr std::size_t kInputs = 150, kRows = 200;

// scale: std, limit, magnitude, value.
LayerInit init_of(WeightInit kind, double scale = 1) {
  LayerInit init;
  init.weights = {kind, scale, 0, scale, -scale, scale, scale};
  return init;
}

std::vector<double> weights_of(WeightInit kind, double scale = 1) {
  const LayerInit init = init_of(kind, scale);
  return draw(shape_of(kInputs, kRows), init)[BlockKind::kWeights];
}

TEST(Init, normal_weights_have_the_variances_of_the_literature) {
  expect_normal(weights_of(WeightInit::kHeNormal), std::sqrt(2.0 / 150));
  expect_normal(weights_of(WeightInit::kGlorotNormal), std::sqrt(2.0 / 350));
  expect_normal(weights_of(WeightInit::kLecunNormal), std::sqrt(1.0 / 150));
  expect_normal(weights_of(WeightInit::kNormal, 0.3), 0.3);
}

TEST(Init, uniform_weights_have_the_limits_of_the_literature) {
  expect_uniform(weights_of(WeightInit::kHeUniform), std::sqrt(6.0 / 150));
  expect_uniform(weights_of(WeightInit::kGlorotUniform), std::sqrt(6.0 / 350));
  expect_uniform(weights_of(WeightInit::kLecunUniform), std::sqrt(3.0 / 150));
  expect_uniform(weights_of(WeightInit::kPytorch), 1 / std::sqrt(150.0));
  expect_uniform(weights_of(WeightInit::kUniform, 2.5), 2.5);
}

TEST(Init, uniform_weights_are_the_stream_of_their_layer) {
  const LayerInit init = init_of(WeightInit::kUniform, 0.5);
  const LayerParameters drawn = draw(shape_of(3, 2), init, 42, 6);
  for (std::uint64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(drawn[BlockKind::kWeights][i], (2 * random_uniform(42, Purpose::kWeights, 6, i) - 1) * 0.5);
  }
}

TEST(Init, ranges_and_means_shift_a_distribution) {
  LayerInit init;
  init.weights = {.kind = WeightInit::kUniform, .low = 3, .high = 4};
  init.bias = {.kind = BiasInit::kNormal, .mean = -5, .std = 0.5};
  const LayerParameters drawn = draw(shape_of(1, 30000), init);
  std::vector<double> weights = drawn[BlockKind::kWeights], biases = drawn[BlockKind::kBias];
  for (double& weight : weights) {
    ASSERT_TRUE(weight >= 3 && weight <= 4);
    weight -= 3.5;
  }
  for (double& bias : biases) bias += 5;
  expect_uniform(weights, 0.5);
  expect_normal(biases, 0.5);
  init.weights = {.kind = WeightInit::kNormal, .mean = 7, .std = 2};
  init.bias = {.kind = BiasInit::kUniform, .low = -1, .high = 0};
  const LayerParameters others = draw(shape_of(1, 30000), init);
  weights = others[BlockKind::kWeights], biases = others[BlockKind::kBias];
  for (double& weight : weights) weight -= 7;
  for (double& bias : biases) bias += 0.5;
  expect_normal(weights, 2);
  expect_uniform(biases, 0.5);
}

TEST(Init, constant_weights_are_the_value) {
  EXPECT_EQ(weights_of(WeightInit::kConstant, 0.3), std::vector<double>(kInputs * kRows, 0.3));
}

TEST(Init, mirrored_rows_are_exact_pairs_of_he_normal_ones) {
  LayerInit init = init_of(WeightInit::kMirrored);
  for (const std::size_t rows : {1, 2, 7, 400}) {
    const std::vector<double> weights = draw(shape_of(kInputs, rows), init)[BlockKind::kWeights];
    for (std::size_t r = 1; r < rows; r += 2)
      for (std::size_t i = 0; i < kInputs; ++i)
        ASSERT_EQ(weights[r * kInputs + i], -weights[(r - 1) * kInputs + i]);
    std::vector<double> firsts;
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (i / kInputs % 2 == 0) firsts.push_back(weights[i]);
    if (rows > 7) expect_normal(firsts, std::sqrt(2.0 / kInputs));
    EXPECT_NE(weights[(rows - 1) / 2 * 2 * kInputs], 0);  // of an odd number the last is drawn alone
  }
}

TEST(Init, sign_weights_are_plus_or_minus_the_magnitude_and_fair) {
  const std::vector<double> weights = weights_of(WeightInit::kSign, 2.5);
  for (const double weight : weights) ASSERT_EQ(std::abs(weight), 2.5);
  EXPECT_NEAR(mean(weights), 0, 4 * 2.5 / std::sqrt(static_cast<double>(weights.size())));
}

TEST(Init, the_gain_multiplies_every_weight_and_no_bias) {
  for (const WeightInit kind : values_of<WeightInit>()) {
    LayerInit init;
    init.weights.kind = kind;
    init.bias.kind = BiasInit::kNormal;
    init.bias.std = 1;
    const LayerParameters plain = draw(shape_of(30, 20), init);
    init.gain = 2;
    const LayerParameters doubled = draw(shape_of(30, 20), init);
    for (std::size_t i = 0; i < plain[BlockKind::kWeights].size(); ++i)
      ASSERT_EQ(doubled[BlockKind::kWeights][i], 2 * plain[BlockKind::kWeights][i]);
    EXPECT_EQ(doubled[BlockKind::kBias], plain[BlockKind::kBias]);
  }
}

TEST(Init, biases_follow_their_own_distribution) {
  LayerInit init;
  init.bias.value = -0.7;
  const LayerShape shape = shape_of(4, 20000);
  EXPECT_EQ(draw(shape, init)[BlockKind::kBias], std::vector<double>(20000, -0.7));
  init.bias = {BiasInit::kNormal, 0, 0, 0.7, -0.7, 0.7};
  expect_normal(draw(shape, init)[BlockKind::kBias], 0.7);
  init.bias.kind = BiasInit::kUniform;
  expect_uniform(draw(shape, init)[BlockKind::kBias], 0.7);
  init.bias.kind = BiasInit::kPytorch;
  expect_uniform(draw(shape, init)[BlockKind::kBias], 0.5);
}

TEST(Init, parameters_depend_on_seed_layer_and_position_alone) {
  for (const WeightInit kind : values_of<WeightInit>()) {
    const bool takes_rows = kind == WeightInit::kOrthogonal || kind == WeightInit::kGlorotNormal ||
                            kind == WeightInit::kGlorotUniform;
    if (takes_rows) continue;                     // their number enters each weight
    if (kind == WeightInit::kConstant) continue;  // it draws nothing
    LayerInit init;
    init.weights.kind = kind;
    init.bias.kind = BiasInit::kNormal;
    init.bias.std = 1;
    const LayerParameters few = draw(shape_of(10, 5), init), many = draw(shape_of(10, 50), init);
    EXPECT_TRUE(std::equal(few[BlockKind::kWeights].begin(), few[BlockKind::kWeights].end(),
                           many[BlockKind::kWeights].begin()));
    EXPECT_TRUE(std::equal(few[BlockKind::kBias].begin(), few[BlockKind::kBias].end(),
                           many[BlockKind::kBias].begin()));
    EXPECT_EQ(draw(shape_of(10, 5), init)[BlockKind::kWeights], few[BlockKind::kWeights]);
    for (const LayerParameters& other :
         {draw(shape_of(10, 5), init, 2, 0), draw(shape_of(10, 5), init, 1, 1)}) {
      EXPECT_NE(other[BlockKind::kWeights], few[BlockKind::kWeights]);
      EXPECT_NE(other[BlockKind::kBias], few[BlockKind::kBias]);
    }
  }
}

// Rows of `width` entries: the normals N(0, 0.6007²/fan_in) and one draw of Beta(2,1), P(value ≤ v) = v².
// With fan_in 400 a normal is beyond 0.3 (ten deviations) never, the replaced entry with probability 0.91.
void expect_asymmetric(const std::vector<std::vector<double>>& rows, double fan_in) {
  const std::size_t width = rows[0].size();
  const double n = static_cast<double>(rows.size());
  std::vector<double> normals, replaced;
  double place_sum = 0;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < width; ++i) {
      if (row[i] <= 0.3) {
        normals.push_back(row[i]);
        continue;
      }
      replaced.push_back(row[i]);
      place_sum += (static_cast<double>(i) + 0.5) / static_cast<double>(width);
    }
  }
  const double large = static_cast<double>(replaced.size());
  EXPECT_NEAR(large / n, 0.91, 4 * std::sqrt(0.91 * 0.09 / n));
  EXPECT_NEAR(place_sum / large, 0.5, 4 / std::sqrt(12 * large));
  EXPECT_LT(*std::max_element(replaced.begin(), replaced.end()), 1);
  // Given v > 0.3: E v² = (1 − 0.3⁴)/(2·0.91), E v⁴ = (1 − 0.3⁶)/(3·0.91).
  const double second = (1 - 0.0081) / 1.82, fourth = (1 - 0.000729) / 2.73;
  EXPECT_NEAR(mean_square(replaced), second, 4 * std::sqrt((fourth - second * second) / large));
  const double variance = 0.6007 * 0.6007 / fan_in;
  const double count = static_cast<double>(normals.size());
  const double small = n - large;  // replaced entries below 0.3, E v² = 0.045, hidden among the normals
  EXPECT_NEAR(mean_square(normals), variance + small / count * (0.045 - variance),
              4 * variance * std::sqrt(2 / count) + 4 * 0.03 * std::sqrt(small) / count);
}

TEST(Init, asymmetric_rows_hold_one_beta_draw_among_weights_and_bias) {
  LayerInit init;
  init.weights.kind = WeightInit::kRai;
  init.bias.value = 123;  // not used
  const LayerShape shape = shape_of(400, 3000);
  const LayerParameters drawn = draw(shape, init);
  std::vector<std::vector<double>> rows;
  std::size_t large_biases = 0;
  for (std::size_t r = 0; r < shape.rows; ++r) {
    const auto begin = drawn[BlockKind::kWeights].begin() + static_cast<std::ptrdiff_t>(r * 400);
    rows.emplace_back(begin, begin + 400);
    rows.back().push_back(drawn[BlockKind::kBias][r]);
    large_biases += drawn[BlockKind::kBias][r] > 0.3 ? 1 : 0;
  }
  expect_asymmetric(rows, 400);
  EXPECT_GT(large_biases, 0u);  // 6.8 are expected
  EXPECT_LT(largest(drawn[BlockKind::kBias]), 1);
}

TEST(Init, asymmetric_rows_without_a_bias_replace_a_weight) {
  LayerInit init;
  init.weights.kind = WeightInit::kRai;
  const LayerParameters drawn = draw(shape_of(400, 3000, false), init);
  std::vector<std::vector<double>> rows;
  for (std::size_t r = 0; r < 3000; ++r) {
    const auto begin = drawn[BlockKind::kWeights].begin() + static_cast<std::ptrdiff_t>(r * 400);
    rows.emplace_back(begin, begin + 400);
  }
  expect_asymmetric(rows, 400);
}

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix weight_matrix(std::size_t rows, std::size_t inputs, WeightInit kind, double scale) {
  const LayerInit init = init_of(kind, scale);
  const LayerParameters drawn = draw(shape_of(inputs, rows), init, 5, 2);
  return Eigen::Map<const Matrix>(drawn[BlockKind::kWeights].data(), static_cast<Eigen::Index>(rows),
                                  static_cast<Eigen::Index>(inputs));
}

TEST(Init, orthogonal_weights_are_the_unique_qr_factor_of_their_normal_draws) {
  for (const auto& [rows, inputs] : {std::pair(1, 1), std::pair(1, 5), std::pair(5, 1), std::pair(7, 7),
                                     std::pair(60, 23), std::pair(23, 60), std::pair(200, 200)}) {
    const auto r = static_cast<std::size_t>(rows), c = static_cast<std::size_t>(inputs);
    const Matrix q = weight_matrix(r, c, WeightInit::kOrthogonal, 1);
    Matrix normal = weight_matrix(r, c, WeightInit::kNormal, 1);
    if (rows < inputs) normal.transposeInPlace();
    const Eigen::HouseholderQR<Matrix> qr(normal);
    Matrix expected = qr.householderQ() * Matrix::Identity(normal.rows(), normal.cols());
    for (Eigen::Index k = 0; k < normal.cols(); ++k) {
      if (qr.matrixQR()(k, k) < 0) expected.col(k) *= -1;
    }
    if (rows < inputs) expected.transposeInPlace();
    EXPECT_LT((q - expected).cwiseAbs().maxCoeff(), 1e-11) << rows << "x" << inputs;
    const Matrix gram = rows < inputs ? Matrix(q * q.transpose()) : Matrix(q.transpose() * q);
    EXPECT_LT((gram - Matrix::Identity(gram.rows(), gram.cols())).cwiseAbs().maxCoeff(), 1e-13);
  }
}

// A reset unit's weights: the layer's own distribution and scale, whatever that is, in other numbers.
TEST(Redraw, rows_are_as_the_layers_initializer_draws_them) {
  for (const WeightInit kind : values_of<WeightInit>()) {
    for (const std::size_t rows : {16, 96}) {
      const LayerShape shape = shape_of(48, rows, false);
      LayerInit init;
      init.weights = {kind, 0.3, 0.1, 0.2, -0.2, 0.6, 0.7};
      init.gain = 1.5;
      std::vector<double> first, anew;
      for (std::uint64_t seed = 1; seed <= 2000 / rows; ++seed) {
        const auto drawn = draw(shape, init, seed, 2)[BlockKind::kWeights];
        first.insert(first.end(), drawn.begin(), drawn.end());
        for (std::size_t row = 0; row < rows; ++row) {
          std::vector<double> weights(48);
          redraw_row(shape, init, seed, 2, row, 1 + seed % 3, weights);
          anew.insert(anew.end(), weights.begin(), weights.end());
        }
      }
      EXPECT_NEAR(mean(anew), mean(first), 4 * std::sqrt(mean_square(first) / 96000)) << name_of(kind);
      EXPECT_NEAR(mean_square(anew), mean_square(first), 0.04 * mean_square(first)) << name_of(kind);
      EXPECT_NEAR(largest(anew), largest(first), 0.3 * largest(first)) << name_of(kind);
    }
  }
}

TEST(Redraw, no_two_rows_layers_or_events_share_a_number) {
  const LayerShape shape = shape_of(5, 4);
  LayerInit init;
  std::vector<double> all = draw(shape, init)[BlockKind::kWeights];
  for (const std::size_t layer : {0, 1}) {
    for (std::size_t row = 0; row < 4; ++row) {
      for (std::uint64_t event = 1; event <= 30; ++event) {
        std::vector<double> weights(5);
        redraw_row(shape, init, 1, layer, row, event, weights);
        all.insert(all.end(), weights.begin(), weights.end());
      }
    }
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

}  // namespace
}  // namespace deadrelu
