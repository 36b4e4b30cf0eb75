#include "base/formula.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <map>
#include <numbers>
#include <tuple>

#include "base/enum_names.h"
#include "base/number.h"

namespace deadrelu {
namespace {

using enum FormulaOp;
using Node = std::uint16_t;

constexpr int kLargestProduct = 64;  // exponent of a power that is made of products

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFormulaOps.size(); ++i)
    if (static_cast<std::size_t>(kFormulaOps[i].op) != i) return false;
  return kFormulaOps.back().op == kWhere;
}
static_assert(in_order());

// Appends nodes, each at most once. Operations whose result IEEE fixes are done at once on constants.
class Graph {
 public:
  explicit Graph(std::vector<FormulaNode>& nodes) : nodes_(nodes) {
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
  using NodeKey = std::tuple<FormulaOp, std::array<Node, 3>, std::uint64_t>;
  static NodeKey key_of(const FormulaNode& node) {
    return {node.op, node.in, std::bit_cast<std::uint64_t>(node.value)};
  }

  Node add(const FormulaNode& node) {
    const auto [found, fresh] = index_.emplace(key_of(node), static_cast<Node>(nodes_.size()));
    if (fresh) nodes_.push_back(node);
    assert(nodes_.size() <
           0xFFFF);  // what kLongestFormula characters and their derivative need is a third of it
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

// Recursive descent. After the first mistake the rest of the text is not looked at.
class Parser {
 public:
  Parser(std::string_view text, std::vector<FormulaNode>& nodes, std::vector<Formula::Number>& numbers)
      : text_(text), graph_(nodes), numbers_(numbers) {}

  Node parse() {
    if (text_.size() > kLongestFormula)
      fail(kLongestFormula, "the formula is longer than " + std::to_string(kLongestFormula) + " characters");
    const Node root = comparison();
    if (peek() == ')') fail(at_, "there is no '(' for this ')'");
    if (peek() != '\0') fail(at_, "an operator is missing before " + next_text());
    return root;
  }

  const std::optional<FormulaError>& error() const { return error_; }
  std::size_t inputs() const { return inputs_; }
  std::size_t input_column() const { return input_column_; }

 private:
  void fail(std::size_t at, const std::string& sentence) {
    if (!error_) error_ = {column_of(at), sentence};
    at_ = text_.size();
  }

  std::size_t column_of(std::size_t at) const {
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    return 1 + static_cast<std::size_t>(
                   std::count_if(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), begins));
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

  // The next character that is no space; 0 at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(std::string_view token) {
    if (peek() == '\0' || !text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  // What comes next, for sentences.
  std::string next_text() {
    if (peek() == '\0') return "the end";
    std::size_t end = at_ + 1;
    if (is_letter(text_[at_]) || is_digit(text_[at_])) {
      while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
    } else {
      while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    }
    return std::string("'").append(text_.substr(at_, end - at_)) + "'";
  }

  struct Comparison {
    const char* sign;
    FormulaOp op;
    bool swapped;
  };
  const Comparison* take_comparison() {
    static constexpr Comparison kComparisons[] = {{"<=", kLessEqual, false}, {">=", kLessEqual, true},
                                                  {"<", kLess, false},       {">", kLess, true},
                                                  {"==", kEqual, false},     {"!=", kNotEqual, false}};
    for (const Comparison& comparison : kComparisons)
      if (take(comparison.sign)) return &comparison;
    if (peek() == '=') fail(at_, "'=' alone compares nothing; write ==");
    return nullptr;
  }

  Node comparison() {
    Node left = sum();
    const Comparison* const found = take_comparison();
    if (found == nullptr) return left;
    Node right = sum();
    if (found->swapped) std::swap(left, right);
    const std::size_t at = (peek(), at_);
    if (take_comparison() != nullptr) fail(at, "comparisons cannot follow each other; write (0 < x)*(x < 1)");
    return graph_.make(found->op, left, right);
  }

  Node sum() {
    Node left = product();
    while (peek() == '+' || peek() == '-') {
      const FormulaOp op = text_[at_++] == '+' ? kAdd : kSubtract;
      left = graph_.make(op, left, product());
    }
    return left;
  }

  Node product() {
    Node left = sign_or_power();
    while (peek() == '*' || peek() == '/') {
      const FormulaOp op = text_[at_++] == '*' ? kMultiply : kDivide;
      if (op == kMultiply && at_ < text_.size() && text_[at_] == '*')
        fail(at_ - 1, "a power is written ^, not **");
      left = graph_.make(op, left, sign_or_power());
    }
    return left;
  }

  Node sign_or_power() {
    if (++depth_ > kDeepestFormula)
      fail(at_, "the formula is nested deeper than " + std::to_string(kDeepestFormula) + " levels");
    Node value = 0;
    if (take("-")) {
      value = graph_.make(kNegate, sign_or_power());
    } else if (take("+")) {
      value = sign_or_power();
    } else {
      value = atom();
      if (take("^")) value = graph_.power(value, sign_or_power());
    }
    --depth_;
    return value;
  }

  Node atom() {
    const char c = peek();
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c)) return name();
    const std::size_t at = at_;
    if (take("(")) {
      const Node value = comparison();
      close(at);
      return value;
    }
    fail(at, "a number, x, a name, a function or '(' is missing before " + next_text());
    return graph_.constant(0);
  }

  void close(std::size_t opened) {
    if (take(")") || error_) return;
    fail(at_, "')' is missing before " + next_text() + ", for the '(' in column " +
                  std::to_string(column_of(opened)));
  }

  Node number() {
    const std::size_t from = at_;
    const auto digits = [&] {
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    };
    digits();
    if (at_ < text_.size() && text_[at_] == '.') ++at_;
    digits();
    std::size_t exponent = at_ + 1;
    if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
    if (exponent < text_.size() && (text_[at_] | 0x20) == 'e' && is_digit(text_[exponent])) {
      at_ = exponent;
      digits();
    }
    const std::string_view token = text_.substr(from, at_ - from);
    const std::optional<double> value = parse_real(token);
    if (!value) fail(from, std::string("'").append(token) + "' is no number of at most 1.8e308");
    return graph_.constant(value.value_or(0));
  }

  Node name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string word(text_.substr(from, at_ - from));
    const auto found = std::find_if(kFormulaOps.begin(), kFormulaOps.end(), [&](const FormulaOpInfo& info) {
      return info.function != nullptr && word == info.function;
    });
    if (found != kFormulaOps.end()) return call(*found, word);
    if (peek() == '(') fail_function(from, word);
    if (word == "pi") return graph_.constant(std::numbers::pi);
    if (word == "e") return graph_.constant(std::numbers::e);
    if (word[0] == 'x' && std::all_of(word.begin() + 1, word.end(), is_digit)) return input(from, word);
    return graph_.leaf(kNumber, number_named(word, from));
  }

  Node input(std::size_t from, const std::string& word) {
    const std::int64_t index = word == "x" ? 1 : parse_integer(word.substr(1)).value_or(0);
    if (index < 1 || index > static_cast<std::int64_t>(kMostFormulaInputs)) {
      fail(from, "inputs are x1 to x" + std::to_string(kMostFormulaInputs) + ", or x");
      return graph_.constant(0);
    }
    if (static_cast<std::size_t>(index) > inputs_) {
      inputs_ = static_cast<std::size_t>(index);
      input_column_ = column_of(from);
    }
    return graph_.leaf(kInput, static_cast<std::size_t>(index - 1));
  }

  std::size_t number_named(const std::string& word, std::size_t from) {
    const auto found = std::find_if(numbers_.begin(), numbers_.end(),
                                    [&](const auto& number) { return number.name == word; });
    const auto index = static_cast<std::size_t>(found - numbers_.begin());
    if (found == numbers_.end()) numbers_.push_back({word, column_of(from)});
    return index;
  }

  void fail_function(std::size_t from, const std::string& word) {
    std::vector<std::string> names;
    for (const FormulaOpInfo& info : kFormulaOps)
      if (info.function != nullptr) names.emplace_back(info.function);
    const std::string near = nearest_name(word, names);
    fail(from,
         "there is no function '" + word + "'; " +
             (near.empty() ? "functions are " + formula_function_names() : "did you mean " + near + "?"));
  }

  Node call(const FormulaOpInfo& function, const std::string& word) {
    const std::size_t opened = (peek(), at_);
    if (!take("(")) {
      fail(at_, word + " is a function; '(' is missing before " + next_text());
      return graph_.constant(0);
    }
    std::array<Node, 3> in{};
    for (std::size_t i = 0; i < function.operands; ++i) {
      if (i > 0 && !take(",")) {
        if (!error_)
          fail(at_, word + " takes " + std::to_string(function.operands) +
                        " numbers; ',' is missing before " + next_text());
        return graph_.constant(0);
      }
      in[i] = comparison();
    }
    if (peek() == ',')
      fail(at_, word + " takes " + std::to_string(function.operands) +
                    (function.operands == 1 ? " number" : " numbers") + ", not more");
    close(opened);
    return graph_.make(function.op, in[0], in[1], in[2]);
  }

  const std::string_view text_;
  std::size_t at_ = 0, depth_ = 0, inputs_ = 1, input_column_ = 1;
  Graph graph_;
  std::vector<Formula::Number>& numbers_;
  std::optional<FormulaError> error_;
};

// The derivative of every node with respect to the first input; empty: 0 everywhere.
class Derivative {
 public:
  Derivative(Graph& graph, std::size_t nodes, Node at_zero) : graph_(graph), at_zero_(at_zero) {
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

  Graph& graph_;
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

bool fits(const FormulaProgram& program) { return program.slots() <= kMostFormulaSlots; }

}  // namespace

std::string formula_function_names() {
  std::string text;
  for (const FormulaOpInfo& info : kFormulaOps)
    if (info.function != nullptr) text.append(text.empty() ? "" : ", ").append(info.function);
  return text;
}

bool is_formula_name(std::string_view name) {
  FormulaError error;
  const std::optional<Formula> formula = Formula::parse(name, error);
  return formula && formula->numbers().size() == 1 && formula->numbers()[0].name == name;
}

std::optional<Formula> Formula::parse(std::string_view text, FormulaError& error) {
  Formula formula;
  Parser parser(text, formula.nodes_, formula.numbers_);
  const Node root = parser.parse();
  if (parser.error()) {
    error = *parser.error();
    return std::nullopt;
  }
  formula.inputs_ = parser.inputs();
  formula.input_column_ = parser.input_column();
  formula.nodes_.resize(root + std::size_t{1});  // operands stand before
  const ActivationPrograms programs = formula.inputs_ == 1 ? formula.activation() : ActivationPrograms{};
  if (!fits(formula.program(kMostFormulaInputs)) || !fits(programs.gradient)) {
    error = {1, "the formula needs more than " + std::to_string(kMostFormulaSlots) + " numbers at once"};
    return std::nullopt;
  }
  return formula;
}

std::vector<double> Formula::values_of_numbers(std::span<const NamedNumber> given) const {
  std::vector<double> values;
  for (const Number& number : numbers_) {
    const auto found = std::find_if(given.begin(), given.end(),
                                    [&](const NamedNumber& one) { return one.name == number.name; });
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
  Graph graph(nodes);
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
