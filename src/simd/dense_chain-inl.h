// Chains of narrow layers, one call for all of them.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_DENSE_CHAIN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_DENSE_CHAIN_INL_H_
#undef DEADRELU_SIMD_DENSE_CHAIN_INL_H_
#else
#define DEADRELU_SIMD_DENSE_CHAIN_INL_H_
#endif

#include <algorithm>

#include "simd/dense_narrow-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

template <class T>
using Chain = std::span<const ChainLayer<T>>;

// What layer l reads.
template <class T>
HWY_INLINE LaneMatrix<const T> chain_input(Chain<T> layers, std::size_t l, const LaneMatrix<const T>& input) {
  const bool is_first = l == 0;
  return {is_first ? input.data : layers[l - 1].output, layers[l].inputs, input.columns,
          is_first ? input.row_stride : layers[l - 1].row_stride, input.column_stride};
}

template <class T, Engine kEngine>
void chain_forward(Chain<T> layers, const T* parameters, const LaneMatrix<const T>& input) {
  constexpr bool kIsWide = kEngine == Engine::kWide;
  constexpr std::size_t kRuns = kIsWide ? 1 : kLanes<T>, kStep = kLanes<T>;
  const std::size_t columns = as_vectors<kEngine>(input).columns;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const ChainLayer<T>& layer = layers[l];
    const LaneMatrix<const T> x = chain_input(layers, l, input);
    const T* const w = parameters + layer.weights;
    const T* const bias = layer.biases == kNoBiases ? nullptr : parameters + layer.biases;
    const ProductStart start = bias == nullptr ? ProductStart::kZero : ProductStart::kBias;
    const End end = layer.is_relu ? End::kRelu : End::kStore;
    const std::size_t w_row = layer.inputs * kRuns;
    Corner<T> at{w,     x.data,           layer.output, bias, nullptr,      w_row, kRuns, x.row_stride,
                 kStep, layer.row_stride, kStep,        0,    layer.inputs, start, end};
    run_narrow<T, kIsWide ? Form::kWide : Form::kPacked>(at, layer.rows, columns);
  }
}

template <class T>
void chain_backward_of_lanes(Chain<T> layers, const T* parameters, const LaneMatrix<const T>& input,
                             ProductStart start, T* gradient, const LaneMatrix<T>& below) {
  const bool adds = start == ProductStart::kAccumulate;
  for (std::size_t l = layers.size(); l-- > 0;) {
    const ChainLayer<T>& layer = layers[l];
    const LaneMatrix<const T> x = chain_input(layers, l, input);
    const T* const w = parameters + layer.weights;
    T* const dw = gradient + layer.weights;
    T* const db = layer.biases == kNoBiases ? nullptr : gradient + layer.biases;
    T* const dx = l == 0 ? below.data : layers[l - 1].gradient;
    const std::size_t dx_row = l == 0 ? below.row_stride : layers[l - 1].row_stride;
    const std::size_t row = layer.inputs * kLanes<T>, dz_row = layer.row_stride;
    NarrowBackward<T> at{w,   layer.gradient, x.data,       dw,     db,        dx,  row, kLanes<T>,
                         row, dz_row,         x.row_stride, dx_row, x.columns, adds};
    dx == nullptr ? run_narrow_backward<T, false>(at, layer.rows, layer.inputs)
                  : run_narrow_backward<T, true>(at, layer.rows, layer.inputs);
  }
}

// Wide: the sums of a weight gradient ascend along the samples, each a chain of multiply-adds that wait for one another.
// So those of several layers go side by side, with vectors along units: kPitch lanes for a layer, the others for nobody.
constexpr hn::CappedTag<float, 8> kUnits;
using Units = hn::Vec<decltype(kUnits)>;
constexpr std::size_t kUnitLanes = MaxLanes(kUnits), kUnitVectors = 3, kMostUnits = kUnitVectors * kUnitLanes;
constexpr std::size_t kSegmentSamples = 128, kSegmentRow = kSegmentSamples + 16;

