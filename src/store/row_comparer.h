// Whether two stores hold the same bits of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "probe/columns.h"

namespace deadrelu {

// Compares runs of a store (main) with those of one that is attached to its connection (kAttached), in every
// table. The connection and the tables must outlive it.
class RowComparer {
 public:
  RowComparer(SQLite::Database& db, const Tables& tables);

  // Where the records of a run, by its number in each store, differ for the first time: "layers, step 100,
  // layer 2: dead_fraction is 0.25 and 0.5". Empty where every bit is the same; -0.0 is not 0.0.
  std::optional<std::string> difference(std::int64_t number, std::int64_t attached_number);

 private:
  struct Pair {
    const Table& table;
    SQLite::Statement main, attached;
  };
  static std::optional<std::string> difference(Pair& pair);
  std::vector<Pair> pairs_;
};

}  // namespace deadrelu
