#include <algorithm>
#include <cstdio>
#include <map>

#include "cli/options.h"
#include "cli/print.h"
#include "store/store_reader.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMaxRows = 50, kMaxColumns = 12, kMaxLayers = 6;

enum class Format {
  kNumber,  // without a judgement
  kBad,     // a fraction that had better be 0
  kGood,    // … or 1
};

// One number of a point, or a text "3/10" that had better be 0: an SQL aggregate over its runs, whose final
// dead fractions are layer1, layer2, …
struct Quantity {
  std::string title, sql;
  Format format = Format::kNumber;
};

// Quantities at the points of a grid, whose axes have their values in the order of the sweep.
struct Pivot {
  std::vector<Quantity> quantities;
  std::vector<Cell> rows, columns;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<Cell>> points;  // a cell a quantity
};

using CellsOfRow = std::span<const Cell>;

void for_each_row(const StoreReader& store, const std::string& sql,
                  const std::function<void(CellsOfRow)>& row) {
  store.query(
      sql, [](std::span<const std::string>) {}, row);
}

// `axes`: "ROW, COLUMN" in SQL; `order` hands them out in the order in which they are shown.
Pivot pivot(const StoreReader& store, const std::string& axes, const std::string& order,
            const std::string& source, const std::vector<Quantity>& quantities) {
  Pivot result{quantities, {}, {}, {}};
  std::map<Cell, std::size_t> rows, columns;  // place on the axis
  const auto place_on = [](std::map<Cell, std::size_t>& places, std::vector<Cell>& axis, const Cell& value) {
    const auto [place, added] = places.try_emplace(value, axis.size());
    if (added) axis.push_back(value);
    return place->second;
  };
  for_each_row(store, "SELECT " + axes + order, [&](CellsOfRow cells) {
    place_on(rows, result.rows, cells[0]);
    place_on(columns, result.columns, cells[1]);
  });
  std::string sql = "SELECT " + axes;
  for (const Quantity& quantity : quantities) sql += ", " + quantity.sql;
  for_each_row(store, sql + " FROM " + source + " GROUP BY 1, 2", [&](CellsOfRow cells) {
    const std::pair place(place_on(rows, result.rows, cells[0]), place_on(columns, result.columns, cells[1]));
    result.points[place].assign(cells.begin() + 2, cells.end());
  });
  return result;
}

// The results of a directory, as far as both forms of output need them.
struct Shown {
  const StoreReader& store;
  std::vector<std::string> axes, averaged;  // up to two swept paths: rows, columns; and the others
  std::size_t layers = 0;                   // hidden layers of the deepest network

  explicit Shown(const StoreReader& reader) : store(reader) {
    for (const SweptColumn& swept : store.header().swept)
      (axes.size() < 2 ? axes : averaged).push_back(swept.path);
    for_each_row(
        store,
        "SELECT coalesce(max(layer), 0) FROM layers JOIN runs USING (run_id) "
        "WHERE step = steps AND layers.dead_fraction IS NOT NULL AND status = 'ok'",
        [&](CellsOfRow cells) { layers = static_cast<std::size_t>(std::get<std::int64_t>(cells[0])); });
  }

  Pivot points(const std::vector<Quantity>& quantities) const {
    // Swept paths may hold any character; in SQL they are quoted names.
    const auto axis = [&](std::size_t i) {
      if (i >= axes.size()) return std::string("NULL");
      std::string name = "\"";
      for (const char c : axes[i]) name += c == '"' ? std::string("\"\"") : std::string(1, c);
      return name + '"';
    };
    std::string source = "runs";
    if (layers > 0) {
      std::string ends = "SELECT run_id";
      for (std::size_t layer = 1; layer <= layers; ++layer)
        ends += fmt::format(", max(l.dead_fraction) FILTER (WHERE layer = {0}) AS layer{0}", layer);
      source += " LEFT JOIN (" + ends +
                " FROM layers l JOIN runs r USING (run_id) WHERE step = steps AND status = 'ok' GROUP BY "
                "run_id) USING (run_id)";
    }
    // The view comes in the order of the sweep, and so do the values of the axes.
    return pivot(store, axis(0) + ", " + axis(1), " FROM runs", source, quantities);
  }
};

// A column of a table: one quantity at one value of the second axis.
struct TableColumn {
  std::string head;
  std::size_t quantity, place = 0;
};

