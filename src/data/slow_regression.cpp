// Draws: a sign is bit 0 of a block's first word. purpose kTeacher, stream 0, index j·(inputs + 1) + i:
// weight i of unit j, its bias being the last; stream 1, index j: its output weight, the output bias being
// the last. kStream, stream 0, index segment: the slow bits, the low ones of words 0 and 1; stream 1, index
// ⌊example/p⌋, p = ⌊128/fast⌋: the fast bits of p examples, the first ones lowest. kData, stream 0, index
// sample: the bits of the examples of evaluation.
#include "data/slow_regression.h"

#include <bit>
#include <cassert>

#include "base/random.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

std::uint64_t low_mask(std::size_t bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; }

std::uint64_t first_words(std::uint64_t seed, Purpose purpose, std::uint64_t index) {
  const auto words = random_block(seed, purpose, 0, index);
  return static_cast<std::uint64_t>(words[1]) << 32 | words[0];
}

int sign(std::uint64_t seed, std::uint32_t stream, std::uint64_t index) {
  return (random_block(seed, Purpose::kTeacher, stream, index)[0] & 1) != 0 ? 1 : -1;
}

}  // namespace

SlowRegression::SlowRegression(const DataSpec& spec, std::uint64_t seed)
    : inputs_(spec.dimensions), slow_inputs_(spec.slow_inputs), seed_(seed), units_(spec.target_units) {
  assert(1 <= inputs_ && inputs_ <= kMostInputs && slow_inputs_ <= inputs_ &&
         fast_inputs() <= kMostFastInputs);
  for (std::size_t j = 0; j < units_.size(); ++j) {
    Unit& unit = units_[j];
    int sum = 0;
    for (std::size_t i = 0; i < inputs_; ++i) {
      const int weight = sign(seed, 0, j * (inputs_ + 1) + i);
      (weight > 0 ? unit.positive : unit.negative) |= 1ull << i;
      sum += weight;
    }
    const int bias = sign(seed, 0, j * (inputs_ + 1) + inputs_);
    const auto inputs = static_cast<double>(inputs_);
    unit.threshold = spec.beta * (inputs + 1) - (inputs - sum + bias) / 2 - bias;
    unit.output = sign(seed, 1, j);
  }
  output_bias_ = sign(seed, 1, units_.size());
}

std::uint64_t SlowRegression::slow_bits(std::uint64_t segment) const {
  return first_words(seed_, Purpose::kStream, segment) & low_mask(slow_inputs_);
}

std::uint64_t SlowRegression::fast_bits(std::uint64_t example) const {
  const std::size_t fast = fast_inputs();
  if (fast == 0) return 0;
  const std::uint64_t in_block = 128 / fast;
  const auto words = random_block(seed_, Purpose::kStream, 1, example / in_block);
  const unsigned __int128 block = static_cast<unsigned __int128>(words[3]) << 96 |
                                  static_cast<unsigned __int128>(words[2]) << 64 |
                                  static_cast<unsigned __int128>(words[1]) << 32 | words[0];
  const auto bits = static_cast<std::uint64_t>(block >> (example % in_block * fast)) & low_mask(fast);
  return bits << slow_inputs_;
}

double SlowRegression::target(std::uint64_t input) const {
  double sum = output_bias_;
  for (const Unit& unit : units_) {
    const int z = std::popcount(input & unit.positive) - std::popcount(input & unit.negative);
    if (z > unit.threshold) sum += unit.output;
  }
  return sum;
}

Examples generate_slow_regression(const DataSpec& spec, std::uint64_t seed) {
  const SlowRegression problem(spec, seed);
  Examples set = sized_examples(spec);
  for (std::size_t s = 0; s < set.samples; ++s) {
    const std::uint64_t input = first_words(seed, Purpose::kData, s) & low_mask(set.inputs);
    for (std::size_t i = 0; i < set.inputs; ++i)
      set.values[s * set.inputs + i] = static_cast<double>(input >> i & 1);
    set.targets[s] = problem.target(input);
  }
  return set;
}

}  // namespace deadrelu
