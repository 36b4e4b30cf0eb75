#include "store/result_store.h"

#include "store/connection.h"
#include "store/directory_lock.h"
#include "store/run_rows.h"
#include "store/schema.h"

namespace deadrelu {
namespace {

bool same_sweep(const StoreHeader& a, const StoreHeader& b) {
  const auto same_column = [](const SweptColumn& x, const SweptColumn& y) {
    return x.path == y.path && x.type == y.type;
  };
  return a.config == b.config && a.run_count == b.run_count &&
         std::equal(a.swept.begin(), a.swept.end(), b.swept.begin(), b.swept.end(), same_column);
}

void create_store(SQLite::Database& db, const StoreHeader& header, const Tables& tables) {
  SQLite::Transaction transaction(db);
  create_schema(db, tables);
  write_header(db, header);
  replace_places(db, header.swept, tables);
  write_places_complete(db, true);
  transaction.commit();
}

void replace_header(SQLite::Database& db, const StoreHeader& header, const Tables& tables) {
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  if (!same_sweep(read_header(db), header)) {
    replace_places(db, header.swept, tables);
    write_places_complete(db, false);
  }
  write_header(db, header);
  transaction.commit();
}

void prepare_store(SQLite::Database& db, const std::filesystem::path& file, const StoreHeader& header,
                   const Tables& tables) {
  const bool fresh = is_new_store(db, file, tables);
  if (!fresh) check_epoch(read_header(db), header.engine_epoch, file);
  choose_journal(db, file);
  if (fresh) {
    create_store(db, header, tables);
  } else {
    replace_header(db, header, tables);
  }
}

RunIndex read_index(SQLite::Database& db, std::uint64_t& next_number) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
  SQLite::Statement statement(db, "SELECT id, number FROM run_results");
  while (statement.executeStep()) {
    const auto number = static_cast<std::uint64_t>(statement.getColumn(1).getInt64());
    entries.emplace_back(static_cast<std::uint64_t>(statement.getColumn(0).getInt64()), number);
    next_number = std::max(next_number, number + 1);
  }
  return RunIndex(std::move(entries));
}

}  // namespace

struct ResultStore::State {
  std::filesystem::path file;
  DirectoryLock lock;  // released after the database is closed
  SQLite::Database db;
  std::uint64_t next_number = 1;
  RunIndex index;
  std::optional<RowWriter> writer;
  Batch batch;  // open while places wait to be committed

  State(const std::filesystem::path& directory, const StoreHeader& header, const Tables& tables)
      : file(directory / kStoreFile),
        lock(directory),
        db(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kWriterBusyMilliseconds),
        batch(db) {
    prepare_store(db, file, header, tables);
    index = read_index(db, next_number);
    writer.emplace(db, header.swept, tables);
  }

  // Undone on the way out unless committed.
  template <class Work>
  void guarded(const Work& work) {
    with_sqlite_errors(file, [&] {
      try {
        work();
      } catch (...) {
        batch.roll_back();
        throw;
      }
    });
  }
};

ResultStore::ResultStore(const std::filesystem::path& directory, const StoreHeader& header,
                         const Tables& tables)
    : state_(with_sqlite_errors(directory / kStoreFile,
                                [&] { return std::make_unique<State>(directory, header, tables); })) {}

ResultStore::~ResultStore() {
  try {
    state_->batch.commit();
    state_->writer.reset();
    leave_journal(state_->db);
  } catch (const std::exception&) {
    // What could not be committed is trained again by the next run.
  }
}

bool ResultStore::recorded(std::uint64_t run_id) const { return state_->index.find(run_id).has_value(); }

std::uint64_t ResultStore::recorded_count() const { return state_->index.size(); }

void ResultStore::write(std::span<const FinishedRun> runs) {
  std::unordered_map<std::uint64_t, std::uint64_t> added;
  const auto number_of = [&](std::uint64_t id) {
    const auto at = added.find(id);
    return at != added.end() ? std::optional(at->second) : state_->index.find(id);
  };
  state_->guarded([&] {
    state_->batch.begin();
    for (const FinishedRun& finished : runs) {
      if (!finished.failure.empty()) continue;
      std::optional<std::uint64_t> number = number_of(finished.run.id);
      if (!number) {
        number = state_->next_number + added.size();
        state_->writer->insert_record(*number, finished.run, finished.record);
        added.emplace(finished.run.id, *number);
      }
      state_->writer->insert_place(*number, finished.run);
    }
    state_->batch.commit();
  });
  for (const auto& [id, number] : added) state_->index.insert(id, number);
  state_->next_number += added.size();
}

void ResultStore::place(const PlannedRun& run) {
  const std::optional<std::uint64_t> number = state_->index.find(run.id);
  if (!number) return;
  state_->guarded([&] {
    state_->batch.begin();
    state_->writer->insert_place(*number, run);
    state_->batch.count();
  });
}

std::vector<InputFile> ResultStore::input_files() const {
  return with_sqlite_errors(state_->file, [&] { return read_input_files(state_->db); });
}

void ResultStore::add_input_file(const InputFile& file) {
  state_->guarded([&] {
    state_->batch.begin();
    write_input_file(state_->db, file);
    state_->batch.commit();
  });
}

void ResultStore::flush() {
  state_->guarded([&] {
    state_->batch.begin();
    write_places_complete(state_->db, true);
    state_->batch.commit();
    checkpoint(state_->db);
    state_->db.exec("PRAGMA shrink_memory");  // who exports now has a cache of its own
  });
}

}  // namespace deadrelu
