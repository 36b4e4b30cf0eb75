#include <fmt/format.h>

#include <algorithm>
#include <numbers>

#include "base/enum_names.h"
#include "base/formula_graph.h"
#include "base/number.h"

namespace deadrelu {
namespace {

using enum FormulaOp;
using Node = FormulaGraph::Node;

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFormulaOps.size(); ++i)
    if (static_cast<std::size_t>(kFormulaOps[i].op) != i) return false;
  return kFormulaOps.back().op == kWhere;
}
static_assert(in_order());

// Recursive descent. After the first mistake the rest of the text is not looked at.
class Parser {
 public:
  Parser(std::string_view text, std::vector<FormulaNode>& nodes, std::vector<Formula::Number>& numbers)
      : text_(text), graph_(nodes), numbers_(numbers) {}

  Node parse() {
    if (text_.size() > kLongestFormula)
      fail(kLongestFormula, fmt::format("the formula is longer than {} characters", kLongestFormula));
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
      fail(at_, fmt::format("the formula is nested deeper than {} levels", kDeepestFormula));
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
    fail(at_,
         fmt::format("')' is missing before {}, for the '(' in column {}", next_text(), column_of(opened)));
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
    const auto found = std::ranges::find_if(kFormulaOps, [&](const FormulaOpInfo& info) {
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
      fail(from, fmt::format("inputs are x1 to x{}, or x", kMostFormulaInputs));
      return graph_.constant(0);
    }
    if (static_cast<std::size_t>(index) > inputs_) {
      inputs_ = static_cast<std::size_t>(index);
      input_column_ = column_of(from);
    }
    return graph_.leaf(kInput, static_cast<std::size_t>(index - 1));
  }

  std::size_t number_named(const std::string& word, std::size_t from) {
    const auto found =
        std::ranges::find_if(numbers_, [&](const auto& number) { return number.name == word; });
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
          fail(at_, fmt::format("{} takes {} numbers; ',' is missing before {}", word, function.operands,
                                next_text()));
        return graph_.constant(0);
      }
      in[i] = comparison();
    }
    if (peek() == ',')
      fail(at_, fmt::format("{} takes {}{}, not more", word, function.operands,
                            function.operands == 1 ? " number" : " numbers"));
    close(opened);
    return graph_.make(function.op, in[0], in[1], in[2]);
  }

  const std::string_view text_;
  std::size_t at_ = 0, depth_ = 0, inputs_ = 1, input_column_ = 1;
  FormulaGraph graph_;
  std::vector<Formula::Number>& numbers_;
  std::optional<FormulaError> error_;
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
    error = {1, fmt::format("the formula needs more than {} numbers at once", kMostFormulaSlots)};
    return std::nullopt;
  }
  return formula;
}

}  // namespace deadrelu
