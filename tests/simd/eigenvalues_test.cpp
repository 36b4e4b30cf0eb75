#include "simd/eigenvalues.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "lane_testing.h"

namespace deadrelu {
namespace {

using Matrices = std::function<Eigen::MatrixXd(std::size_t run)>;

// The kernel's eigenvalues of the matrices, run after run, each run's in the kernel's order.
std::vector<std::vector<double>> eigenvalues_of(const Kernels<double>& table, Eigen::Index size,
                                                const Matrices& matrices, std::size_t runs) {
  const auto n = static_cast<std::size_t>(size);
  std::vector<std::vector<double>> result;
  for (std::size_t first = 0; first < runs; first += table.lanes) {
    const std::size_t row = padded_row(table, n);
    Buffer<double> a(n * row), work(4 * row), values(n * table.lanes);
    for (std::size_t lane = 0; lane < table.lanes; ++lane) {
      const Eigen::MatrixXd matrix = matrices(std::min(first + lane, runs - 1));
      for (Eigen::Index i = 0; i < size; ++i)
        for (Eigen::Index j = 0; j < size; ++j)  // the upper triangle is nobody's business
          a[std::size_t(i) * row + std::size_t(j) * table.lanes + lane] = j <= i ? matrix(i, j) : 1e30;
    }
    table.eigenvalues->symmetric({a.data(), n, n, row, table.lanes}, work.data(), values.data());
    for (std::size_t lane = 0; lane < table.lanes && first + lane < runs; ++lane) {
      result.emplace_back();
      for (std::size_t i = 0; i < n; ++i) result.back().push_back(values[i * table.lanes + lane]);
    }
  }
  return result;
}

// Against Eigen, within a few last places of the largest; and the same bits on every target and engine.
void expect_eigenvalues(Eigen::Index size, const Matrices& matrices, std::size_t runs = 1) {
  std::vector<std::vector<double>> expected;
  on_every_target<double>([&](const Kernels<double>& table) {
    const auto found = eigenvalues_of(table, size, matrices, runs);
    if (expected.empty()) expected = found;
    ASSERT_EQ(found, expected);
  });
  for (std::size_t run = 0; run < runs; ++run) {
    std::vector<double>& found = expected[run];
    std::sort(found.begin(), found.end());
    const Eigen::VectorXd values =
        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrices(run), Eigen::EigenvaluesOnly).eigenvalues();
    const double tolerance = 4 * static_cast<double>(size) * 0x1p-52 * std::abs(values[size - 1]);
    for (Eigen::Index i = 0; i < size; ++i)
      ASSERT_NEAR(found[std::size_t(i)], values[i], tolerance) << "size " << size << " run " << run;
  }
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
  for (Eigen::Index size = 1; size <= 20; ++size) {
    expect_eigenvalues(
        size, [&](std::size_t run) { return random_gram(size, 30, std::uint32_t(run)); }, 13);
  }
  for (const Eigen::Index size : {33, 64, 130})
    expect_eigenvalues(
        size, [&](std::size_t run) { return random_gram(size, 200, std::uint32_t(run)); }, 3);
}

TEST(Eigenvalues, runs_of_different_rank_share_a_vector) {
  for (const Eigen::Index size : {2, 5, 16, 40}) {
    expect_eigenvalues(
        size,
        [&](std::size_t run) {
          return random_gram(size, 1 + Eigen::Index(run), std::uint32_t(run), 0.1 * double(run));
        },
        9);
  }
}

TEST(Eigenvalues, matrices_that_need_no_work_agree_with_eigen) {
  Eigen::MatrixXd diagonal = Eigen::MatrixXd::Zero(9, 9);
  for (Eigen::Index i = 0; i < 9; ++i) diagonal(i, i) = i == 4 ? 0 : 1 << i;
  expect_eigenvalues(9, [&](std::size_t) { return diagonal; });
  expect_eigenvalues(7, [&](std::size_t) { return Eigen::MatrixXd::Zero(7, 7).eval(); });
  expect_eigenvalues(12, [&](std::size_t) { return Eigen::MatrixXd::Identity(12, 12).eval(); });
  expect_eigenvalues(12, [&](std::size_t) { return Eigen::MatrixXd::Ones(12, 12).eval(); });
}

TEST(Eigenvalues, the_second_difference_has_its_closed_form) {
  constexpr Eigen::Index kSize = 25;
  Eigen::MatrixXd matrix = 2 * Eigen::MatrixXd::Identity(kSize, kSize);
  for (Eigen::Index i = 0; i + 1 < kSize; ++i) matrix(i, i + 1) = matrix(i + 1, i) = -1;
  on_every_target<double>([&](const Kernels<double>& table) {
    auto found = eigenvalues_of(
        table, kSize, [&](std::size_t) { return matrix; }, 1)[0];
    std::sort(found.begin(), found.end());
    for (Eigen::Index k = 0; k < kSize; ++k)
      EXPECT_NEAR(found[std::size_t(k)], 2 - 2 * std::cos(M_PI * double(k + 1) / (kSize + 1)), 1e-14);
  });
}

TEST(Eigenvalues, graded_and_scaled_matrices_agree_with_eigen) {
  Eigen::MatrixXd hilbert(11, 11);
  for (Eigen::Index i = 0; i < 11; ++i)
    for (Eigen::Index j = 0; j < 11; ++j) hilbert(i, j) = 1.0 / double(i + j + 1);
  expect_eigenvalues(11, [&](std::size_t) { return hilbert; });
  Eigen::MatrixXd graded = random_gram(10, 40, 3);
  for (Eigen::Index i = 0; i < 10; ++i) {
    graded.row(i) *= std::pow(1e-9, double(i));
    graded.col(i) *= std::pow(1e-9, double(i));
  }
  expect_eigenvalues(10, [&](std::size_t) { return graded; });
  expect_eigenvalues(10, [&](std::size_t) { return graded.reverse().eval(); });
  for (const double scale : {1e-300, 1e-200, 1e200, 1e300})
    expect_eigenvalues(
        6, [&](std::size_t run) { return (scale * random_gram(6, 20, std::uint32_t(run))).eval(); }, 5);
}

TEST(Eigenvalues, a_run_that_is_not_finite_tells_and_harms_no_neighbour) {
  for (const double bad : {kInfinity<double>, kNan<double>}) {
    const auto clean = [](std::size_t run) { return random_gram(8, 20, std::uint32_t(run)); };
    const auto spoilt = [&](std::size_t run) {
      Eigen::MatrixXd matrix = clean(run);
      if (run == 1) matrix.row(3).setConstant(bad), matrix.col(3).setConstant(bad);
      return matrix;
    };
    on_every_target<double>([&](const Kernels<double>& table) {
      const auto expected = eigenvalues_of(table, 8, clean, 4), found = eigenvalues_of(table, 8, spoilt, 4);
      for (const std::size_t run : {0, 2, 3}) EXPECT_EQ(found[run], expected[run]);
      EXPECT_TRUE(std::any_of(found[1].begin(), found[1].end(), [](double v) { return std::isnan(v); }));
    });
  }
}

}  // namespace
}  // namespace deadrelu
