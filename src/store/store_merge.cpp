#include "store/store_merge.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "base/number.h"
#include "store/connection.h"
#include "store/output_file.h"
#include "store/run_rows.h"
#include "store/schema.h"

namespace deadrelu {
namespace {

constexpr const char* kDraftFile = ".results.sqlite.merge";
constexpr std::size_t kKeptConflicts = 20;

// Folds a journal that a killed writer left into the store: the draft that takes its place would else be read
// with it.
void settle(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file) || !has_journal(file)) return;
  SQLite::Database db(file, SQLite::OPEN_READWRITE, kBusyMilliseconds);
  db.execAndGet("PRAGMA journal_mode = delete");
}

std::filesystem::path remove_draft(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  return file;
}

void sync_file(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && (fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP);
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  if (!synced) throw_system_error(file, "cannot be written", error);
}

}  // namespace

struct StoreMerge::State {
  std::filesystem::path directory, draft;
  StoreHeader header;
  const Tables& tables;
  bool is_new;  // the directory
  DirectoryLock lock;
  SQLite::Database db;
  RunIndex index;
  std::map<std::uint64_t, std::string> origins;  // the first number that a store's runs have here: the store
  std::map<std::string, std::pair<std::string, std::string>> inputs;  // name: digest, store
  std::uint64_t next_number = 1;
  std::optional<RowWriter> writer;
  Batch batch;  // of places
  std::vector<MergeConflict> conflicts;
  MergeCounts counts;

  State(const std::filesystem::path& path, const StoreHeader& store_header, const Tables& store_tables)
      : directory(path),
        draft(path / kDraftFile),
        header(store_header),
        tables(store_tables),
        is_new(!std::filesystem::exists(path)),
        lock(path),
        db(remove_draft(draft), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI),
        batch(db) {
    settle(directory / kStoreFile);
    // The draft is synced once, at the end, and is nothing worth until then.
    db.exec("PRAGMA journal_mode = memory");
    db.exec("PRAGMA synchronous = off");
    use_cache(db);
    db.exec("BEGIN");
    create_schema(db, tables);
    write_header(db, header);
    replace_places(db, header.swept, tables);
    write_places_complete(db, true);
    db.exec("COMMIT");
  }

  void report(std::string what, std::string sentence) {
    ++counts.conflicts;
    if (conflicts.size() < kKeptConflicts) conflicts.push_back({std::move(what), std::move(sentence)});
  }

  const std::string& origin(std::uint64_t number) const {
    return std::prev(origins.upper_bound(number))->second;
  }

  void add(const std::filesystem::path& from) {
    AttachedStore source(db, from, header.engine_epoch, tables);
    ++counts.stores;
    compare_inputs(source, from);
    origins.emplace(next_number, from.string());
    copy_runs(source, from);
    source.commit();
  }

  void compare_inputs(const AttachedStore& source, const std::filesystem::path& from) {
    for (const InputFile& file : source.input_files()) {
      const auto [known, added] = inputs.try_emplace(file.name, file.sha256, from.string());
      if (added) write_input_file(db, file);
      if (known->second.first == file.sha256) continue;
      report(file.name, fmt::format("its content was another one for {} (sha256 {}) than for {} ({})",
                                    known->second.second, known->second.first, from.string(), file.sha256));
    }
  }

  void copy_runs(const AttachedStore& source, const std::filesystem::path& from) {
    RowCopier copier(db, tables);
    RowComparer comparer(db, tables);
    source.for_each_run([&](std::uint64_t id, std::int64_t number) {
      if (const auto known = index.find(id)) {
        const auto difference = comparer.difference(static_cast<std::int64_t>(*known), number);
        if (!difference) {
          ++counts.twice;
          return;
        }
        return report("run " + hex_id(id), fmt::format("differs between {} and {}: {}", origin(*known),
                                                       from.string(), *difference));
      }
      copier.copy(number, static_cast<std::int64_t>(next_number));
      index.insert(id, next_number++);
      ++counts.joined;
    });
  }

  void place(std::uint64_t number, const PlannedRun& run) {
    if (!writer) writer.emplace(db, header.swept, tables);
    batch.begin();
    writer->insert_place(number, run);
    batch.count();
  }
};

StoreMerge::StoreMerge(const std::filesystem::path& directory, const StoreHeader& header,
                       const Tables& tables)
    : state_(with_sqlite_errors(directory / kDraftFile,
                                [&] { return std::make_unique<State>(directory, header, tables); })) {
  std::error_code ignored;
  if (!std::filesystem::exists(directory / kStoreFile, ignored)) return;
  add(directory);
  state_->counts = {};
}

StoreMerge::~StoreMerge() {
  const std::filesystem::path directory = state_->directory;
  const bool is_new = state_->is_new;
  remove_draft(state_->draft);
  state_.reset();
  std::error_code ignored;
  if (is_new) std::filesystem::remove(directory, ignored);  // where nothing was put into it
}

void StoreMerge::add(const std::filesystem::path& directory) {
  with_sqlite_errors(directory / kStoreFile, [&] { state_->add(directory); });
}

const std::vector<MergeConflict>& StoreMerge::conflicts() const { return state_->conflicts; }
const MergeCounts& StoreMerge::counts() const { return state_->counts; }

bool StoreMerge::place(const PlannedRun& run) {
  const auto number = state_->index.find(run.id);
  if (!number) return false;
  with_sqlite_errors(state_->draft, [&] { state_->place(*number, run); });
  return true;
}

void StoreMerge::commit() {
  assert(state_->conflicts.empty());
  with_sqlite_errors(state_->draft, [&] {
    state_->batch.commit();
    state_->writer.reset();
    state_->db = SQLite::Database(":memory:");  // closes the draft
  });
  sync_file(state_->draft);
  const std::filesystem::path store = state_->directory / kStoreFile;
  if (std::rename(state_->draft.c_str(), store.c_str()) != 0)
    throw_system_error(store, "cannot be written", errno);
  sync_directory(state_->directory);
}

}  // namespace deadrelu
