// An aligned array whose size is fixed when it is made: what workspaces and data sets are cut from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

namespace deadrelu {

inline constexpr std::size_t kBufferAlignment = 128;  // bytes; every SIMD vector is aligned, no false sharing

// `size` zeroed values of T (a trivial type), aligned to kBufferAlignment, and zeros up to the next multiple
// of it. Move-only. Throws std::bad_alloc.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size) : size_(size), data_(allocate(size)) {}

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }
  std::span<T> span() { return {data(), size_}; }
  std::span<const T> span() const { return {data(), size_}; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  static T* allocate(std::size_t size) {
    if (size > (SIZE_MAX - kBufferAlignment) / sizeof(T)) throw std::bad_alloc();
    const std::size_t bytes = (size * sizeof(T) + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
    const std::size_t values = std::max(bytes, kBufferAlignment) / sizeof(T);
    auto* p = static_cast<T*>(std::aligned_alloc(kBufferAlignment, std::max(bytes, kBufferAlignment)));
    if (p == nullptr) throw std::bad_alloc();
    for (std::size_t i = 0; i < values; ++i) p[i] = T{};
    return p;
  }

  std::size_t size_ = 0;
  std::unique_ptr<T[], Free> data_;
};

}  // namespace deadrelu
