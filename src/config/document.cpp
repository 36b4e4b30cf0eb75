#include "config/document.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "config/key.h"
#include "config/resolve.h"
#include "config/words.h"

namespace deadrelu {
namespace {

class AssignmentReader {
 public:
  AssignmentReader(Assignment& assignment, Problems& problems)
      : assignment_(assignment), problems_(problems) {}

  void read(const Json& value, const std::string& name, const std::string& pointer) {
    if (const std::size_t path = table_.find_path(name); path != kNone) return add(path, value, pointer);
    if (const std::size_t path = table_.find_open(name); path != kNone)
      return add(path, value, pointer, last_of(name));
    const KeyTable::Group& group = *table_.find_group(name);
    if (value.is_array() && group.each != kNone) {
      add(group.each, value, pointer);
    } else if (value.is_object()) {
      read_members(value, name, group, pointer);
    } else if (group.selector != kNone && value.is_string()) {
      add(table_.rows()[group.selector].path, value, pointer);
    } else if (group.number != kNone && value.is_number()) {
      add(table_.rows()[group.selector].path, group.number_variant, pointer);
      add(table_.rows()[group.number].path, value, pointer);
    } else if (group.has_parts) {
      read_parts(value, name, pointer);
    } else {
      problems_.add(pointer, "found " + describe(value) + "; allowed: " + shapes_text(group));
    }
  }

 private:
  // "redo+l2_init": names of parts of the group, at most one of each; "none": no part.
  void read_parts(const Json& value, const std::string& name, const std::string& pointer) {
    const auto parts = table_.part_names(name);
    std::vector<std::string> names;
    std::string allowed;
    for (const auto& [part, row] : parts) {
      allowed += (names.empty() ? "" : ", ") + part;
      names.push_back(part);
    }
    std::set<std::size_t> used;
    std::istringstream text(value.is_string() && !is_empty_text(value) ? value.get<std::string>() : "?");
    for (std::string word; std::getline(text, word, '+');) {
      const auto part = parts.find(word);
      if (part == parts.end() || (word != "none" && !used.insert(part->second).second))
        return problems_.add(
            pointer,
            fmt::format("found {}; allowed: an object, or some of {} joined by +, one of each kind{}",
                        describe(value), allowed, part == parts.end() ? did_you_mean(word, names) : ""));
      const KeyTable::Row& row = table_.rows()[part->second];
      if (word != "none")
        add(row.path, row.names[static_cast<std::size_t>(choice_index(row.key, word))], pointer);
    }
  }

  void add(std::size_t path, const Json& value, const std::string& pointer, const std::string& member = "") {
    assignment_.leaves.push_back({path, {&value, pointer, false, member}});
  }

  void read_members(const Json& object, const std::string& name, const KeyTable::Group& group,
                    const std::string& pointer) {
    for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
      const std::string path = name.empty() ? key : name + '.' + key;
      const std::string child = child_pointer(pointer, key);
      const bool dotted = key.find('.') != std::string::npos;
      if (!dotted && (table_.find_path(path) != kNone || table_.find_group(path) != nullptr)) {
        read(value, path, child);
      } else if (!dotted && is_free_name(object, value, path, group)) {
        read(value, path, child);
      } else if (!problems_.full()) {
        report_unknown(key, name, keys_of(object, name, group), child);
      }
    }
  }

  // Whether the key may be one of an open key's free names, as far as the object tells its variant.
  bool is_free_name(const Json& object, const Json& value, const std::string& path,
                    const KeyTable::Group& group) const {
    const std::size_t open = table_.find_open(path);
    if (open == kNone) return false;
    const KeyTable::Row& row = table_.rows()[table_.paths()[open].rows.front()];
    if (row.selector != group.selector) return true;
    const Key& selector = table_.rows()[group.selector].key;
    const Json* const variant = find_member(object, last_of(selector.path));
    if (variant == nullptr) return value.is_number();
    Problems tried;
    return check_value(selector, *variant, "", tried) && row.belongs_to(choice_index(selector, *variant));
  }

