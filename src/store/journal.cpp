#include "store/journal.h"

#include <algorithm>
#include <array>
#include <string>

#include <sys/statfs.h>

#include <SQLiteCpp/Exception.h>

namespace deadrelu {
namespace {

bool on_network(const std::filesystem::path& file) {
  // NFS, SMB, CIFS, SMB2, AFS, Ceph, Lustre, GPFS, BeeGFS, 9P; FUSE may be anything.
  constexpr std::array<std::uint32_t, 11> kTypes{0x6969,     0x517b,     0xff534d42, 0xfe534d42,
                                                 0x5346414f, 0x00c36400, 0x0bd00bd0, 0x47504653,
                                                 0x19830326, 0x01021997, 0x65735546};
  struct statfs info;
  if (statfs(file.parent_path().c_str(), &info) != 0) return false;
  return std::find(kTypes.begin(), kTypes.end(), static_cast<std::uint32_t>(info.f_type)) != kTypes.end();
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

}  // namespace

void choose_journal(SQLite::Database& db, const std::filesystem::path& file) {
  if (on_network(file) || !use_wal(db)) set_journal(db, "truncate");
  db.exec("PRAGMA synchronous = NORMAL");
  db.exec("PRAGMA cache_size = -32768");
  db.exec("PRAGMA wal_autocheckpoint = 4096");
}

void checkpoint(SQLite::Database& db) { db.exec("PRAGMA wal_checkpoint(PASSIVE)"); }

void leave_journal(SQLite::Database& db) {
  if (db.execAndGet("PRAGMA journal_mode").getString() != "wal") set_journal(db, "delete");
}

}  // namespace deadrelu
