#include "cli/shown.h"

#include <fmt/format.h>

namespace deadrelu {
namespace {

// Rows of a table, for SQL: of a run that did not diverge those of its last step, of others the last ones of which
// `known` is known, one a `group`.
std::string last_rows(const char* table, const char* columns, const char* known, const char* group) {
  return fmt::format(
      "(SELECT run_id AS id, {1} FROM {0} JOIN (SELECT run_id, steps FROM runs WHERE status = 'ok') USING (run_id) "
      "WHERE step = steps UNION ALL SELECT id, {1} FROM (SELECT run_id AS id, *, max(step) FROM {0} JOIN (SELECT run_id "
      "FROM runs WHERE status <> 'ok') USING (run_id) WHERE {2} IS NOT NULL GROUP BY {3}))",
      table, columns, known, group);
}

std::string source(std::size_t layers) {
  std::string of_layers =
      "SELECT id AS layers_id, max(grad_norm) FILTER (WHERE layer = 1) AS first_gradient, max(grad_norm) FILTER (WHERE "
      "dead_fraction IS NULL) AS last_gradient, sum(dead_fraction * units) / sum(units) FILTER (WHERE dead_fraction IS NOT "
      "NULL) AS end_dead";
  for (std::size_t layer = 1; layer <= layers; ++layer)
    of_layers += fmt::format(", max(dead_fraction) FILTER (WHERE layer = {0}) AS layer{0}", layer);
  const char* const measured = "train_loss, test_loss, train_accuracy, test_accuracy, grad_norm";
  return fmt::format(
      "(SELECT r.*, layer_ends.*, m.grad_norm AS gradient, m.train_loss AS end_train_loss, m.test_loss AS end_test_loss, "
      "m.train_accuracy AS end_train_accuracy, m.test_accuracy AS end_test_accuracy, end_dead AS end_dead_fraction, "
      "status = 'diverged' AS diverged, abs(r.train_loss - constant_loss) <= 0.01 * constant_loss AS stuck, "
      "CASE WHEN status = 'ok' THEN first_gradient > 0 AND first_gradient < 1e-4 AND first_gradient < 1e-3 * last_gradient END AS vanishing FROM runs r LEFT JOIN {} m ON m.id = r.run_id LEFT JOIN ({} FROM {} GROUP BY 1) "
      "layer_ends ON layers_id = r.run_id)",
      last_rows("metrics", measured, "train_loss", "run_id"), of_layers,
      last_rows("layers", "layer, units, dead_fraction, grad_norm", "dead_fraction", "run_id, layer"));
}

// Over the runs that did not diverge; over all of them at a point where every run did.
std::string over_runs(const char* aggregate, const std::string& value) {
  return fmt::format("coalesce({0}({1}) FILTER (WHERE status = 'ok'), {0}({1}))", aggregate, value);
}

// The final value of `runs`, where there is none what was recorded last.
std::string final_or_last(const char* column) { return fmt::format("coalesce({0}, end_{0})", column); }

// "3/10": of the runs of which it is known.
std::string share_of(const char* flag) { return fmt::format("sum({0}) || '/' || count({0})", flag); }

}  // namespace

Shown::Shown(const StoreReader& reader) : store(reader) {
  for (const SweptColumn& swept : store.header().swept)
    (axes.size() < 2 ? axes : averaged).push_back(swept.path);
  store.for_each_row("SELECT coalesce(max(layer) - 1, 0) FROM layers", [&](std::span<const Cell> cells) {
    layers = static_cast<std::size_t>(std::get<std::int64_t>(cells[0]));
  });
}

Pivot Shown::points(std::vector<Quantity> quantities) const {
  const auto axis = [&](std::size_t i) { return i < axes.size() ? quoted(axes[i]) : std::string("NULL"); };
  // The view comes in the order of the sweep, and so do the values of the axes.
  return pivot(store, axis(0) + ", " + axis(1), " FROM runs", source(layers), std::move(quantities));
}

std::int64_t Shown::values_of(const std::string& path) const {
  std::int64_t values = 0;
  store.for_each_row("SELECT count(DISTINCT " + quoted(path) + ") FROM runs",
                     [&](std::span<const Cell> cells) { values = std::get<std::int64_t>(cells[0]); });
  return values;
}

std::vector<Quantity> text_quantities(std::size_t layers) {
  std::vector<Quantity> quantities;
  for (std::size_t layer = 1; layer <= layers; ++layer)
    quantities.push_back(
        {fmt::format("layer {}", layer), over_runs("avg", fmt::format("layer{}", layer)), Format::kBad});
  if (layers != 1)
    quantities.push_back({"all layers", over_runs("avg", final_or_last("dead_fraction")), Format::kBad});
  for (const char* flag : {"diverged", "collapsed", "stuck", "vanishing"})
    quantities.push_back({flag, share_of(flag), Format::kBad});
  for (const char* split : {"train", "test"})
    quantities.push_back({fmt::format("{} accuracy", split),
                          over_runs("avg", final_or_last(fmt::format("{}_accuracy", split).c_str())),
                          Format::kGood});
  // One run that nearly diverged would rule a mean.
  for (const char* split : {"train", "test"})
    quantities.push_back({fmt::format("{} loss (median)", split),
                          over_runs("median", final_or_last(fmt::format("{}_loss", split).c_str()))});
  quantities.push_back({"gradient norm (median)", over_runs("median", "gradient")});
  quantities.push_back(
      {"runs",
       "CASE WHEN sum(status = 'ok') = count(*) THEN count(*) ELSE sum(status = 'ok') || '/' || count(*) END"});
  quantities.push_back({"", "sum(status = 'ok')"});
  return quantities;
}

std::vector<Quantity> json_quantities(std::size_t layers) {
  std::vector<Quantity> quantities{{"runs", "count(*)"},
                                   {"diverged", "sum(status = 'diverged')"},
                                   {"collapsed_fraction", "avg(collapsed)"},
                                   {"stuck_fraction", "avg(stuck)"},
                                   {"vanishing_fraction", "avg(vanishing)"},
                                   {"train_loss_median", "median(train_loss)"},
                                   {"test_loss_median", "median(test_loss)"},
                                   {"grad_norm_median", "median(gradient) FILTER (WHERE status = 'ok')"},
                                   {"train_accuracy", "avg(train_accuracy)"},
                                   {"test_accuracy", "avg(test_accuracy)"},
                                   {"dead_fraction", "avg(dead_fraction)"}};
  for (std::size_t layer = 1; layer <= layers; ++layer)
    quantities.push_back({"", fmt::format("avg(layer{}) FILTER (WHERE status = 'ok')", layer)});
  return quantities;
}

Pivot deaths_by_layer(const StoreReader& store) {
  const auto count = [](const std::string& condition) { return "nullif(sum(" + condition + "), 0)"; };
  std::vector<Quantity> quantities;
  for (const char* event : names_of<UnitEvent>())
    quantities.push_back({fmt::format("{}s", event), count(fmt::format("event = '{}'", event))});
  for (const char* cause : names_of<Cause>())
    quantities.push_back({cause, count(fmt::format("event = 'death' AND cause = '{}'", cause))});
  for (const auto& [title, sql] : {std::pair{"first", "min"}, {"median", "median"}, {"last", "max"}})
    quantities.push_back({title, fmt::format("{}(to_step) FILTER (WHERE event = 'death')", sql)});
  quantities.insert(quantities.end(), 2, {"", "1"});
  return pivot(store, "layer, NULL", " FROM deaths GROUP BY 1 ORDER BY 1", "deaths", std::move(quantities));
}

}  // namespace deadrelu
