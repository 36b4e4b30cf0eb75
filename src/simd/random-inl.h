// Philox blocks for every lane at once, with the words of base/random's random_block.
// No #pragma once: foreach_target includes this again for each target, and Highway's toggle guards it.
#if defined(DEADRELU_SIMD_RANDOM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEADRELU_SIMD_RANDOM_INL_H_
#undef DEADRELU_SIMD_RANDOM_INL_H_
#else
#define DEADRELU_SIMD_RANDOM_INL_H_
#endif

#include <cstdint>

#include "simd/lanes-inl.h"
#include "simd/random.h"

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

// As many blocks at a time as a register of T has lanes: one a run, or, in wide, of as many indices of the one
// run. A word lies in 64 bits, so that the products of 32 bits have room; so the blocks take one register for
// doubles and two for floats.
template <class T, Engine kEngine>
class LaneBlocks {
 public:
  using Bits = Tag<std::uint64_t>;
  using Word = hn::Vec<Bits>;
  static constexpr std::size_t kWidth = kLanes<std::uint64_t>, kRegisters = kLanes<T> / kWidth;
  static constexpr std::size_t kIndices = kEngine == Engine::kWide ? kLanes<T> : 1;  // of as many blocks
  static constexpr std::size_t kSteps = HWY_TARGET == HWY_AVX2 ? 1 : 2;  // that registers have room for
  struct Block {
    Word words[4];  // above the 32 bits of each lies anything
  };

  explicit HWY_INLINE LaneBlocks(const RandomBlocks& blocks) : blocks_(blocks) {
    for (std::size_t r = 0; r < kRegisters; ++r) {
      Word low = of_lanes(blocks.seeds, r), high = hn::ShiftRight<32>(low);
      for (std::size_t round = 0; round < kRounds; ++round) {
        hn::Store(low, bits, keys_[round][0][r]);
        hn::Store(high, bits, keys_[round][1][r]);
        low = hn::Add(low, hn::Set(bits, 0x9E3779B9u));
        high = hn::Add(high, hn::Set(bits, 0xBB67AE85u));
      }
      for (std::size_t i = 0; i < kWidth; ++i)
        offsets_[r][i] = kEngine == Engine::kWide ? (r * kWidth + i) * blocks.step : 0;
    }
  }

  // Blocks i, i + kIndices, … of every lane, side by side: each alone is one chain of dependent operations.
  template <std::size_t kSteps>
  HWY_INLINE void draw(std::size_t i, Block (&out)[kSteps][kRegisters]) const {
    for (std::size_t s = 0; s < kSteps; ++s) {
      for (std::size_t r = 0; r < kRegisters; ++r) {
        const Word first = hn::Set(bits, blocks_.first + (i + s * kIndices) * blocks_.step);
        const Word index = hn::Add(first, hn::Load(bits, offsets_[r]));
        out[s][r] = {{index, hn::ShiftRight<32>(index), hn::Set(bits, blocks_.stream),
                      hn::Set(bits, static_cast<std::uint32_t>(blocks_.purpose))}};
      }
    }
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (std::size_t s = 0; s < kSteps; ++s) {
        for (std::size_t r = 0; r < kRegisters; ++r) {
          const Word(&c)[4] = out[s][r].words;
          const Word left = product(c[0], 0xD2511F53u), right = product(c[2], 0xCD9E8D57u);
          out[s][r] = {{hn::Xor3(hn::ShiftRight<32>(right), c[1], hn::Load(bits, keys_[round][0][r])), right,
                        hn::Xor3(hn::ShiftRight<32>(left), c[3], hn::Load(bits, keys_[round][1][r])), left}};
        }
      }
    }
  }

  // The numbers of the lanes whose blocks are in register r.
  static HWY_INLINE Word of_lanes(const std::uint64_t* numbers, std::size_t r) {
    return kEngine == Engine::kWide ? hn::Set(bits, *numbers) : hn::LoadU(bits, numbers + r * kWidth);
  }
  static HWY_INLINE hn::Vec<Tag<double>> of_lanes(const double* numbers, std::size_t r) {
    const Tag<double> d;
    return kEngine == Engine::kWide ? hn::Set(d, *numbers) : hn::LoadU(d, numbers + r * kWidth);
  }

  // The 64 bits of the product of the low halves.
  static HWY_INLINE Word product(Word a, std::uint32_t b) {
    const Tag<std::uint32_t> half;
    return hn::MulEven(hn::BitCast(half, a), hn::Set(half, b));
  }
  // (word + ½) / 2³², exactly: the word becomes the mantissa's last bits of a number from 2^20 on.
  static HWY_INLINE hn::Vec<Tag<double>> to_unit(Word word) {
    const Tag<double> d;
    const Word number = hn::OrAnd(hn::Set(bits, 0x4130000000000000u), word, hn::Set(bits, 0xFFFFFFFFu));
    return hn::Sub(hn::BitCast(d, number), hn::Set(d, 0x1p20 - 0x1p-33));
  }

 private:
  static constexpr Bits bits{};
  static constexpr std::size_t kRounds = 10;

  RandomBlocks blocks_;
  HWY_ALIGN std::uint64_t keys_[kRounds][2][kRegisters][kWidth];
  HWY_ALIGN std::uint64_t offsets_[kRegisters][kWidth];
};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
