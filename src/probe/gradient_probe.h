// Norms of gradients, weights and updates of every layer, for every lane of a pack.
#pragma once

#include <cmath>

#include "base/buffer.h"
#include "nn/network.h"
#include "probe/rows.h"

namespace deadrelu {

// All norms are L2 norms of exact values summed in double: right from 1e-38 to 1e38 and beyond.
template <class T>
class GradientProbe {
 public:
  explicit GradientProbe(const Network<T>& network);

  // Reads the batch gradient, as the optimizer is about to get it (before clipping), and the parameters.
  void measure(const Network<T>& network, const T* parameters, const T* gradient);
  // Reads the parameters before and after the update that takes this gradient.
  void measure_update(const Network<T>& network, const T* before, const T* after);

  // Fills the gradient and weight columns of layer l's row; and those of its units, where `units` is not
  // null, from units[0] on (one row a unit, the output layer has none).
  void describe(const Network<T>& network, std::size_t l, std::size_t lane, LayerRow& row,
                UnitRow* units) const;
  // ‖Δweights‖ / ‖weights‖ of layer l, after measure_update; missing for weights that are all 0.
  double update_ratio(std::size_t l, std::size_t lane) const {
    const LayerSums& sums = layers_[l];
    return sums.weights[lane] > 0 ? std::sqrt(sums.update[lane]) / std::sqrt(sums.weights[lane]) : kMissing;
  }
  double grad_norm(std::size_t lane) const;    // of all parameters
  double weight_norm(std::size_t lane) const;  // of all weights, biases left out
  // Share of the gradient's entries that are exactly 0.
  double zero_entries(std::size_t lane) const { return zero_entries_[lane]; }

 private:
  // Sums over one layer, [lane].
  struct LayerSums {
    std::array<Buffer<double>, kBlockKinds.size()> gradient;  // squares, of each block
    Buffer<double> weights, bias, update;                     // squares, sum, squares of the weights' change
    double squared_gradient(std::size_t lane) const {
      double squared = 0;
      for (const Buffer<double>& of_block : gradient) squared += of_block[lane];
      return squared;
    }
  };
  // Sums over the rows of each unit, [unit][lane].
  struct RowSums {
    Buffer<double> weights, gradient, bias;  // squares, squares, mean over the unit's rows
    Buffer<T> magnitude;                     // of the gradient's numbers, all of them
  };
  void measure_zeros(const Network<T>& network, const T* gradient);
  void measure_units(const Network<T>& network, std::size_t l, const T* parameters, const T* gradient);

  std::size_t lanes_;
  Buffer<double> zero_entries_;  // [lane]
  std::vector<LayerSums> layers_;
  std::vector<RowSums> units_;
};

// The batch gradient's squared norm, [lane], overwritten: what clipping needs at every step.
template <class T>
void squared_gradient_norm(const Network<T>& network, const T* gradient, double* sums);

}  // namespace deadrelu
