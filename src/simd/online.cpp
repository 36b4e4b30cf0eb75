#include "simd/online.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/online.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/dense_narrow-inl.h"
#include "simd/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

template <class T, Engine kEngine>
void write_bits(const LaneBits<T>* bits, const T* low, const T* high, const LaneMatrix<T>& to) {
  constexpr SumTag<T, kEngine> d;
  const hn::RebindToUnsigned<decltype(d)> unsigned_tag;
  const auto all = hn::LoadU(unsigned_tag, bits);
  const auto off = hn::LoadU(d, low), on = hn::LoadU(d, high);
  auto bit = hn::Set(unsigned_tag, 1);
  for (std::size_t row = 0; row < to.rows; ++row, bit = hn::Add(bit, bit))
    hn::StoreU(hn::IfThenElse(hn::RebindMask(d, hn::TestBit(all, bit)), on, off), d, to.at(row, 0));
}

// So many sums side by side: each is a chain of multiply-adds.
constexpr std::size_t kMostRows = 8;

template <class T, class D, std::size_t... M>
HWY_INLINE void forward_rows(D d, const OnlineLayer<T>& layer, std::size_t row, bool is_hidden,
                             std::index_sequence<M...>) {
  using V = hn::Vec<D>;
  constexpr std::size_t kRuns = MaxLanes(d);
  const std::size_t pitch = layer.inputs * kRuns, x_stride = layer.input.row_stride;
  V sums[sizeof...(M)] = {(static_cast<void>(M), hn::Zero(d))...};
  if (layer.biases.values != nullptr)
    ((sums[M] = hn::LoadU(d, layer.biases.values + (row + M) * kRuns)), ...);
  const T* HWY_RESTRICT w = layer.weights.values + row * pitch;
  const T* HWY_RESTRICT x = layer.input.data;
  for (std::size_t i = layer.inputs; i != 0; --i, w += kRuns, x += x_stride) {
    const V input = hn::LoadU(d, x);
    ((sums[M] = hn::MulAdd(hn::LoadU(d, w + M * pitch), input, sums[M])), ...);
  }
  if (is_hidden) ((sums[M] = relu(sums[M])), ...);
  (hn::StoreU(sums[M], d, layer.output.at(row + M, 0)), ...);
}

template <class T, Engine kEngine>
void forward(std::span<const OnlineLayer<T>> layers) {
  constexpr SumTag<T, kEngine> d;
  for (const OnlineLayer<T>& layer : layers) {
    for (std::size_t row = 0; row < layer.rows; row += kMostRows)
      with_sequence<kMostRows>(HWY_MIN(kMostRows, layer.rows - row), [&](auto rows) HWY_ATTR {
        forward_rows(d, layer, row, &layer != &layers.back(), rows);
      });
  }
}

// One vector of a column: in lanes row i of every run, in wide rows i … i+count−1.
template <class T, Engine kEngine>
HWY_INLINE Lanes<T> load_column(const LaneMatrix<const T>& column, std::size_t i, std::size_t count) {
  if constexpr (kEngine == Engine::kLanes) return hn::LoadU(Tag<T>(), column.at(i, 0));
  HWY_ALIGN T values[kLanes<T>] = {};
  for (std::size_t k = 0; k < count; ++k) values[k] = *column.at(i + k, 0);
  return hn::Load(Tag<T>(), values);
}
template <class T, Engine kEngine>
HWY_INLINE void store_column(Lanes<T> v, const LaneMatrix<T>& column, std::size_t i, std::size_t count) {
  if constexpr (kEngine == Engine::kLanes) return hn::StoreU(v, Tag<T>(), column.at(i, 0));
  HWY_ALIGN T values[kLanes<T>];
  hn::Store(v, Tag<T>(), values);
  for (std::size_t k = 0; k < count; ++k) *column.at(i + k, 0) = values[k];
}

// One layer's way back with the optimizer's step.
template <class T, Engine kEngine, class Step>
struct LearningLayer {
  using V = Lanes<T>;
  static constexpr Tag<T> d{};
  static constexpr std::size_t kRuns = kEngine == Engine::kLanes ? kLanes<T> : 1;
  static constexpr std::size_t kInVector = kLanes<T> / kRuns;  // inputs, or biases

  const Step& step;
  const OnlineLayer<T>& layer;
  const LaneMatrix<T>& below;  // where the gradient of the layer below goes, if there is one
  V& marks;

