#include "config/key_table.h"

#include <algorithm>
#include <cassert>
#include <sstream>

namespace deadrelu {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> result;
  for (std::string word; in >> word;) result.push_back(word);
  return result;
}

bool has_choice(const Key& key, const std::string& name) {
  return static_cast<std::size_t>(choice_index(key, name)) < key.choices.size();
}

}  // namespace

std::string parent_of(const std::string& path) {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? "" : path.substr(0, dot);
}

std::string last_of(const std::string& path) { return path.substr(path.rfind('.') + 1); }

bool paths_overlap(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && (a.size() == b.size() || a.empty() || b[a.size()] == '.');
}

const KeyTable& KeyTable::get() {
  static const KeyTable table;
  return table;
}

KeyTable::KeyTable() {
  for (const auto& section : {top_keys(), data_keys(), model_keys(), init_keys(), train_keys(), reset_keys(),
                              remedy_keys(), record_keys(), seed_keys()})
    for (const Key& key : section) add_row(key);
  for (Row& row : rows_) link(row);
}

void KeyTable::add_row(Key key) {
  const auto [found, fresh] = path_index_.emplace(key.path, paths_.size());
  const std::size_t path = found->second, index = rows_.size();
  if (fresh) {
    paths_.push_back({key.path, {}});
    add_to_groups(path);
  }
  paths_[path].rows.push_back(index);
  const std::string last = last_of(key.path);
  const bool selects = key.type == KeyType::kChoice && contains({"name", "kind", "change", "rule"}, last);
  Group& group = groups_[parent_of(key.path)];
  if (selects) group.selector = index;
  if (key.open) group.open = path;
  if (key.number_shorthand) {
    group.number = index;
    group.number_variant = key.variants;
  }
  if (key.type == KeyType::kGroupsEach) group.each = path;
  Row& row = rows_.emplace_back(Row{std::move(key), path, selects});
  if (selects) row.names = {row.key.choices.begin(), row.key.choices.end()};
}

void KeyTable::add_to_groups(std::size_t path) {
  for (std::string child = paths_[path].name; !child.empty(); child = parent_of(child)) {
    const std::string name = last_of(child);
    Group& group = groups_.try_emplace(parent_of(child), Group{.first = path, .last = path}).first->second;
    group.last = path;
    if (name != "*" && !contains(group.children, name)) group.children.push_back(name);
    group.has_parts = group.has_parts && child != paths_[path].name;
  }
}

void KeyTable::link(Row& row) {
  for (const std::string& variant : words(row.key.variants)) {
    row.selector = selector_of(row.key.path, variant);
    const int index = choice_index(rows_[row.selector].key, variant);
    assert(static_cast<std::size_t>(index) < rows_[row.selector].key.choices.size());
    row.variants |= std::uint64_t{1} << index;
  }
  row.excludes = paths_in(row.key.excludes);
  row.depends = paths_in(row.key.depends);
  row.needs = find_path(row.key.needs);
  if (!row.key.inherits.empty()) row.inherits = paths_[find_path(row.key.inherits)].rows.front();
}

// The nearest selector that has the variant among its choices.
std::size_t KeyTable::selector_of(const std::string& path, const std::string& variant) const {
  std::string group = path;
  std::size_t selector = kNone;
  do {
    group = parent_of(group);
    selector = find_group(group)->selector;
  } while (selector == kNone || !has_choice(rows_[selector].key, variant));
  return selector;
}

std::vector<std::size_t> KeyTable::paths_in(const std::string& names) const {
  std::vector<std::size_t> result;
  for (const std::string& name : words(names)) {
    const auto [first, last] = range(name).value();
    for (std::size_t path = first; path <= last; ++path) result.push_back(path);
  }
  return result;
}

std::map<std::string, std::size_t> KeyTable::part_names(const std::string& group) const {
  std::map<std::string, std::size_t> names;
  for (const std::string& child : find_group(group)->children)
    if (const std::size_t selector = find_group(group + '.' + child)->selector; selector != kNone)
      for (const char* choice : rows_[selector].key.choices) names.emplace(choice, selector);
  return names;
}

std::size_t KeyTable::find_path(std::string_view name) const {
  const auto found = path_index_.find(std::string(name));
  return found == path_index_.end() ? kNone : found->second;
}

std::size_t KeyTable::find_open(std::string_view name) const {
  const auto dot = name.rfind('.');
  const Group* const group = dot == std::string_view::npos ? nullptr : find_group(name.substr(0, dot));
  const bool free = group != nullptr && group->open != kNone && is_formula_name(name.substr(dot + 1));
  return free && find_path(name) == kNone ? group->open : kNone;
}

const KeyTable::Group* KeyTable::find_group(std::string_view name) const {
  const auto found = groups_.find(std::string(name));
  return found == groups_.end() ? nullptr : &found->second;
}

std::vector<std::string> KeyTable::all_names() const {
  std::vector<std::string> names;
  for (const Path& path : paths_)
    if (!path.name.ends_with(".*")) names.push_back(path.name);
  for (const auto& [name, group] : groups_)
    if (!name.empty()) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

std::optional<std::pair<std::size_t, std::size_t>> KeyTable::range(std::string_view name) const {
  if (const std::size_t path = find_path(name); path != kNone) return std::pair(path, path);
  if (const std::size_t path = find_open(name); path != kNone) return std::pair(path, path);
  const Group* group = name.empty() ? nullptr : find_group(name);
  return group == nullptr ? std::nullopt : std::optional(std::pair(group->first, group->last));
}

std::string KeyTable::variants_text(const Row& row) const {
  if (row.selector == kNone) return "";
  std::string text = rows_[row.selector].key.path;
  for (const std::string& variant : words(row.key.variants)) text += " " + variant + ",";
  text.pop_back();
  return text;
}

const Key* KeyTable::numeric_key(std::string_view name) const {
  if (const std::size_t path = find_open(name); path != kNone) return &rows_[paths_[path].rows.front()].key;
  if (const std::size_t path = find_path(name); path != kNone) {
    for (const std::size_t row : paths_[path].rows)
      if (is_number(rows_[row].key)) return &rows_[row].key;
    return nullptr;
  }
  const Group* group = find_group(name);
  return group != nullptr && group->number != kNone ? &rows_[group->number].key : nullptr;
}

}  // namespace deadrelu
