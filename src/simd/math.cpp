#include "simd/math.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/math.cpp"
#include "hwy/foreach_target.h"  // before highway.h

#include "simd/erfc-inl.h"
#include "simd/math-inl.h"
#include "simd/target.h"

namespace deadrelu {
#ifndef DEADRELU_SIMD_MATH_TABLE_
#define DEADRELU_SIMD_MATH_TABLE_
namespace {
// Each works in place on `count` doubles.
struct MathKernels {
  using Function = void (*)(double* x, std::size_t count);
  Function exp, log, sin, erfc;
};
}  // namespace
#endif
}  // namespace deadrelu

HWY_BEFORE_NAMESPACE();
namespace deadrelu::HWY_NAMESPACE {
namespace {

using V = Lanes<double>;

struct Exp {
  static HWY_INLINE V of(V x) { return lane_exp(Tag<double>(), x); }
};
struct Log {
  static HWY_INLINE V of(V x) { return lane_log(Tag<double>(), x); }
};
struct Sin {
  static HWY_INLINE V of(V x) { return lane_sin(Tag<double>(), x); }
};
struct Erfc {
  static HWY_INLINE V of(V x) { return lane_erfc(Tag<double>(), x); }
};

template <class F>
void apply(double* x, std::size_t count) {
  const Tag<double> d;
  constexpr std::size_t kStep = kLanes<double>;
  std::size_t i = 0;
  for (; i + kStep <= count; i += kStep) hn::StoreU(F::of(hn::LoadU(d, x + i)), d, x + i);
  if (i < count) {  // the rest goes through a whole register, so that every value meets the same instructions
    HWY_ALIGN double rest[kStep] = {};
    std::copy(x + i, x + count, rest);
    hn::Store(F::of(hn::Load(d, rest)), d, rest);
    std::copy(rest, rest + (count - i), x + i);
  }
}

constexpr MathKernels kMath{&apply<Exp>, &apply<Log>, &apply<Sin>, &apply<Erfc>};

}  // namespace
}  // namespace deadrelu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deadrelu {
namespace {

const MathKernels& math() {
  static const MathKernels& kernels = DEADRELU_TARGET_TABLE(available_simd().front(), kMath);
  return kernels;
}

double of_one(MathKernels::Function function, double x) {
  function(&x, 1);
  return x;
}

constexpr std::size_t kBlock = 256;  // draws at a time; the scratch stays in the L1 cache

// 2/π, its first 64·19 bits after the point (Payne and Hanek 1983 say why so many).
constexpr std::uint64_t kTwoOverPi[] = {
    0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561, 0xB7246E3A424DD2E0,
    0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484, 0xE99C7026B45F7E41, 0x3991D639835339F4,
    0x9C845F8BBDF9283B, 0x1FF897FFDE05980F, 0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7, 0x4F463F669E5FEA2D,
    0x7527BAC7EBE5F17B, 0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB};

// Bits from … from + 63 of 2/π after the point; those before it are 0.
std::uint64_t bits_of_two_over_pi(int from) {
  const auto word = [](int i) {
    return i < 0 || i >= static_cast<int>(std::size(kTwoOverPi)) ? 0 : kTwoOverPi[i];
  };
  const int i = from >= 0 ? from / 64 : -1, shift = from >= 0 ? from % 64 : from + 64;
  return shift == 0 ? word(i) : word(i) << shift | word(i + 1) >> (64 - shift);
}

double unit_interval(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = static_cast<std::uint64_t>(high) << 32 | low;
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}

}  // namespace

void vector_log(std::span<double> x) { math().log(x.data(), x.size()); }
void vector_sin(std::span<double> x) { math().sin(x.data(), x.size()); }

// |x| = m·2^e with a whole m below 2^53. Bits of 2/π that make whole turns with it are left out, and 192 are taken,
// so that the product modulo 4, in units of 2^−190, keeps at least 70 bits beside the closest multiple of π/2.
QuarterTurns quarter_turns(double x) {
  if (!std::isfinite(x)) return {std::numeric_limits<double>::quiet_NaN(), 0};
  int exponent = 0;
  const auto m = static_cast<std::uint64_t>(std::ldexp(std::frexp(std::abs(x), &exponent), 53));
  const int first = exponent - 55;
  assert(first >= -64);
  using Wide = unsigned __int128;
  const Wide low = Wide{m} * bits_of_two_over_pi(first + 128);
  const Wide middle = Wide{m} * bits_of_two_over_pi(first + 64) + static_cast<std::uint64_t>(low >> 64);
  std::uint64_t top = m * bits_of_two_over_pi(first) + static_cast<std::uint64_t>(middle >> 64);
  Wide rest = middle << 64 | static_cast<std::uint64_t>(low);
  int quarters = static_cast<int>(top >> 62);
  top <<= 2;
  top |= static_cast<std::uint64_t>(rest >> 126);
  rest <<= 2;
  const bool below = top >> 63 != 0;  // nearer to the next quarter: what is left is negative
  if (below) {
    ++quarters;
    rest = ~rest + 1;
    top = ~top + (rest == 0 ? 1 : 0);
  }
  int shift = 0;
  for (; top >> 63 == 0 && shift < 127; ++shift) {
    top = top << 1 | static_cast<std::uint64_t>(rest >> 127);
    rest <<= 1;
  }
  const double magnitude = std::ldexp(static_cast<double>(top), -64 - shift) * (0.5 * std::numbers::pi);
  if (std::signbit(x)) quarters = -quarters;
  return {std::signbit(x) != below ? -magnitude : magnitude, quarters & 3};
}

double portable_exp(double x) { return of_one(math().exp, x); }
double portable_log(double x) { return of_one(math().log, x); }
double portable_sin(double x) { return of_one(math().sin, x); }
double portable_erfc(double x) { return of_one(math().erfc, x); }
double portable_cos(double x) { return portable_sin(x + 1.57079632679489661923); }

void fill_normal(std::span<double> out, std::uint64_t seed, Purpose purpose, std::uint32_t stream,
                 std::uint64_t first_index) {
  std::array<double, kBlock> scratch;
  for (std::size_t from = 0; from < out.size(); from += kBlock) {
    const std::span<double> sines = out.subspan(from, std::min(kBlock, out.size() - from));
    const std::span<double> logs = std::span(scratch).first(sines.size());
    for (std::size_t j = 0; j < sines.size(); ++j) {
      const auto words = random_block(seed, purpose, stream, first_index + from + j);
      logs[j] = unit_interval(words[0], words[1]);
      sines[j] = 2 * std::numbers::pi * unit_interval(words[2], words[3]);
    }
    vector_log(logs);
    vector_sin(sines);
    for (std::size_t j = 0; j < sines.size(); ++j) sines[j] *= std::sqrt(-2 * logs[j]);
  }
}

}  // namespace deadrelu
#endif