// Lane i of every block of four from its lane i xor kDistance.
template <std::size_t kDistance>
HWY_INLINE Units exchange(Units x) {
  if constexpr (kDistance == 0) return x;
  if constexpr (kDistance == 1) return hn::Shuffle2301(x);
  if constexpr (kDistance == 2) return hn::Shuffle1032(x);
  if constexpr (kDistance == 3) return hn::Shuffle0123(x);
}

// [e] of the unit in lane m: the sum of its products with input m xor e; the last one is the bias'.
using UnitSums = float[5][kUnitLanes];

template <std::size_t... E>
struct VectorSums {
  Units weights[sizeof...(E)], biases;

  HWY_INLINE explicit VectorSums(const UnitSums& from)
      : weights{hn::Load(kUnits, from[E])...}, biases(hn::Load(kUnits, from[sizeof...(E)])) {}
  HWY_INLINE void store(UnitSums& to) const {
    (hn::Store(weights[E], kUnits, to[E]), ...);
    hn::Store(biases, kUnits, to[sizeof...(E)]);
  }
  // `count` samples from n on, at most four.
  HWY_INLINE void add(const float* const* dz, const float* const* x, std::size_t n, std::size_t count) {
    Units gradients[4], inputs[4];
    transpose_rows(
        kUnits, [&](std::size_t r) { return dz[r] + n; }, gradients);
    transpose_rows(
        kUnits, [&](std::size_t r) { return x[r] + n; }, inputs);
    for (std::size_t j = 0; j < HWY_MIN(4, count); ++j) {
      ((weights[E] = hn::MulAdd(gradients[j], exchange<E>(inputs[j]), weights[E])), ...);
      biases = hn::Add(biases, gradients[j]);
    }
  }
};

// As many layers of a chain as kUnitVectors vectors hold, and some samples.
struct Segment {
  const float *dz[kMostUnits], *x[kMostUnits];  // rows
  HWY_ALIGN float gradients[kMostUnits * kSegmentRow], sums[kUnitVectors][5][kUnitLanes];

  template <std::size_t... E, std::size_t... V>
  HWY_NOINLINE void add_samples(std::size_t samples, std::index_sequence<E...>, std::index_sequence<V...>) {
    VectorSums<E...> s[] = {VectorSums<E...>(sums[V])...};
    const auto add = [&](std::size_t n, std::size_t count)
                         HWY_ATTR { (s[V].add(dz + V * kUnitLanes, x + V * kUnitLanes, n, count), ...); };
    std::size_t n = 0;
    for (; n + 4 <= samples; n += 4) add(n, 4);
    if (n < samples) add(n, samples - n);
    (s[V].store(sums[V]), ...);
  }

  // Calls use(sum, place of its parameter).
  template <std::size_t kPitch, class Use>
  HWY_INLINE void for_each_sum(Chain<float> layers, const Use& use) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      UnitSums& of = sums[l * kPitch / kUnitLanes];
      std::size_t lane = l * kPitch % kUnitLanes, place = layers[l].weights;
      for (std::size_t m = 0; m < layers[l].rows; ++m, ++lane) {
        for (std::size_t i = 0; i < layers[l].inputs; ++i) use(of[m ^ i][lane], place++);
        if (layers[l].biases != kNoBiases) use(of[kPitch][lane], layers[l].biases + m);
      }
    }
  }

  // Fills the gradients of `samples` samples from `from` on, and `below`.
  template <std::size_t kPitch>
  void pass_back(Chain<float> layers, const float* parameters, const LaneMatrix<const float>& input,
                 std::size_t from, std::size_t samples, const LaneMatrix<float>& below) {
    constexpr std::size_t kStep = kLanes<float>;
    const std::size_t columns = (samples + kStep - 1) / kStep, last = layers.size() - 1;
    for (std::size_t m = 0; m < layers[last].rows; ++m)  // whose memory may be that of `below`
      std::copy_n(layers[last].gradient + m * layers[last].row_stride + from, samples,
                  gradients + (last * kPitch + m) * kSegmentRow);
    for (std::size_t l = last + 1; l-- > 0;) {
      const std::size_t rows = layers[l].rows, inputs = layers[l].inputs, lane = l * kPitch;
      const LaneMatrix<const float> in = chain_input(layers, l, input);
      for (std::size_t u = 0; u < kPitch; ++u) {
        dz[lane + u] = gradients + (lane + HWY_MIN(u, rows - 1)) * kSegmentRow;
        x[lane + u] = in.at(HWY_MIN(u, inputs - 1), from);
      }
      if (l == 0 && below.data == nullptr) return;
      const float* const w = parameters + layers[l].weights;
      float* const z = const_cast<float*>(x[lane]);  // only read
      float* const to = l > 0 ? gradients + (lane - kPitch) * kSegmentRow : below.data + from;
      const std::size_t to_row = l > 0 ? kSegmentRow : below.row_stride;
      Corner<float> at{w,
                       dz[lane],
                       to,
                       nullptr,
                       z,
                       1,
                       inputs,
                       kSegmentRow,
                       kStep,
                       to_row,
                       kStep,
                       in.row_stride,
                       rows,
                       ProductStart::kZero,
                       End::kReluSlope};
      run_narrow<float, Form::kWide>(at, inputs, columns);
    }
  }
};

