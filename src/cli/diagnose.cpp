#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/number.h"
#include "cli/diagnosis_rules.h"
#include "cli/options.h"
#include "cli/print.h"
#include "store/statistics.h"

namespace deadrelu {
namespace {

// What the names in conditions stand for: the last layer's gradient at the same step, the layer's share of dead units at
// step 0, and how many of its units are active on fewer than 5 % of the probe inputs.
std::string spelled_out(std::string sql) {
  const std::pair<const char*, const char*> names[] = {
      {"$output",
       "(SELECT o.grad_norm_weights FROM layer_rows o WHERE o.run = x.run AND o.step = x.step ORDER BY o.layer DESC "
       "LIMIT 1)"},
      {"$born",
       "(SELECT o.dead_fraction FROM layer_rows o WHERE o.run = x.run AND o.step = 0 AND o.layer = x.layer)"},
      {"$silent",
       "(SELECT sum(u.active_fraction < 0.05) FROM unit_rows u WHERE u.run = x.run AND u.step = x.step AND u.layer = "
       "x.layer)"}};
  for (const auto& [name, meaning] : names)
    for (std::size_t at = 0; (at = sql.find(name)) != std::string::npos;)
      sql.replace(at, std::string(name).size(), meaning);
  return sql;
}

double as_number(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  const auto* real = std::get_if<double>(&cell);
  return real == nullptr ? 0 : *real;
}

// What holds of a run, or of a layer of it, at the last step that was read.
struct RuleVerdict {
  std::optional<bool> holds;  // empty: not recorded
  Cell since;                 // the first step from which it has held without a break
  double affected = 0;        // units
};

struct LayerVerdicts {
  Cell units, dead_fraction;
  std::array<RuleVerdict, std::size(kDiagnosisRules)> rules;
};

using RunVerdicts = std::map<std::int64_t, LayerVerdicts>;  // by layer; 0: of the run

// Reads one table and hands out what holds of each run, in the order of the sweep.
void judge(const StoreReader& store, const std::string& table,
           const std::function<void(std::uint64_t id, const RunVerdicts&)>& run) {
  const auto found =
      std::ranges::find_if(result_tables(), [&](const Table& known) { return known.name == table; });
  const bool layers = table == "layers", runs = table == "runs";
  std::string sql = std::string("SELECT r.id, ") + (runs ? "NULL" : "x.step") +
                    (layers ? ", x.layer, x.units, x.dead_fraction" : ", 0, NULL, NULL");
  std::vector<std::size_t> rules;
  for (std::size_t i = 0; i < std::size(kDiagnosisRules); ++i) {
    if (table != kDiagnosisRules[i].table) continue;
    rules.push_back(i);
    sql += spelled_out(std::string(", ") + kDiagnosisRules[i].condition + ", " + kDiagnosisRules[i].number);
  }
  sql += fmt::format(
      " FROM places p CROSS JOIN run_results r ON r.number = p.run CROSS JOIN {} x ON x.{} = r.number{}",
      found->stored_name, runs ? "number" : "run", layers ? " WHERE x.dead_fraction IS NOT NULL" : "");
  std::optional<std::uint64_t> id;
  RunVerdicts verdicts;
  store.for_each_row(sql, [&](std::span<const Cell> cells) {
    const auto of = static_cast<std::uint64_t>(std::get<std::int64_t>(cells[0]));
    if (id && *id != of) run(*id, std::exchange(verdicts, {}));
    id = of;
    LayerVerdicts& layer = verdicts[std::get<std::int64_t>(cells[2])];
    layer.units = cells[3];
    layer.dead_fraction = cells[4];
    for (std::size_t i = 0; i < rules.size(); ++i) {
      RuleVerdict& verdict = layer.rules[rules[i]];
      if (std::holds_alternative<std::monostate>(cells[5 + 2 * i])) continue;
      const bool held = verdict.holds.value_or(false);
      verdict.holds = as_number(cells[5 + 2 * i]) != 0;
      verdict.affected = as_number(cells[6 + 2 * i]);
      if (runs || !held) verdict.since = cells[runs ? 6 + 2 * i : 1];
    }
  });
  if (id) run(*id, verdicts);
}

// A rule that holds of a layer (0: of the network) in some runs.
struct RuleFinding {
  std::size_t rule = 0;
  std::int64_t layer = 0;
  std::uint64_t first_run = 0, runs = 0;
  std::vector<double> since = {};  // of each run, where it is known; sorted
  double affected = 0, units = 0;  // sums over the runs

