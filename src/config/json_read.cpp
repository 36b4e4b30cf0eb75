#include "config/json_read.h"

#include <deque>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "config/json_position.h"

namespace deadrelu {
namespace {

using Json = nlohmann::json;

// nlohmann's SAX interface: builds the nodes, notices duplicate keys, and stops at a syntax error.
class NodeBuilder {
 public:
  NodeBuilder(ReadPosition& position, int set, Node& root, Problems& problems)
      : position_(position), set_(set), root_(root), problems_(problems) {}

  bool null() { return add(NodeKind::kNull) != nullptr; }
  bool boolean(bool value) {
    add(NodeKind::kBool)->flag = value;
    return true;
  }
  bool number_integer(std::int64_t value) {
    Node* node = add(NodeKind::kInteger);
    node->integer = value;
    node->real = static_cast<double>(value);
    return true;
  }
  bool number_unsigned(std::uint64_t value) {
    if (value <= std::numeric_limits<std::int64_t>::max())
      return number_integer(static_cast<std::int64_t>(value));
    return number_float(static_cast<double>(value), {});
  }
  bool number_float(double value, const std::string& /*raw*/) {
    add(NodeKind::kReal)->real = value;
    return true;
  }
  bool string(std::string& value) {
    add(NodeKind::kText)->content->text = std::move(value);
    return true;
  }
  bool binary(Json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(NodeKind::kObject); }
  bool start_array(std::size_t /*size*/) { return open(NodeKind::kList); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    Level& level = levels_.back();
    level.key = std::move(name);
    const auto [first, fresh] = level.lines.emplace(level.key, position_.line());
    level.duplicate = !fresh;
    if (!fresh)
      fail(child_pointer(pointer(), level.key),
           "is given twice (first in line " + std::to_string(first->second) + "); a key may stand only once");
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& token, const Json::exception& error) {
    constexpr int kOutOfRange = 406;
    if (error.id == kOutOfRange) {
      fail("", "the number " + token + " is too large; numbers lie between -1.8e308 and 1.8e308");
    } else {
      fail("", syntax_problem(position_, token, error.what()));
    }
    return false;
  }

 private:
  struct Level {
    Node* node;
    std::string key;
    bool duplicate = false;  // the value that follows is read and dropped
    std::unordered_map<std::string, std::uint32_t> lines;
  };

  void fail(std::string pointer, std::string message) {
    problems_.add({set_, set_ < 0 ? position_.line() : 1, std::move(pointer)}, std::move(message));
  }

  std::string pointer() const {
    std::string text;
    for (std::size_t i = 0; i + 1 < levels_.size(); ++i)
      text = levels_[i].node->is_object() ? child_pointer(text, levels_[i].key)
                                          : child_pointer(text, levels_[i].node->items().size() - 1);
    return text;
  }

  // Makes room for the next value in the innermost open object or list.
  Node* add(NodeKind kind) {
    Node* node = &root_;
    if (!levels_.empty()) {
      Level& level = levels_.back();
      Node::Content& content = *level.node->content;
      if (level.node->is_list()) {
        node = &content.items.emplace_back();
      } else if (level.duplicate) {
        node = &dropped_.emplace_back();
      } else {
        node = &content.members.emplace_back(level.key, Node{}).second;
      }
    }
    node->kind = kind;
    node->set = set_;
    node->line = set_ < 0 ? position_.line() : 1;
    if (kind >= NodeKind::kText) node->content = std::make_unique<Node::Content>();
    return node;
  }

  bool open(NodeKind kind) {
    if (levels_.size() == kDeepestNesting) {
      fail("", "is nested deeper than " + std::to_string(kDeepestNesting) + " levels");
      return false;
    }
    levels_.push_back({add(kind), {}, false, {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  ReadPosition& position_;
  int set_;
  Node& root_;
  Problems& problems_;
  std::vector<Level> levels_;
  std::deque<Node> dropped_;  // values of duplicate keys
};

}  // namespace

bool read_json(std::string_view text, int set, Node& node, Problems& problems) {
  if (text.size() > kMostConfigBytes) {
    problems.add({set, 1, ""}, "is larger than " + std::to_string(kMostConfigBytes >> 20) + " MiB");
    return false;
  }
  if (const std::uint32_t line = first_invalid_utf8_line(text)) {
    problems.add({set, set < 0 ? line : 1, ""}, "is not valid UTF-8");
    return false;
  }
  ReadPosition position(text);
  NodeBuilder builder(position, set, node, problems);
  return Json::sax_parse(CountingIterator(text.data(), &position),
                         CountingIterator(text.data() + text.size(), &position), &builder,
                         Json::input_format_t::json, true, true);
}

}  // namespace deadrelu
