// What `show` knows of a result directory: the points of its sweep, with the quantities that are shown of them.
#pragma once

#include "cli/pivot.h"

namespace deadrelu {

struct Shown {
  const StoreReader& store;
  std::vector<std::string> axes, averaged;  // up to two swept paths: rows, columns; and the others
  std::size_t layers = 0;                   // hidden layers of the deepest network

  explicit Shown(const StoreReader& reader);
  // SQL aggregates over the runs of each point: of the columns of `runs`, of layer1, layer2, … (dead fractions) and of
  // gradient, each as recorded last; stuck and vanishing are 0 or 1.
  Pivot points(std::vector<Quantity> quantities) const;
  // How many values a swept path has.
  std::int64_t values_of(const std::string& path) const;
};

// Of a point: the layers' dead fractions first; the last two are how many runs are behind the means, and whether there
// is one that did not diverge.
std::vector<Quantity> text_quantities(std::size_t layers);
// By the names that JSON has; the layers, without a name, come last.
std::vector<Quantity> json_quantities(std::size_t layers);

// What units died of and when, over all runs; rows are layers, none where the table deaths has no row. The last two
// quantities are not shown.
Pivot deaths_by_layer(const StoreReader& store);

}  // namespace deadrelu