// A quantity of a point, where there is one.
TableCell table_cell(const Pivot& pivot, std::size_t row, const TableColumn& column) {
  const auto point = pivot.points.find({row, column.place});
  const Cell value = point == pivot.points.end() ? Cell() : point->second[column.quantity];
  if (const auto* count = std::get_if<std::int64_t>(&value)) return std::to_string(*count);
  if (const auto* share = std::get_if<std::string>(&value)) {
    double part = 0, whole = 1;
    std::sscanf(share->c_str(), "%lf/%lf", &part, &whole);
    return {*share, part / whole};
  }
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return std::string("-");
  const Format format = pivot.quantities[column.quantity].format;
  if (format == Format::kNumber) return fmt::format("{:.4g}", *number);
  return {fmt::format("{:.3f}", *number), format == Format::kGood ? 1 - *number : *number};
}

std::string axis_label(const Cell& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{:.6g}", *real);
  const auto* whole = std::get_if<std::int64_t>(&value);
  return whole == nullptr ? "null" : std::to_string(*whole);
}

std::string last_name(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// The indices from 0 to count − 1, or `most` of them, evenly spread with both ends.
std::vector<std::size_t> spread(std::size_t count, std::size_t most) {
  std::vector<std::size_t> indices;
  const std::size_t shown = std::min(count, most);
  for (std::size_t i = 0; i < shown; ++i) indices.push_back(shown == 1 ? 0 : i * (count - 1) / (shown - 1));
  return indices;
}

std::vector<Quantity> text_quantities(std::size_t layers) {
  std::vector<Quantity> quantities;
  for (const std::size_t layer : spread(layers, kMaxLayers))
    quantities.push_back(
        {fmt::format("layer {}", layer + 1), fmt::format("avg(layer{})", layer + 1), Format::kBad});
  if (layers != 1) quantities.push_back({"all layers", "avg(dead_fraction)", Format::kBad});
  quantities.push_back({"diverged", "sum(status = 'diverged') || '/' || count(*)"});
  quantities.push_back({"collapsed", "sum(collapsed) || '/' || count(collapsed)"});
  // Of these, the first that is there. One run that nearly diverged would rule a mean of losses.
  quantities.push_back({"test accuracy", "avg(test_accuracy)", Format::kGood});
  quantities.push_back({"test loss (median)", "median(test_loss)"});
  quantities.push_back({"train loss (median)", "median(train_loss)"});
  quantities.push_back({"runs", "count(*)"});
  return quantities;
}

// The quantities that say something somewhere, but for the last one, the number of runs.
std::vector<TableColumn> telling(const Pivot& pivot) {
  std::vector<TableColumn> shown;
  const std::size_t last = pivot.quantities.size() - 2;
  for (std::size_t q = 0; q <= last; ++q) {
    const bool tells = std::any_of(pivot.points.begin(), pivot.points.end(), [&](const auto& point) {
      const Cell& cell = point.second[q];
      const auto* share = std::get_if<std::string>(&cell);
      return share != nullptr ? !share->starts_with("0/") : !std::holds_alternative<std::monostate>(cell);
    });
    if (tells || q == last) shown.push_back({pivot.quantities[q].title, q});
    if (tells && q + 2 >= last) break;
  }
  return shown;
}

// The first axis down, `columns` across.
std::string table(const Pivot& pivot, const std::string& title, const std::string& axis,
                  const std::vector<TableColumn>& columns) {
  TextTable table{title, {axis}, {}};
  for (const TableColumn& column : columns) table.heads.push_back(column.head);
  for (const std::size_t row : spread(pivot.rows.size(), kMaxRows)) {
    auto& cells = table.rows.emplace_back();
    cells.emplace_back(axis_label(pivot.rows[row]));
    for (const TableColumn& column : columns) cells.push_back(table_cell(pivot, row, column));
  }
  return render(table);
}

// One point alone: its layers over time.
std::string trajectory(const Shown& shown) {
  std::vector<Quantity> layers;
  std::vector<TableColumn> columns;
  for (const std::size_t layer : spread(shown.layers, kMaxColumns)) {
    columns.push_back({fmt::format("layer {}", layer + 1), layers.size()});
    layers.push_back(
        {"", fmt::format("avg(dead_fraction) FILTER (WHERE layer = {})", layer + 1), Format::kBad});
  }
  const Pivot steps =
      pivot(shown.store, "step, NULL", " FROM layers WHERE dead_fraction IS NOT NULL GROUP BY 1 ORDER BY 1",
            "layers WHERE dead_fraction IS NOT NULL", layers);
  return table(steps, "\nshare of dead units at the recorded steps", "step", columns);
}

std::string axes_sentence(const Shown& shown, const Pivot& pivot) {
  std::string text = "share of dead units at the end, mean over seeds";
  for (const std::string& path : shown.averaged) text += ", over " + path;
  text += "; rows: " + shown.axes[0];
  if (shown.axes.size() > 1) text += "; columns: " + shown.axes[1];
  if (pivot.rows.size() > kMaxRows) text += fmt::format(" ({} of {})", kMaxRows, pivot.rows.size());
  if (pivot.columns.size() > kMaxColumns)
    text += fmt::format(" ({} of {} columns)", kMaxColumns, pivot.columns.size());
  return text + '\n';
}

std::string show_text(const Shown& shown) {
  const StoreReader& store = shown.store;
  const std::uint64_t runs = store.header().shard_runs(), recorded = store.recorded_count();
  std::string text = fmt::format("{}: {} of {} runs recorded", store.header().name, recorded, runs);
  if (recorded < runs) text += fmt::format(" ({} missing)", runs - recorded);
  text += fmt::format(", {} diverged\n", store.diverged_count());

  const Pivot pivot = shown.points(text_quantities(shown.layers));
  if (pivot.points.empty()) return text;
  std::vector<TableColumn> told = telling(pivot);
  if (shown.axes.empty()) {
    if (shown.layers > 0) text += trajectory(shown);
    text += '\n';
    for (const TableColumn& column : told)
      text += fmt::format("{}: {}\n", column.head, table_cell(pivot, 0, column).text);
    return text;
  }
  text += axes_sentence(shown, pivot);
  if (shown.axes.size() == 1) {
    told.push_back({pivot.quantities.back().title, pivot.quantities.size() - 1});
    return text + '\n' + table(pivot, "", last_name(shown.axes[0]), told);
  }
  // A block a quantity.
  for (const TableColumn& quantity : told) {
    std::vector<TableColumn> columns;
    for (const std::size_t place : spread(pivot.columns.size(), kMaxColumns))
      columns.push_back({axis_label(pivot.columns[place]), quantity.quantity, place});
    const std::string axes = last_name(shown.axes[0]) + " \\ " + last_name(shown.axes[1]);
    text += table(pivot, '\n' + quantity.head, axes, columns);
  }
  return text;
}

std::string show_json(const Shown& shown) {
  std::vector<Quantity> quantities{{"runs", "count(*)"},
                                   {"diverged", "sum(status = 'diverged')"},
                                   {"collapsed_fraction", "avg(collapsed)"},
                                   {"train_loss_median", "median(train_loss)"},
                                   {"test_loss_median", "median(test_loss)"},
                                   {"test_accuracy", "avg(test_accuracy)"},
                                   {"dead_fraction", "avg(dead_fraction)"}};
  const std::size_t named = quantities.size();
  for (std::size_t layer = 1; layer <= shown.layers; ++layer)
    quantities.push_back({"", fmt::format("avg(layer{})", layer)});
  const Pivot pivot = shown.points(quantities);
  Json points = Json::array();
  for (const auto& [place, cells] : pivot.points) {
    Json point = Json::object();
    if (!shown.axes.empty()) point[shown.axes[0]] = json_of(pivot.rows[place.first]);
    if (shown.axes.size() > 1) point[shown.axes[1]] = json_of(pivot.columns[place.second]);
    for (std::size_t q = 0; q < named; ++q) point[quantities[q].title] = json_of(cells[q]);
    Json layers = Json::array();
    for (std::size_t q = named; q < cells.size(); ++q) layers.push_back(json_of(cells[q]));
    while (!layers.empty() && layers.back().is_null()) layers.erase(layers.size() - 1);  // of deeper networks
    point["layers"] = layers;
    points.push_back(point);
  }
  const StoreReader& store = shown.store;
  return json_text({{"name", store.header().name},
                    {"runs", store.header().shard_runs()},
                    {"recorded", store.recorded_count()},
                    {"diverged", store.diverged_count()},
                    {"axes", shown.axes},
                    {"averaged_over", shown.averaged},
                    {"points", points}});
}

struct ShowOptions {
  std::string directory;
  bool json = false;
};

int show(const ShowOptions& options) {
  const StoreReader store(options.directory);
  const Shown shown(store);
  print_text(options.json ? show_json(shown) : show_text(shown));
  return 0;
}

}  // namespace

void add_show(CommandLine& line) {
  Command command(
      line, "show", "a summary table of a result directory, to read in the terminal",
      R"(For each point of the first two swept paths: the share of dead units at the end, a block a hidden
layer, means over seeds and over the other swept paths; then what diverged or collapsed, and the loss or
accuracy. Works while the runs are being trained.

Examples:
  deadrelu show results/quickstart
  deadrelu show results/quickstart --json | jq '.points[].dead_fraction')");
  ShowOptions& options = command.calls(show);
  add_directory_argument(command, options.directory);
  command.flag("--json", options.json, "a JSON object with every point");
}

}  // namespace deadrelu
