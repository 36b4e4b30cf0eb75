#include "sweep/sweep_shape.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>

namespace deadrelu {
namespace {

constexpr std::uint64_t kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b > kMost / a ? kMost : a * b;
}

std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) { return b > kMost - a ? kMost : a + b; }

bool matches(const std::vector<std::uint64_t>& values, std::uint64_t index) {
  return values.empty() || std::binary_search(values.begin(), values.end(), index);
}

// Counts the points that no exclusion matches. Values of an axis that the same exclusions match are counted
// together.
class PointCounter {
 public:
  explicit PointCounter(const SweepShape& shape) : shape_(shape) {}

  // Of the axes from `axis` on, with the exclusions that match on every axis before.
  std::uint64_t count(std::size_t axis, const std::vector<std::size_t>& alive) const {
    if (alive.empty()) return all_from(axis);
    if (axis == shape_.axis_sizes.size()) return 0;
    std::vector<std::size_t> always;                         // exclusions that match any value of this axis
    std::map<std::uint64_t, std::vector<std::size_t>> some;  // value: further exclusions that match it
    for (const std::size_t i : alive) {
      const auto& values = shape_.exclusions[i][axis];
      if (values.empty()) always.push_back(i);
      for (const std::uint64_t value : values) some[value].push_back(i);
    }
    std::map<std::vector<std::size_t>, std::uint64_t> classes;  // matching exclusions: how many values
    for (auto& entry : some) ++classes[std::move(entry.second)];
    const std::uint64_t others = shape_.axis_sizes[axis] - some.size();
    std::uint64_t sum = others == 0 ? 0 : saturating_product(others, count(axis + 1, always));
    for (const auto& [matching, values] : classes) {
      std::vector<std::size_t> next;
      std::merge(always.begin(), always.end(), matching.begin(), matching.end(), std::back_inserter(next));
      sum = saturating_sum(sum, saturating_product(values, count(axis + 1, next)));
    }
    return sum;
  }

 private:
  std::uint64_t all_from(std::size_t axis) const {
    std::uint64_t product = 1;
    for (; axis < shape_.axis_sizes.size(); ++axis)
      product = saturating_product(product, shape_.axis_sizes[axis]);
    return product;
  }
  const SweepShape& shape_;
};

}  // namespace

std::uint64_t linear_index(const SweepShape& shape, const std::vector<std::uint64_t>& indices) {
  std::uint64_t index = 0;
  for (std::size_t axis = 0; axis < indices.size(); ++axis)
    index = index * shape.axis_sizes[axis] + indices[axis];
  return index;
}

bool is_excluded(const SweepShape& shape, const std::vector<std::uint64_t>& indices) {
  if (!shape.repeated.empty() &&
      std::binary_search(shape.repeated.begin(), shape.repeated.end(), linear_index(shape, indices)))
    return true;
  return std::any_of(shape.exclusions.begin(), shape.exclusions.end(),
                     [&](const SweepShape::Exclusion& exclusion) {
                       for (std::size_t axis = 0; axis < indices.size(); ++axis)
                         if (!matches(exclusion[axis], indices[axis])) return false;
                       return true;
                     });
}

SweepCursor::SweepCursor(const SweepShape& shape) : shape_(&shape), indices_(shape.axis_sizes.size(), 0) {}

bool SweepCursor::next() {
  ended_ = ended_ || !advance();
  return !ended_;
}

bool SweepCursor::advance() {
  if (!started_) {
    started_ = true;
    if (shape_->seeds.size() == 0 ||
        std::count(shape_->axis_sizes.begin(), shape_->axis_sizes.end(), 0U) != 0)
      return false;
    return !is_excluded(*shape_, indices_) || advance_point();
  }
  if (seed_index_ + 1 < shape_->seeds.size()) {
    ++seed_index_;
  } else {
    if (!advance_point()) return false;
    seed_index_ = 0;
    ++point_;
  }
  ++position_;
  return true;
}

std::uint64_t SweepCursor::seed() const { return shape_->seeds.at(seed_index_); }

bool SweepCursor::advance_point() {
  do {
    std::size_t axis = indices_.size();
    while (axis > 0 && ++indices_[axis - 1] == shape_->axis_sizes[axis - 1]) indices_[--axis] = 0;
    if (axis == 0) return false;
  } while (is_excluded(*shape_, indices_));
  return true;
}

std::uint64_t sweep_size(const SweepShape& shape) {
  std::vector<std::size_t> all(shape.exclusions.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return saturating_product(PointCounter(shape).count(0, all) - shape.repeated.size(), shape.seeds.size());
}

}  // namespace deadrelu
