#include "config/experiment_config.h"

#include <map>

#include "base/error.h"
#include "config/json_read.h"
#include "config/parameter_file.h"
#include "config/resolved_tree.h"
#include "config/run_id.h"
#include "config/set_option.h"
#include "config/sweep_plan.h"

namespace deadrelu {
namespace {

// Every init.file is read once.
ParameterReader caching_reader() {
  using Cache = std::map<std::string, std::shared_ptr<const ParameterSet>>;
  return [cache = std::make_shared<Cache>()](const std::string& path) {
    auto& entry = (*cache)[path];
    if (!entry) entry = std::make_shared<const ParameterSet>(read_parameter_file(path));
    return entry;
  };
}

// What RunStream keeps from one run to the next.
struct Walk {
  Walk(const SweepPlan& sweep_plan, const ResolveContext& resolve_context)
      : plan(sweep_plan), context(resolve_context), cursor(plan.shape), walker(plan) {}

  void enter_point() {
    Problems problems;
    resolve(walker.at(cursor.indices()), context, resolution, problems);
    if (!problems.empty()) throw UserError(ExitCode::kUsage, problems.report("config", {}));
    hash.start(canonical_text(resolution));
    values.clear();
    for (const SweptColumn& column : plan.columns)
      values.push_back(as_column(swept_value(resolution, column.path), column.type));
  }

  bool next(PlannedRun& run) {
    const std::uint64_t point_before = cursor.point();
    const bool first = !started;
    started = true;
    if (!cursor.next()) return false;
    if (first || cursor.point() != point_before) enter_point();
    run.position = cursor.position();
    run.point = cursor.point();
    run.id = hash.id(cursor.seed());
    run.values = values;
    run.spec = resolution.spec;
    run.spec.seed = cursor.seed();
    return true;
  }

  const SweepPlan& plan;
  const ResolveContext& context;
  SweepCursor cursor;
  PointWalker walker;
  PointHash hash;
  Resolution resolution;
  std::vector<SweptValue> values;
  bool started = false;
};

}  // namespace

struct ExperimentConfig::State {
  explicit State(const ConfigSource& from) : source(from) {
    context.root = &root;
    context.directory = source.directory;
    load();
    context.read_parameters = caching_reader();
    if (plannable) check_points(plan, context, problems);
    if (!problems.empty()) fail();
  }

  [[noreturn]] void fail() const {
    throw UserError(ExitCode::kUsage, problems.report(source.label, source.sets));
  }

  Settings read_base() {
    if (!read_json(source.text, -1, root, problems)) fail();
    if (!root.is_object()) {
      problems.add(place_of(root, ""), "found " + describe(root) + "; a config is an object { … }");
      fail();
    }
    Settings base(KeyTable::get().paths().size());
    Leaves leaves;
    read_leaves(root, "", "", leaves, problems);
    for (const auto& [path, given] : leaves) base[path] = given;
    return base;
  }

  void load() {
    Settings base = read_base();
    const std::vector<SetPath> sets = apply_sets(source.sets, root, base, problems);
    resolve_base(base);
    Problems in_sweep;
    SweepConfig sweep = read_sweep(root.find("sweep"), resolution.spec.seed, in_sweep);
    check_sets(sets, sweep, in_sweep);
    check_base(base, sweep);
    plannable = in_sweep.empty();
    if (plannable) {
      plan = make_plan(std::move(base), std::move(sweep), context, in_sweep);
      plannable = in_sweep.empty();
    }
    problems.add(in_sweep);
  }

  // The base as if nothing were swept, for its name and seed and for resolved_json; its mistakes are found
  // elsewhere.
  void resolve_base(const Settings& base) {
    Problems ignored;
    ResolveContext lenient = context;
    lenient.only_values = true;
    resolve(base, lenient, resolution, ignored);
    const std::size_t row = KeyTable::get().paths()[KeyTable::get().find_path("name")].rows.front();
    name = resolution.values[row] != nullptr ? resolution.values[row]->string() : source.default_name;
  }

  static void check_sets(const std::vector<SetPath>& sets, const SweepConfig& sweep, Problems& problems) {
    for (const SetPath& set : sets)
      for (const Axis& axis : sweep.axes)
        for (const std::string& path : axis.paths)
          if (paths_overlap(set.name, path))
            problems.add(set.place,
                         path + " is swept by " + axis.place.pointer +
                             "; set the sweep's values instead, or drop the sweep with --set sweep=null");
  }

  // The base's own mistakes, also in what a sweep replaces; what hangs on a swept key is checked with the
  // points.
  void check_base(const Settings& base, const SweepConfig& sweep) {
    swept.assign(base.size(), false);
    for (const Axis& axis : sweep.axes) {
      for (const std::string& path_name : axis.paths) {
        const auto range = *KeyTable::get().range(path_name);
        for (std::size_t path = range.first; path <= range.second; ++path) swept[path] = true;
      }
    }
    ResolveContext partial = context;
    partial.swept = swept;
    Resolution scratch;
    resolve(base, partial, scratch, problems);
  }

  ConfigSource source;
  Problems problems;
  Node root;
  SweepPlan plan;
  ResolveContext context;
  Resolution resolution;    // of the base
  std::vector<bool> swept;  // [path]
  std::string name;
  bool plannable = false;
};

ExperimentConfig::ExperimentConfig(const ConfigSource& source) : state_(std::make_unique<State>(source)) {}
ExperimentConfig::~ExperimentConfig() = default;
ExperimentConfig::ExperimentConfig(ExperimentConfig&&) noexcept = default;

const std::string& ExperimentConfig::name() const { return state_->name; }
const std::vector<SweptColumn>& ExperimentConfig::swept_columns() const { return state_->plan.columns; }
std::uint64_t ExperimentConfig::run_count() const { return sweep_size(state_->plan.shape); }

RunStream ExperimentConfig::runs() const {
  return [walk = std::make_shared<Walk>(state_->plan, state_->context)](PlannedRun& run) {
    return walk->next(run);
  };
}

std::string ExperimentConfig::resolved_json() const {
  const State& state = *state_;
  auto json = resolved_base_json(state.plan.base, state.resolution, state.swept, state.name);
  if (const Node* sweep = state.root.find("sweep")) json["sweep"] = node_json(*sweep);
  return json.dump(2) + '\n';
}

}  // namespace deadrelu
