#include "simd/unit_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "lane_testing.h"

namespace deadrelu {
namespace {

template <class T>
class UnitSumsOf : public ::testing::Test {};
TYPED_TEST_SUITE(UnitSumsOf, Precisions);

// Owned sums, [unit][lane] each.
struct OwnedSums {
  explicit OwnedSums(std::size_t size)
      : all(kUnitSums, std::vector<double>(size)), silent(size), below(size) {
    for (std::size_t i = 0; i < size; ++i) below[i] = 0.25 + 0.5 * static_cast<double>(i % 3);

    all[1].assign(size, -std::numeric_limits<double>::infinity());
  }
  UnitSums get() {
    return {all[0].data(), all[1].data(), all[2].data(), all[3].data(), all[4].data(), all[5].data(),
            all[6].data(), all[7].data(), all[8].data(), all[9].data(), below.data()};
  }
  std::vector<std::vector<double>> all;
  std::vector<double> silent, below;
};

template <class T>
struct Probe {
  Probe(std::size_t units, std::size_t outputs, std::size_t samples, std::size_t lanes)
      : z(units, samples, lanes, 1), a(outputs, samples, lanes), slopes(units, samples, lanes, 2) {
    TestRandom random(std::uint32_t(units + outputs * 10));
    z.fill_random(random);
    slopes.fill_random(random);
    a.fill([&](std::size_t r, std::size_t n, std::size_t lane) {
      const T v = z(r % units, n, lane);
      return r < units ? std::max(v, T(0)) : std::max(-v, T(0));
    });
    for (std::size_t u = 0; u < units; ++u) z(u, 2, silent_lane()) = -1;  // one silent sample
  }
  std::size_t silent_lane() const { return z.lanes() > 1 ? 1 : 0; }
  TestMatrix<T> z, a, slopes;
};

// The definitions, scalar by scalar.
template <class T>
void add_naively(const Probe<T>& probe, OwnedSums& sums) {
  const std::size_t lanes = probe.z.lanes();
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    for (std::size_t n = 0; n < probe.z.columns(); ++n) {
      bool is_silent = true;
      for (std::size_t u = 0; u < probe.z.rows(); ++u) {
        const std::size_t i = u * lanes + lane;
        const double z = probe.z(u, n, lane);
        is_silent = is_silent && !(z > 0);
        sums.all[0][i] += z > 0;
        sums.all[1][i] = std::max(sums.all[1][i], z);
        sums.all[2][i] += z;
        sums.all[3][i] = std::fma(z, z, sums.all[3][i]);
        for (std::size_t row = u; row < probe.a.rows(); row += probe.z.rows()) {
          const double a = probe.a(row, n, lane);
          sums.all[4][i] += a;
          sums.all[5][i] = std::fma(a, a, sums.all[5][i]);
          sums.all[6][i] += std::abs(a);
          sums.all[7][i] += a == 0;
        }
        sums.all[8][i] = std::max(sums.all[8][i], std::abs(double(probe.slopes(u, n, lane))));
        sums.all[9][i] += std::abs(double(probe.slopes(u, n, lane))) < sums.below[lane];
      }
      sums.silent[lane] += is_silent;
    }
  }
}

TYPED_TEST(UnitSumsOf, a_layer_is_the_naive_loop_to_the_bit) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const std::size_t outputs_per_unit : {1, 2}) {
      for (const std::size_t units : {1, 3, 4, 8, 19, 33}) {
        Probe<T> probe(units, units * outputs_per_unit, units == 19 ? 150 : 11, kernels.lanes);
        OwnedSums sums(units * kernels.lanes), expected(units * kernels.lanes);
        add_naively(probe, expected);
        kernels.unit_sums->add(probe.z.constant(), probe.a.constant(), probe.slopes.constant(), sums.get(),
                               sums.silent.data());
        EXPECT_EQ(sums.all, expected.all);
        EXPECT_EQ(sums.silent, expected.silent);
        EXPECT_GE(sums.silent[probe.silent_lane()], 1);
      }
    }
  });
}

TYPED_TEST(UnitSumsOf, relus_give_the_same_from_their_pre_activations_alone) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    constexpr std::size_t kUnits = 21, kSamples = 223, kBlock = 90;
    Probe<T> probe(kUnits, kUnits, kSamples, kernels.lanes);
    for (std::size_t lane = 0; lane < kernels.lanes; ++lane) probe.z(1, 3, lane) = 0;
    for (std::size_t n = 0; n < kSamples; ++n) probe.z(2, n, 0) = probe.z(20, n, 0) = -1;  // dead
    probe.z(3, 5, 0) = kNan<T>;
    probe.z(4, 1, 0) = kInfinity<T>;
    probe.z(4, 2, 0) = -kInfinity<T>;
    probe.a.fill([&](std::size_t u, std::size_t n, std::size_t lane) {
      const T z = probe.z(u, n, lane);
      return z <= 0 ? T{0} : z;
    });
    probe.slopes.fill(
        [&](std::size_t u, std::size_t n, std::size_t lane) { return probe.z(u, n, lane) > 0; });
    OwnedSums expected(kUnits * kernels.lanes), sums(kUnits * kernels.lanes);
    for (std::size_t from = 0; from < kSamples; from += kBlock) {
      const auto part = [&](const TestMatrix<T>& x) {
        return x.constant().transposed().row_range(from, std::min(kBlock, kSamples - from)).transposed();
      };
      kernels.unit_sums->add(part(probe.z), part(probe.a), part(probe.slopes), expected.get(),
                             expected.silent.data());
      kernels.unit_sums->add_relu(part(probe.z), sums.get(), sums.silent.data());
    }
    for (std::size_t i = 0; i < expected.all.size(); ++i) {
      for (std::size_t j = 0; j < expected.all[i].size(); ++j)
        EXPECT_TRUE(same_bits(sums.all[i][j], expected.all[i][j])) << "sum " << i << " place " << j;
    }
    EXPECT_EQ(sums.silent, expected.silent);
  });
}

