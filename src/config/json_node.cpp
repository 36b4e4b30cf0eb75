#include "config/json_node.h"

#include <nlohmann/json.hpp>

#include "base/number.h"

namespace deadrelu {

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : members())
    if (name == key) return &value;
  return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

Node make_text(std::string text, const Node& where) {
  Node node;
  node.kind = NodeKind::kText;
  node.set = where.set;
  node.line = where.line;
  node.content = std::make_unique<Node::Content>();
  node.content->text = std::move(text);
  return node;
}

Node make_number(double value, bool integer, const Node& where) {
  Node node;
  node.kind = integer ? NodeKind::kInteger : NodeKind::kReal;
  node.set = where.set;
  node.line = where.line;
  node.real = value;
  if (integer) node.integer = static_cast<std::int64_t>(value);
  return node;
}

Node make_object() {
  Node node;
  node.kind = NodeKind::kObject;
  node.content = std::make_unique<Node::Content>();
  return node;
}

std::string child_pointer(const std::string& pointer, std::string_view key) {
  std::string child = pointer + '/';
  for (const char c : key) {
    if (c == '~') {
      child += "~0";
    } else if (c == '/') {
      child += "~1";
    } else {
      child += c;
    }
  }
  return child;
}

std::string child_pointer(const std::string& pointer, std::size_t index) {
  return pointer + '/' + std::to_string(index);
}

std::string json_quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string describe(const Node& node) {
  constexpr std::size_t kLongest = 60;
  switch (node.kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBool:
      return node.flag ? "true" : "false";
    case NodeKind::kInteger:
      return std::to_string(node.integer);
    case NodeKind::kReal:
      return number_text(node.real);
    case NodeKind::kList:
      return "a list";
    case NodeKind::kObject:
      return "an object";
    case NodeKind::kText:
      break;
  }
  if (node.text().size() <= kLongest) return json_quoted(node.text());
  return "a text of " + std::to_string(node.text().size()) + " characters";
}

}  // namespace deadrelu
