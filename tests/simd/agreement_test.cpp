// One result, however it is computed: every kernel on the same sixteen runs, whatever the target and the
// lane.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "activation_testing.h"
#include "lane_testing.h"

namespace deadrelu {
namespace {

constexpr std::size_t kRuns = 16;  // as many as the longest vector has lanes

// A number in [−2, 2) that depends on run, matrix and place alone (SplitMix64).
double number(std::size_t run, std::size_t matrix, std::size_t row, std::size_t column) {
  std::uint64_t x = (run * 64 + matrix) * 0x9E3779B97F4A7C15u + row * 1009 + column;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return double((x ^ (x >> 31)) >> 11) * 0x1p-51 - 2;
}

// One pack of runs through all kernels; appends every number of run r to results[r].
template <class T>
class Trial {
 public:
  Trial(const Kernels<T>& kernels, std::vector<std::size_t> runs, std::vector<std::vector<double>>& results)
      : k_(kernels), runs_(std::move(runs)), results_(results) {}

  void everything() {
    const TestParameters<T> p(k_.lanes);
    const TestMatrix<T> x = matrix(5, 9, 1), w = matrix(7, 5, 2), long_a = matrix(3, 150, 3),
                        long_b = matrix(150, 4, 4);
    TestMatrix<T> z(7, 9, k_.lanes), long_c(3, 4, k_.lanes);
    k_.dense->multiply(w.constant(), x.constant(), ProductStart::kZero, nullptr, z.view());
    k_.dense->multiply(long_a.constant(), long_b.constant(), ProductStart::kZero, nullptr, long_c.view());
    keep(z);
    keep(long_c);
    for (const Activation kind : kElementwise) activate(kind, p, z);
    for (const Loss loss : values_of<Loss>()) evaluate(loss, z);
    for (const Optimizer optimizer : values_of<Optimizer>()) update(optimizer);
  }

 private:
  TestMatrix<T> matrix(std::size_t rows, std::size_t columns, std::size_t which) const {
    TestMatrix<T> m(rows, columns, k_.lanes);
    m.fill([&](std::size_t r, std::size_t c, std::size_t lane) { return number(runs_[lane], which, r, c); });
    return m;
  }
  TestMatrix<T> column(std::size_t rows, std::size_t which) const {
    TestMatrix<T> m = dense_column<T>(rows, k_.lanes);
    m.fill([&](std::size_t r, std::size_t c, std::size_t lane) { return number(runs_[lane], which, r, c); });
    return m;
  }
  void keep(const TestMatrix<T>& m) {
    for (std::size_t lane = 0; lane < k_.lanes; ++lane) {
      for (std::size_t r = 0; r < m.rows(); ++r) {
        for (std::size_t c = 0; c < m.columns(); ++c) results_[runs_[lane]].push_back(m(r, c, lane));
      }
    }
  }
  void keep(const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) results_[runs_[i % k_.lanes]].push_back(values[i]);
  }

  void activate(Activation kind, const TestParameters<T>& p, const TestMatrix<T>& z) {
    TestMatrix<T> a(7, 9, k_.lanes), dz(7, 9, k_.lanes), slopes(7, 9, k_.lanes);
    k_.activation->forward(kind, p.get(), z.constant(), a.view());
    k_.activation->backward(kind, p.get(), z.constant(), a.constant(), dz.view());
    k_.activation->derivative_magnitude(kind, p.get(), z.constant(), slopes.view());
    keep(a);
    keep(dz);
    const std::vector<double> below(k_.lanes, 0.5);
    std::vector<std::vector<double>> s(kUnitSums + 1, std::vector<double>(7 * k_.lanes));
    k_.unit_sums->add(z.constant(), a.constant(), slopes.constant(),
                      {s[0].data(), s[1].data(), s[2].data(), s[3].data(), s[4].data(), s[5].data(),
                       s[6].data(), s[7].data(), s[8].data(), s[9].data(), below.data()},
                      s[kUnitSums].data());
    for (const auto& values : s) keep(values);
    std::vector<double> squares(k_.lanes);
    k_.squares->add(a.constant(), squares.data());
    k_.squares->add_differences(a.constant(), z.constant(), squares.data());
    keep(squares);
  }

