#include "cli/dose_search.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <unordered_map>

#include "base/number.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/result_directories.h"
#include "simd/math.h"

namespace deadrelu {
namespace {

constexpr double kLog10 = 2.302585092994045684;

// Six digits: short in configs and tables, and finer than any interval.
double short_dose(double value) { return parse_real(fmt::format("{:.6g}", value)).value_or(value); }

// The config with an axis of doses, whatever its grid said of the key.
ExperimentConfig with_doses(ConfigSource source, const Variation& vary) {
  const std::string axis = fmt::format(R"(sweep.grid.{}={{"{}": [{}, {}, {}]}})", vary.path,
                                       vary.logarithmic ? "log" : "lin", vary.from, vary.to, kFirstDoses);
  source.sets.push_back(axis);
  try {
    return ExperimentConfig(source);
  } catch (const UserError& error) {
    std::vector<Mistake> mistakes = error.mistakes();
    for (Mistake& mistake : mistakes)
      if (mistake.place == "--set " + axis) mistake = {"--vary " + vary.path, "", mistake.sentence};
    throw UserError(error.code(), mistakes);
  }
}

constexpr const char* kDivergedName = "diverged";
constexpr const char* kDivergedSql = "status = 'diverged'";

std::string term_sql(std::string term) {
  std::erase(term, ' ');
  if (term == kDivergedName) return kDivergedSql;
  const std::size_t sign = std::min(term.find_first_of("<>="), term.size());
  const std::size_t end = std::min(term.find_first_not_of("<>=", sign), term.size());
  const std::string name = term.substr(0, sign), compare = term.substr(sign, end - sign);
  std::vector<std::string> names{kDivergedName};
  const Column* found = nullptr;
  for (const Column& column : result_tables().front().columns) {
    if (column.info.type == ColumnType::kText) continue;
    names.push_back(column.info.name);
    if (column.info.name == name) found = &column;
  }
  if (found == nullptr)
    throw usage_error("--outcome: runs have no number '{}'{}; they have {}", name, suggestion(name, names),
                      fmt::join(names, ", "));
  if (compare.empty() && found->info.summary == SummaryUse::kFlag) return name + " = 1";
  if (!std::set<std::string>{"<", "<=", "=", ">=", ">"}.contains(compare))
    throw usage_error("--outcome: {} is a number; compare it with another one by <, <=, =, >= or >", name);
  return name + ' ' + compare + ' ' + number_text(parse_number("--outcome", term.substr(end)));
}

// kDiverged: stands, and diverged; kUnknown: stands, for lack of a value.
enum class Fate { kNotRecorded, kStands, kFallen, kDiverged, kUnknown };

class Search {
 public:
  explicit Search(const SearchSetup& setup)
      : setup_(setup), sweep_(with_doses(setup.source, setup.vary)), directory_(setup.directory) {
    if (directory_.empty()) directory_ = "results/" + sweep_.name() + "-critical";
    result_.directory = directory_;
    const auto& columns = sweep_.swept_columns();
    const auto is_dose = [&](const SweptColumn& column) { return column.path == setup.vary.path; };
    const auto place = std::ranges::find_if(columns, is_dose) - columns.begin();
    whole_ = columns[static_cast<std::size_t>(place)].type == ColumnType::kInteger;
    for (const SweptColumn& column : columns)
      if (!is_dose(column)) result_.columns.push_back(column.path);
    std::vector<Cell> doses;
    const RunStream next = sweep_.runs();
    for (PlannedRun run; next(run);) {
      if (run.position == 0) first_seed_ = run.spec.seed;
      const Cell dose = run.values[static_cast<std::size_t>(place)];
      if (std::ranges::find(doses, dose) == doses.end()) doses.push_back(dose);
      run.values.erase(run.values.begin() + place);
      if (dose == doses.front() && run.spec.seed == first_seed_) result_.found.push_back({run.values, {}});
    }
    ended_.resize(result_.found.size());
    for (std::size_t point = 0; point < ended_.size(); ++point)
      for (const Cell& dose : doses)
        add_batch(point, whole_ ? static_cast<double>(std::get<std::int64_t>(dose)) : std::get<double>(dose),
                  kLeastRuns);
  }

  SearchResult run() {
    read_stores();
    for (int code = 0;; code = 0) {
      const ExperimentConfig config = batches_config();
      std::uint64_t missing = tally(config);
      const bool trains = missing > 0;
      if (trains) {
        code = train(config);
        read_stores();
        missing = tally(config);
      }
      if (code == 0 && missing > 0) {
        write_error_line(fmt::format("deadrelu: {} runs of other shards are not recorded yet", missing));
        code = static_cast<int>(ExitCode::kNotMet);
      }
      if (code == 0 && add_batches()) continue;
      // What was stopped may have left no tables, or those of another sweep.
      if (code == 0 && !trains) code = train(config);
      result_.exit_code = code;
      return result_;
    }
  }

 private:
  void add_batch(std::uint64_t point, double dose, std::uint64_t seeds) {
    std::uint64_t& runs = result_.found[point].runs;
    batches_.push_back({point, short_dose(dose), first_seed_ + runs, seeds});
    runs += seeds;
  }

  ExperimentConfig batches_config() const {
    ConfigSource source = setup_.source;
    source.text = sweep_.batches_json(setup_.vary.path, batches_);
    source.default_name = sweep_.name();
    source.sets.clear();
    return ExperimentConfig(source);
  }

