#include "base/formula.h"

#include <algorithm>

#include "base/formula_graph.h"

namespace deadrelu {
namespace {

using enum FormulaOp;
using Node = FormulaGraph::Node;

// The derivative of every node with respect to the first input; empty: 0 everywhere.
class Derivative {
 public:
  Derivative(FormulaGraph& graph, std::size_t nodes, Node at_zero) : graph_(graph), at_zero_(at_zero) {
    for (std::size_t i = 0; i < nodes; ++i) {
      const Slope slope = slope_of(static_cast<Node>(i));
      slopes_.push_back(slope && graph_.is(*slope, 0) ? Slope() : slope);
    }
  }
  Node of(Node node) { return slopes_[node] ? *slopes_[node] : graph_.constant(0); }

 private:
  using Slope = std::optional<Node>;

  Slope slope_of(Node node) {
    const FormulaNode here = graph_.at(node);  // a copy: the graph grows
    const auto [a, b, c] = here.in;
    switch (here.op) {
      case kInput: return graph_.constant(1);
      case kAdd:
      case kSubtract: return of_sum(here.op, slopes_[a], slopes_[b]);
      case kMultiply: return of_product(a, b);
      case kDivide: return of_quotient(node, a, b);
      case kPower: return of_power(node, a, b);
      case kMin:
      case kMax: return of_extreme(here.op, a, b);
      case kWhere:
        if (!slopes_[b] && !slopes_[c]) return {};
        return graph_.make(kWhere, a, of(b), of(c));
      default:
        if (info_of(here.op).operands != 1 || !slopes_[a]) return {};
        return of_function(here.op, node, a, *slopes_[a]);
    }
  }

  Slope sum(Slope a, Slope b) { return a && b ? graph_.plus(*a, *b) : a ? a : b; }
  Slope scaled(Node factor, Slope a) { return a ? Slope(graph_.times(factor, *a)) : a; }

  Slope of_sum(FormulaOp op, Slope a, Slope b) {
    if (op == kAdd || !b) return sum(a, b);
    return a ? graph_.minus(*a, *b) : graph_.negative(*b);
  }

  Slope of_product(Node a, Node b) {
    if (a == b) return scaled(graph_.times(graph_.constant(2), a), slopes_[a]);
    return sum(scaled(b, slopes_[a]), scaled(a, slopes_[b]));
  }

  Slope of_quotient(Node node, Node a, Node b) {
    const Slope above = of_sum(kSubtract, slopes_[a], scaled(node, slopes_[b]));
    return above ? Slope(graph_.make(kDivide, *above, b)) : above;
  }

  // b·a^(b − 1)·a' + a^b·log(a)·b', where an exponent of 0 and log(0) have no say, as in PyTorch.
  Slope of_power(Node node, Node a, Node b) {
    const Node zero = graph_.constant(0);
    const auto unless_zero = [&](Node size, Node value) {
      return graph_.make(kWhere, graph_.make(kEqual, size, zero), zero, value);
    };
    Slope rise, growth;
    if (slopes_[a]) {
      const Node below = graph_.power(a, graph_.minus(b, graph_.constant(1)));
      rise = unless_zero(b, graph_.times(graph_.times(b, below), *slopes_[a]));
    }
    if (slopes_[b])
      growth = unless_zero(a, graph_.times(graph_.times(node, graph_.make(kLog, a)), *slopes_[b]));
    return sum(rise, growth);
  }

  Slope of_extreme(FormulaOp op, Node a, Node b) {
    if (!slopes_[a] && !slopes_[b]) return {};
    const Node low = graph_.make(kMin, of(a), of(b)), high = graph_.make(kMax, of(a), of(b));
    const Node part = graph_.times(at_zero_, graph_.minus(high, low));
    const Node kink = op == kMax ? graph_.plus(low, part) : graph_.minus(high, part);
    const Node b_wins = op == kMax ? graph_.make(kLess, a, b) : graph_.make(kLess, b, a);
    return graph_.make(kWhere, graph_.make(kEqual, a, b), kink, graph_.make(kWhere, b_wins, of(b), of(a)));
  }

  // REQUIRES: f takes one operand, a, whose derivative is `inner`.
  Slope of_function(FormulaOp f, Node node, Node a, Node inner) {
    const auto number = [&](double value) { return graph_.constant(value); };
    const auto times = [&](Node outer) { return graph_.times(outer, inner); };
    switch (f) {
      case kNegate: return graph_.negative(inner);
      case kAbs: {
        const Node zero = number(0), kink = graph_.times(at_zero_, graph_.make(kAbs, inner));
        const Node side = graph_.make(kWhere, graph_.make(kLess, a, zero), graph_.negative(inner), inner);
        return graph_.make(kWhere, graph_.make(kEqual, a, zero), kink, side);
      }
      case kExp: return times(node);
      case kExpm1: return times(graph_.make(kExp, a));
      case kLog: return graph_.make(kDivide, inner, a);
      case kLog1p: return graph_.make(kDivide, inner, graph_.plus(number(1), a));
      case kSqrt: return graph_.make(kDivide, graph_.times(number(0.5), inner), node);
      // 1 − tanh² without the cancellation.
      case kTanh: return times(graph_.times(number(4), graph_.make(kSigmoidSlope, graph_.plus(a, a))));
      case kSin: return times(graph_.make(kCos, a));
      case kCos: return graph_.negative(times(graph_.make(kSin, a)));
      case kErf: {
        const Node decay = graph_.make(kExp, graph_.make(kNegate, graph_.make(kMultiply, a, a)));
        return times(graph_.times(number(2 * std::numbers::inv_sqrtpi), decay));
      }
      case kSigmoid: return times(graph_.make(kSigmoidSlope, a));
      case kSoftplus: return times(graph_.make(kSigmoid, a));
      default: assert(false); return {};
    }
  }

