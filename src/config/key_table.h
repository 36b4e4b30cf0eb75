// The table of keys with its cross-references worked out once: paths, groups, selectors.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/key.h"

namespace deadrelu {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

class KeyTable {
 public:
  static const KeyTable& get();

  struct Row {
    Key key;
    std::size_t path = 0;          // index into paths()
    bool selects = false;          // a "name" or "kind" that chooses the variant of its group
    std::size_t selector = kNone;  // row that chooses the variant; kNone: it belongs to all variants
    std::vector<Json> names = {};  // of a selector: its choices
    std::uint64_t variants = 0;    // bit i: it belongs to the selector's i-th choice
    std::size_t inherits = kNone;  // row
    std::vector<std::size_t> excludes = {}, depends = {};  // paths
    std::size_t needs = kNone;                             // path

    bool belongs_to(int variant) const { return selector == kNone || (variants >> variant & 1) != 0; }
  };
  struct Path {
    std::string name;
    std::vector<std::size_t> rows;
  };
  // A group is a prefix of paths; its paths follow each other in the table.
  struct Group {
    std::size_t first = 0, last = 0;  // paths, last included
    std::size_t selector = kNone;  // row of its "name" or "kind": a bare text in place of the group means it
    std::size_t open = kNone;      // path of its key with free names
    std::size_t number = kNone;    // row that a bare number in place of the group means
    Json number_variant = {};      // the selector's value with that row
    std::size_t each = kNone;      // path that a bare list in place of the group means
    // It is made of groups alone (remedy), each of which may be left out: a bare text in place of it joins names
    // of theirs by "+", or is "none".
    bool has_parts = true;
    std::vector<std::string> children = {};  // names one level down
  };

  const std::vector<Row>& rows() const { return rows_; }
  const std::vector<Path>& paths() const { return paths_; }
  std::size_t find_path(std::string_view name) const;    // kNone where it is no key
  std::size_t find_open(std::string_view name) const;    // of a key with free names, of which this is one
  const Group* find_group(std::string_view name) const;  // null where it is no group; "": the whole config
  // The names that parts of the group may be given by, each with its selector's row. REQUIRES: the group has parts.
  std::map<std::string, std::size_t> part_names(const std::string& group) const;
  std::vector<std::string> all_names() const;  // keys and groups, for "did you mean"
  // What a --set or a sweep may name: the paths of a key or of all keys of a group; empty where it is neither.
  std::optional<std::pair<std::size_t, std::size_t>> range(std::string_view name) const;
  // "train.optimizer.name sgd, rmsprop": the variants that a row belongs to.
  std::string variants_text(const Row& row) const;
  // The row that a range of numbers over the key or group takes its values for; null where it takes none.
  const Key* numeric_key(std::string_view name) const;

 private:
  KeyTable();
  void add_row(Key key);
  void add_to_groups(std::size_t path);
  void link(Row& row);
  std::size_t selector_of(const std::string& path, const std::string& variant) const;
  // Of keys, and of groups all of theirs.
  std::vector<std::size_t> paths_in(const std::string& names) const;

  std::vector<Row> rows_;
  std::vector<Path> paths_;
  std::unordered_map<std::string, std::size_t> path_index_;
  std::unordered_map<std::string, Group> groups_;
};

// "train.optimizer.name" → "train.optimizer", "name" → ""; and → "name".
std::string parent_of(const std::string& path);
std::string last_of(const std::string& path);

// Whether one of two dotted paths is the other or lies in it.
bool paths_overlap(std::string_view a, std::string_view b);

}  // namespace deadrelu
