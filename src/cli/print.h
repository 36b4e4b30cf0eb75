// Records as text for programs: CSV and JSON.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/output.h"
#include "probe/columns.h"

namespace deadrelu {

// Members in the order in which they are added.
using Json = nlohmann::ordered_json;

// A table on standard output, row by row as it comes: CSV with a head, or a JSON array with an object a line.
class RowPrinter {
 public:
  explicit RowPrinter(bool json) : json_(json) {}
  void columns(std::span<const std::string> names);
  void row(std::span<const Cell> cells);  // as many as columns
  void object(const Json& object);        // REQUIRES: JSON
  void finish();                          // nothing may follow

 private:
  void start_object();

  const bool json_;
  bool any_ = false;
  std::vector<std::string> keys_;  // as JSON
  std::string line_;
  StandardOutput out_;
};

// An object on one line, but for its lists of objects, which have a line for each.
std::string json_text(const Json& object);

// A number, text or null.
Json json_of(const Cell& cell);

}  // namespace deadrelu
