// The summary table: every swept point over its seeds, in statistics of a handful of values (by + − × ÷ and
// square roots alone: the same bits on every machine).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "probe/columns.h"
#include "probe/rows.h"
#include "store/result_store.h"

namespace deadrelu {

// A 95 % interval, or kMissing where there is none.
struct Interval {
  double low = kMissing, high = kMissing;
};

// 0.975 quantile of Student's t with these degrees of freedom, good to 1e-7. REQUIRES: at least 1.
double student_t_975(std::size_t degrees);

// Of k successes in n trials (Wilson 1927). REQUIRES: k ≤ n; n = 0 has none.
Interval wilson_interval(std::size_t k, std::size_t n);

// Linear between the two nearest of the sorted values (numpy.quantile's default). REQUIRES: a value; share in
// [0, 1].
double sorted_quantile(std::span<const double> sorted, double share);

struct Statistics {
  double mean = kMissing, std = kMissing;  // std: of a sample (n − 1), missing for n < 2
  double median = kMissing, q25 = kMissing, q75 = kMissing;
  Interval interval;  // of the mean (Student), missing for n < 2
};

// Sums run in the order given. All missing without a value.
Statistics statistics_of(std::span<const double> values);

// The swept columns, n, the number and fraction of diverged runs; then seven statistics of every outcome that
// is a quantity, and fraction and interval of every outcome that is a flag (SummaryUse).
std::vector<ColumnInfo> summary_columns(const Table& runs, const std::vector<SweptColumn>& swept);

// Takes the rows of the runs table in canonical order and hands out a row of the summary whenever a point is
// over. The table must outlive it.
class Summary {
 public:
  Summary(const Table& runs, std::size_t swept_columns, std::function<void(std::span<const Cell>)> row);

  // One row of `runs` (all its columns) and the point it belongs to.
  void add(std::uint64_t point, std::span<const Cell> run);
  // Hands out the last point.
  void finish();

 private:
  const Table& table_;
  std::size_t swept_columns_;
  std::function<void(std::span<const Cell>)> row_;
  std::optional<std::uint64_t> point_;
  std::vector<Cell> swept_;  // of the point
  std::size_t runs_ = 0, diverged_ = 0;
  std::vector<std::vector<double>> values_;  // [column][run that has it]
};

}  // namespace deadrelu