  // The keys of the group, of those variants that the object may be.
  std::vector<std::string> keys_of(const Json& object, const std::string& name,
                                   const KeyTable::Group& group) const {
    std::vector<std::string> names = group.children;
    if (name.empty()) names.push_back("sweep");
    if (group.selector == kNone) return names;
    const Key& selector = table_.rows()[group.selector].key;
    const Json* const variant = find_member(object, last_of(selector.path));
    Problems tried;
    if (variant == nullptr || !check_value(selector, *variant, "", tried)) return names;
    const auto belongs = [&](std::size_t row) {
      const KeyTable::Row& of = table_.rows()[row];
      return of.selector != group.selector || of.belongs_to(choice_index(selector, *variant));
    };
    const auto foreign = [&](const std::string& child) {
      const auto [first, last] = *table_.range(name + '.' + child);
      for (std::size_t path = first; path <= last; ++path) {
        const auto& rows = table_.paths()[path].rows;
        if (std::ranges::any_of(rows, belongs)) return false;
      }
      return true;
    };
    names.erase(std::remove_if(names.begin(), names.end(), foreign), names.end());
    return names;
  }

  void report_unknown(const std::string& key, const std::string& name, const std::vector<std::string>& names,
                      const std::string& pointer) {
    std::string allowed;
    for (const std::string& known : names) allowed += (allowed.empty() ? "" : ", ") + known;
    const bool dotted = key.find('.') != std::string::npos;
    const std::string path = name.empty() ? key : name + '.' + key;
    const std::string question = dotted ? path_question(path) : key_question(key, name, names);
    problems_.add(pointer, "unknown key " + json_quoted(key) +
                               (dotted ? "; keys lie in each other, as {\"train\": {\"steps\": 100}}" : "") +
                               question + (question.empty() ? "; allowed: " : " Allowed here: ") + allowed);
  }

  std::string shapes_text(const KeyTable::Group& group) const {
    std::string text = "an object";
    if (group.selector != kNone)
      text += ", or the " + last_of(table_.rows()[group.selector].key.path) + " alone as a text";
    if (group.number != kNone) text += ", or a number";
    return group.each != kNone ? text + ", or a list of these, one a hidden layer" : text;
  }

  const KeyTable& table_ = KeyTable::get();
  Assignment& assignment_;
  Problems& problems_;
};

class SetReader {
 public:
  SetReader(int set, std::optional<Json>& sweep, SetValues& out, Problems& problems)
      : set_(set), sweep_(sweep), out_(out), problems_(problems) {}

  void read(const std::string& text) {
    const auto equals = text.find('=');
    path_ = text.substr(0, equals);
    if (equals == std::string::npos || path_.empty())
      return fail("", "is no PATH=VALUE, as in train.steps=100");
    if (valid_utf8(text) < text.size()) return fail("", "is not valid UTF-8");
    pointer_ = pointer_of(path_);
    Json value;
    if (!read_value(text.substr(equals + 1), value)) return;
    if (paths_overlap(path_, "sweep")) return set_in_sweep(std::move(value));
    const KeyTable& table = KeyTable::get();
    if (table.range(path_)) {
      problems_.came_from(pointer_, set_);
      out_.assignments.push_back(
          read_assignment(out_.values.emplace_back(std::move(value)), path_, pointer_, problems_));
      return;
    }
    fail(pointer_, "unknown path " + json_quoted(path_) + path_question(path_));
  }

 private:
  void fail(const std::string& pointer, const std::string& message) {
    problems_.add_at(set_, 1, pointer, message);
  }

  // JSON, or plain text where it is none; what starts like a list, an object or a quoted text has to be one.
  bool read_value(const std::string& text, Json& value) {
    Problems tried;
    const bool json = read_json(text, set_, value, tried);
    if (!json && (text.empty() || std::string_view("{[\"").find(text[0]) == std::string_view::npos)) {
      value = text;
      return true;
    }
    problems_.add(tried);
    return json;
  }

  // An object, made where there is nothing; false, with a problem, where there is something else.
  bool enter(Json& object, const std::string& name) {
    if (object.is_null()) object = Json::object();
    if (!object.is_object())
      fail(pointer_, json_quoted(name) + " is " + describe(object) + "; set it as a whole");
    return object.is_object();
  }

