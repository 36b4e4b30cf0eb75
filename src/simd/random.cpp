#include "simd/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/random.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"
#include "simd/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

HWY_INLINE void store(const Lanes<double> (&values)[1], double* to) {
  hn::Store(values[0], Tag<double>(), to);
}
HWY_INLINE void store(const Lanes<double> (&values)[2], float* to) {
  const Tag<float> d;
  const hn::Half<Tag<float>> half;
  hn::Store(hn::Combine(d, hn::DemoteTo(half, values[1]), hn::DemoteTo(half, values[0])), d, to);
}

template <class T, Engine kEngine>
void uniform(const RandomBlocks& blocks, const double* lower, const double* width, LaneMatrix<T> out) {
  using Blocks = LaneBlocks<T, kEngine>;
  const Blocks source(blocks);
  for (std::size_t i = 0; i < out.columns; i += Blocks::kSteps * Blocks::kIndices) {
    typename Blocks::Block block[Blocks::kSteps][Blocks::kRegisters];
    source.draw(i, block);
    for (std::size_t s = 0; s < Blocks::kSteps; ++s) {
      const std::size_t column = i + s * Blocks::kIndices;
      if (column >= out.columns) break;
      for (std::size_t word = 0; word < 4 && word < out.rows; ++word) {
        hn::Vec<Tag<double>> values[Blocks::kRegisters];
        for (std::size_t r = 0; r < Blocks::kRegisters; ++r) {
          const auto unit = Blocks::to_unit(block[s][r].words[word]);
          values[r] = hn::Add(Blocks::of_lanes(lower, r), hn::Mul(Blocks::of_lanes(width, r), unit));
        }
        store(values, out.at(word, column));
      }
    }
  }
}

template <class T, Engine kEngine>
constexpr RandomKernels<T> kRandom{&uniform<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(RandomKernels, random_kernels, kRandom)
#endif
