#include "config/experiment_config.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "config/key.h"
#include "config/parameter_arrays.h"
#include "config/sweep_plan.h"

namespace deadrelu {
namespace {

// Every init.file is read once.
ParameterReader caching_reader() {
  using Cache = std::map<std::pair<std::string, WeightLayout>, std::shared_ptr<const ParameterSet>>;
  return [cache = std::make_shared<Cache>()](const std::string& path, WeightLayout layout) {
    auto& entry = (*cache)[{path, layout}];
    if (!entry) entry = std::make_shared<const ParameterSet>(read_parameter_file(path, layout));
    return entry;
  };
}

// What RunStream keeps from one run to the next.
template <class State>
struct Walk {
  explicit Walk(const State& config)
      : state(config),
        cursor(config.plan.shape),
        documents(config.plan),
        resolver(config.source.directory, config.read_parameters) {}

  void enter_point() {
    Problems problems;
    resolver.resolve(documents.at(cursor.indices()), problems);
    resolver.check(problems);
    if (!problems.empty()) state.fail(problems);
    hash.start(resolver.canonical_text());
    values.clear();
    for (const SweptColumn& column : state.plan.columns)
      values.push_back(as_column(resolver.cell(column.path), column.type));
  }

  bool next(PlannedRun& run) {
    const std::uint64_t point_before = cursor.point();
    const bool first = !std::exchange(started, true);
    if (!cursor.next()) return false;
    if (first || cursor.point() != point_before) enter_point();
    run.position = cursor.position();
    run.point = cursor.point();
    run.id = hash.id(cursor.seed());
    run.values = values;
    run.spec = resolver.spec();
    run.spec.seed = cursor.seed();
    return true;
  }

  const State& state;
  SweepCursor cursor;
  PointDocuments documents;
  Resolver resolver;
  PointHash hash;
  std::vector<SweptValue> values;
  bool started = false;
};

// The sets of a file {"PATH": VALUE, …}.
void append_sets(const std::string& path, std::vector<std::string>& sets) {
  const std::string text = read_text_file(path, true);
  Problems problems;
  Json root;
  if (read_json(text, Problems::kFile, root, problems) && !root.is_object())
    problems.add("", fmt::format("found {}; allowed: an object of keys to set, {{\"train.steps\": 500}}",
                                 describe(root)));
  if (!problems.empty()) throw UserError(ExitCode::kUsage, problems.report(text, path));
  for (const auto& [key, value] : root.items()) sets.push_back(key + '=' + value.dump());
}

}  // namespace

struct ExperimentConfig::State {
  explicit State(const ConfigSource& from) : source(from), read_parameters(caching_reader()) {
    if (!read_json(source.text, Problems::kFile, root, problems)) fail(problems);
    if (!root.is_object()) {
      problems.add("", "found " + describe(root) + "; a config is an object { … }");
      fail(problems);
    }
    read_base();
    read_plan();
    if (!problems.empty()) fail(problems);
  }

  [[noreturn]] void fail(const Problems& found) const {
    throw UserError(ExitCode::kUsage, found.report(source.text, source.label, source.sets));
  }

  void read_base() {
    if (const auto section = root.find("sweep"); section != root.end()) {
      sweep_section = std::move(*section);
      root.erase(section);
    }
    file = read_assignment(root, "", "", problems);
    base.resize(table.paths().size());
    file.put_into(base);
    sets = read_sets(source.sets, sweep_section, problems);
    for (const Assignment& set : sets.assignments) set.put_into(base);
    check_leaves(file, base, problems);
    for (Assignment& set : sets.assignments) check_leaves(set, base, problems);
    const Leaf* given = base[table.find_path("name")];
    name = given != nullptr && given->value->is_string() ? given->value->get<std::string>()
                                                         : source.default_name;
  }

  void read_plan() {
    const Leaf* seed = base[table.find_path("seed")];
    const std::size_t before = problems.size();
    SweepConfig sweep =
        read_sweep(sweep_section ? &*sweep_section : nullptr, base,
                   seed != nullptr && !seed->wrong ? seed->value->get<std::uint64_t>() : 0, problems);
    check_sets(sweep);
    Resolver resolver(source.directory, read_parameters);
    if (problems.size() > before) return check_base(sweep, resolver);
    plan = make_plan(base, std::move(sweep), problems);
    if (problems.size() == before) check_points(plan, resolver, problems);
  }

  // Where the sweep cannot be read: what does not hang on it.
  void check_base(const SweepConfig& sweep, Resolver& resolver) {
    const Json unknown = 0;
    std::deque<Leaf> swept;
    Document document = base;
    for (const Axis& axis : sweep.axes) {
      swept.push_back({&unknown, axis.pointer, true});
      for (const std::string& path_name : axis.paths) {
        const auto [first, last] = *table.range(path_name);
        for (std::size_t path = first; path <= last; ++path) document[path] = &swept.back();
      }
    }
    resolver.resolve(document, problems);
  }

  void check_sets(const SweepConfig& sweep) {
    for (const Assignment& set : sets.assignments)
      for (const Axis& axis : sweep.axes)
        for (const std::string& path : axis.paths)
          if (paths_overlap(set.name, path))
            problems.add(
                pointer_of(set.name),
                fmt::format(
                    "{} is swept by {}; set the sweep's values instead, or drop the sweep with --set sweep=null",
                    path, axis.pointer));
  }

  bool is_swept(std::size_t path) const {
    return std::ranges::any_of(plan.columns, [&](const SweptColumn& column) {
      const auto range = *table.range(column.path);
      return path >= range.first && path <= range.second;
    });
  }

