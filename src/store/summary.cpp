#include "store/summary.h"

#include <algorithm>
#include <array>
#include <utility>

#include "store/schema.h"

namespace deadrelu {
namespace {

constexpr std::size_t kBeforeSwept = 2;  // run_id, seed; the first column after the swept ones is status

constexpr std::array<std::pair<const char*, const char*>, 7> kStatistics{{
    {"mean", "Mean: the sum in the order of the seeds / their number."},
    {"std", "Standard deviation of a sample (n - 1); empty for fewer than two values."},
    {"median", "Median; the mean of the middle two of an even number of values."},
    {"q25", "Lower quartile, linear between the two nearest values (numpy.quantile's default)."},
    {"q75", "Upper quartile, linear between the two nearest values (numpy.quantile's default)."},
    {"low",
     "Lower end of the 95 % interval of the mean: mean - t * std / sqrt(n), with Student's t for n - 1 "
     "degrees of freedom; empty for fewer than two values."},
    {"high",
     "Upper end of the 95 % interval of the mean: mean + t * std / sqrt(n), with Student's t for n - 1 "
     "degrees of freedom; empty for fewer than two values."},
}};

constexpr std::array<std::pair<const char*, const char*>, 3> kFractions{{
    {"fraction", "Runs for which it holds / runs that have the value."},
    {"low", "Lower end of the 95 % interval of the fraction (Wilson 1927)."},
    {"high", "Upper end of the 95 % interval of the fraction (Wilson 1927)."},
}};

void append_statistics(std::vector<Cell>& cells, std::span<const double> values) {
  const Statistics s = statistics_of(values);
  for (const double value : {s.mean, s.std, s.median, s.q25, s.q75, s.interval.low, s.interval.high})
    cells.emplace_back(value);
}

void append_fraction(std::vector<Cell>& cells, std::size_t k, std::size_t n) {
  const Interval interval = wilson_interval(k, n);
  const double fraction = n == 0 ? kMissing : static_cast<double>(k) / static_cast<double>(n);
  for (const double value : {fraction, interval.low, interval.high}) cells.emplace_back(value);
}

template <std::size_t n>
void append_docs(std::vector<ColumnInfo>& docs, const std::string& name, const std::string& unit,
                 const std::string& meaning,
                 const std::array<std::pair<const char*, const char*>, n>& parts) {
  for (const auto& [part, definition] : parts)
    docs.push_back({name + "_" + part, unit, meaning,
                    std::string(definition) + " Over the point's recorded runs that have a value.",
                    SummaryUse::kOmitted, ColumnType::kReal});
}

}  // namespace

std::vector<ColumnInfo> summary_columns(const Table& runs, const std::vector<SweptColumn>& swept) {
  constexpr SummaryUse kOmitted = SummaryUse::kOmitted;
  std::vector<ColumnInfo> docs;
  for (const SweptColumn& column : swept) docs.push_back(swept_column(column, "point"));
  docs.push_back({"n", "runs", "Recorded runs of the point.", "One a seed.", kOmitted, ColumnType::kInteger});
  docs.push_back({"diverged", "runs", "How many of them diverged.", "Runs with status diverged.", kOmitted,
                  ColumnType::kInteger});
  for (const Column& column : runs.columns)
    if (column.info.summary == SummaryUse::kQuantity)
      append_docs(docs, column.info.name, column.info.unit, column.info.meaning, kStatistics);
  append_docs(docs, "diverged", "1", "Share of the runs that diverged, in [0, 1].", kFractions);
  for (const Column& column : runs.columns)
    if (column.info.summary == SummaryUse::kFlag)
      append_docs(docs, column.info.name, "1", "Share of the runs, in [0, 1]: " + column.info.meaning,
                  kFractions);
  return docs;
}

Summary::Summary(const Table& runs, std::size_t swept_columns, OnRow row)
    : table_(runs), swept_columns_(swept_columns), row_(std::move(row)), values_(runs.columns.size()) {}

void Summary::add(std::uint64_t point, std::span<const Cell> run) {
  if (point_ != point) {
    finish();
    point_ = point;
    const auto swept = run.subspan(kBeforeSwept, swept_columns_);
    swept_.assign(swept.begin(), swept.end());
  }
  const auto outcome = run.subspan(kBeforeSwept + swept_columns_);
  ++runs_;
  if (outcome.front() == Cell(std::string(name_of(RunStatus::kDiverged)))) ++diverged_;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (const auto* real = std::get_if<double>(&outcome[i])) values_[i].push_back(*real);
    if (const auto* integer = std::get_if<std::int64_t>(&outcome[i]))
      values_[i].push_back(static_cast<double>(*integer));
  }
}

void Summary::finish() {
  if (!point_) return;
  std::vector<Cell> cells = swept_;
  cells.emplace_back(static_cast<std::int64_t>(runs_));
  cells.emplace_back(static_cast<std::int64_t>(diverged_));
  const auto& columns = table_.columns;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].info.summary == SummaryUse::kQuantity) append_statistics(cells, values_[i]);
  append_fraction(cells, diverged_, runs_);
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].info.summary == SummaryUse::kFlag)
      append_fraction(cells, static_cast<std::size_t>(std::ranges::count(values_[i], 1.0)),
                      values_[i].size());
  row_(cells);
  point_.reset();
  runs_ = diverged_ = 0;
  for (std::vector<double>& values : values_) values.clear();
}

}  // namespace deadrelu
