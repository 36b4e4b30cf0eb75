// The graph of operations that a formula becomes.
#pragma once

#include <bit>
#include <cassert>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "base/formula.h"

namespace deadrelu {

// Appends nodes, each at most once. Operations whose result IEEE fixes are done at once on constants.
class FormulaGraph {
 public:
  using Node = std::uint16_t;                 // its place
  static constexpr int kLargestProduct = 64;  // exponent of a power that is made of products

  explicit FormulaGraph(std::vector<FormulaNode>& nodes) : nodes_(nodes) {
    for (std::size_t i = 0; i < nodes.size(); ++i) index_.emplace(key_of(nodes[i]), static_cast<Node>(i));
  }

  Node constant(double value) { return add({kConstant, {}, value}); }
  Node leaf(FormulaOp op, std::size_t index) { return add({op, {static_cast<Node>(index)}}); }
  Node make(FormulaOp op, Node a, Node b = 0, Node c = 0) {
    if (op == kWhere && at(a).op == kConstant) return at(a).value != 0 ? b : c;
    const std::optional<double> known = fold(op, a, b);
    return known ? constant(*known) : add({op, {a, b, c}});
  }

  // The same, without the operations that change nothing.
  Node plus(Node a, Node b) { return is(a, 0) ? b : is(b, 0) ? a : make(kAdd, a, b); }
  Node minus(Node a, Node b) { return is(a, 0) ? negative(b) : is(b, 0) ? a : make(kSubtract, a, b); }
  Node times(Node a, Node b) { return is(a, 1) ? b : is(b, 1) ? a : make(kMultiply, a, b); }
  Node negative(Node a) { return at(a).op == kNegate ? at(a).in[0] : make(kNegate, a); }

  Node power(Node base, Node exponent) {
    const FormulaNode& node = at(exponent);
    const double n = std::abs(node.value);
    if (node.op != kConstant || n > kLargestProduct || n != std::floor(n))
      return make(kPower, base, exponent);
    const bool inverse = node.value < 0;
    const Node product = product_of(base, static_cast<int>(n));
    return inverse ? make(kDivide, constant(1), product) : product;
  }

  const FormulaNode& at(Node node) const { return nodes_[node]; }
  bool is(Node node, double value) const { return at(node).op == kConstant && at(node).value == value; }

 private:
  using enum FormulaOp;
  using NodeKey = std::tuple<FormulaOp, std::array<Node, 3>, std::uint64_t>;
  static NodeKey key_of(const FormulaNode& node) {
    return {node.op, node.in, std::bit_cast<std::uint64_t>(node.value)};
  }

  Node add(const FormulaNode& node) {
    const auto [found, fresh] = index_.emplace(key_of(node), static_cast<Node>(nodes_.size()));
    if (fresh) nodes_.push_back(node);
    assert(nodes_.size() < 0xFFFF);  // kLongestFormula characters and their derivative need a third of it
    return found->second;
  }

  Node product_of(Node base, int count) {
    if (count == 0) return constant(1);
    if (count == 1) return base;
    const Node half = product_of(base, count / 2), even = make(kMultiply, half, half);
    return count % 2 == 0 ? even : make(kMultiply, base, even);
  }

  std::optional<double> fold(FormulaOp op, Node first, Node second) const {
    if (at(first).op != kConstant || (info_of(op).operands == 2 && at(second).op != kConstant))
      return std::nullopt;
    const double a = at(first).value, b = at(second).value;
    switch (op) {
      case kNegate: return -a;
      case kAbs: return std::abs(a);
      case kSqrt: return std::sqrt(a);
      case kAdd: return a + b;
      case kSubtract: return a - b;
      case kMultiply: return a * b;
      case kDivide: return a / b;
      case kLess: return a < b ? 1 : 0;
      case kLessEqual: return a <= b ? 1 : 0;
      case kEqual: return a == b ? 1 : 0;
      case kNotEqual: return a != b ? 1 : 0;
      case kMin: return a < b || std::isnan(a) ? a : b;
      case kMax: return a > b || std::isnan(a) ? a : b;
      default: return std::nullopt;
    }
  }

  std::vector<FormulaNode>& nodes_;
  std::map<NodeKey, Node> index_;
};

}  // namespace deadrelu
