#include "config/set_option.h"

#include <algorithm>

#include "config/json_position.h"
#include "config/json_read.h"

namespace deadrelu {
namespace {

class SetApplier {
 public:
  SetApplier(int set, Node& root, Settings& base, Problems& problems)
      : set_(set), root_(root), base_(base), problems_(problems) {}

  // Returns the key or group that was set, if it was one.
  std::string apply_text(const std::string& text) {
    const auto equals = text.find('=');
    path_ = text.substr(0, equals);
    if (equals == std::string::npos || path_.empty()) {
      fail("", "is no PATH=VALUE, as in train.steps=100");
      return "";
    }
    if (first_invalid_utf8_line(text) != 0) {
      fail("", "is not valid UTF-8");
      return "";
    }
    Node value;
    if (!read_value(text.substr(equals + 1), value)) return "";
    if (paths_overlap(path_, "sweep")) {
      set_in_sweep(std::move(value));
      return "";
    }
    const KeyTable& table = KeyTable::get();
    if (!table.range(path_)) {
      std::vector<std::string> names = table.all_names();
      names.insert(names.end(),
                   {"sweep", "sweep.seeds", "sweep.grid", "sweep.list", "sweep.zip", "sweep.exclude"});
      fail(pointer(), "unknown path " + json_quoted(path_) + did_you_mean(path_, names));
      return "";
    }
    put_into(make_assignment(value, path_, pointer(), problems_), base_);
    return path_;
  }

  std::string pointer() const {
    std::string pointer = '/' + path_;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    return pointer;
  }

 private:
  void fail(const std::string& pointer, const std::string& message) {
    problems_.add({set_, 1, pointer}, message);
  }

  // JSON, or plain text where it is none; what starts like a list, an object or a quoted text has to be one.
  bool read_value(const std::string& text, Node& value) {
    Problems tried;
    if (read_json(text, set_, value, tried)) {
      if (!tried.empty()) read_json(text, set_, value = Node{}, problems_);
      return true;
    }
    value = Node{};
    if (!text.empty() && (text[0] == '{' || text[0] == '[' || text[0] == '"')) {
      read_json(text, set_, value, problems_);
      return false;
    }
    Node where;
    where.set = set_;
    value = make_text(text, where);
    return true;
  }

  static void put(Node& object, const std::string& key, Node value) {
    if (Node* old = object.find(key)) {
      *old = std::move(value);
    } else {
      object.content->members.emplace_back(key, std::move(value));
    }
  }

  // The object behind the key, created where it is missing; null, with a problem, where it is no object.
  Node* enter(Node& object, const std::string& key) {
    if (object.find(key) == nullptr) {
      Node made = make_object();
      made.set = set_;
      put(object, key, std::move(made));
    }
    Node* inner = object.find(key);
    if (inner->is_object()) return inner;
    fail(pointer(), json_quoted(key) + " is " + describe(*inner) + "; set it as a whole");
    return nullptr;
  }

  // sweep=…, sweep.SECTION=…, sweep.seeds.from=…, and sweep.grid.PATH=… with a dotted PATH as one key.
  void set_in_sweep(Node value) {
    if (path_ == "sweep") {
      auto& members = root_.content->members;
      std::erase_if(members, [](const auto& member) { return member.first == "sweep"; });
      if (value.kind != NodeKind::kNull) members.emplace_back("sweep", std::move(value));
      return;
    }
    Node* sweep = enter(root_, "sweep");
    if (sweep == nullptr) return;
    const std::string rest = path_.substr(std::string("sweep.").size());
    const auto dot = rest.find('.');
    if (dot == std::string::npos) {
      put(*sweep, rest, std::move(value));
    } else if (Node* section = enter(*sweep, rest.substr(0, dot))) {
      put(*section, rest.substr(dot + 1), std::move(value));
    }
  }

  int set_;
  Node& root_;
  Settings& base_;
  Problems& problems_;
  std::string path_;
};

}  // namespace

std::vector<SetPath> apply_sets(const std::vector<std::string>& sets, Node& root, Settings& base,
                                Problems& problems) {
  std::vector<SetPath> names;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    SetApplier applier(static_cast<int>(i), root, base, problems);
    std::string name = applier.apply_text(sets[i]);
    if (!name.empty()) names.push_back({std::move(name), {static_cast<int>(i), 1, applier.pointer()}});
  }
  return names;
}

}  // namespace deadrelu
