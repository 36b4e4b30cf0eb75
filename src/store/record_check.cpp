#include "store/record_check.h"

#include "store/connection.h"
#include "store/run_rows.h"
#include "store/schema.h"

namespace deadrelu {
namespace {

constexpr std::int64_t kNumber = 1;  // of the one run that is compared

std::string attached(const char* table) { return std::string(kAttached) + "." + table; }

SQLite::Database empty_store(const std::vector<SweptColumn>& swept, const Tables& tables) {
  SQLite::Database db(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI);
  create_schema(db, tables);
  replace_places(db, swept, tables);
  return db;
}

}  // namespace

struct RecordCheck::State {
  std::filesystem::path file;
  SQLite::Database db;
  RowWriter writer;
  AttachedStore store;
  RowComparer comparer;
  SQLite::Statement numbers;
  std::unordered_map<std::uint64_t, std::int64_t> sample;  // id: number

  State(const std::filesystem::path& directory, const std::vector<SweptColumn>& swept, int engine_epoch,
        const Tables& tables)
      : file(directory / kStoreFile),
        db(empty_store(swept, tables)),
        writer(db, swept, tables),
        store(db, directory, engine_epoch, tables),
        comparer(db, tables),
        numbers(
            db,
            fmt::format(
                "SELECT DISTINCT r.id, r.number FROM {} p JOIN {} r ON r.number = p.run ORDER BY r.id LIMIT ?",
                attached("places"), attached("run_results"))) {}

  std::optional<std::string> difference(const FinishedRun& run) {
    db.exec("SAVEPOINT run");
    writer.insert_record(kNumber, run.run, run.record);
    auto found = comparer.difference(kNumber, sample.at(run.run.id));
    db.exec("ROLLBACK TO run");
    db.exec("RELEASE run");
    return found;
  }
};

RecordCheck::RecordCheck(const std::filesystem::path& directory, int engine_epoch, const Tables& tables)
    : state_(with_sqlite_errors(directory / kStoreFile, [&] {
        const auto swept = StoreReader(directory, tables).header().swept;
        return std::make_unique<State>(directory, swept, engine_epoch, tables);
      })) {}

RecordCheck::~RecordCheck() = default;

const StoreHeader& RecordCheck::header() const { return state_->store.header(); }
const std::vector<InputFile>& RecordCheck::input_files() const { return state_->store.input_files(); }

std::uint64_t RecordCheck::recorded_count() const {
  return with_sqlite_errors(state_->file, [&] {
    return static_cast<std::uint64_t>(
        state_->db.execAndGet("SELECT count(*) FROM " + attached("places")).getInt64());
  });
}

std::vector<std::uint64_t> RecordCheck::choose(std::uint64_t size) {
  std::vector<std::uint64_t> ids;
  with_sqlite_errors(state_->file, [&] {
    SQLite::Statement& numbers = state_->numbers;
    numbers.bind(1, static_cast<std::int64_t>(size));
    while (numbers.executeStep()) {
      ids.push_back(static_cast<std::uint64_t>(numbers.getColumn(0).getInt64()));
      state_->sample.emplace(ids.back(), numbers.getColumn(1).getInt64());
    }
    numbers.reset();
  });
  std::ranges::sort(ids);
  return ids;
}

std::optional<std::string> RecordCheck::difference(const FinishedRun& run) {
  auto found = with_sqlite_errors(state_->file, [&] { return state_->difference(run); });
  state_->store.check_unchanged();
  return found;
}

}  // namespace deadrelu
