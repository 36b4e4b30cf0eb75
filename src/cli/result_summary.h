// What `show` shows: outcomes summed up over seeds, for each point of the first two swept axes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/result_store.h"

namespace deadrelu {

// The mean of the values that are there.
struct Mean {
  double sum = 0;
  std::uint64_t count = 0;
  void add(const Cell& cell);
  std::optional<double> value() const {
    return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
  }
};

// The median of the values that are there: one run that nearly diverged would rule a mean of losses.
class Median {
 public:
  void add(const Cell& cell);
  bool empty() const { return values_.empty(); }
  std::optional<double> value() const;

 private:
  std::vector<double> values_;
};

struct PointSummary {
  std::uint64_t runs = 0, diverged = 0;
  Mean collapsed, test_accuracy, dead_fraction;
  Median train_loss, test_loss;
  std::vector<Mean> layers;  // [hidden layer]: the final dead fraction
};

struct ResultSummary {
  std::vector<std::string> axes;      // up to two swept paths: rows, columns
  std::vector<std::string> averaged;  // the other swept paths
  std::vector<Cell> row_values,
      column_values;  // in the order of the sweep; one empty value where there is no axis
  std::map<std::pair<std::size_t, std::size_t>, PointSummary> points;  // by index of row and column
  std::size_t layers = 0;                                              // hidden layers of the deepest network

  const PointSummary* at(std::size_t row, std::size_t column) const;
};

ResultSummary summarize(const StoreReader& store);

// Dead fractions over time: mean over all runs, [recorded step][hidden layer].
struct Trajectory {
  std::vector<std::int64_t> steps;
  std::vector<std::vector<Mean>> layers;
};
Trajectory trace_dead_fractions(const StoreReader& store);

}  // namespace deadrelu
