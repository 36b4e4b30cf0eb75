// The names that users type for the values of an enum. They stand beside the enum, in its order:
//
//   enum class Precision { kFloat32, kFloat64 };
//   template <>
//   inline constexpr std::array kNames<Precision>{"float32", "float64"};
//
// The values are 0, 1, … without a gap, and a name is its enumerator's in snake_case: the compiler refuses
// names of an enum that has one more, one fewer or another order.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace deadrelu {

template <class Enum>
inline constexpr std::array<const char*, 0> kNames{};

// The enumerator kValue as the compiler spells it, without its k: "LeakyRelu"; empty where it is none.
template <auto kValue>
constexpr std::string_view enumerator() {
  std::string_view spelled = __PRETTY_FUNCTION__;  // "… kValue = deadrelu::Precision::kFloat32; …" or "…]"
  spelled.remove_prefix(spelled.find("kValue = ") + 9);
  spelled = spelled.substr(0, spelled.find_first_of(";]"));
  return spelled.front() == '(' ? std::string_view() : spelled.substr(spelled.rfind("::k") + 3);
}

// Whether `name` is `enumerator` in snake_case. Only the letters are compared: "x_sin_5x" is XSin5x.
constexpr bool spells(std::string_view name, std::string_view enumerator) {
  for (const char letter : name) {
    if (letter == '_') continue;
    if (enumerator.empty() || (enumerator.front() | 0x20) != letter) return false;
    enumerator.remove_prefix(1);
  }
  return enumerator.empty() && !name.empty();
}

// Whether `names` names every enumerator of Enum, in order.
template <class Enum, std::size_t kCount>
constexpr bool name_all(const std::array<const char*, kCount>& names) {
  return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return (spells(names[kIndex], enumerator<static_cast<Enum>(kIndex)>()) && ...) &&
           enumerator<static_cast<Enum>(kCount)>().empty();
  }
  (std::make_index_sequence<kCount>());
}

// All names, in the order of the enum.
template <class Enum>
constexpr std::span<const char* const> names_of() {
  static_assert(name_all<Enum>(kNames<Enum>), "kNames are not the enumerators in snake_case, in order");
  return kNames<Enum>;
}

// All values, in the order of the enum.
template <class Enum>
constexpr auto values_of() {
  std::array<Enum, names_of<Enum>().size()> values{};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<Enum>(i);
  return values;
}

template <class Enum>
constexpr std::string_view name_of(Enum value) {
  const auto index = static_cast<std::size_t>(value);
  assert(index < names_of<Enum>().size());
  return names_of<Enum>()[index];
}

// Empty where it is no name of theirs.
template <class Enum>
constexpr std::optional<Enum> value_of(std::string_view name) {
  for (const Enum value : values_of<Enum>()) {
    if (name_of(value) == name) return value;
  }
  return std::nullopt;
}

// The allowed name nearest to `given` (the first of equally near ones), for "did you mean"; "" when none is
// near. Counted in edits (insert, delete, replace, swap of neighbours; upper and lower case alike): near is
// at most a third of the longer name, or that one begins with the other.
std::string nearest_name(std::string_view given, std::span<const std::string> allowed);

}  // namespace deadrelu
