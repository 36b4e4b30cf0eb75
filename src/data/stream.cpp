#include "data/stream.h"

#include <bit>
#include <limits>
#include <vector>

#include "data/slow_regression.h"

namespace deadrelu {
namespace {

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

template <class T>
class PermutedStream : public Stream<T> {
 public:
  PermutedStream(const DataSpec& spec, const Split<T>& images, std::size_t inputs, const StreamSetup& setup)
      : seed_(spec.seed.value_or(setup.run_seed)),
        images_(images),
        order_(order_kernels<T>(available_simd().front(), Engine::kWide), {seed_}, setup.sampling,
               images.samples, setup.batch_size),
        places_(inputs),
        indices_(setup.max_columns) {}

  void fill(std::uint64_t step, std::size_t from, std::size_t count, std::size_t lane, LaneMatrix<T> inputs,
            LaneMatrix<T> targets) override {
    const std::uint64_t task = step / order_.batches_per_epoch();
    if (task != task_) {
      task_ = task;
      const Permutation permutation(seed_, Purpose::kPixels, task, places_.size());
      for (std::uint32_t i = 0; i < places_.size(); ++i) places_[i] = permutation(i);
    }
    order_.fill(step, from, count, indices_.data());
    for (std::size_t s = 0; s < count; ++s) {
      const T* image = images_.inputs.data() + indices_[s] * inputs.rows;
      for (std::size_t i = 0; i < inputs.rows; ++i) inputs.at(i, s)[lane] = image[places_[i]];
      const T* target = images_.targets.data() + indices_[s] * targets.rows;
      for (std::size_t o = 0; o < targets.rows; ++o) targets.at(o, s)[lane] = target[o];
    }
  }

 private:
  const std::uint64_t seed_;
  const Split<T>& images_;
  BatchOrder order_;
  std::uint64_t task_ = std::numeric_limits<std::uint64_t>::max();
  std::vector<std::uint32_t> places_;  // [input]: where in the image it comes from
  Buffer<std::uint32_t> indices_;
};

}  // namespace

template <class T>
std::unique_ptr<Stream<T>> make_stream(const DataSpec& spec, const Dataset<T>& data,
                                       const StreamSetup& setup) {
  if (spec.kind == DataKind::kSlowlyChangingRegression) return std::make_unique<SlowStream<T>>(spec, setup);
  if (spec.kind == DataKind::kPermuted)
    return std::make_unique<PermutedStream<T>>(spec, data.train, data.inputs, setup);
  return nullptr;
}

template std::unique_ptr<Stream<float>> make_stream(const DataSpec&, const Dataset<float>&,
                                                    const StreamSetup&);
template std::unique_ptr<Stream<double>> make_stream(const DataSpec&, const Dataset<double>&,
                                                     const StreamSetup&);

}  // namespace deadrelu
