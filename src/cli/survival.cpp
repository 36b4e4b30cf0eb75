#include <algorithm>

#include "cli/options.h"
#include "cli/pivot.h"
#include "store/survival.h"

namespace deadrelu {
namespace {

struct SurvivalOptions {
  std::string directory;
  std::vector<std::string> by;
  bool greenwood = false, json = false;
};

constexpr const char* kLayer = "layer";

constexpr std::size_t kColumns = 8;  // of CSV; JSON has the others too

std::vector<std::pair<std::string, Cell>> columns_of(const SurvivalRow& row) {
  return {{"time", row.time},
          {"n_risk", row.at_risk},
          {"n_event", row.events},
          {"n_censor", row.censored},
          {"survival", row.survival},
          {"std_error", row.std_error},
          {"low", row.interval.low},
          {"high", row.interval.high},
          {"dead", row.dead},
          {"diverged", row.diverged},
          {"mean_deaths", row.deaths.mean},
          {"mean_deaths_std_error", row.deaths.std_error},
          {"mean_revivals", row.revivals.mean},
          {"mean_revivals_std_error", row.revivals.std_error}};
}

Json test_json(const LogRank& test) {
  return {{"chi_squared", json_of(Cell(test.chi_squared))},
          {"degrees", test.degrees},
          {"p", json_of(Cell(test.p))}};
}

Json curve_json(const SurvivalCurve& curve) {
  const std::int64_t units = curve.of(LifeEvent::kLeft), died = curve.of(LifeEvent::kDeath),
                     alive = curve.of(LifeEvent::kEnd), diverged = curve.of(LifeEvent::kDivergence),
                     reset = curve.of(LifeEvent::kReset);
  const auto time = [](const std::optional<std::int64_t>& known) { return known ? Json(*known) : Json(); };
  Json json{{"runs", curve.runs},
            {"units", units},
            {"born_dead", units - died - alive - diverged - reset},
            {"died", died},
            {"alive", alive},
            {"in_diverged_runs", diverged},
            {"reset", reset},
            {"deaths", curve.of(LifeEvent::kAnyDeath)},
            {"revivals", curve.of(LifeEvent::kRevival)},
            {"median", time(curve.median)},
            {"median_low", time(curve.median_low)},
            {"median_high", time(curve.median_high)},
            {"curve", Json::array()}};
  for (const SurvivalRow& row : curve.rows) {
    Json& object = json["curve"].emplace_back();
    for (const auto& [name, cell] : columns_of(row)) object[name] = json_of(cell);
  }
  return json;
}

std::string survival_json(const SurvivalOptions& options, const Lifetimes& lives,
                          const std::vector<SurvivalCurve>& curves) {
  Json groups = Json::array();
  for (std::size_t g = 0; g < curves.size(); ++g) {
    Json group = Json::object();
    for (std::size_t i = 0; i < options.by.size(); ++i) group[options.by[i]] = json_of(lives.groups[g][i]);
    group.update(curve_json(curves[g]));
    groups.push_back(std::move(group));
  }
  return json_text({{"source", lives.source},
                    {"interval", "95 %, log-log"},
                    {"std_error", options.greenwood ? "Greenwood" : "infinitesimal jackknife over runs"},
                    {"unobserved_runs", lives.unobserved_runs},
                    {"log_rank_clustered", test_json(log_rank(lives, true))},
                    {"log_rank", test_json(log_rank(lives, false))},
                    {"groups", groups}});
}

void print_curves(const SurvivalOptions& options, const Lifetimes& lives,
                  const std::vector<SurvivalCurve>& curves) {
  const auto groups = shown_lists(lives.groups);
  std::vector<std::string> names = options.by;
  for (const auto& [name, cell] : columns_of({})) names.push_back(name);
  names.resize(options.by.size() + kColumns);
  RowPrinter rows(false, true);
  rows.columns(names);
  for (std::size_t g = 0; g < curves.size(); ++g) {
    for (const SurvivalRow& row : curves[g].rows) {
      if (row.events == 0 && row.censored == 0) continue;
      std::vector<Cell> cells = groups[g];
      for (const auto& [name, cell] : columns_of(row)) cells.push_back(cell);
      rows.row(std::span(cells).first(names.size()));
    }
  }
  rows.finish();
}

int survival(const SurvivalOptions& options) {
  const StoreReader store(options.directory);
  std::vector<std::string> paths = options.by;
  const bool by_layer = !paths.empty() && paths.back() == kLayer;
  if (by_layer) paths.pop_back();
  const Lifetimes lives =
      read_lifetimes(store, swept_places(store.header().swept, paths, {kLayer}), by_layer);
  const std::vector<SurvivalCurve> curves = survival_curves(lives, !options.greenwood);
  if (options.json) {
    print_text(survival_json(options, lives, curves));
  } else {
    print_curves(options, lives, curves);
  }
  return 0;
}

}  // namespace

void add_survival(CommandLine& line) {
  Command command(
      line, "survival", "how long hidden units live: Kaplan-Meier curves, log-rank test",
      R"(A unit's life lasts from step 0 to the first record at which it is dead (`deadrelu explain dead`). Units born dead
are counted apart. A life is censored where the run ends, where it diverges, and where a remedy resets the unit while it
is alive. Read from the table deaths (record.deaths), else from units (record.tables).

time: the step; a death between two records is placed at the later one, which is exact for what records can tell.
n_risk: units alive and watched just before; n_event: those that die at time; n_censor: those censored at it.
survival: Kaplan & Meier's (1958) product of (n_risk - n_event) / n_risk.
std_error: of survival. Units of one run share data, layers and gradients, so they do not die independently of each
other, and Greenwood's formula, made for independent ones, gives intervals that are too narrow. The infinitesimal
jackknife over runs takes each run as one observation (R: survfit with cluster = run). Empty for a lone run.
low, high: the 95 % interval, log-log: exp(-exp(ln(-ln S) -+ 1.96 std_error / (S ln S))) (R: conf.type = "log-log"; R's
own default is "log"). Empty where survival is 0 or 1. They are too narrow, as R's are, where there are
fewer than some fifty runs.

--json adds, for each group: the units of each fate; the median (the first time with survival at most 1/2) and the
interval in which low and high cross 1/2; and at each time dead and diverged, the shares of units that have died and that
diverged runs took, as competing causes (Aalen & Johansen 1978: diverging is not independent of dying, so survival alone
may mislead), and the mean numbers of deaths, the first and all others, and of revivals of a unit, resets not among
them, as long as it is watched (Nelson 1988), with errors over runs. And two log-rank tests of whether groups differ:
log_rank, for independent units, and log_rank_clustered, which has the variance over runs (Lin & Wei 1989) and is the one
to believe; null where a group has a lone run. Runs of one seed in several groups are taken as independent, which errs on
the safe side.

Examples:
  deadrelu survival results/rates --by train.optimizer.learning_rate > survival.csv
  deadrelu survival results/rates --by layer --json | jq '.groups[] | {layer, median, born_dead}')");
  SurvivalOptions& options = command.calls(survival);
  add_directory_argument(command, options.directory);
  command.list(
      "--by", "PATH", options.by,
      "a curve for each value of the swept path; of several, for each combination; the last may be layer");
  command.flag("--greenwood", options.greenwood, "errors as if every unit were independent");
  command.flag("--json", options.json, "a JSON object with the tests");
}

}  // namespace deadrelu
