#include "config/key_table.h"

#include <algorithm>
#include <cassert>
#include <sstream>

#include "config/json_read.h"

namespace deadrelu {
namespace {

std::optional<Value> parse_default(const Key& key, const char* json) {
  if (json == nullptr) return std::nullopt;
  Node node;
  Problems problems;
  std::vector<Problem> wrong;
  Value value;
  [[maybe_unused]] const bool read = read_json(json, -1, node, problems);
  parse_value(key, node, "", value, wrong);
  assert(read && wrong.empty());
  return value;
}

std::vector<std::string> words(const char* text) {
  std::istringstream in(text);
  std::vector<std::string> result;
  for (std::string word; in >> word;) result.push_back(word);
  return result;
}

bool selects(const Key& key) {
  const std::string_view path = key.path;
  return key.type == KeyType::kChoice && (path.ends_with(".name") || path.ends_with(".kind"));
}

}  // namespace

std::string parent_of(const std::string& path) {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? "" : path.substr(0, dot);
}

bool paths_overlap(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && (a.size() == b.size() || a.empty() || b[a.size()] == '.');
}

const KeyTable& KeyTable::get() {
  static const KeyTable table;
  return table;
}

KeyTable::KeyTable() {
  for (const auto section :
       {top_keys(), data_keys(), model_keys(), init_keys(), train_keys(), record_keys(), seed_keys()})
    for (const Key& key : section) add_row(key);
  for (std::size_t row = 0; row < rows_.size(); ++row) link(row);
}

void KeyTable::add_row(const Key& key) {
  const auto [found, fresh] = path_index_.emplace(key.path, paths_.size());
  const std::size_t path = found->second;
  if (fresh) {
    paths_.push_back({key.path, {}});
    add_to_groups(path);
  }
  Row row{.key = &key, .path = path, .place = paths_[path].rows.size()};
  row.fallback = parse_default(key, key.fallback);
  row.other_fallback = parse_default(key, key.other_fallback);
  row.id_prefix = std::string(key.path) + '=';
  const std::size_t index = rows_.size();
  paths_[path].rows.push_back(index);
  Group& group = groups_[parent_of(key.path)];
  if (selects(key)) group.selector = index;
  if (key.number_shorthand) group.number = index;
  rows_.push_back(std::move(row));
}

void KeyTable::add_to_groups(std::size_t path) {
  std::string child = paths_[path].name;
  while (!child.empty()) {
    const std::string parent = parent_of(child);
    Group& group = groups_.try_emplace(parent, Group{.first = path, .last = path}).first->second;
    const std::string name = parent.empty() ? child : child.substr(parent.size() + 1);
    group.last = path;
    if (std::find(group.children.begin(), group.children.end(), name) == group.children.end())
      group.children.push_back(name);
    child = parent;
  }
}

void KeyTable::link(std::size_t index) {
  Row& row = rows_[index];
  const Key& key = *row.key;
  for (const std::string& variant : words(key.when)) {
    row.selector = find_group(parent_of(key.path))->selector;
    const auto& choices = rows_[row.selector].key->choices;
    const auto found = std::find(choices.begin(), choices.end(), variant);
    assert(found != choices.end());
    row.variants |= std::uint64_t{1} << (found - choices.begin());
  }
  row.excludes = paths_in(key.excludes);
  row.depends = paths_in(key.depends);
  if (*key.needs != '\0') row.needs = find_path(key.needs);
  if (*key.inherits != '\0') row.inherits = paths_[find_path(key.inherits)].rows.front();
}

std::vector<std::size_t> KeyTable::paths_in(const char* names) const {
  std::vector<std::size_t> result;
  for (const std::string& name : words(names)) result.push_back(find_path(name));
  return result;
}

std::size_t KeyTable::find_path(std::string_view name) const {
  const auto found = path_index_.find(std::string(name));
  return found == path_index_.end() ? kNone : found->second;
}

const KeyTable::Group* KeyTable::find_group(std::string_view name) const {
  const auto found = groups_.find(std::string(name));
  return found == groups_.end() ? nullptr : &found->second;
}

std::vector<std::string> KeyTable::all_names() const {
  std::vector<std::string> names;
  for (const Path& path : paths_) names.push_back(path.name);
  for (const auto& [name, group] : groups_)
    if (!name.empty()) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::pair<std::size_t, std::size_t>> KeyTable::range(std::string_view name) const {
  if (const std::size_t path = find_path(name); path != kNone) return std::pair(path, path);
  if (name.empty()) return std::nullopt;
  const Group* group = find_group(name);
  return group == nullptr ? std::nullopt : std::optional(std::pair(group->first, group->last));
}

std::string KeyTable::variants_text(const Row& row) const {
  if (row.selector == kNone) return "";
  std::string text = rows_[row.selector].key->path;
  for (const std::string& variant : words(row.key->when)) text += " " + variant + ",";
  text.pop_back();
  return text;
}

}  // namespace deadrelu
