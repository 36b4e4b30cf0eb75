#include "store/attached_store.h"

#include <SQLiteCpp/Statement.h>

#include "store/directory_lock.h"
#include "store/schema.h"

namespace deadrelu {
namespace {

// A rollback journal that a killed writer left has to be played back before anybody may read.
void roll_back(const std::filesystem::path& directory, const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file.string() + "-journal", error);
  if (error || bytes == 0 || DirectoryLock::is_held(directory)) return;
  SQLite::Database db(file, SQLite::OPEN_READWRITE, kBusyMilliseconds);
  db.execAndGet("SELECT count(*) FROM sqlite_master");
}

}  // namespace

AttachedStore::AttachedStore(SQLite::Database& db, const std::filesystem::path& directory, int engine_epoch,
                             const Tables& tables)
    : db_(db), file_(directory / kStoreFile) {
  roll_back(directory, file_);
  {
    const StoreReader reader(directory, tables);  // says what is wrong, if anything
    header_ = reader.header();
    input_files_ = reader.input_files();
  }
  check_epoch(header_, engine_epoch, file_);
  view_.emplace(file_);
  SQLite::Statement attach(db_, std::string("ATTACH ? AS ") + kAttached);
  attach.bind(1, view_->uri());
  attach.exec();
  db_.exec("BEGIN");
}

AttachedStore::~AttachedStore() {
  if (!committed_) db_.tryExec("ROLLBACK");
  db_.tryExec(std::string("DETACH ") + kAttached);
}

void AttachedStore::for_each_run(const std::function<void(std::uint64_t, std::int64_t)>& found) const {
  SQLite::Statement runs(db_,
                         std::string("SELECT id, number FROM ") + kAttached + ".run_results ORDER BY number");
  while (runs.executeStep())
    found(static_cast<std::uint64_t>(runs.getColumn(0).getInt64()), runs.getColumn(1).getInt64());
}

void AttachedStore::commit() {
  check_unchanged();
  db_.exec("COMMIT");
  committed_ = true;
}

}  // namespace deadrelu
