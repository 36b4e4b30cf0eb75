#include <algorithm>
#include <cassert>
#include <limits>

#include "data/dataset.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 24;  // of examples that are kept a second time
constexpr std::size_t kMaxVector = 16;  // columns, each a sample of a lane, that one call of the kernel takes

template <class T>
using Values = const Buffer<T> Split<T>::*;

// Where each lane's examples begin.
template <class T>
struct Sources {
  std::span<const Split<T>* const> splits;
  Values<T> values;
  bool shared;  // one split for all lanes, the usual case

  const T* of_lane(std::size_t lane) const { return (splits[lane]->*values).data(); }
};

// Columns from … from+count−1 of the matrix, a column being one sample of one lane. count: at most a vector.
template <class T>
void gather_columns(const Kernels<T>& kernels, const Sources<T>& sources, const std::uint32_t* indices,
                    std::size_t from, std::size_t count, std::size_t rows, T* to, std::size_t row_stride) {
  const T* examples[kMaxVector];
  const std::size_t lanes = sources.splits.size();
  const T* source = sources.of_lane(0);
  for (std::size_t c = 0, lane = from % lanes; c < count; ++c, lane = lane + 1 == lanes ? 0 : lane + 1) {
    assert(indices[from + c] < sources.splits[lane]->samples);
    if (!sources.shared) source = sources.of_lane(lane);
    examples[c] = source + indices[from + c] * rows;
  }
  if (count == kernels.vector) return kernels.gather->columns(examples, rows, to, row_stride);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < count; ++c) to[r * row_stride + c] = examples[c][r];
}

template <class T>
void gather_values(const Kernels<T>& kernels, const Sources<T>& sources, const std::uint32_t* indices,
                   LaneMatrix<T> to) {
  const std::size_t lanes = sources.splits.size();
  // Samples that follow each other without a gap are one long row of columns.
  const std::size_t run = to.column_stride == lanes ? to.columns * lanes : lanes;
  for (std::size_t start = 0; start < to.columns * lanes; start += run) {
    T* row = to.at(0, start / lanes);
    if (to.rows <= kFewRows && sources.shared) {
      kernels.gather->few_rows(sources.of_lane(0), indices + start, to.rows, run, row, to.row_stride);
      continue;
    }
    for (std::size_t c = 0; c < run; c += kernels.vector) {
      gather_columns(kernels, sources, indices, start + c, std::min(kernels.vector, run - c), to.rows,
                     row + c, to.row_stride);
    }
  }
}

template <class T>
bool share_split(std::span<const Split<T>* const> splits) {
  return std::ranges::all_of(splits, [&](const Split<T>* s) { return s == splits[0]; });
}

}  // namespace

template <class T>
void gather(const Kernels<T>& kernels, std::span<const Split<T>* const> splits, const std::uint32_t* indices,
            LaneMatrix<T> inputs, LaneMatrix<T> targets) {
  const bool shared = share_split(splits);
  gather_values<T>(kernels, {splits, &Split<T>::inputs, shared}, indices, inputs);
  gather_values<T>(kernels, {splits, &Split<T>::targets, shared}, indices, targets);
}

template <class T>
FewValues<T>::FewValues(std::span<const Split<T>* const> splits) {
  const std::size_t samples = splits[0]->samples, copies = share_split(splits) ? 1 : splits.size();
  const std::size_t inputs = splits[0]->inputs.size() / samples,
                    targets = splits[0]->targets.size() / samples;
  const std::size_t values = inputs + targets <= 2 ? 2 : (inputs + targets + 3) / 4 * 4;
  if (copies * samples > std::numeric_limits<std::uint32_t>::max()) return;
  if (values > 4 && copies * samples * values * sizeof(T) > kMostBytes) return;
  values_ = values;
  examples_ = Buffer<T>(copies * samples * values_);
  T* to = examples_.data();
  for (const Split<T>* const split : splits.first(copies)) {
    if (copies > 1) first_.push_back(static_cast<std::uint32_t>(first_.size() * samples));
    for (std::size_t i = 0; i < samples; ++i, to += values_)
      std::copy_n(split->targets.data() + i * targets, targets,
                  std::copy_n(split->inputs.data() + i * inputs, inputs, to));
  }
}

template <class T>
void FewValues<T>::gather(const Kernels<T>& kernels, const std::uint32_t* indices, LaneMatrix<T> to) const {
  assert(to.column_stride == kernels.lanes);
  kernels.gather->few_values(examples_.data(), values_, first_.empty() ? nullptr : first_.data(), indices,
                             to.rows, to.columns * kernels.lanes, to.data, to.row_stride);
}

template class FewValues<float>;
template class FewValues<double>;

template void gather<float>(const Kernels<float>&, std::span<const Split<float>* const>, const std::uint32_t*,
                            LaneMatrix<float>, LaneMatrix<float>);
template void gather<double>(const Kernels<double>&, std::span<const Split<double>* const>,
                             const std::uint32_t*, LaneMatrix<double>, LaneMatrix<double>);

}  // namespace deadrelu
