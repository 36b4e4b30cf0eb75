// Which examples are training examples and which are test examples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deadrelu {

// Numbers of examples, both ascending.
struct SplitIndices {
  std::vector<std::uint32_t> train, test;
};

// ⌊test_fraction·samples + ½⌋ test examples, picked by Permutation(seed, kSplit, 0, samples).
// REQUIRES: 1 ≤ samples ≤ 2^31, test_fraction in [0, 1].
SplitIndices split_examples(std::size_t samples, double test_fraction, std::uint64_t seed);

}  // namespace deadrelu