TYPED_TEST(UnitSumsOf, blocks_of_samples_add_up_to_the_whole) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    Probe<T> probe(3, 6, 13, kernels.lanes);
    OwnedSums whole(3 * kernels.lanes), pieces(3 * kernels.lanes);
    const auto add = [&](std::size_t from, std::size_t count, OwnedSums& sums) {
      const auto part = [&](const TestMatrix<T>& x) {
        return x.constant().transposed().row_range(from, count).transposed();
      };
      kernels.unit_sums->add(part(probe.z), part(probe.a), part(probe.slopes), sums.get(),
                             sums.silent.data());
    };
    add(0, 13, whole);
    add(0, 5, pieces);
    add(5, 1, pieces);
    add(6, 7, pieces);
    EXPECT_EQ(pieces.all, whole.all);
    EXPECT_EQ(pieces.silent, whole.silent);
  });
}

TYPED_TEST(UnitSumsOf, outputs_have_their_range_and_their_distances_from_the_origin) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes, size = 3 * lanes;
    Probe<T> probe(3, 3, 9, lanes);
    std::vector<double> low(size, kInfinity<double>), high(size, -kInfinity<double>), origin(size), sum(size),
        squares(size);
    for (std::size_t i = 0; i < size; ++i) origin[i] = double(probe.z(i / lanes, 0, i % lanes));
    kernels.unit_sums->add_outputs(probe.z.constant(),
                                   {low.data(), high.data(), origin.data(), sum.data(), squares.data()});
    for (std::size_t u = 0; u < 3; ++u) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::size_t i = u * lanes + lane;
        double least = probe.z(u, 0, lane), most = least, distances = 0, distances_squared = 0;
        for (std::size_t n = 0; n < 9; ++n) {
          const double value = probe.z(u, n, lane), distance = value - origin[i];
          least = std::min(least, value);
          most = std::max(most, value);
          distances += distance;
          distances_squared = std::fma(distance, distance, distances_squared);
        }
        EXPECT_EQ(low[i], least);
        EXPECT_EQ(high[i], most);
        EXPECT_EQ(sum[i], distances);
        EXPECT_EQ(squares[i], distances_squared);
      }
    }
  });
}

TYPED_TEST(UnitSumsOf, peaks_are_the_largest_numbers_of_all_blocks_and_none_where_one_is_none) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    constexpr std::size_t kRows = 5, kSamples = 37, kBlock = 16;
    Probe<T> probe(kRows, kRows, kSamples, kernels.lanes);
    probe.z(1, 20, 0) = kNan<T>;
    for (std::size_t n = 0; n < kSamples; ++n) probe.z(3, n, 0) = -kInfinity<T>;
    std::vector<T> peaks(kRows * kernels.lanes, -kInfinity<T>);
    for (std::size_t from = 0; from < kSamples; from += kBlock)
      kernels.unit_sums->add_peaks(
          probe.z.constant().transposed().row_range(from, std::min(kBlock, kSamples - from)).transposed(),
          peaks.data());
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t lane = 0; lane < kernels.lanes; ++lane) {
        T most = -kInfinity<T>;
        bool none = false;
        for (std::size_t n = 0; n < kSamples; ++n) {
          none |= std::isnan(probe.z(r, n, lane));
          most = std::max(most, probe.z(r, n, lane));
        }
        const T peak = peaks[r * kernels.lanes + lane];
        EXPECT_TRUE(none ? std::isnan(peak) : peak == most) << r << " " << lane;
      }
    }
  });
}

TYPED_TEST(UnitSumsOf, a_poisoned_lane_leaves_its_neighbours_alone) {
  using T = TypeParam;
  on_every_target_in_lanes<T>([](const Kernels<T>& kernels) {
    const std::size_t lanes = kernels.lanes;
    Probe<T> clean(2, 2, 7, lanes), sick(2, 2, 7, lanes);
    sick.z(0, 3, 1) = kNan<T>;
    sick.a(1, 4, 1) = kInfinity<T>;
    sick.slopes(0, 5, 1) = kNan<T>;
    OwnedSums expected(2 * lanes), sums(2 * lanes);
    const auto add = [&](const Probe<T>& probe, OwnedSums& to) {
      kernels.unit_sums->add(probe.z.constant(), probe.a.constant(), probe.slopes.constant(), to.get(),
                             to.silent.data());
    };
    add(clean, expected);
    add(sick, sums);
    EXPECT_TRUE(std::isnan(sums.all[2][1]));
    for (std::size_t i = 0; i < sums.all.size(); ++i) {
      for (std::size_t u = 0; u < 2; ++u) sums.all[i][u * lanes + 1] = expected.all[i][u * lanes + 1];
    }
    EXPECT_EQ(sums.all, expected.all);
  });
}

}  // namespace
}  // namespace deadrelu
