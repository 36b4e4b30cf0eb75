#include <algorithm>

#include "cli/options.h"
#include "cli/shown.h"

namespace deadrelu {
namespace {

// Layers across in a table, and tables of layers below each other.
constexpr std::size_t kMostLayers = 6;

// The quantities that say something somewhere, but for the last two.
std::vector<std::size_t> telling(const Pivot& pivot) {
  std::vector<std::size_t> shown;
  for (std::size_t q = 0; q + 2 < pivot.quantities.size(); ++q)
    if (pivot.tells(q)) shown.push_back(q);
  return shown;
}

// A quantity of a point; with a star where every run of the point diverged.
TableCell cell_of(const Pivot& pivot, std::size_t row, std::size_t column, std::size_t quantity) {
  const Cell value = pivot.at(row, column, quantity);
  TableCell cell = quantity_cell(value, pivot.quantities[quantity].format);
  const bool number = std::holds_alternative<double>(value);
  if (number && pivot.at(row, column, pivot.quantities.size() - 1) == Cell(std::int64_t{0})) cell.text += '*';
  return cell;
}

// Rows against quantities, of one column of the pivot.
TextTable quantity_table(const Pivot& pivot, const std::string& title, const std::string& axis,
                         const std::vector<std::size_t>& quantities) {
  TextTable table{title, {axis}, {}};
  for (const std::size_t q : quantities) table.heads.push_back(pivot.quantities[q].title);
  const std::vector<std::string> labels = axis_labels(pivot.rows);
  for (std::size_t row = 0; row < pivot.rows.size(); ++row) {
    auto& cells = table.rows.emplace_back();
    cells.emplace_back(labels[row]);
    for (const std::size_t q : quantities) cells.push_back(cell_of(pivot, row, 0, q));
  }
  return table;
}

// What stands in rows becomes columns.
TextTable turned(const TextTable& table, const std::string& axis) {
  TextTable result{table.title, {axis}, {}};
  for (const auto& row : table.rows) result.heads.push_back(row[0].text);
  for (std::size_t c = 1; c < table.heads.size(); ++c) {
    auto& cells = result.rows.emplace_back();
    cells.emplace_back(table.heads[c]);
    for (const auto& row : table.rows) cells.push_back(row[c]);
  }
  return result;
}

// Layers across where they are few, else down.
std::string layer_table(const Pivot& pivot, const std::string& title, const std::string& axis,
                        const std::string& rows, const std::vector<std::size_t>& layers) {
  const TextTable table = quantity_table(pivot, title, axis, layers);
  if (layers.size() <= kMostLayers) return fitted(table, rows, "layers");
  return fitted(turned(table, "layer \\ " + axis), "layers", rows);
}

// The dead fraction, gradient norm, … of every layer, of one point alone over time.
std::string layers_over_time(const Shown& shown, const std::string& title, const char* column,
                             Format format) {
  std::vector<Quantity> layers;
  std::vector<std::size_t> told;
  for (std::size_t layer = 1; layer <= shown.layers + 1; ++layer)
    layers.push_back({layer > shown.layers ? "output" : fmt::format("layer {}", layer),
                      fmt::format("avg({}) FILTER (WHERE layer = {})", column, layer), format});
  layers.push_back({"", "1"});
  const Pivot steps =
      pivot(shown.store, "step, NULL", " FROM layers GROUP BY 1 ORDER BY 1", "layers", std::move(layers));
  for (std::size_t q = 0; q <= shown.layers && !steps.rows.empty(); ++q)
    if (q < shown.layers || steps.tells(q)) told.push_back(q);
  const bool tells = std::ranges::any_of(told, [&](std::size_t q) { return steps.tells(q); });
  return tells ? layer_table(steps, '\n' + title, "step", "steps", told) : "";
}

// One point alone at the recorded steps: the network, then its layers.
std::string trajectory(const Shown& shown) {
  constexpr std::size_t kRuns = 7;
  const Pivot network = pivot(shown.store, "step, NULL", " FROM metrics GROUP BY 1 ORDER BY 1", "metrics",
                              {{"train loss", "median(train_loss)"},
                               {"test loss", "median(test_loss)"},
                               {"train accuracy", "avg(train_accuracy)", Format::kGood},
                               {"test accuracy", "avg(test_accuracy)", Format::kGood},
                               {"gradient norm", "median(grad_norm)"},
                               {"output std", "median(output_std)"},
                               {"dead units", "avg(dead_fraction)", Format::kBad},
                               {"runs", "count(*)"},
                               {"", "1"}});
  std::vector<std::size_t> told = telling(network);
  std::string text;
  if (!told.empty()) {
    if (network.at(0, 0, kRuns) != network.at(network.rows.size() - 1, 0, kRuns)) told.push_back(kRuns);
    text = '\n' + in_pieces(quantity_table(network, "", "step", told), "steps");
  }
  text += layers_over_time(shown, "share of dead units", "dead_fraction", Format::kBad);
  text += layers_over_time(shown, "gradient norms", "grad_norm", Format::kNumber);
  if (shown.store.diverged_count() > 0)
    text +=
        layers_over_time(shown, "standard deviations of the activations", "activation_std", Format::kNumber);
  return text;
}

std::string axes_sentence(const Shown& shown) {
  std::string text = "share of dead units at the end, mean over seeds";
  for (const std::string& path : shown.averaged)
    text += fmt::format(", over {} ({} values)", path, shown.values_of(path));
  text += "; rows: " + shown.axes[0];
  if (shown.axes.size() > 1) text += "; columns: " + shown.axes[1];
  return text + '\n';
}

std::string last_name(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// A block a quantity: the first axis down, the second across.
std::string blocks(const Shown& shown, const Pivot& pivot, const std::vector<std::size_t>& quantities) {
  const std::string axes = last_name(shown.axes[0]) + " \\ " + last_name(shown.axes[1]);
  const std::vector<std::string> rows = axis_labels(pivot.rows), columns = axis_labels(pivot.columns);
  std::string text;
  constexpr std::size_t kEnd = kMostLayers / 2;  // of many layers the first and the last few
  for (const std::size_t q : quantities) {
    if (q >= kEnd && q + kEnd < shown.layers && shown.layers > kMostLayers) {
      if (q == kEnd)
        text += fmt::format("\n… {} of {} layers left out\n", shown.layers - 2 * kEnd, shown.layers);
      continue;
    }
    TextTable table{'\n' + pivot.quantities[q].title, {axes}, {}};
    table.heads.insert(table.heads.end(), columns.begin(), columns.end());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      auto& cells = table.rows.emplace_back();
      cells.emplace_back(rows[row]);
      for (std::size_t column = 0; column < columns.size(); ++column)
        cells.push_back(cell_of(pivot, row, column, q));
    }
    text += fitted(table, "rows", "columns");
  }
  return text;
}

// What the stars and the shares of runs mean.
std::string notes(const Pivot& pivot, bool of_points) {
  const auto has = [&](const std::string& title) {
    for (std::size_t q = 0; q < pivot.quantities.size(); ++q)
      if (pivot.quantities[q].title == title) return pivot.tells(q);
    return false;
  };
  std::string text;
  const bool starred = std::ranges::any_of(
      pivot.points, [](const auto& point) { return point.second.back() == Cell(std::int64_t{0}); });
  if (of_points && has("diverged"))
    text += "runs: those that did not diverge, of all; means and medians are theirs alone\n";
  if (of_points && starred)
    text += "*: every run of the point diverged; the last that was recorded of them\n";
  if (has("stuck"))
    text +=
        "stuck: train_loss lies within 1 % of constant_loss, that of the best constant (the targets' mean)\n";
  if (has("vanishing"))
    text +=
        "vanishing: the first layer's gradient norm is below 1e-4, and below 1e-3 of the output layer's, "
        "and not 0, as that of a frozen or dead layer is "
        "(Zhang et al. 2021)\n";
  return text.empty() ? text : '\n' + text;
}

std::string deaths_text(const StoreReader& store) {
  const Pivot deaths = deaths_by_layer(store);
  if (deaths.rows.empty()) return "";
  const char* const title =
      "\nunits that died, by cause, and the steps at which it was seen; all runs together";
  return in_pieces(quantity_table(deaths, title, "layer", telling(deaths)), "layers");
}

std::string show_text(const Shown& shown) {
  const StoreReader& store = shown.store;
  const std::uint64_t runs = store.header().shard_runs(), recorded = store.recorded_count();
  std::string text = fmt::format("{}: {} of {} runs recorded", store.header().name, recorded, runs);
  if (recorded < runs) text += fmt::format(" ({} missing)", runs - recorded);
  text += fmt::format(", {} diverged\n", store.diverged_count());

  const Pivot pivot = shown.points(text_quantities(shown.layers));
  if (pivot.points.empty()) return text;
  std::vector<std::size_t> told = telling(pivot);
  if (shown.axes.empty()) {
    const std::string over_time = trajectory(shown);
    text += over_time + '\n';
    for (const std::size_t q : told)  // the numbers have been seen
      if (over_time.empty() || !std::holds_alternative<double>(pivot.at(0, 0, q)))
        text += fmt::format("{}: {}\n", pivot.quantities[q].title, cell_of(pivot, 0, 0, q).text);
    return text + deaths_text(store) + notes(pivot, false);
  }
  text += axes_sentence(shown);
  const std::size_t behind = pivot.quantities.size() - 2;
  if (shown.axes.size() > 1) {
    if (store.diverged_count() > 0) told.push_back(behind);
    return text + blocks(shown, pivot, told) + deaths_text(store) + notes(pivot, true);
  }
  told.push_back(behind);
  const std::string axis = last_name(shown.axes[0]);
  std::vector<std::size_t> layers;
  if (shown.layers > kMostLayers) {  // in a table of their own
    std::ranges::copy_if(told, std::back_inserter(layers), [&](std::size_t q) { return q < shown.layers; });
    told.erase(told.begin(), told.begin() + static_cast<std::ptrdiff_t>(layers.size()));
    text += layer_table(pivot, "\nlayers", axis, "values", layers);
  }
  return text + '\n' + in_pieces(quantity_table(pivot, "", axis, told), "rows") + deaths_text(store) +
         notes(pivot, true);
}

std::string show_json(const Shown& shown) {
  const std::vector<Quantity> quantities = json_quantities(shown.layers);
  const std::size_t named = quantities.size() - shown.layers;
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
      R"(For each point of the first two swept paths: the share of dead units at the end, a block a hidden layer,
means over seeds and over the other swept paths; then what diverged, collapsed, is stuck or vanishes, accuracy,
losses and gradient norms, each where there is something to tell. Means and medians are over the runs that did not
diverge; a star marks points where every run did: then they are of what was recorded last. Of one point alone, all
of it at the recorded steps. What does not fit is left out evenly, and counted. Where record.deaths is on, also
what units died of, layer by layer, and when (`deadrelu explain cause`).

collapsed: the column of runs (`deadrelu explain collapsed`).
stuck: |train_loss - constant_loss| is at most 1 % of constant_loss, the loss of the best constant answer; of a
squared error that is the targets' variance, and the answer their mean.
vanishing: the gradient norm of the first layer is below 1e-4 and below 1e-3 of that of the output layer
(AUTOTRAINER, Zhang et al. 2021), and not 0, as that of a frozen or dead layer is.

Works while the runs are being trained.

Examples:
  deadrelu show results/quickstart
  deadrelu show results/quickstart --json | jq '.points[].dead_fraction')");
  ShowOptions& options = command.calls(show);
  add_directory_argument(command, options.directory);
  command.flag("--json", options.json, "a JSON object with every point");
}

}  // namespace deadrelu
