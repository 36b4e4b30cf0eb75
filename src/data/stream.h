// Online streams: examples that are made while they are used, one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "data/data_spec.h"
#include "simd/lane_matrix.h"

namespace deadrelu {

// The stream of one run, which belongs to one lane. It is a function of the data alone (data.seed, or the
// run's seed): runs that differ in anything else see the same examples in the same order.
template <class T>
class Stream {
 public:
  virtual ~Stream() = default;
  // Writes examples from … from+count−1 of the batch of `step` into the lane of the first `count` columns of
  // inputs [input][sample] and targets [output][sample]. Steps ascend. REQUIRES: always the same memory, in
  // which nobody else writes to this lane.
  virtual void fill(std::uint64_t step, std::size_t from, std::size_t count, std::size_t lane,
                    LaneMatrix<T> inputs, LaneMatrix<T> targets) = 0;
};

// What a stream needs to know beside the data.
struct StreamSetup {
  std::uint64_t run_seed = 0;   // counts where the data has no seed of its own
  std::size_t batch_size = 1;   // examples a step
  std::size_t max_columns = 1;  // of the memory that is filled
};

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
  std::uint64_t fast_bits(std::uint64_t example) const;  // in their places, above the slow ones
  double target(std::uint64_t input) const;
  std::size_t fast_inputs() const { return inputs_ - slow_inputs_; }

 private:
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

// Null where the data is no stream.
//   slowly_changing_regression   see SlowRegression; example number step·batch_size + from
template <class T>
std::unique_ptr<Stream<T>> make_stream(const DataSpec& spec, const StreamSetup& setup);

}  // namespace deadrelu
