#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/result_summary.h"
#include "cli/terminal.h"
#include "cli/text_table.h"
#include "store/export.h"

namespace deadrelu {
namespace {

constexpr const char* kShowExamples =
    "For each point of the first two swept paths: the share of dead units at the end, a block a hidden "
    "layer, means\n"
    "over seeds and over the other swept paths; then what diverged or collapsed, and the loss or accuracy. "
    "Works while\n"
    "the runs are being trained.\n"
    "\n"
    "Examples:\n"
    "  deadrelu show results/quickstart\n"
    "  deadrelu show results/quickstart --json | jq '.points[].dead_fraction'";

constexpr std::size_t kMaxRows = 50, kMaxColumns = 12, kMaxLayers = 6;

// One number of a point, as a table shows it.
struct Quantity {
  std::string name;
  std::function<TableCell(const PointSummary&)> cell;
};

TableCell fraction_cell(const std::optional<double>& value, bool good = false) {
  if (!value) return {"-", {}};
  return {fmt::format("{:.3f}", *value), good ? 1 - *value : *value};
}

TableCell number_cell(const std::optional<double>& value) {
  return {value ? fmt::format("{:.4g}", *value) : "-", {}};
}

TableCell count_cell(std::uint64_t count, std::uint64_t of) {
  if (of == 0) return {"-", {}};
  return {fmt::format("{}/{}", count, of), static_cast<double>(count) / static_cast<double>(of)};
}

std::string label(const Cell& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{:.6g}", *real);
  const auto* whole = std::get_if<std::int64_t>(&value);
  return whole == nullptr ? "null" : std::to_string(*whole);
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// The indices from 0 to count − 1, or `most` of them, evenly spread with both ends.
std::vector<std::size_t> spread(std::size_t count, std::size_t most) {
  std::vector<std::size_t> indices;
  const std::size_t shown = std::min(count, most);
  for (std::size_t i = 0; i < shown; ++i) indices.push_back(shown == 1 ? 0 : i * (count - 1) / (shown - 1));
  return indices;
}

template <class Predicate>
bool any_point(const ResultSummary& summary, const Predicate& predicate) {
  return std::any_of(summary.points.begin(), summary.points.end(),
                     [&](const auto& entry) { return predicate(entry.second); });
}

bool has_dead_fraction(const PointSummary& point) { return point.dead_fraction.count > 0; }

std::vector<Quantity> dead_quantities(const ResultSummary& summary) {
  std::vector<Quantity> quantities;
  for (const std::size_t layer : spread(summary.layers, kMaxLayers)) {
    quantities.push_back({fmt::format("layer {}", layer + 1), [layer](const PointSummary& point) {
                            return fraction_cell(layer < point.layers.size() ? point.layers[layer].value()
                                                                             : std::nullopt);
                          }});
  }
  if (summary.layers > 1 || (summary.layers == 0 && any_point(summary, has_dead_fraction))) {
    quantities.push_back(
        {"all layers", [](const PointSummary& p) { return fraction_cell(p.dead_fraction.value()); }});
  }
  return quantities;
}

std::vector<Quantity> outcome_quantities(const ResultSummary& summary) {
  std::vector<Quantity> quantities;
  if (any_point(summary, [](const PointSummary& p) { return p.diverged > 0; })) {
    quantities.push_back({"diverged", [](const PointSummary& p) { return count_cell(p.diverged, p.runs); }});
  }
  if (any_point(summary, [](const PointSummary& p) { return p.collapsed.sum > 0; })) {
    quantities.push_back({"collapsed", [](const PointSummary& p) {
                            return count_cell(static_cast<std::uint64_t>(p.collapsed.sum), p.collapsed.count);
                          }});
  }
  if (any_point(summary, [](const PointSummary& p) { return p.test_accuracy.count > 0; })) {
    quantities.push_back({"test accuracy", [](const PointSummary& p) {
                            return fraction_cell(p.test_accuracy.value(), true);
                          }});
  } else if (any_point(summary, [](const PointSummary& p) { return !p.test_loss.empty(); })) {
    quantities.push_back(
        {"test loss (median)", [](const PointSummary& p) { return number_cell(p.test_loss.value()); }});
  } else {
    quantities.push_back(
        {"train loss (median)", [](const PointSummary& p) { return number_cell(p.train_loss.value()); }});
  }
  return quantities;
}

std::vector<Quantity> all_quantities(const ResultSummary& summary) {
  std::vector<Quantity> quantities = dead_quantities(summary);
  for (Quantity& quantity : outcome_quantities(summary)) quantities.push_back(std::move(quantity));
  return quantities;
}

// One row a value of the axis, one column a quantity.
TextTable axis_table(const ResultSummary& summary) {
  const std::vector<Quantity> quantities = all_quantities(summary);
  TextTable table;
  table.heads.push_back(last_part(summary.axes[0]));
  for (const Quantity& quantity : quantities) table.heads.push_back(quantity.name);
  table.heads.emplace_back("runs");
  for (const std::size_t row : spread(summary.row_values.size(), kMaxRows)) {
    auto& cells = table.rows.emplace_back();
    cells.push_back({label(summary.row_values[row]), {}});
    const PointSummary& point = summary.points.at({row, 0});
    for (const Quantity& quantity : quantities) cells.push_back(quantity.cell(point));
    cells.push_back({std::to_string(point.runs), {}});
  }
  return table;
}

// A block of one quantity: the first axis down, the second across.
TextTable block(const ResultSummary& summary, const Quantity& quantity) {
  TextTable table;
  table.title = "\n" + quantity.name;
  const std::vector<std::size_t> columns = spread(summary.column_values.size(), kMaxColumns);
  table.heads.push_back(last_part(summary.axes[0]) + " \\ " + last_part(summary.axes[1]));
  for (const std::size_t column : columns) table.heads.push_back(label(summary.column_values[column]));
  for (const std::size_t row : spread(summary.row_values.size(), kMaxRows)) {
    auto& cells = table.rows.emplace_back();
    cells.push_back({label(summary.row_values[row]), {}});
    for (const std::size_t column : columns) {
      const PointSummary* point = summary.at(row, column);
      cells.push_back(point == nullptr ? TableCell{"-", {}} : quantity.cell(*point));
    }
  }
  return table;
}

// One point alone: its layers over time.
TextTable trajectory_table(const StoreReader& store, const ResultSummary& summary) {
  const Trajectory trajectory = trace_dead_fractions(store);
  const std::vector<std::size_t> layers = spread(summary.layers, kMaxColumns);
  TextTable table;
  table.title = "\nshare of dead units at the recorded steps";
  table.heads.emplace_back("step");
  for (const std::size_t layer : layers) table.heads.push_back(fmt::format("layer {}", layer + 1));
  for (const std::size_t i : spread(trajectory.steps.size(), kMaxRows)) {
    auto& cells = table.rows.emplace_back();
    cells.push_back({std::to_string(trajectory.steps[i]), {}});
    for (const std::size_t layer : layers) {
      const auto& row = trajectory.layers[i];
      cells.push_back(fraction_cell(layer < row.size() ? row[layer].value() : std::nullopt));
    }
  }
  return table;
}

std::string title(const StoreReader& store) {
  const std::uint64_t runs = store.header().shard_runs(), recorded = store.recorded_count();
  std::string text = fmt::format("{}: {} of {} runs recorded", store.header().name, recorded, runs);
  if (recorded < runs) text += fmt::format(" ({} missing)", runs - recorded);
  return text + fmt::format(", {} diverged\n", store.diverged_count());
}

std::string axes_sentence(const ResultSummary& summary) {
  std::string text = "share of dead units at the end, mean over seeds";
  for (const std::string& path : summary.averaged) text += ", over " + path;
  text += "; rows: " + summary.axes[0];
  if (summary.axes.size() > 1) text += "; columns: " + summary.axes[1];
  if (summary.row_values.size() > kMaxRows)
    text += fmt::format(" ({} of {})", kMaxRows, summary.row_values.size());
  if (summary.column_values.size() > kMaxColumns) {
    text += fmt::format(" ({} of {} columns)", kMaxColumns, summary.column_values.size());
  }
  return text + '\n';
}

std::string show_text(const StoreReader& store, const ResultSummary& summary, bool colours) {
  std::string text = title(store);
  if (summary.points.empty()) return text;
  if (summary.axes.empty()) {
    if (summary.layers > 0) text += render(trajectory_table(store, summary), colours);
    const PointSummary& point = summary.points.begin()->second;
    text += '\n';
    for (const Quantity& quantity : all_quantities(summary)) {
      text += fmt::format("{}: {}\n", quantity.name, quantity.cell(point).text);
    }
    return text;
  }
  text += axes_sentence(summary);
  if (summary.axes.size() == 1) return text + '\n' + render(axis_table(summary), colours);
  for (const Quantity& quantity : all_quantities(summary)) text += render(block(summary, quantity), colours);
  return text;
}

Cell cell_of_value(const std::optional<double>& value) { return value ? Cell(*value) : Cell(); }

std::string point_json(const ResultSummary& summary, std::pair<std::size_t, std::size_t> place,
                       const PointSummary& point) {
  std::string text = "{";
  for (std::size_t i = 0; i < summary.axes.size(); ++i) {
    append_json_cell(text, Cell(summary.axes[i]));
    append_json_cell(text += ": ",
                     i == 0 ? summary.row_values[place.first] : summary.column_values[place.second]);
    text += ", ";
  }
  text += fmt::format("\"runs\": {}, \"diverged\": {}", point.runs, point.diverged);
  append_json_cell(text += ", \"collapsed_fraction\": ", cell_of_value(point.collapsed.value()));
  append_json_cell(text += ", \"train_loss_median\": ", cell_of_value(point.train_loss.value()));
  append_json_cell(text += ", \"test_loss_median\": ", cell_of_value(point.test_loss.value()));
  append_json_cell(text += ", \"test_accuracy\": ", cell_of_value(point.test_accuracy.value()));
  append_json_cell(text += ", \"dead_fraction\": ", cell_of_value(point.dead_fraction.value()));
  text += ", \"layers\": [";
  for (std::size_t layer = 0; layer < point.layers.size(); ++layer) {
    append_json_cell(text += layer == 0 ? "" : ", ", cell_of_value(point.layers[layer].value()));
  }
  return text + "]}";
}

std::string names_json(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) append_json_cell(text += text.size() > 1 ? ", " : "", Cell(name));
  return text + "]";
}

std::string show_json(const StoreReader& store, const ResultSummary& summary) {
  std::string text = "{\"name\": ";
  append_json_cell(text, Cell(store.header().name));
  text += fmt::format(
      ", \"runs\": {}, \"recorded\": {}, \"diverged\": {}, \"axes\": {}, \"averaged_over\": {}, \"points\": "
      "[",
      store.header().shard_runs(), store.recorded_count(), store.diverged_count(), names_json(summary.axes),
      names_json(summary.averaged));
  const char* separator = "\n";
  for (const auto& [place, point] : summary.points) {
    text += separator + point_json(summary, place, point);
    separator = ",\n";
  }
  return text + "\n]}\n";
}

}  // namespace

void add_show(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("show", "a summary table of a result directory, to read in the terminal");
  const auto directory = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  add_directory_argument(*command, *directory);
  command->add_flag("--json", *json, "a JSON object with every point");
  command->footer(kShowExamples);
  command->callback([directory, json, &action] {
    action = [directory, json] {
      const StoreReader store(*directory);
      const ResultSummary summary = summarize(store);
      StandardOutput out;
      out.write(*json ? show_json(store, summary) : show_text(store, summary, output_has_colours()));
      out.flush();
      return 0;
    };
  });
}

}  // namespace deadrelu
