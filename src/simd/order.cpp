#include "simd/order.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/order.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/lanes-inl.h"
#include "simd/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// Keys by lane (lanes) or the same in every lane (wide).
template <class D, Engine kEngine>
struct Keys {
  const std::uint32_t* keys;
  HWY_INLINE hn::Vec<D> operator()(std::size_t i) const {
    if constexpr (kEngine == Engine::kWide)
      return hn::Set(D(), keys[i]);
    else
      return hn::LoadU(D(), keys + i * MaxLanes(D()));
  }
};

// Sends four vectors through the rounds: each alone is one chain of dependent operations.
template <class D, class Key>
HWY_INLINE void pass(D d, const FeistelShape& shape, const Key& key, hn::Vec<D> (&values)[4]) {
  const int low_bits = static_cast<int>(shape.low_bits);
  const int drop_high = 32 - static_cast<int>(shape.high_bits), drop_low = 32 - low_bits;
  const hn::Vec<D> low_mask = hn::Set(d, (std::uint32_t{1} << shape.low_bits) - 1);
  hn::Vec<D> high[4], low[4];
  for (std::size_t i = 0; i < 4; ++i) {
    high[i] = hn::ShiftRightSame(values[i], low_bits);
    low[i] = hn::And(values[i], low_mask);
  }
  for (std::size_t r = 0; r < 2 * kFeistelRounds; r += 4) {
    const hn::Vec<D> factor = key(r), offset = key(r + 1), low_factor = key(r + 2), low_offset = key(r + 3);
    for (std::size_t i = 0; i < 4; ++i)
      high[i] = hn::Xor(high[i], hn::ShiftRightSame(hn::Add(hn::Mul(factor, low[i]), offset), drop_high));
    for (std::size_t i = 0; i < 4; ++i)
      low[i] =
          hn::Xor(low[i], hn::ShiftRightSame(hn::Add(hn::Mul(low_factor, high[i]), low_offset), drop_low));
  }
  for (std::size_t i = 0; i < 4; ++i) values[i] = hn::Or(hn::ShiftLeftSame(high[i], low_bits), low[i]);
}

// Permutes `vectors` ≤ kBlock vectors in place; those with a value outside walk on together, without a branch
// on the values themselves.
constexpr std::size_t kBlock = 64;
template <class D, class Key>
HWY_INLINE void permute_block(D d, const FeistelShape& shape, const Key& key, std::uint32_t* values,
                              std::size_t vectors) {
  const hn::Vec<D> bound = hn::Set(d, shape.size);
  std::uint32_t walking[kBlock + 3];
  for (std::uint32_t i = 0; i < vectors; ++i) walking[i] = i;
  for (bool is_first = true; vectors > 0; is_first = false) {
    for (std::size_t i = vectors; i % 4 != 0; ++i) walking[i] = walking[vectors - 1];
    std::size_t outside = 0;
    for (std::size_t from = 0; from < vectors; from += 4) {
      std::uint32_t* places[4];
      hn::Vec<D> old[4], next[4];
      for (std::size_t i = 0; i < 4; ++i) {
        places[i] = values + walking[from + i] * MaxLanes(d);
        old[i] = next[i] = hn::LoadU(d, places[i]);
      }
      pass(d, shape, key, next);
      for (std::size_t i = 0; i < 4; ++i) {
        if (!is_first) next[i] = hn::IfThenElse(hn::Lt(old[i], bound), old[i], next[i]);
        hn::StoreU(next[i], d, places[i]);
        const std::uint32_t place = walking[from + i];
        walking[outside] = place;
        outside += !hn::AllTrue(d, hn::Lt(next[i], bound)) && from + i < vectors ? 1 : 0;
      }
    }
    vectors = outside;
  }
}

template <class T, Engine kEngine>
void permute(const FeistelShape& shape, const std::uint32_t* keys, std::uint32_t first, std::size_t count,
             std::uint32_t* values) {
  assert(first + count <= shape.size && shape.high_bits > 0 && shape.low_bits > 0);
  using Lane = hn::CappedTag<std::uint32_t, kLanes<T>>;
  using D = std::conditional_t<kEngine == Engine::kWide, Tag<std::uint32_t>, Lane>;
  constexpr D d;
  constexpr std::size_t kStep = kEngine == Engine::kWide ? MaxLanes(d) : 1;  // positions a vector
  const Keys<D, kEngine> key{keys};
  const hn::Vec<D> last = hn::Set(d, shape.size - 1);
  for (std::size_t i = 0; i < count; i += kBlock * kStep) {
    const std::size_t vectors = HWY_MIN(kBlock, (count - i + kStep - 1) / kStep);
    std::uint32_t* const block = values + i / kStep * MaxLanes(d);
    for (std::size_t v = 0; v < vectors; ++v) {
      const auto position = first + static_cast<std::uint32_t>(i + v * kStep);
      // Positions beyond the last one walk too, but must start inside to arrive inside.
      const hn::Vec<D> start =
          kEngine == Engine::kWide ? hn::Min(hn::Iota(d, position), last) : hn::Set(d, position);
      hn::StoreU(start, d, block + v * MaxLanes(d));
    }
    permute_block(d, shape, key, block, vectors);
  }
}

// The upper 64 bits of the product of two words and the bound.
template <class T, Engine kEngine>
void draw(const RandomBlocks& blocks, std::uint32_t bound, std::size_t count, std::uint32_t* values) {
  using Blocks = LaneBlocks<T, kEngine>;
  const Blocks source(blocks);
  const Tag<std::uint32_t> d;
  for (std::size_t i = 0; i < count; i += Blocks::kSteps * Blocks::kIndices) {
    typename Blocks::Block block[Blocks::kSteps][Blocks::kRegisters];
    source.draw(i, block);
    for (std::size_t s = 0; s < Blocks::kSteps && i + s * Blocks::kIndices < count;
         ++s, values += kLanes<T>) {
      hn::Vec<Tag<std::uint32_t>> drawn[Blocks::kRegisters];
      for (std::size_t r = 0; r < Blocks::kRegisters; ++r) {
        const auto low = hn::ShiftRight<32>(Blocks::product(block[s][r].words[0], bound));
        const auto sum = hn::Add(Blocks::product(block[s][r].words[1], bound), low);
        drawn[r] = hn::BitCast(d, hn::ShiftRight<32>(sum));
      }
      const auto all = hn::ConcatEven(d, drawn[Blocks::kRegisters - 1], drawn[0]);
      if constexpr (Blocks::kRegisters == 1)
        hn::StoreU(hn::LowerHalf(all), hn::Half<Tag<std::uint32_t>>(), values);
      else
        hn::StoreU(all, d, values);
    }
  }
}

template <class T, Engine kEngine>
constexpr OrderKernels kOrder{&permute<T, kEngine>, &draw<T, kEngine>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deadrelu {

template <>
const OrderKernels& order_kernels<float>(SimdTarget target, Engine engine) {
  return DEADRELU_TABLE(target, engine, kOrder, float);
}
template <>
const OrderKernels& order_kernels<double>(SimdTarget target, Engine engine) {
  return DEADRELU_TABLE(target, engine, kOrder, double);
}

}  // namespace deadrelu
#endif
