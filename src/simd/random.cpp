#include "simd/random.h"

#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/random.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"
#include "simd/math-inl.h"
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

// The words of a block as whole numbers as wide as T, above whose 32 bits lies anything.
HWY_INLINE hn::Vec<Tag<std::int64_t>> join_words(const hn::Vec<Tag<std::uint64_t>> (&words)[1]) {
  return hn::BitCast(Tag<std::int64_t>(), words[0]);
}
HWY_INLINE hn::Vec<Tag<std::int32_t>> join_words(const hn::Vec<Tag<std::uint64_t>> (&words)[2]) {
  const Tag<std::uint32_t> d;
  return hn::BitCast(Tag<std::int32_t>(),
                     hn::ConcatEven(d, hn::BitCast(d, words[1]), hn::BitCast(d, words[0])));
}

template <class T, Engine kEngine>
void mask(const RandomBlocks& blocks, const std::uint32_t* dropped, const T* kept, LaneMatrix<T> out) {
  using Blocks = LaneBlocks<T, kEngine>;
  using Whole = std::conditional_t<sizeof(T) == sizeof(float), std::int32_t, std::int64_t>;
  const Tag<T> d;
  const Tag<Whole> whole;
  const Blocks source(blocks);
  HWY_ALIGN Whole below[kLanes<T>];
  for (std::size_t lane = 0; lane < kLanes<T>; ++lane)
    below[lane] = static_cast<Whole>(dropped[kEngine == Engine::kWide ? 0 : lane]);
  const auto threshold = hn::Load(whole, below), low = hn::Set(whole, 0xFFFF);
  const auto factor = load_number<kEngine>(kept);
  for (std::size_t i = 0; i < out.columns; i += Blocks::kSteps * Blocks::kIndices) {
    typename Blocks::Block block[Blocks::kSteps][Blocks::kRegisters];
    source.draw(i, block);
    for (std::size_t s = 0; s < Blocks::kSteps; ++s) {
      const std::size_t column = i + s * Blocks::kIndices;
      if (column >= out.columns) break;
      const auto put = [&](std::size_t row, auto half) HWY_ATTR {
        if (row < out.rows)
          hn::Store(hn::IfThenZeroElse(hn::RebindMask(d, hn::Lt(half, threshold)), factor), d,
                    out.at(row, column));
      };
      for (std::size_t word = 0; word < 4; ++word) {
        typename Blocks::Word words[Blocks::kRegisters];
        for (std::size_t r = 0; r < Blocks::kRegisters; ++r) words[r] = block[s][r].words[word];
        const auto joined = join_words(words);
        put(2 * word, hn::And(joined, low));
        put(2 * word + 1, hn::And(hn::ShiftRight<16>(joined), low));
      }
    }
  }
}

// ((high·2^32 + low) / 2^12 + ½) / 2^52, exactly.
HWY_INLINE Lanes<double> unit_interval(hn::Vec<Tag<std::uint64_t>> low, hn::Vec<Tag<std::uint64_t>> high) {
  const Tag<std::uint64_t> bits;
  const Tag<double> d;
  const auto half = hn::Set(bits, 0xFFFFFFFFu);
  const auto mantissa =
      hn::Or(hn::ShiftLeft<20>(hn::And(high, half)), hn::ShiftRight<12>(hn::And(low, half)));
  return hn::Sub(hn::BitCast(d, hn::Or(mantissa, hn::Set(bits, 0x3FF0000000000000u))),
                 hn::Set(d, 1 - 0x1p-53));
}

template <class T, Engine kEngine>
void normal(const RandomBlocks& blocks, std::size_t count, T* out) {
  using Blocks = LaneBlocks<T, kEngine>;
  const Tag<double> d;
  const Blocks source(blocks);
  for (std::size_t i = 0; i < count; i += Blocks::kIndices) {
    typename Blocks::Block block[1][Blocks::kRegisters];
    source.draw(i, block);
    hn::Vec<Tag<double>> values[Blocks::kRegisters];
    for (std::size_t r = 0; r < Blocks::kRegisters; ++r) {
      const typename Blocks::Word(&words)[4] = block[0][r].words;
      const auto log = lane_log(d, unit_interval(words[0], words[1]));
      const auto turn = hn::Mul(hn::Set(d, 2 * std::numbers::pi), unit_interval(words[2], words[3]));
      values[r] = hn::Mul(lane_sin(d, turn), hn::Sqrt(hn::Mul(hn::Set(d, -2), log)));
    }
    store(values, out + i * (kEngine == Engine::kLanes ? kLanes<T> : 1));
  }
}

template <class T, Engine kEngine>
constexpr RandomKernels<T> kRandom{&uniform<T, kEngine>, &mask<T, kEngine>, &normal<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
DEADRELU_DEFINE_KERNELS(RandomKernels, random_kernels, kRandom)
#endif
