// What a config says, key by key, before any default: the base of a sweep and what its points change.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/json_node.h"
#include "config/key_table.h"
#include "config/problems.h"

namespace deadrelu {

// A value as given for a path, read against every row of that path (which of them holds, the variant
// decides).
struct Given {
  struct Reading {
    Value value;
    std::vector<Problem> problems;
  };
  Place place;
  std::vector<Reading> readings;  // one a row of the path
};

// [path of the key table]; null: not given.
using Settings = std::vector<std::shared_ptr<const Given>>;
using Leaves = std::vector<std::pair<std::size_t, std::shared_ptr<const Given>>>;  // (path, value)

// Puts a value in place of a key or of a whole group: forgets what was given there, then sets the leaves.
struct Assignment {
  std::string name;         // dotted path of the key or group
  std::size_t first, last;  // paths that are forgotten, both included
  Leaves leaves;
};

void put_into(const Assignment& assignment, Settings& settings);

// Reads `node` as the value of the key or group `name` ("": the whole config, without "sweep"). A bare name
// or number in place of a group is its shorthand. Unknown keys and wrong shapes are problems; wrong values
// are kept in the leaves, because only the variant tells whether they matter.
void read_leaves(const Node& node, const std::string& name, const std::string& pointer, Leaves& leaves,
                 Problems& problems);

// REQUIRES: `name` is a key or a group.
Assignment make_assignment(const Node& node, const std::string& name, const std::string& pointer,
                           Problems& problems);

}  // namespace deadrelu
