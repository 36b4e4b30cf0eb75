// How SQLite opens a store: to write it, with the journal that the file system allows; to read it, without a
// trace in its directory, and beside a writer.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Transaction.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "store/store_reader.h"

namespace deadrelu {

// How long a connection waits for another one. Only a reader on a file system without WAL makes the writer
// wait.
inline constexpr int kBusyMilliseconds = 20'000, kWriterBusyMilliseconds = 600'000;

// 32 MiB for pages.
void use_cache(SQLite::Database& db);

// A write-ahead log on a local file system: readers and the writer do not wait for each other, and a commit
// needs no sync. On a network file system, whose memory maps other hosts do not see, or where WAL is refused:
// a rollback journal.
void choose_journal(SQLite::Database& db, const std::filesystem::path& file);
// Everything committed is synced to the disk.
void checkpoint(SQLite::Database& db);
// Removes the rollback journal; a write-ahead log goes when the last connection closes.
void leave_journal(SQLite::Database& db);
// Whether a writer has the store open, or was cut off: its journal is there.
bool has_journal(const std::filesystem::path& file);

// Transactions of many small writes.
class Batch {
 public:
  explicit Batch(SQLite::Database& db) : db_(db) {}
  void begin();  // where none is open
  // Counts a write, and commits where there are many.
  void count();
  void commit();
  void roll_back() { transaction_.reset(); }

 private:
  SQLite::Database& db_;
  std::optional<SQLite::Transaction> transaction_;
  std::uint64_t writes_ = 0;
};

// A store as it is when this is made. One that nobody writes is read without locks, or SQLite would make -wal
// and -shm files beside it; that is right only as long as nobody does.
class ReadView {
 public:
  explicit ReadView(const std::filesystem::path& file);

  // What SQLite opens, read only.
  std::string uri() const;
  // Throws UserError(kInputOutput) where a writer has come in between.
  void check_unchanged() const;

 private:
  // Changes whenever somebody writes to the file.
  struct State {
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;  // of the last change
    bool operator==(const State&) const = default;
  };
  static State state_of(const std::filesystem::path& file);

  std::filesystem::path file_;
  bool at_rest_;
  State opened_;
};

// Throws UserError(kInputOutput): the file and what is wrong with it ("the disk is full", "is damaged", …).
// `code` is SQLite's (extended) result code, `message` its text; `system_error` the errno that may stand
// behind it.
[[noreturn]] void throw_sqlite_error(const std::filesystem::path& file, int code, const std::string& message,
                                     int system_error);

// Runs `work` and turns what SQLite throws into a UserError.
template <class Work>
auto with_sqlite_errors(const std::filesystem::path& file, const Work& work) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    throw_sqlite_error(file, error.getExtendedErrorCode(), error.what(), errno);
  }
}

// Throws UserError(kInputOutput): "FILE: WHAT: the system's reason"; a full disk is told as such.
[[noreturn]] void throw_system_error(const std::filesystem::path& file, const std::string& what, int error);

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
