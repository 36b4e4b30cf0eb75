// A config value after validation: typed, with the one canonical text that ids and tables use.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace deadrelu {

struct Value {
  // What the key's type says: a choice is its index, a set of choices a bit mask, a special word ("full",
  // "all") 0.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
               std::vector<double>, std::vector<std::string>, std::vector<std::vector<double>>>
      data;
  std::string text;      // compact JSON; 1, 1.0 and 1e0 have the same
  bool is_word = false;  // a special word or a choice: not a number, although data is one

  bool is_null() const { return data.index() == 0; }
  bool flag() const { return std::get<bool>(data); }
  std::int64_t integer() const { return std::get<std::int64_t>(data); }
  std::uint64_t count() const { return static_cast<std::uint64_t>(is_null() ? 0 : integer()); }  // null: 0
  double real() const { return std::get<double>(data); }
  std::string string() const { return is_null() ? std::string() : std::get<std::string>(data); }
  const std::vector<std::int64_t>& integers() const { return std::get<std::vector<std::int64_t>>(data); }
  const std::vector<double>& reals() const { return std::get<std::vector<double>>(data); }
  const std::vector<std::string>& strings() const { return std::get<std::vector<std::string>>(data); }
  const std::vector<std::vector<double>>& matrix() const {
    return std::get<std::vector<std::vector<double>>>(data);
  }
  template <class Enum>
  Enum choice() const {
    return static_cast<Enum>(integer());
  }
  bool has(unsigned bit) const { return (integer() >> bit & 1) != 0; }
};

}  // namespace deadrelu
