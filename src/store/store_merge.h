// Joins stores into one that appears whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/result_store.h"

namespace deadrelu {

// What two stores do not agree about.
struct MergeConflict {
  std::string what;      // "run 0123456789abcdef" or "data.csv"
  std::string sentence;  // where the two stand, and the first difference
};

struct MergeCounts {
  std::uint64_t stores = 0, joined = 0;  // runs that came from another store than DIR's own
  std::uint64_t twice = 0;               // found again, bit for bit the same
  std::uint64_t conflicts = 0;
};

// All members throw UserError(kInputOutput) where a store cannot be read or DIR cannot be written.
class StoreMerge {
 public:
  // Makes DIR, keeps other writers out of it, and takes over the runs of the store that it may hold already.
  StoreMerge(const std::filesystem::path& directory, const StoreHeader& header,
             const Tables& tables = result_tables());
  ~StoreMerge();  // without commit(), DIR is as before

  // Takes over every run of another store. Neither changes it nor waits for its writer.
  void add(const std::filesystem::path& directory);
  // The first few conflicts met so far.
  const std::vector<MergeConflict>& conflicts() const;
  const MergeCounts& counts() const;

  // A run of the header's sweep: gives it its place if it is there, else returns false.
  bool place(const PlannedRun& run);
  // The joined store takes the place of DIR's. REQUIRES: no conflicts.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deadrelu
