#include <algorithm>
#include <cmath>

#include <spdlog/spdlog.h>

#include "base/number.h"
#include "cli/dose_search.h"
#include "cli/options.h"
#include "cli/print.h"
#include "store/output_file.h"

namespace deadrelu {
namespace {

struct CriticalOptions {
  ConfigOptions config;
  RunnerChoices runner;
  std::string vary, scale, outcome = "dead_fraction>=0.5 or diverged", width = "0.05", runs = "2000", out,
                           shard, progress = "auto";
  bool json = false, quiet = false;
};

// "PATH=FROM..TO", and the scale that --scale names or its ends allow.
Variation parse_variation(const CriticalOptions& options) {
  const std::string& text = options.vary;
  const std::size_t equals = text.find('='), dots = text.find("..", std::min(equals, text.size()));
  if (equals == std::string::npos || dots == std::string::npos)
    throw usage_error("--vary: '{}' is no PATH=FROM..TO, as train.optimizer.learning_rate=0.001..10", text);
  Variation vary;
  vary.path = text.substr(0, equals);
  vary.from = parse_number("--vary", text.substr(equals + 1, dots - equals - 1));
  vary.to = parse_number("--vary", text.substr(dots + 2));
  if (vary.from >= vary.to) throw usage_error("--vary: {} is not below {}", vary.from, vary.to);
  vary.logarithmic = options.scale.empty() ? vary.from > 0 : options.scale == "log";
  if (!vary.logarithmic && !options.scale.empty() && options.scale != "linear")
    throw usage_error("--scale: '{}' is neither log nor linear", options.scale);
  if (vary.logarithmic && vary.from <= 0)
    throw usage_error("--scale: {} has no logarithm; doses of the log scale are above 0", vary.from);
  return vary;
}

std::string note(const FoundDose& found, const Variation& vary) {
  using fmt::format;
  const DoseResponse& response = found.response;
  const auto dose = [&](double x) { return format("{:.6g}", vary.dose(x)); };
  const auto at = [&](const DoseCount& count) {
    return format("{} of {} fall at {}", count.fallen, count.runs, dose(count.x));
  };
  std::string said;
  const auto say = [&](bool holds, const std::string& sentence) {
    if (holds) said += (said.empty() ? "" : "; ") + sentence;
  };
  const ResponseShape shape = response.shape;
  const bool extrapolated = response.critical < vary.x(vary.from) || response.critical > vary.x(vary.to);
  say(shape == ResponseShape::kFitted && extrapolated, "outside the varied range: extrapolated");
  say(shape == ResponseShape::kFlat,
      "the share of runs that fall does not change with the dose by more than chance, so "
      "any dose may be the critical one");
  say(shape == ResponseShape::kNotReached, "fewer than half fall at every dose");
  say(shape == ResponseShape::kExceeded, "more than half fall at every dose");
  say(shape == ResponseShape::kSeparated, "separated, a step and no curve");
  for (const DoseCount& count : response.counts) {
    const bool bracket = count.x == response.low || count.x == response.high;
    const bool end = &count == &response.counts.front() || &count == &response.counts.back();
    if (!(shape == ResponseShape::kSeparated ? bracket : shape != ResponseShape::kFitted && end)) continue;
    const double rare = 100 * most_of_none(count.runs);
    say(true, at(count));
    if (count.fallen == 0) said += format(" (at most {:.1f} % do)", rare);
    if (count.fallen == count.runs) said += format(" (at least {:.1f} % do)", 100 - rare);
  }
  say(response.turns, "not monotone: the share goes back after the last of the doses used, " +
                          dose(response.counts.back().x));
  say(found.out_of_runs, "--runs is used up before the interval is as narrow as asked");
  say(found.no_dose_between, "no dose lies between");
  say(found.diverged > 0,
      format("{} runs diverged and do not count as fallen (but with 'or diverged')", found.diverged));
  say(found.unknown > 0, format("{} runs lack the outcome and do not count as fallen", found.unknown));
  return said;
}

std::vector<std::vector<Cell>> rows_of(const SearchResult& result, const Variation& vary) {
  const auto cell = [](double value) {
    return std::isnan(value) ? Cell() : Cell(parse_real(fmt::format("{:.6g}", value)).value_or(value));
  };
  std::vector<std::vector<Cell>> rows;
  for (const FoundDose& found : result.found) {
    std::vector<Cell>& cells = rows.emplace_back(found.values);
    for (const double x : {found.response.critical, found.response.low, found.response.high})
      cells.push_back(cell(vary.dose(x)));
    cells.push_back(cell(found.response.slope));
    cells.emplace_back(static_cast<std::int64_t>(found.runs));
    cells.emplace_back(note(found, vary));
  }
  return rows;
}

// On standard output, and into critical.json with what it takes to draw it.
void show_doses(const SearchResult& result, const SearchSetup& setup, const CriticalOptions& options) {
  RowPrinter printer(options.json);
  std::vector<std::string> names = result.columns;
  for (const char* name : {"critical", "low", "high", "slope", "runs", "note"}) names.emplace_back(name);
  printer.columns(names);
  Json doses = Json::array();
  for (const std::vector<Cell>& cells : rows_of(result, setup.vary)) {
    printer.row(cells);
    Json& dose = doses.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) dose[names[i]] = json_of(cells[i]);
  }
  printer.finish();
  if (!setup.shard.is_whole()) return;
  OutputFile file(result.directory, "critical.json");
  file.write(json_text({{"vary", setup.vary.path},
                        {"scale", setup.vary.logarithmic ? "log" : "linear"},
                        {"outcome", options.outcome},
                        {"sql", setup.outcome},
                        {"doses", doses}}));
  file.commit();
}

int critical(const CriticalOptions& options) {
  set_up_log(options.quiet ? Verbosity::kQuiet : Verbosity::kNormal);
  const Variation vary = parse_variation(options);
  const double width = parse_number("--width", options.width);
  if (width <= 0) throw usage_error("--width: {} is not above 0", options.width);
  const SearchSetup setup{read_config(options.config.config, options.config.sets),
                          vary,
                          outcome_sql(options.outcome),
                          {vary.x(vary.from), vary.x(vary.to), width,
                           parse_count("--runs", options.runs, static_cast<std::int64_t>(kMostSweepRuns))},
                          runner_options(options.runner),
                          parse_progress(options.progress, options.quiet),
                          options.out,
                          parse_shard(options.shard)};
  const SearchResult result = find_doses(setup);
  if (result.exit_code == 0) show_doses(result, setup, options);
  return result.exit_code;
}

}  // namespace