  Cell median_since() const { return since.empty() ? Cell() : Cell(sorted_quantile(since, 0.5)); }
  double mean(double sum) const { return sum / static_cast<double>(runs); }
};

struct Diagnosis {
  std::vector<RuleFinding> findings;                               // in the order of the rules and layers
  std::array<std::uint64_t, std::size(kDiagnosisRules)> judged{};  // runs of which it is recorded

  std::vector<const DiagnosisRule*> untold() const {
    std::vector<const DiagnosisRule*> rules;
    for (std::size_t i = 0; i < judged.size(); ++i)
      if (judged[i] == 0) rules.push_back(&kDiagnosisRules[i]);
    return rules;
  }
};

Cell count_of(std::uint64_t count) { return static_cast<std::int64_t>(count); }

Diagnosis diagnose(const StoreReader& store) {
  Diagnosis result;
  std::map<std::pair<std::size_t, std::int64_t>, RuleFinding> findings;
  for (const char* table : {"runs", "metrics", "layers"}) {
    judge(store, table, [&](std::uint64_t id, const RunVerdicts& run) {
      for (std::size_t i = 0; i < std::size(kDiagnosisRules); ++i) {
        const auto told = [&](const auto& layer) { return layer.second.rules[i].holds.has_value(); };
        result.judged[i] += std::ranges::any_of(run, told);
        for (const auto& [number, layer] : run) {
          const RuleVerdict& verdict = layer.rules[i];
          if (!verdict.holds.value_or(false)) continue;
          RuleFinding& finding = findings.try_emplace({i, number}, RuleFinding{i, number, id}).first->second;
          ++finding.runs;
          if (verdict.since != Cell()) finding.since.push_back(as_number(verdict.since));
          finding.affected += verdict.affected;
          finding.units += as_number(layer.units);
        }
      }
    });
  }
  for (auto& [place, finding] : findings) {
    std::ranges::sort(finding.since);
    result.findings.push_back(std::move(finding));
  }
  return result;
}

// A row for each finding, and one for each rule that nothing recorded tells of.
void print_rows(const Diagnosis& diagnosis, bool json) {
  RowPrinter rows(json);
  rows.columns(std::vector<std::string>{"rule", "layer", "runs", "of", "first_run", "since", "units",
                                        "of_units", "condition", "meaning", "try"});
  for (const RuleFinding& finding : diagnosis.findings) {
    const DiagnosisRule& rule = kDiagnosisRules[finding.rule];
    const auto units = [&](double sum) { return rule.counts_units() ? Cell(finding.mean(sum)) : Cell(); };
    rows.row(std::vector<Cell>{rule.name, finding.layer == 0 ? Cell() : Cell(finding.layer),
                               count_of(finding.runs), count_of(diagnosis.judged[finding.rule]),
                               hex_id(finding.first_run), finding.median_since(), units(finding.affected),
                               units(finding.units), rule.condition, rule.meaning, rule.remedy});
  }
  for (const DiagnosisRule* rule : diagnosis.untold())
    rows.row(std::vector<Cell>{rule->name,
                               {},
                               {},
                               count_of(0),
                               {},
                               {},
                               {},
                               {},
                               rule->condition,
                               rule->meaning,
                               fmt::format("not recorded: {}", rule->recorded)});
  rows.finish();
}

std::string findings_text(const Diagnosis& diagnosis) {
  std::string text;
  for (const RuleFinding& finding : diagnosis.findings) {
    const DiagnosisRule& rule = kDiagnosisRules[finding.rule];
    text += fmt::format("{}{} in {} of {} runs (first {})", rule.name,
                        finding.layer == 0 ? "" : fmt::format(", layer {},", finding.layer), finding.runs,
                        diagnosis.judged[finding.rule], hex_id(finding.first_run));
    if (!finding.since.empty()) text += fmt::format(", from step {:g} on", as_number(finding.median_since()));
    if (rule.counts_units())
      text += fmt::format(", {:.3g} of {:.3g} units", finding.mean(finding.affected),
                          finding.mean(finding.units));
    text += fmt::format(": {}; try {}\n", rule.meaning, rule.remedy);
  }
  if (text.empty()) text = "no rule holds\n";
  for (const DiagnosisRule* rule : diagnosis.untold())
    text += fmt::format("{} cannot be told: it takes {}\n", rule->name, rule->recorded);
  return text;
}

// What every rule that calls something dead says of every hidden layer of every run, beside how much of it is dead.
void print_verdicts(const StoreReader& store, bool json) {
  std::vector<std::size_t> rules;
  std::vector<std::string> names{"run_id", "layer", "units", "dead_fraction"};
  for (std::size_t i = 0; i < std::size(kDiagnosisRules); ++i) {
    if (!kDiagnosisRules[i].about_death) continue;
    rules.push_back(i);
    names.emplace_back(kDiagnosisRules[i].name);
  }
  std::map<std::uint64_t, LayerVerdicts> of_runs;
  for (const char* table : {"runs", "metrics"})
    judge(store, table, [&](std::uint64_t id, const RunVerdicts& run) {
      for (std::size_t i = 0; i < std::size(kDiagnosisRules); ++i)
        if (run.begin()->second.rules[i].holds) of_runs[id].rules[i] = run.begin()->second.rules[i];
    });
  RowPrinter rows(json);
  rows.columns(names);
  judge(store, "layers", [&](std::uint64_t id, const RunVerdicts& run) {
    for (const auto& [number, layer] : run) {
      std::vector<Cell> cells{hex_id(id), number, layer.units, layer.dead_fraction};
      for (const std::size_t i : rules) {
        const bool by_layer = std::string_view(kDiagnosisRules[i].table) == "layers";
        const std::optional<bool> holds = (by_layer ? layer : of_runs[id]).rules[i].holds;
        cells.push_back(holds ? Cell(std::int64_t{*holds}) : Cell());
      }
      rows.row(cells);
    }
  });
  rows.finish();
}

struct DiagnoseOptions {
  std::string directory;
  std::vector<std::string> fail_on;
  bool csv = false, json = false, verdicts = false;
};

int run_diagnose(const DiagnoseOptions& options) {
  std::vector<std::string> names;
  for (const DiagnosisRule& rule : kDiagnosisRules) names.emplace_back(rule.name);
  for (const std::string& name : options.fail_on)
    if (std::ranges::find(names, name) == names.end())
      throw usage_error("--fail-on: there is no rule '{}'{}; there are {}", name, suggestion(name, names),
                        fmt::join(names, ", "));
  const StoreReader store(options.directory);
  const bool judges = !options.verdicts || !options.fail_on.empty();
  const Diagnosis diagnosis = judges ? diagnose(store) : Diagnosis();
  if (options.verdicts) {
    print_verdicts(store, options.json);
  } else if (options.csv || options.json) {
    print_rows(diagnosis, options.json);
  } else {
    print_text(findings_text(diagnosis));
  }
  const bool fails = std::ranges::any_of(diagnosis.findings, [&](const RuleFinding& finding) {
    return std::ranges::count(options.fail_on, names[finding.rule]) > 0;
  });
  return static_cast<int>(fails ? ExitCode::kNotMet : ExitCode::kOk);
}

}  // namespace

void add_diagnose(CommandLine& line) {
  Command command(
      line, "diagnose", "what is wrong with the runs by the rules of several tools, and what to try",
      R"(A line a finding: a rule that holds of a layer at the last recorded step, in how many runs, from which
step on without a break (the median), how many of the units it is about (the mean), and what the literature offers.
Rules with a tool's name have that tool's condition, as far as the tables can tell; each says in what it differs.
--csv and --json have the conditions, and rules that cannot be told with what to record. --verdicts: what each rule that
calls something dead says of each hidden layer of each run, beside the share of units that are dead on the probe set.
Exit code 3 where a rule holds that --fail-on names.

Examples:
  deadrelu diagnose results/quickstart
  deadrelu diagnose results/quickstart --fail-on dead_layer --fail-on diverged
  deadrelu diagnose results/quickstart --verdicts > verdicts.csv)");
  DiagnoseOptions& options = command.calls(run_diagnose);
  add_directory_argument(command, options.directory);
  command.list("--fail-on", "RULE", options.fail_on, "exit with code 3 where this rule holds");
  command.flag("--csv", options.csv, "the findings as CSV");
  command.flag("--json", options.json, "a JSON array of objects, one row a line");
  command.flag("--verdicts", options.verdicts, "a row for each run and hidden layer instead");
}

}  // namespace deadrelu
