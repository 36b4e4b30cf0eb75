#include "data/stream.h"

#include <bit>
#include <cassert>
#include <limits>

#include "base/random.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

// The slowly changing regression problem draws: a sign is bit 0 of a block's first word. purpose kTeacher, stream 0, index j·(inputs + 1) + i:
// weight i of unit j, its bias being the last; stream 1, index j: its output weight, the output bias being
// the last. kStream, stream 0, index segment: the slow bits, the low ones of words 0 and 1; stream 1, index
// ⌊example/p⌋, p = ⌊128/fast⌋: the fast bits of p examples, the first ones lowest. kData, stream 0, index
// sample: the bits of the examples of evaluation.
std::uint64_t low_mask(std::size_t bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; }

std::uint64_t first_words(std::uint64_t seed, Purpose purpose, std::uint64_t index) {
  const auto words = random_block(seed, purpose, 0, index);
  return static_cast<std::uint64_t>(words[1]) << 32 | words[0];
}

int sign(std::uint64_t seed, std::uint32_t stream, std::uint64_t index) {
  return (random_block(seed, Purpose::kTeacher, stream, index)[0] & 1) != 0 ? 1 : -1;
}

template <class T>
class SlowStream : public Stream<T> {
 public:
  SlowStream(const DataSpec& spec, const StreamSetup& setup)
      : problem_(spec, spec.seed.value_or(setup.run_seed)),
        change_every_(spec.change_every),
        slow_inputs_(spec.slow_inputs),
        batch_size_(setup.batch_size),
        target_scale_(spec.target_scale),
        bit_values_{static_cast<T>(spec.offset), static_cast<T>(spec.scale + spec.offset)},
        targets_(std::size_t{1} << problem_.fast_inputs()),
        held_(setup.max_columns),
        filled_(setup.max_columns) {}

  void fill(std::uint64_t step, std::size_t from, std::size_t count, std::size_t lane, LaneMatrix<T> inputs,
            LaneMatrix<T> targets) override {
    for (std::size_t s = 0; s < count; ++s) {
      const std::uint64_t example = step * batch_size_ + from + s;
      if (example / change_every_ != segment_) begin_segment(example / change_every_);
      const std::uint64_t fast = problem_.fast_bits(example);
      write(slow_ | fast, s, lane, inputs);
      targets.at(0, s)[lane] = targets_[fast >> slow_inputs_];
    }
  }

 private:
  // Within a segment there are few different inputs: their targets are worked out once.
  void begin_segment(std::uint64_t segment) {
    segment_ = segment;
    slow_ = problem_.slow_bits(segment);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const double target = problem_.target(slow_ | static_cast<std::uint64_t>(i) << slow_inputs_);
      targets_[i] = static_cast<T>(target * target_scale_);
    }
  }

  // Writes the inputs that differ from what the column holds.
  void write(std::uint64_t input, std::size_t column, std::size_t lane, LaneMatrix<T> inputs) {
    std::uint64_t changed = input ^ held_[column];
    if (!filled_[column]) changed = inputs.rows == 64 ? ~0ull : (1ull << inputs.rows) - 1;
    for (; changed != 0; changed &= changed - 1) {
      const int i = std::countr_zero(changed);
      inputs.at(static_cast<std::size_t>(i), column)[lane] = bit_values_[input >> i & 1];
    }
    held_[column] = input;
    filled_[column] = true;
  }

  const SlowRegression problem_;
  const std::uint64_t change_every_;
  const std::size_t slow_inputs_, batch_size_;
  const double target_scale_;
  const T bit_values_[2];
  std::uint64_t segment_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t slow_ = 0;           // bits of the segment
  std::vector<T> targets_;           // [fast bits], of the segment
  std::vector<std::uint64_t> held_;  // [column]
  std::vector<bool> filled_;         // [column]
};

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

template <class T>
std::unique_ptr<Stream<T>> make_stream(const DataSpec& spec, const StreamSetup& setup) {
  if (spec.kind == DataKind::kSlowlyChangingRegression) return std::make_unique<SlowStream<T>>(spec, setup);
  return nullptr;
}

template std::unique_ptr<Stream<float>> make_stream(const DataSpec&, const StreamSetup&);
template std::unique_ptr<Stream<double>> make_stream(const DataSpec&, const StreamSetup&);

}  // namespace deadrelu
