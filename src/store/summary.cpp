#include "store/summary.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
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

constexpr double kNormal975 = 1.959963984540054;

constexpr std::array<double, 30> kStudent975{
    12.7062047361747,  4.302652729749464, 3.18244630528371,  2.776445105197794, 2.570581835636316,
    2.44691185114497,  2.364624251592785, 2.306004135204167, 2.262157162798206, 2.228138851986275,
    2.20098516009164,  2.178812829667229, 2.160368656462793, 2.144786687917804, 2.131449545559776,
    2.119905299221255, 2.109815577833317, 2.100922040241038, 2.09302405440831,  2.085963447265865,
    2.07961384472768,  2.073873067904026, 2.068657610419049, 2.063898561628026, 2.059538552753298,
    2.055529438642873, 2.051830516480286, 2.048407141795245, 2.045229642132704, 2.042272456301238};

}  // namespace

double student_t_975(std::size_t degrees) {
  assert(degrees >= 1);
  if (degrees <= kStudent975.size()) return kStudent975[degrees - 1];
  // Cornish-Fisher expansion in 1/degrees (Abramowitz & Stegun 26.7.5); off by 3e-8 at 31.
  constexpr double z = kNormal975, z2 = z * z;
  constexpr double g1 = z * (z2 + 1) / 4;
  constexpr double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
  constexpr double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  constexpr double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  const double n = static_cast<double>(degrees);
  return z + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
}

Interval wilson_interval(std::size_t k, std::size_t n) {
  assert(k <= n);
  if (n == 0) return {};
  constexpr double z2 = kNormal975 * kNormal975;
  const double count = static_cast<double>(n), share = static_cast<double>(k) / count;
  const double scale = 1 + z2 / count;
  const double centre = (share + z2 / (2 * count)) / scale;
  const double half = kNormal975 / scale * std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  return {k == 0 ? 0 : std::max(0.0, centre - half), k == n ? 1 : std::min(1.0, centre + half)};
}

double sorted_quantile(std::span<const double> sorted, double share) {
  assert(!sorted.empty());
  const double at = static_cast<double>(sorted.size() - 1) * share;
  const auto below = static_cast<std::size_t>(at);
  const double low = sorted[below], high = sorted[std::min(below + 1, sorted.size() - 1)];
  const double part = at - static_cast<double>(below);
  // From the nearer side, so that the result never leaves [low, high] by rounding.
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
}

Statistics statistics_of(std::span<const double> values) {
  Statistics result;
  if (values.empty()) return result;
  const double count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  result.mean = sum / count;

  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  result.median = sorted_quantile(sorted, 0.5);
  result.q25 = sorted_quantile(sorted, 0.25);
  result.q75 = sorted_quantile(sorted, 0.75);
  if (values.size() < 2) return result;

  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.std = std::sqrt(squares / (count - 1));
  const double half = student_t_975(values.size() - 1) * result.std / std::sqrt(count);
  result.interval = {result.mean - half, result.mean + half};
  return result;
}

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

Summary::Summary(const Table& runs, std::size_t swept_columns, std::function<void(std::span<const Cell>)> row)
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
      append_fraction(cells, static_cast<std::size_t>(std::count(values_[i].begin(), values_[i].end(), 1.0)),
                      values_[i].size());
  row_(cells);
  point_.reset();
  runs_ = diverged_ = 0;
  for (std::vector<double>& values : values_) values.clear();
}

}  // namespace deadrelu
