#include "store/connection.h"

#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>
#include <sys/statfs.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "store/directory_lock.h"
#include "store/schema.h"

namespace deadrelu {
namespace {

constexpr std::uint64_t kWritesAtOnce = 16384;
constexpr std::uintmax_t kWalHeader = 32;  // bytes, before the first page

bool on_network(const std::filesystem::path& file) {
  // NFS, SMB, CIFS, SMB2, AFS, Ceph, Lustre, GPFS, BeeGFS, 9P; FUSE may be anything.
  constexpr std::array<std::uint32_t, 11> kTypes{0x6969,     0x517b,     0xff534d42, 0xfe534d42,
                                                 0x5346414f, 0x00c36400, 0x0bd00bd0, 0x47504653,
                                                 0x19830326, 0x01021997, 0x65735546};
  struct statfs info;
  if (statfs(file.parent_path().c_str(), &info) != 0) return false;
  return std::ranges::find(kTypes, static_cast<std::uint32_t>(info.f_type)) != kTypes.end();
}

bool set_journal(SQLite::Database& db, const std::string& mode) {
  return db.execAndGet("PRAGMA journal_mode = " + mode).getString() == mode;
}

bool use_wal(SQLite::Database& db) {
  try {
    return set_journal(db, "wal");
  } catch (const SQLite::Exception&) {
    return false;
  }
}

// The path as part of a URI.
std::string escaped(const std::string& path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '%' && c != '?' && c != '#') {
      text += c;
    } else {
      text += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text;
}

std::string sentence(int code, const std::string& message) {
  switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_CORRUPT:
      return "the store is damaged (" + message + "); restore it from a copy, or remove it and run again";
    case SQLITE_NOTADB: return "this file is no deadrelu store (" + message + ")";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another process is using the store; try again when it has finished";
    case SQLITE_PERM:
    case SQLITE_AUTH: return "no permission to use the store (" + message + ")";
    case SQLITE_CANTOPEN: return "the store cannot be opened (" + message + ")";
    case SQLITE_READONLY:
      if (code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY ||
          code == SQLITE_READONLY_CANTINIT)
        return "the process that wrote the store was cut off; run the same `deadrelu run` again to bring it "
               "in order";
      return "the store cannot be written (" + message + ")";
    case SQLITE_TOOBIG: return "a record is too large for the store (" + message + ")";
    default: return "the store cannot be used (" + message + ")";
  }
}

// A writer that was killed while it began a write-ahead log leaves one without a page. SQLite cannot read such a store
// without writing: there is no -shm file yet, or it looks for the pages again and again.
bool has_unused_wal(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::exists(file.string() + "-journal", error)) return false;
  const auto bytes = std::filesystem::file_size(file.string() + "-wal", error);
  return !error && bytes <= kWalHeader && !DirectoryLock::is_held(file.parent_path());
}

}  // namespace

void use_cache(SQLite::Database& db) { db.exec("PRAGMA cache_size = -32768"); }

void choose_journal(SQLite::Database& db, const std::filesystem::path& file) {
  if (on_network(file) || !use_wal(db)) set_journal(db, "truncate");
  db.exec("PRAGMA synchronous = NORMAL");
  use_cache(db);
  db.exec("PRAGMA wal_autocheckpoint = 4096");
}

void checkpoint(SQLite::Database& db) { db.exec("PRAGMA wal_checkpoint(PASSIVE)"); }

void leave_journal(SQLite::Database& db) {
  if (db.execAndGet("PRAGMA journal_mode").getString() != "wal") set_journal(db, "delete");
}

bool has_journal(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::exists(file.string() + "-wal", error) ||
         std::filesystem::exists(file.string() + "-journal", error);
}

void Batch::begin() {
  if (!transaction_) transaction_.emplace(db_, SQLite::TransactionBehavior::IMMEDIATE);
}

void Batch::count() {
  if (++writes_ % kWritesAtOnce == 0) commit();
}

void Batch::commit() {
  if (!transaction_) return;
  transaction_->commit();
  transaction_.reset();
}

ReadView::ReadView(const std::filesystem::path& file)
    : file_(file), at_rest_(!has_journal(file) || has_unused_wal(file)), opened_(state_of(file)) {}

std::string ReadView::uri() const {
  // A writer that was killed while it left a log took the -shm file away first. SQLite makes another one, or it could not
  // tell which pages of the log count.
  std::error_code ignored;
  const bool has_shared_memory = std::filesystem::exists(file_.string() + "-shm", ignored);
  return fmt::format("file:{}?mode=ro{}", escaped(std::filesystem::absolute(file_).string()),
                     at_rest_            ? "&immutable=1"
                     : has_shared_memory ? "&readonly_shm=1"
                                         : "");
}

void ReadView::check_unchanged() const {
  if (at_rest_ && !(state_of(file_) == opened_))
    fail_input(file_, "another process changed the store while it was read; try again");
}

ReadView::State ReadView::state_of(const std::filesystem::path& file) {
  struct stat info;
  if (stat(file.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

void throw_sqlite_error(const std::filesystem::path& file, int code, const std::string& message,
                        int system_error) {
  // SQLite tells a full disk from other failures, but takes a full quota for one of them.
  const bool over_quota = (code & 0xff) == SQLITE_IOERR && system_error == EDQUOT;
  fail_input(file, "{}", sentence(over_quota ? SQLITE_FULL : code, message));
}

void throw_system_error(const std::filesystem::path& file, const std::string& what, int error) {
  const std::string reason =
      error == ENOSPC || error == EDQUOT ? "the disk is full" : std::generic_category().message(error);
  throw UserError(ExitCode::kInputOutput, file.string() + ": " + what + ": " + reason);
}

AttachedStore::AttachedStore(SQLite::Database& db, const std::filesystem::path& directory, int engine_epoch,
                             const Tables& tables)
    : db_(db), file_(directory / kStoreFile) {
  roll_back(directory);
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
