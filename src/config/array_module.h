// How the names of arrays tell which ones belong together, and in which order.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "data/array.h"
#include "nn/init.h"

namespace deadrelu {

using Sides = std::pair<std::size_t, std::size_t>;  // inputs and rows of a layer

inline bool is_decimal(char c) { return c >= '0' && c <= '9'; }

// How two names are ordered: "2" before "10".
struct NameOrder {
  int sign = 0;            // below 0: the first one comes first
  bool by_number = false;  // they first differ in a number, so they are meant to be in this order
};

inline NameOrder compare_names(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_decimal(a[0]) && is_decimal(b[0])) {
      const auto take = [](std::string_view& text) {
        std::string_view digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
        text.remove_prefix(digits.size());
        digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
        return digits;
      };
      const std::string_view x = take(a), y = take(b);
      if (x != y) return {(x.size() != y.size() ? x.size() < y.size() : x < y) ? -1 : 1, true};
    } else {
      if (a[0] != b[0]) return {a[0] < b[0] ? -1 : 1, false};
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return {static_cast<int>(b.empty()) - static_cast<int>(a.empty()), false};
}

// What arrays are to their module, as PyTorch and Keras call them.
struct ArrayRole {
  const char *ending, *role;
};
inline constexpr ArrayRole kRoles[] = {{"weight", "weight"},
                                       {"kernel", "kernel"},
                                       {"bias", "bias"},
                                       {"gamma", "weight"},
                                       {"beta", "bias"},
                                       {"running_mean", "running_mean"},
                                       {"moving_mean", "running_mean"},
                                       {"running_var", "running_var"},
                                       {"moving_variance", "running_var"},
                                       {"num_batches_tracked", "count"}};

// What one module of a network has.
struct ArrayModule {
  std::string name;
  const Array *weight = nullptr, *bias = nullptr, *running_mean = nullptr, *running_var = nullptr;
  bool is_slope() const {
    return weight->size() == 1 && weight->shape.size() == 1 && bias == nullptr && running_mean == nullptr;
  }
  bool is_normalization() const {
    const bool scales = weight != nullptr && weight->shape.size() == 1;
    return running_mean != nullptr || running_var != nullptr ||
           (scales && (bias != nullptr || weight->size() > 1));
  }
  // As a layer's blocks, [BlockKind].
  std::array<const Array*, kBlockKinds.size()> blocks() const {
    if (is_normalization()) return {nullptr, nullptr, nullptr, weight, bias, running_mean, running_var};
    return {nullptr, nullptr, weight};
  }
  Sides sides(WeightLayout layout) const {
    const Sides as_torch{weight->shape[1], weight->shape[0]};
    return layout == WeightLayout::kTorch ? as_torch : Sides{as_torch.second, as_torch.first};
  }
};

// Without the end of TensorFlow's "bias:0".
inline std::string_view bare_name(std::string_view name) { return name.substr(0, name.find(':')); }
inline std::string_view stem_of(std::string_view name) {
  const std::size_t end = bare_name(name).find_last_of("./");
  return name.substr(0, end == std::string_view::npos ? 0 : end);
}
inline std::string_view role_of(std::string_view name) {
  const std::string_view role = bare_name(name).substr(stem_of(name).size());
  for (const ArrayRole& known : kRoles)
    if (role.ends_with(known.ending)) return known.role;
  return "";
}

}  // namespace deadrelu
