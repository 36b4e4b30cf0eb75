#include "runner/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "train/pack.h"

namespace deadrelu {
namespace {

PlannedRun planned(std::uint64_t id, std::size_t width = 4) {
  PlannedRun run;
  run.id = id;
  run.spec.model.hidden = {width};
  run.spec.seed = id;
  return run;
}

TEST(Packer, hands_out_a_pack_when_it_is_full) {
  Packer packer(8);
  for (std::uint64_t id = 0; id < 7; ++id) ASSERT_FALSE(packer.add(planned(id)).has_value());
  const auto pack = packer.add(planned(7));
  ASSERT_TRUE(pack.has_value());
  ASSERT_EQ(pack->size(), 8U);
  for (std::uint64_t id = 0; id < 8; ++id) EXPECT_EQ((*pack)[id].id, id);
  EXPECT_FALSE(packer.take_rest().has_value());
}

TEST(Packer, float64_runs_fill_half_as_many_lanes) {
  Packer packer(8);
  PlannedRun run = planned(0);
  run.spec.train.precision = Precision::kFloat64;
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(packer.add(run).has_value());
  const auto pack = packer.add(run);
  ASSERT_TRUE(pack.has_value());
  EXPECT_EQ(pack->size(), 4U);
}

TEST(Packer, never_mixes_runs_that_cannot_share_a_pack) {
  Packer packer(8);
  std::multiset<std::uint64_t> ids;
  const auto take = [&](const std::optional<std::vector<PlannedRun>>& pack) {
    if (!pack) return;
    for (const PlannedRun& run : *pack) {
      ids.insert(run.id);
      EXPECT_TRUE(pack_form(run.spec) == pack_form((*pack)[0].spec));
    }
  };
  for (std::uint64_t id = 0; id < 100; ++id) take(packer.add(planned(id, 1 + id % 3)));
  while (auto pack = packer.take_rest()) take(pack);
  EXPECT_EQ(ids.size(), 100U);  // each run once
  EXPECT_EQ(std::set<std::uint64_t>(ids.begin(), ids.end()).size(), 100U);
}

TEST(Packer, holds_a_bounded_number_of_runs) {
  Packer packer(8);
  std::size_t waiting = 0, most = 0;
  for (std::uint64_t id = 0; id < 10000; ++id) {
    const auto pack = packer.add(planned(id, 1 + id));  // no two may share a pack
    waiting += 1 - (pack ? pack->size() : 0);
    most = std::max(most, waiting);
  }
  EXPECT_LT(most, 5000U);
}

}  // namespace
}  // namespace deadrelu