  void evaluate(Loss loss, const TestMatrix<T>& z) {
    TestMatrix<T> t = matrix(7, 9, 5), gradient(7, 9, k_.lanes), row_sums = dense_column<T>(7, k_.lanes);
    if (loss == Loss::kCrossEntropy) {
      t.fill([&](std::size_t o, std::size_t n, std::size_t lane) { return (n + runs_[lane]) % 7 == o; });
    }
    std::vector<double> sums(k_.lanes), counts(k_.lanes);
    k_.loss->evaluate(loss, z.constant(), t.constant(), T(0.1), sums.data(), gradient.view());
    k_.loss->count_correct(z.constant(), t.constant(), 0, T(0.5), counts.data());
    k_.dense->add_row_sums(gradient.constant(), row_sums.view().data);
    k_.activation->slope_gradient(z.constant(), gradient.constant(), row_sums.view().data);
    keep(gradient);
    keep(row_sums);
    keep(sums);
    keep(counts);
  }

  void update(Optimizer optimizer) {
    // In the order of UpdateNumber.
    constexpr double kNumbers[kUpdateNumbers] = {0.1,  0.01, 1, 0.6,  0.9,  0,    1,   0.75,
                                                 0.75, 1e-8, 0, 0.25, 0.25, 0.75, 0.75};
    Buffer<T> numbers(kUpdateNumbers * k_.lanes);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = T(kNumbers[i / k_.lanes]);
    UpdateParameters<T> p;
    p.numbers = numbers.data();
    p.uses_momentum = p.uses_weight_decay = p.clips = true;
    TestMatrix<T> parameters = column(20, 6), first = column(20, 7), second = dense_column<T>(20, k_.lanes),
                  gradient = column(20, 8), poison = dense_column<T>(1, k_.lanes);
    k_.update->update(optimizer, p, 20, parameters.view().data, gradient.view().data, first.view().data,
                      second.view().data, poison.view().data);
    for (const TestMatrix<T>* m : {&parameters, &first, &second, &poison}) keep(*m);
  }

  Kernels<T> k_;
  std::vector<std::size_t> runs_;
  std::vector<std::vector<double>>& results_;
};

// All results of all runs, run r sitting in place (r + shift) mod 16.
template <class T>
std::vector<std::vector<double>> all_results(const Kernels<T>& kernels, std::size_t shift) {
  std::vector<std::vector<double>> results(kRuns);
  for (std::size_t place = 0; place < kRuns; place += kernels.lanes) {
    std::vector<std::size_t> runs;
    for (std::size_t lane = 0; lane < kernels.lanes; ++lane)
      runs.push_back((place + lane + kRuns - shift) % kRuns);
    Trial<T>(kernels, runs, results).everything();
  }
  return results;
}

// FNV-1a over the bits.
std::uint64_t fingerprint(const std::vector<std::vector<double>>& results) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const auto& run : results) {
    for (const double value : run) {
      std::uint64_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      hash = (hash ^ bits) * 0x100000001B3u;
    }
  }
  return hash;
}

template <class T>
class Agreement : public ::testing::Test {};
TYPED_TEST_SUITE(Agreement, Precisions);

TYPED_TEST(Agreement, a_run_does_not_know_its_lane) {
  on_every_target_in_lanes<TypeParam>([](const Kernels<TypeParam>& kernels) {
    const auto expected = all_results(kernels, 0);
    for (const std::size_t shift : {1, 5, 8}) EXPECT_EQ(all_results(kernels, shift), expected);
  });
}

TYPED_TEST(Agreement, all_targets_of_this_machine_give_the_same_bits) {
  if (available_simd().size() < 2) {
    GTEST_SKIP() << "this machine runs " << name_of(available_simd().front())
                 << " only: there is no second target to compare it with";
  }
  const auto expected = all_results(kernels<TypeParam>(available_simd().front()), 0);
  on_every_target<TypeParam>([&](const Kernels<TypeParam>& k) { EXPECT_EQ(all_results(k, 0), expected); });
}

// The same on every processor and with every compiler. A change here changes results: the engine epoch goes
// up.
TYPED_TEST(Agreement, the_fingerprint_of_all_kernels_is_the_recorded_one) {
  const std::uint64_t recorded = sizeof(TypeParam) == 4 ? 0x0555A2334E8E5810u : 0xF44C631D34EB7B18u;
  on_every_target<TypeParam>([&](const Kernels<TypeParam>& kernels) {
    EXPECT_EQ(fingerprint(all_results(kernels, 0)), recorded)
        << std::hex << fingerprint(all_results(kernels, 0));
  });
}

}  // namespace
}  // namespace deadrelu
