// Prepared statements over all rows of a run, in every table: to insert, to copy and to compare them;
// and which runs are recorded.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "probe/columns.h"
#include "sweep/planned_run.h"

namespace deadrelu {

// Runs inside the caller's transaction; throws SQLite::Exception. The tables must outlive it.
class RowWriter {
 public:
  RowWriter(SQLite::Database& db, const std::vector<SweptColumn>& swept, const Tables& tables);

  // Everything recorded of the run, under a number of its own.
  void insert_record(std::uint64_t number, const PlannedRun& run, const RunRecord& record);
  // The run's place in the sweep; a place that is there already stays.
  void insert_place(std::uint64_t number, const PlannedRun& run);

 private:
  struct Insert {
    const Table& table;
    SQLite::Statement statement;
  };
  std::vector<Insert> inserts_;
  std::vector<SweptColumn> swept_;
  SQLite::Statement place_;
  std::vector<Cell> cells_;  // of one row
};

// Copies runs from the store that is attached to the connection (kAttached).
class RowCopier {
 public:
  RowCopier(SQLite::Database& db, const Tables& tables);
  // From that number there to this one here.
  void copy(std::int64_t from, std::int64_t to);

 private:
  std::vector<SQLite::Statement> statements_;
};

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

// Which runs are recorded, and their numbers in the store: 16 bytes a run. A sorted vector, and a small table of what came since it was sorted last.
class RunIndex {
 public:
  RunIndex() = default;
  explicit RunIndex(std::vector<std::pair<std::uint64_t, std::uint64_t>> entries)
      : sorted_(std::move(entries)) {
    std::ranges::sort(sorted_);
  }

  std::optional<std::uint64_t> find(std::uint64_t id) const {
    const auto at = std::ranges::lower_bound(sorted_, std::pair(id, std::uint64_t{0}));
    if (at != sorted_.end() && at->first == id) return at->second;
    const auto recent = recent_.find(id);
    return recent == recent_.end() ? std::nullopt : std::optional(recent->second);
  }

  // REQUIRES: the id is not there yet.
  void insert(std::uint64_t id, std::uint64_t number) {
    assert(!find(id));
    recent_.emplace(id, number);
    if (recent_.size() >= std::max<std::size_t>(kRecent, sorted_.size() / 16)) merge();
  }

  std::size_t size() const { return sorted_.size() + recent_.size(); }

 private:
  static constexpr std::size_t kRecent = 16384;

  void merge() {
    const auto middle = static_cast<std::ptrdiff_t>(sorted_.size());
    sorted_.insert(sorted_.end(), recent_.begin(), recent_.end());
    std::sort(sorted_.begin() + middle, sorted_.end());
    std::inplace_merge(sorted_.begin(), sorted_.begin() + middle, sorted_.end());
    recent_.clear();
  }

  std::vector<std::pair<std::uint64_t, std::uint64_t>> sorted_;  // (id, number)
  std::unordered_map<std::uint64_t, std::uint64_t> recent_;
};

}  // namespace deadrelu
