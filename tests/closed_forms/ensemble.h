// Many networks that differ in their seed alone, trained as the program trains them, and statistics over
// them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "runner/runner.h"

namespace deadrelu {

inline constexpr std::size_t kManyNetworks = 100'000;
// Whether a network is born dead is asked of the most networks. Fewer under the sanitizers, which are about
// memory and take twenty times as long.
#ifdef DEADRELU_SANITIZED
inline constexpr std::size_t kBornNetworks = kManyNetworks / 10;
#else
inline constexpr std::size_t kBornNetworks = kManyNetworks;
#endif

// A relu network, He normal, zero bias, measured before any update; no tables, all data probed.
inline RunSpec born(std::vector<std::size_t> hidden, PointList inputs) {
  RunSpec spec;
  spec.data.kind = DataKind::kPoints;
  spec.data.targets = PointList(inputs.size(), {0.0});
  spec.data.inputs = std::move(inputs);
  spec.model.hidden = std::move(hidden);
  spec.train.steps = 0;
  spec.train.batch_size = 0;
  spec.record.probe_samples = 0;
  spec.record.metrics = spec.record.layers = false;
  return spec;
}

// Trains `count` runs with seeds first_seed, first_seed + 1, … and shows each to `look`.
inline void for_each_network(const RunSpec& spec, std::size_t count,
                             const std::function<void(const RunRecord&)>& look,
                             std::uint64_t first_seed = 0) {
  std::uint64_t next = 0, seen = 0;
  const RunStream stream = [&](PlannedRun& run) {
    if (next == count) return false;
    run.position = run.id = next;
    run.spec = spec;
    run.spec.seed = first_seed + next++;
    return true;
  };
  RunnerOptions options;
  options.threads = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  options.simd = available_simd()[0];
  const std::atomic<bool> stop = false;
  train_runs(stream, options, stop, [&](std::vector<FinishedRun>& runs) {
    for (const FinishedRun& run : runs) {
      ASSERT_EQ(run.failure, "");
      look(run.record);
      ++seen;
    }
  });
  ASSERT_EQ(seen, count);
}

// Mean and standard error of a number over networks.
class Sample {
 public:
  void add(double value) {
    ++count_;
    sum_ += value;
    squares_ += value * value;
  }
  double mean() const { return sum_ / count_; }
  double standard_error() const {
    return std::sqrt(std::max(0.0, squares_ / count_ - mean() * mean()) / count_);
  }
  double count() const { return count_; }

 private:
  double count_ = 0, sum_ = 0, squares_ = 0;
};

inline constexpr double kErrors = 4;  // standard errors that a mean may be off

inline Sample born_dead(const RunSpec& spec, std::size_t count = kBornNetworks) {
  Sample sample;
  for_each_network(spec, count,
                   [&](const RunRecord& run) { sample.add(static_cast<double>(run.outcome.born_dead)); });
  return sample;
}

inline Sample dead_fraction(const RunSpec& spec, std::size_t count = kManyNetworks) {
  Sample sample;
  for_each_network(spec, count, [&](const RunRecord& run) { sample.add(run.outcome.dead_fraction); });
  return sample;
}

// The share of networks against an exact probability.
inline void expect_probability(const Sample& share, double probability) {
  const double error = std::sqrt(probability * (1 - probability) / share.count());
  EXPECT_NEAR(share.mean(), probability, kErrors * error);
}

// A mean against its expectation; the standard error is what the sample shows.
inline void expect_mean(const Sample& sample, double expectation) {
  EXPECT_NEAR(sample.mean(), expectation, kErrors * sample.standard_error());
}

}  // namespace deadrelu
