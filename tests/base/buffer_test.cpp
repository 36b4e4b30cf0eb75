#include "base/buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace deadrelu {
namespace {

bool is_aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % kBufferAlignment == 0; }

TEST(Buffer, every_size_is_aligned_and_zeroed) {
  for (std::size_t size = 0; size < 300; ++size) {
    Buffer<float> buffer(size);
    ASSERT_EQ(buffer.size(), size);
    ASSERT_TRUE(is_aligned(buffer.data())) << size;
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(buffer[i], 0.0F);
    for (std::size_t i = 0; i < size; ++i) buffer[i] = 1;  // the whole of it may be written
  }
}

TEST(Buffer, starts_from_zero_on_memory_that_held_something_else) {
  for (int round = 0; round < 20; ++round) {
    Buffer<double> buffer(1000);
    for (double& value : buffer.span()) {
      ASSERT_EQ(value, 0.0);
      value = 7;
    }
  }
}

TEST(Buffer, moving_hands_the_memory_over) {
  Buffer<int> from(5);
  from[4] = 42;
  int* const data = from.data();
  const Buffer<int> to = std::move(from);
  EXPECT_EQ(to.data(), data);
  EXPECT_EQ(to.size(), 5U);
  EXPECT_EQ(to[4], 42);
}

TEST(Buffer, an_absurd_size_is_refused) {
  EXPECT_THROW(Buffer<double>(std::numeric_limits<std::size_t>::max() / 4), std::bad_alloc);
  EXPECT_THROW(Buffer<double>(std::numeric_limits<std::size_t>::max() / sizeof(double)), std::bad_alloc);
}

TEST(Buffer, a_default_one_is_empty) {
  const Buffer<double> buffer;
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_TRUE(buffer.span().empty());
}

}  // namespace
}  // namespace deadrelu