  FormulaGraph& graph_;
  const Node at_zero_;
  std::vector<Slope> slopes_;
};

// Puts the nodes that `root` needs into steps, each where it is needed first, and gives a value's slot to another
// one after its last use.
class Compiler {
 public:
  Compiler(std::span<const FormulaNode> nodes, Node root, std::size_t inputs, std::size_t numbers)
      : nodes_(nodes), slot_(nodes.size(), kNone), last_use_(nodes.size()) {
    program_.inputs = inputs;
    program_.numbers = numbers;
    visit(root);
    place_leaves();
    for (std::size_t i = 0; i < order_.size(); ++i) add_step(i);
    if (order_.empty()) program_.steps.push_back({kCopy, 0, {slot_[root]}});
    program_.temporaries = used_;
    program_.steps.back().out = static_cast<std::uint16_t>(program_.slots() - 1);
  }
  FormulaProgram program() && { return std::move(program_); }

 private:
  static constexpr std::uint16_t kNone = 0xFFFF;

  bool is_leaf(Node node) const { return info_of(nodes_[node].op).operands == 0; }

  void visit(Node node) {
    if (slot_[node] != kNone) return;
    slot_[node] = 0;
    for (std::size_t i = 0; i < info_of(nodes_[node].op).operands; ++i) visit(nodes_[node].in[i]);
    if (is_leaf(node)) return leaves_.push_back(node);
    for (std::size_t i = 0; i < info_of(nodes_[node].op).operands; ++i)
      last_use_[nodes_[node].in[i]] = order_.size();
    order_.push_back(node);
  }

  void place_leaves() {
    for (const Node leaf : leaves_) {
      const FormulaNode& node = nodes_[leaf];
      std::size_t slot = node.in[0];
      if (node.op == kNumber) slot += program_.inputs;
      if (node.op == kConstant) {
        slot = program_.inputs + program_.numbers + program_.constants.size();
        program_.constants.push_back(node.value);
      }
      slot_[leaf] = static_cast<std::uint16_t>(slot);
    }
  }

  void add_step(std::size_t i) {
    const FormulaNode& node = nodes_[order_[i]];
    FormulaProgram::Step step{node.op, 0, {}};
    for (std::size_t operand = 0; operand < info_of(node.op).operands; ++operand) {
      const Node in = node.in[operand];
      step.in[operand] = slot_[in];
      const bool first = std::find(node.in.begin(), node.in.begin() + static_cast<std::ptrdiff_t>(operand),
                                   in) == node.in.begin() + static_cast<std::ptrdiff_t>(operand);
      if (first && !is_leaf(in) && last_use_[in] == i) free_.push_back(slot_[in]);
    }
    if (i + 1 < order_.size()) step.out = slot_[order_[i]] = take_slot();
    program_.steps.push_back(step);
  }

  std::uint16_t take_slot() {
    if (free_.empty())
      free_.push_back(static_cast<std::uint16_t>(program_.inputs + program_.numbers +
                                                 program_.constants.size() + used_++));
    const std::uint16_t slot = free_.back();
    free_.pop_back();
    return slot;
  }

  std::span<const FormulaNode> nodes_;
  FormulaProgram program_;
  std::vector<Node> order_, leaves_;
  std::vector<std::uint16_t> slot_, free_;
  std::vector<std::size_t> last_use_;
  std::size_t used_ = 0;
};

}  // namespace

std::vector<double> Formula::values_of_numbers(std::span<const NamedNumber> given) const {
  std::vector<double> values;
  for (const Number& number : numbers_) {
    const auto found =
        std::ranges::find_if(given, [&](const NamedNumber& one) { return one.name == number.name; });
    assert(found != given.end());
    values.push_back(found->value);
  }
  return values;
}

FormulaProgram Formula::program(std::size_t inputs) const {
  assert(inputs >= inputs_);
  return Compiler(nodes_, static_cast<Node>(nodes_.size() - 1), inputs, numbers_.size()).program();
}

ActivationPrograms Formula::activation() const {
  assert(inputs_ == 1);
  std::vector<FormulaNode> nodes = nodes_;
  FormulaGraph graph(nodes);
  const auto value = static_cast<Node>(nodes_.size() - 1);
  Derivative derivative(graph, nodes_.size(), graph.leaf(kNumber, numbers_.size()));
  const Node slope = derivative.of(value);
  const Node gradient = graph.make(kGradient, slope, graph.leaf(kInput, 1)),
             magnitude = graph.make(kAbs, slope);
  const std::size_t numbers = numbers_.size() + 1;
  return {Compiler(nodes, value, 1, numbers).program(), Compiler(nodes, gradient, 2, numbers).program(),
          Compiler(nodes, magnitude, 1, numbers).program()};
}

}  // namespace deadrelu
