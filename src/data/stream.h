// Online streams: examples that are made while they are used, one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "data/dataset.h"
#include "data/order.h"
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
  std::uint64_t run_seed = 0;            // counts where the data has no seed of its own
  std::size_t batch_size = 1;            // examples a step
  std::size_t max_columns = 1;           // of the memory that is filled
  Sampling sampling = Sampling::kEpoch;  // permuted: order of the images in a task
};

// Null where the data is no stream; else `data`, which has to outlive the stream, is its data set.
//   slowly_changing_regression   see data/slow_regression.h; example number step·batch_size + from
//   permuted                     a task is a pass over the training split, in which the inputs are put in an
//                                order of the task's own: input i comes from input
//                                Permutation(seed, kPixels, task)(i)
template <class T>
std::unique_ptr<Stream<T>> make_stream(const DataSpec& spec, const Dataset<T>& data,
                                       const StreamSetup& setup);

}  // namespace deadrelu
