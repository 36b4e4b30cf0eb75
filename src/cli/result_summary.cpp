#include "cli/result_summary.h"

#include <algorithm>
#include <span>

namespace deadrelu {
namespace {

// Swept paths may hold any character; in SQL they are quoted names.
std::string sql_name(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

void no_columns(std::span<const std::string>) {}

std::int64_t integer(const Cell& cell) {
  const auto* value = std::get_if<std::int64_t>(&cell);
  return value == nullptr ? 0 : *value;
}

std::optional<double> number(const Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  return std::nullopt;
}

// Numbers the values of an axis in the order of their appearance.
class AxisIndex {
 public:
  explicit AxisIndex(std::vector<Cell>& values) : values_(values) {}
  std::size_t operator[](const Cell& value) {
    const auto [place, added] = index_.try_emplace(value, values_.size());
    if (added) values_.push_back(value);
    return place->second;
  }

 private:
  std::vector<Cell>& values_;
  std::map<Cell, std::size_t> index_;
};

void add_run(PointSummary& point, std::span<const Cell> cells) {
  ++point.runs;
  if (const auto* status = std::get_if<std::string>(&cells[0]); status != nullptr && *status == "diverged") {
    ++point.diverged;
  }
  point.collapsed.add(cells[1]);
  point.train_loss.add(cells[2]);
  point.test_loss.add(cells[3]);
  point.test_accuracy.add(cells[4]);
  point.dead_fraction.add(cells[5]);
}

void add_layer(ResultSummary& summary, PointSummary& point, const Cell& layer, const Cell& mean) {
  const auto number = static_cast<std::size_t>(integer(layer));
  if (number == 0) return;
  summary.layers = std::max(summary.layers, number);
  if (point.layers.size() < number) point.layers.resize(number);
  point.layers[number - 1].add(mean);
}

}  // namespace

void Mean::add(const Cell& cell) {
  if (const auto value = number(cell)) {
    sum += *value;
    ++count;
  }
}

void Median::add(const Cell& cell) {
  if (const auto value = number(cell)) values_.push_back(*value);
}

std::optional<double> Median::value() const {
  if (values_.empty()) return std::nullopt;
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : sorted[middle - 1] / 2 + sorted[middle] / 2;
}

const PointSummary* ResultSummary::at(std::size_t row, std::size_t column) const {
  const auto place = points.find({row, column});
  return place == points.end() ? nullptr : &place->second;
}

ResultSummary summarize(const StoreReader& store) {
  ResultSummary summary;
  for (const SweptColumn& swept : store.header().swept) {
    (summary.axes.size() < 2 ? summary.axes : summary.averaged).push_back(swept.path);
  }
  const std::string row = summary.axes.empty() ? "NULL" : sql_name(summary.axes[0]);
  const std::string column = summary.axes.size() < 2 ? "NULL" : sql_name(summary.axes[1]);
  AxisIndex rows(summary.row_values), columns(summary.column_values);
  // The view comes in the order of the sweep, and so do the values of the axes.
  store.query("SELECT " + row + ", " + column +
                  ", status, collapsed, train_loss, test_loss, test_accuracy, dead_fraction FROM runs",
              no_columns, [&](std::span<const Cell> cells) {
                add_run(summary.points[{rows[cells[0]], columns[cells[1]]}], cells.subspan(2));
              });
  // No column of layers is a dotted path, so the axes need no qualifier.
  store.query(
      "SELECT " + row + ", " + column +
          ", l.layer, avg(l.dead_fraction) FROM layers l JOIN runs r ON r.run_id = l.run_id AND r.steps = "
          "l.step WHERE l.dead_fraction IS NOT NULL AND r.status = 'ok' GROUP BY 1, 2, 3",
      no_columns, [&](std::span<const Cell> cells) {
        add_layer(summary, summary.points[{rows[cells[0]], columns[cells[1]]}], cells[2], cells[3]);
      });
  return summary;
}

Trajectory trace_dead_fractions(const StoreReader& store) {
  Trajectory trajectory;
  store.query(
      "SELECT step, layer, avg(dead_fraction) FROM layers WHERE dead_fraction IS NOT NULL "
      "GROUP BY step, layer ORDER BY step, layer",
      no_columns, [&](std::span<const Cell> cells) {
        const std::int64_t step = integer(cells[0]);
        if (trajectory.steps.empty() || trajectory.steps.back() != step) {
          trajectory.steps.push_back(step);
          trajectory.layers.emplace_back();
        }
        trajectory.layers.back().emplace_back().add(cells[2]);
      });
  return trajectory;
}

}  // namespace deadrelu
