#include "config/settings.h"

namespace deadrelu {
namespace {

void add_leaf(std::size_t path, const Node& node, const std::string& pointer, Leaves& leaves) {
  const KeyTable& table = KeyTable::get();
  auto given = std::make_shared<Given>();
  given->place = place_of(node, pointer);
  for (const std::size_t row : table.paths()[path].rows) {
    Given::Reading& reading = given->readings.emplace_back();
    parse_value(*table.rows()[row].key, node, pointer, reading.value, reading.problems);
  }
  leaves.emplace_back(path, std::move(given));
}

std::string shapes_text(const KeyTable::Group& group) {
  std::string text = "an object";
  if (group.selector != kNone) {
    const std::string selector = KeyTable::get().rows()[group.selector].key->path;
    text += ", or the " + selector.substr(selector.rfind('.') + 1) + " alone as a text";
  }
  if (group.number != kNone) text += ", or a number";
  return text;
}

// A bare number: the number's key, and the variant that it belongs to.
void add_number(const KeyTable::Group& group, const Node& node, const std::string& pointer, Leaves& leaves) {
  const KeyTable& table = KeyTable::get();
  const KeyTable::Row& number = table.rows()[group.number];
  add_leaf(table.rows()[group.selector].path, make_text(number.key->when, node), pointer, leaves);
  add_leaf(number.path, node, pointer, leaves);
}

void read_members(const Node& node, const std::string& name, const KeyTable::Group& group,
                  const std::string& pointer, Leaves& leaves, Problems& problems) {
  const KeyTable& table = KeyTable::get();
  for (const auto& [key, value] : node.members()) {
    if (name.empty() && key == "sweep") continue;
    const std::string path = name.empty() ? key : name + '.' + key;
    const std::string child = child_pointer(pointer, key);
    const bool dotted = key.find('.') != std::string::npos;
    if (!dotted && (table.find_path(path) != kNone || table.find_group(path) != nullptr)) {
      read_leaves(value, path, child, leaves, problems);
      continue;
    }
    std::vector<std::string> names = group.children;
    if (name.empty()) names.push_back("sweep");
    std::string allowed;
    for (const std::string& known : names) allowed += (allowed.empty() ? "" : ", ") + known;
    problems.add(place_of(value, child),
                 "unknown key " + json_quoted(key) + "; allowed: " + allowed + did_you_mean(key, names));
  }
}

}  // namespace

void put_into(const Assignment& assignment, Settings& settings) {
  for (std::size_t path = assignment.first; path <= assignment.last; ++path) settings[path] = nullptr;
  for (const auto& [path, given] : assignment.leaves) settings[path] = given;
}

void read_leaves(const Node& node, const std::string& name, const std::string& pointer, Leaves& leaves,
                 Problems& problems) {
  const KeyTable& table = KeyTable::get();
  if (const std::size_t path = table.find_path(name); path != kNone) {
    add_leaf(path, node, pointer, leaves);
    return;
  }
  const KeyTable::Group& group = *table.find_group(name);
  if (node.is_object()) {
    read_members(node, name, group, pointer, leaves, problems);
  } else if (group.selector != kNone && node.is_text()) {
    add_leaf(table.rows()[group.selector].path, node, pointer, leaves);
  } else if (group.number != kNone && node.is_number()) {
    add_number(group, node, pointer, leaves);
  } else {
    problems.add(place_of(node, pointer), "found " + describe(node) + "; allowed: " + shapes_text(group));
  }
}

Assignment make_assignment(const Node& node, const std::string& name, const std::string& pointer,
                           Problems& problems) {
  const auto range = *KeyTable::get().range(name);
  Assignment assignment{name, range.first, range.second, {}};
  read_leaves(node, name, pointer, assignment.leaves, problems);
  return assignment;
}

}  // namespace deadrelu