  // Whether the row's value is the same at every point of the sweep: neither it nor what it hangs on is swept.
  bool is_fixed(std::size_t index) const {
    const KeyTable::Row& row = table.rows()[index];
    if (is_swept(row.path) || (row.selector != kNone && !is_fixed(row.selector))) return false;
    if (base[row.path] != nullptr) return true;
    const auto fixed = [&](std::size_t path) {
      const auto& rows = table.paths()[path].rows;
      return std::ranges::all_of(rows, [&](std::size_t other) { return is_fixed(other); });
    };
    const auto in_place = [&](std::size_t path) { return is_swept(path) || base[path] != nullptr; };
    return (row.inherits == kNone || is_fixed(row.inherits)) && std::ranges::all_of(row.depends, fixed) &&
           std::ranges::none_of(row.excludes, in_place);
  }

  // What each point with the first value of the axis `vary` changes, but for that value.
  std::vector<Json> point_changes(std::size_t vary) const {
    SweepShape points = plan.shape;
    points.seeds = {};
    points.own_seeds.clear();
    std::vector<Json> changes;
    for (SweepCursor cursor(points); cursor.next();) {
      if (cursor.indices()[vary] != 0) continue;
      Json& change = changes.emplace_back(Json::object());
      for (std::size_t i = 0; i < plan.axes.size(); ++i) {
        const Axis& axis = plan.axes[i];
        if (i == vary) continue;
        if (!axis.range.empty()) {
          change[axis.paths.front()] = axis.range_value(cursor.indices()[i]);
          continue;
        }
        for (const Assignment& value : axis.entries[cursor.indices()[i]]) change[value.name] = *value.value;
      }
    }
    return changes;
  }

  Json batches(const std::string& path, std::span<const SweepBatch> given) const {
    const auto has_path = [&](const Axis& axis) { return axis.paths.front() == path && !axis.range.empty(); };
    const auto vary = std::ranges::find_if(plan.axes, has_path);
    const std::vector<Json> changes = point_changes(static_cast<std::size_t>(vary - plan.axes.begin()));
    Json list = Json::array();
    for (const SweepBatch& batch : given) {
      Json& entry = list.emplace_back(changes[batch.point]);
      entry[path] = vary->whole ? Json(static_cast<std::int64_t>(batch.value)) : Json(batch.value);
      entry["seeds"] = {{"from", batch.first_seed}, {"count", batch.seeds}};
    }
    return {{"list", std::move(list)}};
  }

  // Loads again to the same runs: what is given, and the defaults that no point of the sweep changes.
  std::string resolved_json(const std::optional<Json>& sweep) const {
    Problems ignored;
    Resolver resolver(source.directory, {});
    resolver.resolve(base, ignored);  // as if nothing were swept
    Json json = nested("", [&](std::size_t path) -> std::optional<Json> {
      if (table.paths()[path].name == "name") return name;
      const auto& rows = table.paths()[path].rows;
      const bool has_members =
          std::ranges::any_of(base.members, [&](const auto& member) { return member.first == path; });
      const bool shown =
          base[path] != nullptr || has_members || std::ranges::any_of(rows, [&](std::size_t row) {
            const Key& key = table.rows()[row].key;
            const bool settled = key.unsettled == nullptr || !key.unsettled(resolver.spec());
            return resolver.applies(row) && is_fixed(row) && settled;
          });
      return shown ? resolver.value(path) : std::nullopt;
    });
    if (sweep) json["sweep"] = *sweep;
    return json.dump(2) + '\n';
  }

  const KeyTable& table = KeyTable::get();
  const ConfigSource source;
  const ParameterReader read_parameters;
  Problems problems;
  Json root;                          // without its sweep
  std::optional<Json> sweep_section;  // with what the --sets changed in it
  Assignment file;
  SetValues sets;
  Document base;
  std::string name;
  SweepPlan plan;
};

ExperimentConfig::ExperimentConfig(const ConfigSource& source) : state_(std::make_unique<State>(source)) {}
ExperimentConfig::~ExperimentConfig() = default;
ExperimentConfig::ExperimentConfig(ExperimentConfig&&) noexcept = default;
ExperimentConfig& ExperimentConfig::operator=(ExperimentConfig&&) noexcept = default;

const std::string& ExperimentConfig::name() const { return state_->name; }
const std::vector<SweptColumn>& ExperimentConfig::swept_columns() const { return state_->plan.columns; }
std::uint64_t ExperimentConfig::run_count() const { return sweep_size(state_->plan.shape); }
std::string ExperimentConfig::resolved_json() const { return state_->resolved_json(state_->sweep_section); }
std::string ExperimentConfig::batches_json(const std::string& path,
                                           std::span<const SweepBatch> batches) const {
  return state_->resolved_json(state_->batches(path, batches));
}

RunStream ExperimentConfig::runs() const {
  return [walk = std::make_shared<Walk<State>>(*state_)](PlannedRun& run) { return walk->next(run); };
}

ConfigSource read_config(const std::string& path, std::vector<std::string> sets) {
  ConfigSource source;
  source.text = read_text_file(path, false);
  for (std::string& set : sets) {
    if (set.starts_with('@'))
      append_sets(set.substr(1), source.sets);
    else
      source.sets.push_back(std::move(set));
  }
  if (path == "-") {
    source.label = "standard input";
    source.default_name = "experiment";
    return source;
  }
  const std::filesystem::path file(path);
  source.label = path;
  source.directory = file.parent_path().string();
  source.default_name = file.stem().string().substr(0, 100);
  return source;
}

}  // namespace deadrelu
