// A JSON value that remembers where it stood: what the config reader works on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deadrelu {

enum class NodeKind : std::uint8_t { kNull, kBool, kInteger, kReal, kText, kList, kObject };

// Move-only. Only the fields of its kind matter.
struct Node {
  NodeKind kind = NodeKind::kNull;
  bool flag = false;
  int set = -1;            // number of the --set that it came from; -1: the file
  std::uint32_t line = 1;  // in the file, from 1
  std::int64_t integer = 0;
  double real = 0;  // also set for integers

  struct Content {
    std::string text;
    std::vector<Node> items;                            // list
    std::vector<std::pair<std::string, Node>> members;  // object, in file order, keys distinct
  };
  std::unique_ptr<Content> content;  // text, list and object

  bool is_number() const { return kind == NodeKind::kInteger || kind == NodeKind::kReal; }
  bool is_list() const { return kind == NodeKind::kList; }
  bool is_object() const { return kind == NodeKind::kObject; }
  bool is_text() const { return kind == NodeKind::kText; }
  const std::string& text() const { return content->text; }
  const std::vector<Node>& items() const { return content->items; }
  const std::vector<std::pair<std::string, Node>>& members() const { return content->members; }
  const Node* find(std::string_view key) const;  // null where the object has no such key
  Node* find(std::string_view key);
};

Node make_text(std::string text, const Node& where);  // at the place of `where`
Node make_number(double value, bool integer, const Node& where);
Node make_object();

// A JSON pointer one level down; '~' and '/' in the key are escaped (RFC 6901).
std::string child_pointer(const std::string& pointer, std::string_view key);
std::string child_pointer(const std::string& pointer, std::size_t index);

// The text in JSON quotes, with U+FFFD for what is not UTF-8 (only messages can hold such).
std::string json_quoted(std::string_view text);

// For error messages: `the text "abc"`, `1.5`, `a list`, …
std::string describe(const Node& node);

}  // namespace deadrelu