  std::filesystem::path store() const {
    return setup_.shard.is_whole() ? directory_ : directory_ / shard_directory(setup_.shard);
  }

  // The fate of every run that is recorded, of whatever sweep.
  void read_stores() {
    const std::string sql = fmt::format("SELECT id, ({}), {} FROM {}", setup_.outcome, kDivergedSql,
                                        result_tables().front().stored_name);
    for (const auto& directory : setup_.shard.is_whole() ? std::vector{store()} : find_shards(directory_)) {
      roll_back(directory);  // an earlier search may have been killed
      if (!has_store(directory) || is_empty_store(directory)) continue;
      StoreReader(directory).for_each_row(sql, [&](std::span<const Cell> cells) {
        const Cell yes = std::int64_t{1};
        fates_[static_cast<std::uint64_t>(std::get<std::int64_t>(cells[0]))] =
            cells[1] == yes      ? Fate::kFallen
            : cells[2] == yes    ? Fate::kDiverged
            : cells[1] == Cell() ? Fate::kUnknown
                                 : Fate::kStands;
      });
    }
  }

  int train(const ExperimentConfig& config) const {
    Selection selection = parse_selection("", config);
    selection.shard = setup_.shard;
    const std::string directory = (std::filesystem::current_path() / setup_.source.directory).string();
    if (!has_store(store())) check_data(config, selection, setup_.source.label);
    const Job job{config, selection, store(), directory, setup_.runner, {}};
    return report_job(job, train_job(job, setup_.progress));
  }

  // Counts what is recorded of the batches, and returns how many of their runs are not.
  std::uint64_t tally(const ExperimentConfig& config) {
    counts_.assign(ended_.size(), {});
    for (FoundDose& found : result_.found) found.diverged = found.unknown = 0;
    std::uint64_t missing = 0;
    const RunStream next = config.runs();
    PlannedRun run;
    for (const SweepBatch& batch : batches_) {
      FoundDose& found = result_.found[batch.point];
      DoseCount count{setup_.vary.x(batch.value)};
      for (std::uint64_t i = 0; i < batch.seeds && next(run); ++i) {
        const auto known = fates_.find(run.id);
        const Fate fate = known == fates_.end() ? Fate::kNotRecorded : known->second;
        missing += fate == Fate::kNotRecorded;
        count.runs += fate != Fate::kNotRecorded;
        count.fallen += fate == Fate::kFallen;
        found.diverged += fate == Fate::kDiverged;
        found.unknown += fate == Fate::kUnknown;
      }
      counts_[batch.point].push_back(count);
    }
    return missing;
  }

  // Adds the next batches; false where every point's search is over.
  bool add_batches() {
    const std::size_t before = batches_.size();
    for (std::size_t point = 0; point < ended_.size(); ++point)
      if (!ended_[point]) add_batches(point);
    return batches_.size() > before;
  }

  void add_batches(std::size_t point) {
    FoundDose& found = result_.found[point];
    found.response = dose_response(counts_[point]);
    const NextDoses next = next_doses(found.response, found.runs, setup_.search);
    found.out_of_runs = next.out_of_runs;
    std::vector<double> doses;
    for (const double x : next.x) {
      const double dose = std::clamp(short_dose(setup_.vary.dose(x)), setup_.vary.from, setup_.vary.to);
      doses.push_back(whole_ ? std::round(dose) : dose);
    }
    const auto is_tried = [&](double dose) {
      return std::ranges::any_of(counts_[point],
                                 [&](const DoseCount& count) { return count.x == setup_.vary.x(dose); });
    };
    found.no_dose_between = found.response.shape == ResponseShape::kSeparated && !doses.empty() &&
                            std::ranges::all_of(doses, is_tried);
    ended_[point] = doses.empty() || found.no_dose_between;
    for (std::size_t i = 0; !ended_[point] && i < doses.size(); ++i)
      add_batch(point, doses[i], next.runs_each);
  }

  const SearchSetup& setup_;
  const ExperimentConfig sweep_;  // with an axis of the doses that the search starts with
  std::filesystem::path directory_;
  bool whole_ = false;  // doses are whole numbers
  std::uint64_t first_seed_ = 0;
  // In the order of the search: a run's place, and so its shard, stays the same.
  std::vector<SweepBatch> batches_;
  std::unordered_map<std::uint64_t, Fate> fates_;  // by run id
  SearchResult result_;
  std::vector<bool> ended_;                     // [point]
  std::vector<std::vector<DoseCount>> counts_;  // [point][batch]
};

}  // namespace

double Variation::x(double dose) const { return logarithmic ? portable_log(dose) / kLog10 : dose; }
double Variation::dose(double x) const { return logarithmic ? portable_exp(x * kLog10) : x; }

std::string outcome_sql(const std::string& text) {
  std::string sql, term;
  std::istringstream words(text + " or");
  for (std::string word; words >> word;) {
    if (word != "or") {
      term += word;
      continue;
    }
    if (term.empty()) throw usage_error("--outcome: '{}' lacks a condition beside \"or\"", text);
    sql += (sql.empty() ? "" : " OR ") + term_sql(std::exchange(term, ""));
  }
  return sql;
}

SearchResult find_doses(const SearchSetup& setup) { return Search(setup).run(); }

}  // namespace deadrelu
