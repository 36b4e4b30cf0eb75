// Another store, attached read only to a connection.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include <SQLiteCpp/Database.h>

#include "store/connection.h"
#include "store/store_reader.h"

namespace deadrelu {

// Under the name kAttached, inside a transaction of the connection, for as long as it lives; what is written
// to the connection meanwhile is undone without commit(). Statements on the attached store must be gone by
// then. What a writer of it that was cut off left undone is brought in order first.
class AttachedStore {
 public:
  // Throws UserError(kInputOutput) where there is no store of these tables and this engine epoch.
  AttachedStore(SQLite::Database& db, const std::filesystem::path& directory, int engine_epoch,
                const Tables& tables);
  ~AttachedStore();
  AttachedStore(const AttachedStore&) = delete;

  const StoreHeader& header() const { return header_; }
  const std::vector<InputFile>& input_files() const { return input_files_; }
  // Calls with (id, number) of every recorded run, in the order of arrival.
  void for_each_run(const std::function<void(std::uint64_t, std::int64_t)>& found) const;
  // Throws UserError(kInputOutput) where a writer has come in between.
  void check_unchanged() const { view_->check_unchanged(); }
  // Keeps what was written to the connection.
  void commit();

 private:
  SQLite::Database& db_;
  bool committed_ = false;
  std::filesystem::path file_;
  std::optional<ReadView> view_;
  StoreHeader header_;
  std::vector<InputFile> input_files_;
};

}  // namespace deadrelu