  // Calls use(first element of a vector, its accessor) for `count` numbers one after the other.
  template <class Use>
  static HWY_INLINE void each_vector(std::size_t from, std::size_t count, const Use& use) {
    for (; from + kInVector <= count; from += kInVector) use(from, WholeVector<T>());
    if constexpr (kInVector > 1) {
      if (from < count) use(from, FirstNumbers<T>{count - from});
    }
  }

  HWY_INLINE void biases() const {
    if (layer.biases.values == nullptr) return;
    each_vector(0, layer.rows, [&](std::size_t row, auto at) HWY_ATTR {
      const std::size_t place = row * kRuns;
      const V gradient = hn::Add(hn::Zero(d), load_column<T, kEngine>(layer.gradient, row, at.count));
      const V next = step.step(at.load(layer.biases.values + place), gradient, at, layer.biases.first,
                               layer.biases.second, place);
      at.store(next, layer.biases.values + place);
      marks = add_mark(marks, at.there(next));
    });
  }

  // Inputs from … that fill sizeof...(I) vectors: all rows pass by.
  template <bool kGoesOn, class At, std::size_t... I>
  HWY_INLINE void inputs(std::size_t from, At at, std::index_sequence<I...>) const {
    const V x[] = {load_column<T, kEngine>(layer.input, from + I * kInVector, at.count)...};
    V sums[] = {(static_cast<void>(I), hn::Zero(d))...};
    T* HWY_RESTRICT const weights = layer.weights.values;
    const std::size_t pitch = layer.inputs * kRuns, dz_stride = layer.gradient.row_stride;
    const T* dz = layer.gradient.data;
    V seen = marks;
    const auto one = [&](std::size_t place, V gradient, V input, V& sum) HWY_ATTR {
      const V w = at.load(weights + place);
      if (kGoesOn) sum = hn::MulAdd(w, gradient, sum);
      const V next = step.step(w, hn::MulAdd(gradient, input, hn::Zero(d)), at, layer.weights.first,
                               layer.weights.second, place);
      at.store(next, weights + place);
      seen = add_mark(seen, at.there(next));
    };
    std::size_t place = from * kRuns;
    for (std::size_t row = layer.rows; row != 0; --row, place += pitch, dz += dz_stride) {
      const V gradient = load_number<kEngine>(dz);
      (one(place + I * kLanes<T>, gradient, x[I], sums[I]), ...);
    }
    marks = seen;
    if (kGoesOn)
      (store_column<T, kEngine>(where_positive(x[I], sums[I]), below, from + I * kInVector, at.count), ...);
  }

  template <bool kGoesOn>
  HWY_INLINE void weights() const {
    constexpr std::size_t kVectors = 4;
    std::size_t from = 0;
    for (; from + kVectors * kInVector <= layer.inputs; from += kVectors * kInVector)
      inputs<kGoesOn>(from, WholeVector<T>(), std::make_index_sequence<kVectors>());
    each_vector(from, layer.inputs, [&](std::size_t i, auto at) HWY_ATTR {
      inputs<kGoesOn>(i, at, std::make_index_sequence<1>());
    });
  }
};

template <class T, Engine kEngine, class Step>
HWY_NOINLINE void learn_with(std::span<const OnlineLayer<T>> layers, const UpdateParameters<T>& p,
                             T* poison) {
  const Step step(Numbers<T, kEngine>{p});
  Lanes<T> marks = hn::Zero(Tag<T>());
  for (std::size_t l = layers.size(); l-- > 0;) {
    const LearningLayer<T, kEngine, Step> layer{step, layers[l],
                                                l > 0 ? layers[l - 1].gradient : layers[0].output, marks};
    layer.biases();
    l > 0 ? layer.template weights<true>() : layer.template weights<false>();
  }
  poison_marked<kEngine>(marks, poison);
}

template <class T, Engine kEngine>
void learn(std::span<const OnlineLayer<T>> layers, Optimizer optimizer, const UpdateParameters<T>& p,
           T* poison) {
  assert(p.columns.step_size == nullptr);
  with_step(optimizer, p, [&](auto step) HWY_ATTR {
    learn_with<T, kEngine, typename decltype(step)::type>(layers, p, poison);
  });
}

template <class T, Engine kEngine>
constexpr OnlineKernels<T> kOnline{&write_bits<T, kEngine>, &forward<T, kEngine>, &learn<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(OnlineKernels, online_kernels, kOnline)
#endif
