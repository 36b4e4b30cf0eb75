// Compares runs that were trained again with what a store holds of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/store_reader.h"

namespace deadrelu {

// Reads the store only, and as it was when this was made. Throws UserError(kInputOutput).
class RecordCheck {
 public:
  RecordCheck(const std::filesystem::path& directory, int engine_epoch,
              const Tables& tables = result_tables());
  ~RecordCheck();

  const StoreHeader& header() const;
  const std::vector<InputFile>& input_files() const;
  std::uint64_t recorded_count() const;  // of the header's sweep
  // Chooses `size` of them, those with the smallest ids (as signed integers), which are hashes and so as good
  // as drawn. Returns the ids, sorted.
  std::vector<std::uint64_t> choose(std::uint64_t size);
  // Where the store differs from a chosen run for the first time; empty where every bit is the same.
  std::optional<std::string> difference(const FinishedRun& run);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deadrelu
