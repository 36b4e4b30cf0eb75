// What the kernel tests share: matrices of lanes with odd strides, random numbers, and a loop over targets.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "simd/kernels.h"

namespace deadrelu {

// Runs `body(kernels<T>(target, engine))` on every target of this machine, in both engines; a failure names
// them.
template <class T, class Body>
void on_every_target(const Body& body) {
  ASSERT_FALSE(available_simd().empty());
  for (const SimdTarget target : available_simd()) {
    for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
      SCOPED_TRACE("target " + std::string(name_of(target)) + ", engine " + std::string(name_of(engine)));
      body(kernels<T>(target, engine));
    }
  }
}

// The same in the engine lanes alone, for what one lane must not do to its neighbours.
template <class T, class Body>
void on_every_target_in_lanes(const Body& body) {
  on_every_target<T>([&](const Kernels<T>& kernels) {
    if (kernels.engine == Engine::kLanes) body(kernels);
  });
}

// A reproducible source of test numbers.
class TestRandom {
 public:
  explicit TestRandom(std::uint32_t seed) : engine_(seed) {}
  // Uniform in [low, high), with 32 random bits.
  double uniform(double low, double high) { return low + (high - low) * (engine_() * 0x1p-32); }
  std::size_t below(std::size_t bound) { return engine_() % bound; }

 private:
  std::mt19937 engine_;
};

// An owned lane matrix. `padding` lanes-wide gaps separate the rows, which in wide (one lane) end with a
// whole vector of any target; `by_columns` stores it transposed.
template <class T>
class TestMatrix {
 public:
  TestMatrix(std::size_t rows, std::size_t columns, std::size_t lanes, std::size_t padding = 0,
             bool by_columns = false)
      : lanes_(lanes) {
    std::size_t stride = ((by_columns ? rows : columns) + padding) * lanes;
    if (lanes == 1) stride = (stride + kLongestVector - 1) / kLongestVector * kLongestVector;
    buffer_ = Buffer<T>((by_columns ? columns : rows) * stride + lanes);
    view_ = by_columns ? LaneMatrix<T>{buffer_.data(), rows, columns, lanes, stride}
                       : LaneMatrix<T>{buffer_.data(), rows, columns, stride, lanes};
  }

  LaneMatrix<T> view() const { return view_; }
  LaneMatrix<const T> constant() const { return view_; }
  std::size_t rows() const { return view_.rows; }
  std::size_t columns() const { return view_.columns; }
  std::size_t lanes() const { return lanes_; }
  T& operator()(std::size_t r, std::size_t c, std::size_t lane) { return view_.at(r, c)[lane]; }
  const T& operator()(std::size_t r, std::size_t c, std::size_t lane) const { return view_.at(r, c)[lane]; }

  // Calls fill(r, c, lane) for every element and keeps what it returns.
  template <class Fill>
  TestMatrix& fill(const Fill& value) {
    for (std::size_t r = 0; r < rows(); ++r) {
      for (std::size_t c = 0; c < columns(); ++c) {
        for (std::size_t lane = 0; lane < lanes_; ++lane)
          (*this)(r, c, lane) = static_cast<T>(value(r, c, lane));
      }
    }
    return *this;
  }
  TestMatrix& fill_random(TestRandom& random, double low = -1, double high = 1) {
    return fill([&](std::size_t, std::size_t, std::size_t) { return random.uniform(low, high); });
  }

 private:
  static constexpr std::size_t kLongestVector = 16;
  std::size_t lanes_;
  Buffer<T> buffer_;
  LaneMatrix<T> view_;
};

// [row][lane] without gaps, whatever the engine: a bias, or parameters.
template <class T>
TestMatrix<T> dense_column(std::size_t rows, std::size_t lanes) {
  return TestMatrix<T>(rows, 1, lanes, 0, true);
}

// Equal to the bit; any two NaN are equal.
template <class T>
bool same_bits(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof(T)) == 0;
}

template <class T>
void expect_same_bits(const TestMatrix<T>& a, const TestMatrix<T>& b) {
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.columns(), b.columns());
  for (std::size_t r = 0; r < a.rows(); ++r) {
    for (std::size_t c = 0; c < a.columns(); ++c) {
      for (std::size_t lane = 0; lane < a.lanes(); ++lane) {
        ASSERT_TRUE(same_bits(a(r, c, lane), b(r, c, lane)))
            << "row " << r << " column " << c << " lane " << lane << ": " << a(r, c, lane) << " and "
            << b(r, c, lane);
      }
    }
  }
}

// One value a lane, the same in all lanes or given by a function of the lane.
template <class T>
std::vector<T> lane_values(std::size_t lanes, double value) {
  return std::vector<T>(lanes, static_cast<T>(value));
}

template <class T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();

using Precisions = ::testing::Types<float, double>;

}  // namespace deadrelu
