#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "data/dataset.h"
#include "temporary_files.h"

namespace deadrelu {
namespace {

constexpr std::size_t kNothing = 0, kEverything = std::size_t{1} << 30;

DataSpec gaussian(std::size_t samples) {
  DataSpec spec;
  spec.kind = DataKind::kGaussian;
  spec.samples = samples;
  return spec;
}

TEST(DatasetCache, a_set_that_somebody_holds_is_not_made_again) {
  DatasetCache<float> cache(kNothing);
  const auto first = cache.get(gaussian(100), 1);
  EXPECT_EQ(cache.get(gaussian(100), 1), first);
  EXPECT_NE(cache.get(gaussian(100), 2), first);
  EXPECT_NE(cache.get(gaussian(101), 1), first);
}

TEST(DatasetCache, runs_share_what_their_seeds_do_not_change) {
  DatasetCache<float> cache(kNothing);
  DataSpec grid;
  const auto first = cache.get(grid, 1);
  EXPECT_EQ(cache.get(grid, 2), first);
  grid.directory = "/elsewhere";
  EXPECT_EQ(cache.get(grid, 1), first);
  DataSpec seeded = gaussian(10);
  seeded.seed = 5;
  const auto of_five = cache.get(seeded, 1);
  EXPECT_EQ(cache.get(seeded, 2), of_five);
  EXPECT_EQ(cache.get(gaussian(10), 5), of_five);
  seeded.seed = 6;
  EXPECT_NE(cache.get(seeded, 1), of_five);
}

TEST(DatasetCache, every_field_that_changes_the_set_tells_sets_apart) {
  DatasetCache<double> cache(kEverything);
  const std::vector<std::function<void(DataSpec&)>> changes = {
      [](DataSpec&) {},
      [](DataSpec& s) { s.kind = DataKind::kXor; },
      [](DataSpec& s) { s.function = TargetFunction::kSine; },
      [](DataSpec& s) { s.domain[0] = -2; },
      [](DataSpec& s) { s.domain[1] = 2; },
      [](DataSpec& s) { s.function_sampling = FunctionSampling::kUniform; },
      [](DataSpec& s) { s.samples = 9; },
      [](DataSpec& s) { s.noise = 1; },
      [](DataSpec& s) { s.limit = 4; },
      [](DataSpec& s) { s.standardize = true; },
      [](DataSpec& s) { s.scale = 2; },
      [](DataSpec& s) { s.offset = 2; },
      [](DataSpec& s) { s.target_scale = 2; },
      [](DataSpec& s) { s.test_fraction = 0.5; },
      [](DataSpec& s) { s.target_form = TargetForm::kBinary; },
      [](DataSpec& s) { s.dimensions = 3; },
      [](DataSpec& s) { s.gaussian_target = GaussianTarget::kNorm; },
      [](DataSpec& s) { s.teacher_hidden = {4}; },
      [](DataSpec& s) { s.teacher_outputs = 2; },
      [](DataSpec& s) { s.teacher_bias = 1; },
      [](DataSpec& s) { s.classes = 3; },
      [](DataSpec& s) { s.spread = 2; },
      [](DataSpec& s) { s.turns = 2; },
  };
  std::vector<std::shared_ptr<const Dataset<double>>> sets;
  for (const auto& change : changes) {
    DataSpec spec;
    spec.samples = 10;
    change(spec);
    const auto set = cache.get(spec, 1);
    for (const auto& other : sets) EXPECT_NE(set, other) << "change " << sets.size();
    sets.push_back(set);
  }
}

TEST(DatasetCache, the_most_recently_used_sets_are_kept_within_the_budget) {
  const std::size_t one = 100 * 3 * sizeof(float);
  DatasetCache<float> cache(2 * one);
  const std::weak_ptr<const Dataset<float>> first = cache.get(gaussian(100), 1),
                                            second = cache.get(gaussian(100), 2);
  EXPECT_FALSE(first.expired());
  cache.get(gaussian(100), 1);
  const std::weak_ptr<const Dataset<float>> third = cache.get(gaussian(100), 3);
  EXPECT_FALSE(first.expired());
  EXPECT_TRUE(second.expired());
  EXPECT_FALSE(third.expired());
  const std::weak_ptr<const Dataset<float>> large = cache.get(gaussian(1000), 1);
  EXPECT_TRUE(large.expired());  // alone beyond the budget: it pushes nobody out
  EXPECT_FALSE(first.expired());
  EXPECT_FALSE(third.expired());
}

TEST(DatasetCache, threads_that_ask_at_once_get_one_set) {
  DatasetCache<float> cache(kNothing);
  constexpr std::size_t kThreads = 8;
  std::latch start(kThreads);
  std::vector<std::shared_ptr<const Dataset<float>>> sets(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      sets[t] = cache.get(gaussian(100000), 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& set : sets) EXPECT_EQ(set, sets[0]);
}

TEST(DatasetCache, a_failure_is_told_to_everybody_and_not_remembered) {
  DatasetCache<float> cache(kEverything);
  DataSpec spec;
  spec.kind = DataKind::kCsv;
  spec.path = write_file("set.csv", "x,y\n1,red\n");
  spec.csv.targets = {"y"};
  EXPECT_NE(message_of([&] { cache.get(spec, 1); }), "");
  EXPECT_NE(message_of([&] { cache.get(spec, 1); }), "");
  write_file("set.csv", "x,y\n1,2\n");
  EXPECT_EQ(cache.get(spec, 1)->train.samples, 1u);
}

}  // namespace
}  // namespace deadrelu
