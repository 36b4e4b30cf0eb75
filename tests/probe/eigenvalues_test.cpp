#include "probe/effective_rank.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "simd/lane_testing.h"

namespace deadrelu {
namespace {

using Matrices = std::function<Eigen::MatrixXd(std::size_t run)>;

// Of [row][column], whose upper triangle is nobody's business; in our order.
std::vector<double> eigenvalues_of(const Eigen::MatrixXd& matrix) {
  const auto size = static_cast<std::size_t>(matrix.rows());
  std::vector<double> lower(size * size);
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    for (Eigen::Index j = 0; j < matrix.rows(); ++j)
      lower[static_cast<std::size_t>(i * matrix.rows() + j)] = j <= i ? matrix(i, j) : 1e30;
  return symmetric_eigenvalues(lower, size);
}

// Against Eigen, within a few last places of the largest.
void expect_eigenvalues(const Eigen::MatrixXd& matrix) {
  std::vector<double> found = eigenvalues_of(matrix);
  std::sort(found.begin(), found.end());
  const Eigen::VectorXd values =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix, Eigen::EigenvaluesOnly).eigenvalues();
  const auto size = static_cast<double>(matrix.rows());
  const double tolerance = 4 * size * 0x1p-52 * std::abs(values[matrix.rows() - 1]);
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    ASSERT_NEAR(found[static_cast<std::size_t>(i)], values[i], tolerance) << "size " << size;
}

// Like activations: `samples` random columns, negatives cut off, some rows dead.
Eigen::MatrixXd random_gram(Eigen::Index size, Eigen::Index samples, std::uint32_t seed, double dead = 0) {
  TestRandom random(seed);
  Eigen::MatrixXd x(size, samples);
  for (Eigen::Index i = 0; i < size; ++i) {
    const bool is_dead = random.uniform(0, 1) < dead;
    for (Eigen::Index j = 0; j < samples; ++j) x(i, j) = is_dead ? 0 : std::max(0.0, random.uniform(-1, 1));
  }
  return x * x.transpose();
}

TEST(Eigenvalues, random_products_agree_with_eigen) {
  for (Eigen::Index size = 1; size <= 20; ++size)
    for (std::uint32_t seed = 0; seed < 13; ++seed) expect_eigenvalues(random_gram(size, 30, seed));
  for (const Eigen::Index size : {33, 64, 130})
    for (std::uint32_t seed = 0; seed < 3; ++seed) expect_eigenvalues(random_gram(size, 200, seed));
}

TEST(Eigenvalues, matrices_of_any_rank_agree_with_eigen) {
  for (const Eigen::Index size : {2, 5, 16, 40})
    for (std::uint32_t seed = 0; seed < 9; ++seed)
      expect_eigenvalues(random_gram(size, 1 + Eigen::Index(seed), seed, 0.1 * double(seed)));
}

TEST(Eigenvalues, matrices_that_need_no_work_agree_with_eigen) {
  Eigen::MatrixXd diagonal = Eigen::MatrixXd::Zero(9, 9);
  for (Eigen::Index i = 0; i < 9; ++i) diagonal(i, i) = i == 4 ? 0 : 1 << i;
  expect_eigenvalues(diagonal);
  expect_eigenvalues(Eigen::MatrixXd::Zero(7, 7));
  expect_eigenvalues(Eigen::MatrixXd::Identity(12, 12));
  expect_eigenvalues(Eigen::MatrixXd::Ones(12, 12));
}

TEST(Eigenvalues, the_second_difference_has_its_closed_form) {
  constexpr Eigen::Index kSize = 25;
  Eigen::MatrixXd matrix = 2 * Eigen::MatrixXd::Identity(kSize, kSize);
  for (Eigen::Index i = 0; i + 1 < kSize; ++i) matrix(i, i + 1) = matrix(i + 1, i) = -1;
  auto found = eigenvalues_of(matrix);
  std::sort(found.begin(), found.end());
  for (Eigen::Index k = 0; k < kSize; ++k)
    EXPECT_NEAR(found[std::size_t(k)], 2 - 2 * std::cos(M_PI * double(k + 1) / (kSize + 1)), 1e-14);
}

TEST(Eigenvalues, graded_and_scaled_matrices_agree_with_eigen) {
  Eigen::MatrixXd hilbert(11, 11);
  for (Eigen::Index i = 0; i < 11; ++i)
    for (Eigen::Index j = 0; j < 11; ++j) hilbert(i, j) = 1.0 / double(i + j + 1);
  expect_eigenvalues(hilbert);
  Eigen::MatrixXd graded = random_gram(10, 40, 3);
  for (Eigen::Index i = 0; i < 10; ++i) {
    graded.row(i) *= std::pow(1e-9, double(i));
    graded.col(i) *= std::pow(1e-9, double(i));
  }
  expect_eigenvalues(graded);
  expect_eigenvalues(graded.reverse());
  for (const double scale : {1e-300, 1e-200, 1e200, 1e300})
    for (std::uint32_t seed = 0; seed < 5; ++seed) expect_eigenvalues(scale * random_gram(6, 20, seed));
}

TEST(Eigenvalues, a_matrix_that_is_not_finite_tells) {
  for (const double bad : {kInfinity<double>, kNan<double>}) {
    Eigen::MatrixXd matrix = random_gram(8, 20, 1);
    matrix.row(3).setConstant(bad), matrix.col(3).setConstant(bad);
    const auto found = eigenvalues_of(matrix);
    EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](double v) { return std::isnan(v); }));
  }
}

TEST(Products, are_the_naive_loop_to_the_bit) {
  TestRandom random(1);
  for (const std::size_t size : {1, 2, 3, 7, 16, 33, 130}) {
    for (const std::size_t count : {0, 1, 2, 33}) {
      std::vector<double> rows(count * size), gram(size * size);
      for (auto* values : {&rows, &gram})
        for (double& value : *values) value = random.uniform(-1, 1);
      std::vector<double> expected = gram;
      for (std::size_t i = 0; i < size; ++i)
        for (std::size_t j = 0; j <= i; ++j)
          for (std::size_t n = 0; n < count; ++n)
            expected[i * size + j] = std::fma(rows[n * size + i], rows[n * size + j], expected[i * size + j]);
      add_products(rows, size, gram);
      ASSERT_EQ(gram, expected) << size << ' ' << count;
    }
  }
}

}  // namespace
}  // namespace deadrelu
