#include "data/stream.h"

#include <bit>
#include <cassert>

#include "base/random.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

// The slowly changing regression problem draws: a sign is bit 0 of a block's first word. purpose kTeacher, stream 0, index j·(inputs + 1) + i:
// weight i of unit j, its bias being the last; stream 1, index j: its output weight, the output bias being
// the last. kStream, stream 0, index segment: the slow bits, the low ones of words 0 and 1; stream 1, index
// ⌊example/p⌋, p = ⌊128/fast⌋: the fast bits of p examples, the first ones lowest. kData, stream 0, index
// sample: the bits of the examples of evaluation.
constexpr std::size_t kAhead = 100;  // examples that are made at once: four blocks of the published problem

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

SlowRegression::Bits SlowRegression::fast_block(std::uint64_t block) const {
  const auto words = random_block(seed_, Purpose::kStream, 1, block);
  return static_cast<Bits>(words[3]) << 96 | static_cast<Bits>(words[2]) << 64 |
         static_cast<Bits>(words[1]) << 32 | words[0];
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
Streams<T>::Streams(const Kernels<T>& kernels, const std::vector<Lane>& lanes, std::size_t batch_size,
                    std::size_t max_columns)
    : kernels_(&kernels),
      batch_size_(batch_size),
      lanes_(lanes.size()),
      slow_inputs_(lanes.front().spec->slow_inputs),
      low_(lanes_),
      high_(lanes_),
      bits_(kAhead * lanes_),
      targets_(kAhead * lanes_),
      held_(max_columns) {
  assert(kernels.lanes == lanes_);
  for (const auto& [spec, run_seed] : lanes) {
    assert(spec->kind == DataKind::kSlowlyChangingRegression);
    low_[sources_.size()] = static_cast<T>(spec->offset);
    high_[sources_.size()] = static_cast<T>(spec->scale + spec->offset);
    slow_inputs_ = std::min<std::size_t>(slow_inputs_, spec->slow_inputs);
    Source source{SlowRegression(*spec, spec->seed.value_or(run_seed)), spec->change_every, spec->slow_inputs,
                  spec->target_scale};
    source.targets.resize(std::size_t{1} << source.problem.fast_inputs());
    sources_.push_back(std::move(source));
  }
}

// Within a segment there are few different inputs: their targets are worked out once.
template <class T>
void Streams<T>::begin_segment(Source& source, std::uint64_t example) {
  const std::uint64_t segment = example / source.change_every;
  source.segment_end = (segment + 1) * source.change_every;
  source.slow = source.problem.slow_bits(segment);
  for (std::size_t i = 0; i < source.targets.size(); ++i) {
    const double target =
        source.problem.target(source.slow | static_cast<std::uint64_t>(i) << source.slow_inputs);
    source.targets[i] = static_cast<T>(target * source.target_scale);
  }
  ++segments_;
}

// No segment ends among examples that are made at once.
template <class T>
void Streams<T>::look_ahead(std::uint64_t example) {
  const bool is_next = example == to_;
  from_ = example;
  to_ = example + kAhead;
  for (Source& source : sources_) {
    if (!is_next || example >= source.segment_end) begin_segment(source, example);
    to_ = std::min(to_, source.segment_end);
  }
  for (std::size_t lane = 0; lane < lanes_; ++lane) {
    const Source& source = sources_[lane];
    const std::uint64_t slow = source.slow >> slow_inputs_;
    const std::size_t place = source.slow_inputs - slow_inputs_;
    LaneBits<T>* bits = bits_.data() + lane;
    T* target = targets_.data() + lane;
    source.problem.each_fast(example, to_ - from_, [&](std::size_t, std::uint32_t fast) {
      *bits = static_cast<LaneBits<T>>(slow | fast << place);
      *target = source.targets[fast];
      bits += lanes_;
      target += lanes_;
    });
  }
}

template <class T>
void Streams<T>::write_slow(std::size_t column, LaneMatrix<T> inputs) {
  for (std::size_t i = 0; i < slow_inputs_; ++i)
    for (std::size_t lane = 0; lane < lanes_; ++lane)
      inputs.at(i, column)[lane] = (sources_[lane].slow >> i & 1) != 0 ? high_[lane] : low_[lane];
  held_[column] = segments_;
}

template <class T>
void Streams<T>::fill(std::uint64_t step, std::size_t from, std::size_t count, LaneMatrix<T> inputs,
                      LaneMatrix<T> targets) {
  const LaneMatrix<T> fast = inputs.row_range(slow_inputs_, inputs.rows - slow_inputs_);
  for (std::size_t s = 0; s < count; ++s) {
    const std::uint64_t example = step * batch_size_ + from + s;
    if (example < from_ || example >= to_) look_ahead(example);
    if (held_[s] != segments_) write_slow(s, inputs);
    const std::size_t place = (example - from_) * lanes_;
    kernels_->online->write_bits(bits_.data() + place, low_.data(), high_.data(), fast.column(s));
    std::copy_n(targets_.data() + place, lanes_, targets.at(0, s));
  }
}

template class Streams<float>;
template class Streams<double>;

}  // namespace deadrelu