  // sweep=…, sweep.SECTION=…, sweep.seeds.from=…, and sweep.grid.PATH=… with a dotted PATH as one key.
  void set_in_sweep(Json value) {
    if (path_ == "sweep") {
      problems_.came_from("/sweep", set_);
      sweep_ = value.is_null() ? std::nullopt : std::optional(std::move(value));
      return;
    }
    const std::string rest = path_.substr(path_.find('.') + 1), section = rest.substr(0, rest.find('.'));
    std::string pointer = child_pointer("/sweep", section);
    if (!sweep_) sweep_ = Json::object();
    if (!enter(*sweep_, "sweep")) return;
    Json* place = &(*sweep_)[section];
    if (section != rest) {
      if (!enter(*place, section)) return;
      const std::string key = rest.substr(section.size() + 1);
      pointer = child_pointer(pointer, key);
      place = &(*place)[key];
    }
    problems_.came_from(pointer, set_);
    *place = std::move(value);
  }

  const int set_;
  std::optional<Json>& sweep_;
  SetValues& out_;
  Problems& problems_;
  std::string path_, pointer_;
};

bool stands_in(const Document& document, std::size_t path, const Leaf& leaf) {
  const auto& members = document.members;
  return document[path] == &leaf ||
         std::ranges::any_of(members, [&](const auto& member) { return member.second == &leaf; });
}

}  // namespace

void Assignment::put_into(Document& document) const {
  const std::string member = KeyTable::get().find_open(name) != kNone ? last_of(name) : "";
  if (member.empty())
    std::fill(document.begin() + static_cast<std::ptrdiff_t>(first),
              document.begin() + static_cast<std::ptrdiff_t>(last) + 1, nullptr);
  std::erase_if(document.members, [&](const auto& given) {
    return given.first >= first && given.first <= last && (member.empty() || given.second->member == member);
  });
  for (const auto& [path, leaf] : leaves) {
    if (leaf.member.empty())
      document[path] = &leaf;
    else
      document.members.emplace_back(path, &leaf);
  }
}

Assignment read_assignment(const Json& value, const std::string& name, const std::string& pointer,
                           Problems& problems) {
  const KeyTable& table = KeyTable::get();
  const auto range =
      table.range(name).value_or(std::pair<std::size_t, std::size_t>(0, table.paths().size() - 1));
  Assignment assignment{name, range.first, range.second, &value};
  AssignmentReader(assignment, problems).read(value, name, pointer);
  return assignment;
}

void check_leaves(Assignment& assignment, const Document& document, Problems& problems) {
  const KeyTable& table = KeyTable::get();
  for (auto& [path, leaf] : assignment.leaves) {
    if (!stands_in(document, path, leaf)) continue;  // replaced since
    const auto& rows = table.paths()[path].rows;
    const auto fits = [&, &value = leaf](std::size_t row) {
      Problems tried;
      return check_value(table.rows()[row].key, *value.value, value.pointer, tried);
    };
    leaf.wrong = std::ranges::none_of(rows, fits);
    if (!leaf.wrong) continue;
    const auto chosen = std::ranges::find_if(rows, [&](std::size_t row) {
      const std::size_t selector = table.rows()[row].selector;
      const Leaf* variant = selector == kNone ? nullptr : document[table.rows()[selector].path];
      return variant != nullptr && variant->value->is_string() &&
             table.rows()[row].belongs_to(choice_index(table.rows()[selector].key, *variant->value));
    });
    const std::size_t row = chosen == rows.end() ? rows.front() : *chosen;
    check_value(table.rows()[row].key, *leaf.value, leaf.pointer, problems);
  }
}

SetValues read_sets(const std::vector<std::string>& sets, std::optional<Json>& sweep, Problems& problems) {
  SetValues values;
  for (std::size_t i = 0; i < sets.size(); ++i)
    SetReader(static_cast<int>(i), sweep, values, problems).read(sets[i]);
  return values;
}

}  // namespace deadrelu
