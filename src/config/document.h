// What a config says, key by key, before any default: the base of a sweep and what its points put in its place.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/json.h"
#include "config/key_table.h"

namespace deadrelu {

// A value that is given for a path. Its JSON lives in the config's text, in a --set, or in the table.
struct Leaf {
  const Json* value;
  std::string pointer;
  bool wrong = false;       // it fits no row of its path, which has been reported
  std::string member = {};  // of a key with free names (Key::open): which one this is
};

// [path of the key table]; null: not given. The leaves live in assignments.
struct Document : std::vector<const Leaf*> {
  using vector::vector;
  std::vector<std::pair<std::size_t, const Leaf*>> members = {};  // (path, leaf) of keys with free names
};

// Puts a value in place of a key or of a whole group: forgets what was given there, then sets the leaves.
struct Assignment {
  std::string name;         // dotted path of the key or group; "": the whole config
  std::size_t first, last;  // paths that are forgotten, both included
  const Json* value;        // what was read
  std::vector<std::pair<std::size_t, Leaf>> leaves = {};  // (path, value)

  void put_into(Document& document) const;
};

// Reads a value of the key or group `name` ("": the whole config but for its sweep). A bare name or number in place of a
// group is its shorthand. Unknown keys and wrong shapes are problems; values are not looked at yet.
// REQUIRES: the value outlives the assignment.
Assignment read_assignment(const Json& value, const std::string& name, const std::string& pointer,
                           Problems& problems);

// Checks those leaves of the assignment that stand in the document, against the rows of their paths. Only the variant
// decides which row holds, so a value is wrong that fits none of them.
void check_leaves(Assignment& assignment, const Document& document, Problems& problems);

// What the --sets give: keys and groups, and the values behind them.
struct SetValues {
  std::deque<Json> values;
  std::vector<Assignment> assignments;  // in order
};

// Reads the sets in order; those below "sweep" change the sweep section (objects on the way are created), all others are
// put on top of the base by their assignments.
SetValues read_sets(const std::vector<std::string>& sets, std::optional<Json>& sweep, Problems& problems);

}  // namespace deadrelu
