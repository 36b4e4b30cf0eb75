// Specs compared by what matters: a copy in which everything else is reset is the normal form, `==` compares
// all its fields, and a hash of a few of them finds it. A field that nobody resets tells specs apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>

namespace deadrelu {

// Gives the members the values of a new spec.
template <class Spec, class... Member>
void reset(Spec& spec, Member Spec::*... members) {
  static const Spec fresh{};
  ((spec.*members = fresh.*members), ...);
}

// A value that nobody changes: copies share it, and are compared by what it holds only where they do not.
template <class T>
class Shared {
 public:
  Shared(T value = {}) : value_(std::make_shared<const T>(std::move(value))) {}
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  bool operator==(const Shared& other) const { return value_ == other.value_ || *value_ == *other.value_; }

 private:
  std::shared_ptr<const T> value_;
};

inline std::size_t hash_of(std::initializer_list<std::uint64_t> parts) {
  std::uint64_t hash = 0;
  for (const std::uint64_t part : parts) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace deadrelu
