#include "simd/target.h"

#include <gtest/gtest.h>

#include "lane_testing.h"

namespace deadrelu {
namespace {

TEST(Target, every_name_reads_back_to_its_target) {
  for (const SimdTarget target : {SimdTarget::kAvx2, SimdTarget::kAvx512, SimdTarget::kNeon}) {
    EXPECT_EQ(value_of<SimdTarget>(name_of(target)), target);
  }
  EXPECT_EQ(name_of(SimdTarget::kAvx512), "avx512");
}

TEST(Target, an_unknown_name_is_no_target) {
  EXPECT_EQ(value_of<SimdTarget>("sse4"), std::nullopt);
  EXPECT_EQ(value_of<SimdTarget>("AVX2"), std::nullopt);
  EXPECT_EQ(value_of<SimdTarget>(""), std::nullopt);
}

TEST(Target, this_machine_has_a_target_and_the_widest_comes_first) {
  const auto targets = available_simd();
  ASSERT_FALSE(targets.empty());
  for (const SimdTarget target : targets) {
    EXPECT_GE(lane_count<float>(targets.front()), lane_count<float>(target));
  }
}

// Only the forced target's vectors are as long as the lanes that change.
template <class T>
void expect_forced_target_runs() {
  on_every_target_in_lanes<T>([](const Kernels<T>& k) {
    constexpr std::size_t kWidest = 64 / sizeof(T);
    Buffer<T> x(kWidest), sums(kWidest);
    for (std::size_t i = 0; i < kWidest; ++i) x[i] = 1;
    k.dense->add_row_sums(LaneMatrix<const T>{x.data(), 1, 1, kWidest, kWidest}, sums.data());
    for (std::size_t i = 0; i < kWidest; ++i) EXPECT_EQ(sums[i], i < lane_count<T>(k.target) ? 1 : 0);
  });
}

TEST(Target, the_forced_target_is_the_one_that_runs) {
  expect_forced_target_runs<float>();
  expect_forced_target_runs<double>();
}

}  // namespace
}  // namespace deadrelu
