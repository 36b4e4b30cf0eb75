// Online streams: examples that are made while they are used, one after another.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "data/data_spec.h"
#include "simd/kernels.h"

namespace deadrelu {

// The slowly changing regression problem (Dohare et al. 2024, doi:10.1038/s41586-024-07711-7).
// Bit i of an input is input i; all draws are functions of (seed, index).
//   inputs   the first slow_inputs bits are fair and redrawn all together every change_every examples, the
//            others are fair bits of each example
//   target   a network of `target_units` threshold units: weights w and biases b are +1 or −1, unit j fires
//            where w_j·x + b_j > beta·(inputs + 1) − S_j with S_j = (inputs − Σ_i w_ji + b_j)/2, and the
//            output is the sum of the firing units' output weights, +1 or −1, and an output bias, +1 or −1
class SlowRegression {
 public:
  static constexpr std::size_t kMostInputs = 64;
  static constexpr std::size_t kMostFastInputs = 12;

  // REQUIRES: 1 ≤ inputs ≤ kMostInputs, slow_inputs ≤ inputs, at most kMostFastInputs others.
  SlowRegression(const DataSpec& spec, std::uint64_t seed);

  std::uint64_t slow_bits(std::uint64_t segment) const;  // of examples segment·change_every and on
  // use(i, the fast bits of example + i, the lowest one first), for i < count.
  template <class Use>
  void each_fast(std::uint64_t example, std::size_t count, const Use& use) const {
    const std::size_t fast = fast_inputs(), in_block = 128 / std::max<std::size_t>(fast, 1);
    const std::uint32_t mask = (std::uint32_t{1} << fast) - 1;
    for (std::size_t i = 0; i < count;) {
      const std::size_t place = (example + i) % in_block, end = std::min(count, i + in_block - place);
      Bits bits = fast_block((example + i) / in_block) >> (place * fast);
      for (; i < end; ++i, bits >>= fast) use(i, static_cast<std::uint32_t>(bits) & mask);
    }
  }
  double target(std::uint64_t input) const;
  std::size_t fast_inputs() const { return inputs_ - slow_inputs_; }

 private:
  using Bits = unsigned __int128;
  Bits fast_block(std::uint64_t block) const;

  struct Unit {
    std::uint64_t positive = 0, negative = 0;  // inputs of weight +1, −1
    double threshold = 0;                      // of the weighted sum of the inputs, without the bias
    double output = 0;                         // ±1
  };

  std::size_t inputs_, slow_inputs_;
  std::uint64_t seed_;
  std::vector<Unit> units_;
  double output_bias_ = 0;
};

// The streams of a pack, one a lane. Each is a function of its data alone (data.seed, or the run's seed): runs that
// differ in anything else see the same examples in the same order. Examples are made for all lanes at once, some ahead.
//   slowly_changing_regression   see SlowRegression; example number step·batch_size + from
template <class T>
class Streams {
 public:
  struct Lane {
    const DataSpec* spec;
    std::uint64_t run_seed;  // counts where the data has no seed of its own
  };
  // max_columns: of the memory that is filled. REQUIRES: a lane for each of the kernels', is_endless(*spec), and
  // equally many inputs in all of them.
  Streams(const Kernels<T>& kernels, const std::vector<Lane>& lanes, std::size_t batch_size,
          std::size_t max_columns);

  // Writes examples from … from+count−1 of the batch of `step` into the first `count` columns of inputs [input][sample]
  // and targets [output][sample]. REQUIRES: always the same memory, in which nobody else writes.
  void fill(std::uint64_t step, std::size_t from, std::size_t count, LaneMatrix<T> inputs,
            LaneMatrix<T> targets);

 private:
  struct Source {
    SlowRegression problem;
    std::uint64_t change_every;
    std::size_t slow_inputs;
    double target_scale;
    std::uint64_t segment_end = 0;  // the first example behind the present segment
    std::uint64_t slow = 0;         // bits of the segment
    std::vector<T> targets{};       // [fast bits], of the segment
  };
  void begin_segment(Source& source, std::uint64_t example);
  void look_ahead(std::uint64_t example);
  void write_slow(std::size_t column, LaneMatrix<T> inputs);

  const Kernels<T>* kernels_;
  std::vector<Source> sources_;  // [lane]
  std::size_t batch_size_, lanes_;
  std::size_t slow_inputs_;          // that change only where a segment begins, in every lane
  Buffer<T> low_, high_;             // [lane]: what a bit becomes
  std::uint64_t from_ = 0, to_ = 0;  // the examples that are there:
  Buffer<LaneBits<T>> bits_;         // [example][lane], of the inputs after slow_inputs_
  Buffer<T> targets_;                // [example][lane]
  std::uint64_t segments_ = 0;       // that have begun, of any lane
  std::vector<std::uint64_t> held_;  // [column]: segments_ when its slow inputs were written
};

}  // namespace deadrelu
