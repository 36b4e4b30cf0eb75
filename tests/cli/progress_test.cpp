#include "cli/progress.h"

#include <gtest/gtest.h>

namespace deadrelu {
namespace {

ProgressCounts counts() {
  ProgressCounts counts;
  counts.total = 400;
  counts.recorded = 100;
  counts.trained = 50;
  counts.diverged = 3;
  counts.seconds = 10;
  return counts;
}

TEST(Progress, the_rate_counts_only_what_is_trained_now) {
  EXPECT_EQ(counts().runs_per_second(), 5);
  EXPECT_EQ(counts().remaining_seconds(), 50);
}

TEST(Progress, nothing_is_foretold_before_the_first_run) {
  ProgressCounts start = counts();
  start.trained = 0;
  EXPECT_LT(start.remaining_seconds(), 0);
  EXPECT_EQ(progress_json(start).find("\"remaining_seconds\": null") == std::string::npos, false);
  EXPECT_EQ(progress_line(start).find("left"), std::string::npos);
}

TEST(Progress, a_line_tells_share_rate_and_remaining_time) {
  EXPECT_EQ(progress_line(counts()), "150/400 runs (37 %), 5 runs/s, 0:50 left, 3 diverged");
}

TEST(Progress, long_times_are_told_in_hours) {
  ProgressCounts slow = counts();
  slow.total = 100'000;
  EXPECT_NE(progress_line(slow).find("5:32:50 left"), std::string::npos) << progress_line(slow);
}

TEST(Progress, json_has_five_members) {
  EXPECT_EQ(progress_json(counts()),
            R"({"done": 150, "total": 400, "diverged": 3, "runs_per_second": 5, "remaining_seconds": 50})");
}

TEST(Progress, a_bar_fits_every_width) {
  for (std::size_t width = 1; width < 200; ++width) EXPECT_LE(progress_bar(counts(), width).size(), width);
  EXPECT_EQ(progress_bar(counts(), 70),
            "150/400 runs [######..........]  37 %, 5 runs/s, 0:50 left, 3 diverged");
}

TEST(Progress, a_bar_is_full_at_the_end_and_with_nothing_to_do) {
  ProgressCounts done = counts();
  done.trained = 300;
  EXPECT_EQ(progress_bar(done, 200).find('.'), std::string::npos);
  EXPECT_NE(progress_bar(ProgressCounts{}, 200).find("100 %"), std::string::npos);
}

}  // namespace
}  // namespace deadrelu