template <std::size_t kPitch>
void chain_backward_with(Chain<float> layers, const float* parameters, const LaneMatrix<const float>& input,
                         ProductStart start, float* gradient, const LaneMatrix<float>& below) {
  for (std::size_t end = layers.size(), begin; end > 0; end = begin) {
    begin = end - HWY_MIN(end, kMostUnits / kPitch);
    const Chain<float> part = layers.subspan(begin, end - begin);
    const LaneMatrix<const float> x = chain_input(layers, begin, input);
    LaneMatrix<float> to = below;
    if (begin > 0) to = {layers[begin - 1].gradient, x.rows, x.columns, x.row_stride, 1};
    for (std::size_t n = 0; n < x.columns; n += kSegmentSamples) {
      const std::size_t samples = HWY_MIN(kSegmentSamples, x.columns - n), units = part.size() * kPitch;
      Segment segment;
      segment.pass_back<kPitch>(part, parameters, x, n, samples, to);
      std::fill_n(segment.dz + units, kMostUnits - units, segment.dz[0]);
      std::fill_n(segment.x + units, kMostUnits - units, segment.x[0]);
      std::fill_n(&segment.sums[0][0][0], sizeof(segment.sums) / sizeof(float), 0.0F);
      if (n > 0 || start == ProductStart::kAccumulate)
        segment.for_each_sum<kPitch>(part, [&](float& sum, std::size_t place) { sum = gradient[place]; });
      with_sequence<kUnitVectors>((units + kUnitLanes - 1) / kUnitLanes, [&](auto vectors) HWY_ATTR {
        segment.add_samples(samples, std::make_index_sequence<kPitch>(), vectors);
      });
      segment.for_each_sum<kPitch>(part, [&](float& sum, std::size_t place) { gradient[place] = sum; });
    }
  }
}

void chain_backward_of_wide(Chain<float> layers, const float* parameters,
                            const LaneMatrix<const float>& input, ProductStart start, float* gradient,
                            const LaneMatrix<float>& below) {
  const bool pairs = std::all_of(layers.begin(), layers.end(), [](const ChainLayer<float>& layer) {
    return HWY_MAX(layer.rows, layer.inputs) <= 2;
  });
  pairs ? chain_backward_with<2>(layers, parameters, input, start, gradient, below)
        : chain_backward_with<4>(layers, parameters, input, start, gradient, below);
}

template <class T, Engine kEngine>
constexpr decltype(DenseKernels<T>::chain_backward) chain_backward() {
  if constexpr (kEngine == Engine::kLanes)
    return &chain_backward_of_lanes<T>;
  else if constexpr (sizeof(T) == sizeof(float))
    return &chain_backward_of_wide;
  else
    return nullptr;
}

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
