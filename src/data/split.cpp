#include "data/split.h"

#include <algorithm>
#include <cmath>

#include "data/order.h"

namespace deadrelu {

SplitIndices split_examples(std::size_t samples, double test_fraction, std::uint64_t seed) {
  const double share = std::floor(test_fraction * static_cast<double>(samples) + 0.5);
  const std::size_t test_count = std::min(static_cast<std::size_t>(share), samples);
  std::vector<std::uint32_t> chosen(test_count);
  const Permutation permutation(seed, Purpose::kSplit, 0, samples);
  for (std::uint32_t i = 0; i < test_count; ++i) chosen[i] = permutation(i);
  std::vector<bool> is_test(samples);
  for (const std::uint32_t example : chosen) is_test[example] = true;
  SplitIndices split;
  split.train.reserve(samples - test_count);
  split.test.reserve(test_count);
  for (std::uint32_t s = 0; s < samples; ++s) (is_test[s] ? split.test : split.train).push_back(s);
  return split;
}

}  // namespace deadrelu
