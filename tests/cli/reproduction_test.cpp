#include "cli/reproduction.h"

#include <gtest/gtest.h>

namespace deadrelu {
namespace {

Claim range(std::optional<double> low, std::optional<double> high) {
  Claim claim;
  claim.low = low;
  claim.high = high;
  return claim;
}

TEST(Verdict, a_range_with_two_ends_asks_for_the_value_alone) {
  const Measurement wide{10, 0.5, {0.1, 0.9}};
  EXPECT_TRUE(confirms(wide, range(0.4, 0.6)));
  EXPECT_TRUE(confirms(wide, range(0.5, 0.5)));
  EXPECT_FALSE(confirms(wide, range(0.51, 0.6)));
  EXPECT_FALSE(confirms(wide, range(0.4, 0.49)));
}

TEST(Verdict, a_range_with_one_end_asks_for_the_whole_interval) {
  const Measurement found{10, 0.5, {0.4, 0.6}};
  EXPECT_TRUE(confirms(found, range(0.4, {})));
  EXPECT_FALSE(confirms(found, range(0.41, {})));
  EXPECT_TRUE(confirms(found, range({}, 0.6)));
  EXPECT_FALSE(confirms(found, range({}, 0.59)));
}

TEST(Verdict, a_value_without_an_interval_stands_for_itself) {
  const Measurement found{1, 0.5, {}};
  EXPECT_TRUE(confirms(found, range(0.5, {})));
  EXPECT_FALSE(confirms(found, range(0.51, {})));
}

TEST(Verdict, nothing_measured_confirms_nothing) { EXPECT_FALSE(confirms({}, range(-1e300, 1e300))); }

}  // namespace
}  // namespace deadrelu