void add_critical(CommandLine& line) {
  Command command(
      line, "critical", "the dose of a key at which half of the runs fall",
      R"(A line for each point of the config's sweep: the dose at which half of the runs fall with its 95 % interval (low,
high), the slope of the logit of their share in the dose (log scale: in its log10), and a note on what is no curve: doses
that separate the runs (the interval is the bracket between), a share that goes back, too few or too many falls.

Of 9 doses of 8 runs each, a logistic curve and its profile likelihood tell where further runs tell most: the estimate,
and where the share is 0.176 and 0.824. It ends where the interval, which allows for a search that follows its results,
is no wider than --width. Every run of a point has a seed of its own, from the config's first on: runs that share one are
alike. Points of the sweep share them.

The next doses follow from recorded results alone: the same command goes on where it was, to the same bytes. The
directory is one for show, query, verify and merge; plot draws the curves. Exit code 3: runs of other shards are missing; repeat it then.

Examples:
  deadrelu critical deep.json --vary train.optimizer.learning_rate=0.001..10
  deadrelu critical deep.json --vary init.bias=-1..0 --outcome born_dead --width 0.02
  deadrelu critical deep.json --vary model.width=1..64 --outcome 'dead_fraction>=0.5 or diverged' --out results/width)");
  CriticalOptions& options = command.calls(critical);
  add_config_options(command, options.config);
  command.option("--vary", "PATH=FROM..TO", options.vary, "the key that is the dose, and its range", true);
  command.option("--scale", "SCALE", options.scale,
                 "log or linear (default: log where the range is above 0)");
  command.option(
      "--outcome", "CONDITION", options.outcome,
      "what a fall is: a flag of runs (born_dead, collapsed), diverged, a column compared with a number, or "
      "several joined by or (default: dead_fraction>=0.5 or diverged)");
  command.option("--width", "W", options.width,
                 "how narrow the interval has to be, in the dose or its log10 (default: 0.05)");
  command.option("--runs", "N", options.runs, "at most this many runs a point of the sweep (default: 2000)");
  command.option("--out", "DIR", options.out, "result directory (default: results/NAME-critical)");
  command.option("--shard", "I/N|auto", options.shard, "train one of N parts of each batch, as `run` does");
  add_runner_options(command, options.runner);
  add_progress_option(command, options.progress);
  command.flag("-q,--quiet", options.quiet, "errors only");
  command.flag("--json", options.json, "a JSON array of objects, one row a line");
}

}  // namespace deadrelu
