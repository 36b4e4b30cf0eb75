// Pre-activations of a layer on fixed examples, and biases with which units are active on so many of them.
#pragma once

#include "train/batches.h"

namespace deadrelu {

template <class T>
class Levels {
 public:
  // Takes all memory that it needs. pack and examples outlive this.
  Levels(const Pack<T>& pack, Evaluation<T>& examples);

  // use(row, lane, z) for every row of layer l and every used lane: its z [example], which may be changed. z is what
  // enters the activation. `activations` are overwritten.
  template <class Use>
  void each_row(const T* parameters, const Activations<T>& activations, std::size_t l, const Use& use) {
    const std::size_t rows = pack_.network.shape.layers[l].rows, lanes = pack_.used_lanes;
    const std::size_t examples = examples_.examples();
    for (std::size_t from = 0; from < rows; from += rows_at_a_time_) {
      const std::size_t count = std::min(rows_at_a_time_, rows - from);
      gather(parameters, activations, l, from, count);
      for (std::size_t i = 0; i < count * lanes; ++i)
        use(from + i / lanes, i % lanes, std::span<T>(&z_[i * examples], examples));
    }
  }

  // Gives the rows of layer l the least bias with which z > 0 on wanted(lane, z) examples at least (0: the row stays as
  // it is): on exactly so many where they differ. REQUIRES: nothing but the bias lies between product and activation.
  template <class Wanted>
  void set(T* parameters, const Activations<T>& activations, std::size_t l, const Wanted& wanted) {
    each_row(parameters, activations, l, [&](std::size_t row, std::size_t lane, std::span<T> z) {
      searches_[row * pack_.used_lanes + lane].wanted =
          std::min(wanted(lane, std::span<const T>(z)), z.size());
    });
    search(parameters, activations, l);
  }

 private:
  struct Search {
    std::size_t wanted = 0;
    T low = 0, high = 0;  // `low` is too little and `high` enough
  };
  void gather(const T* parameters, const Activations<T>& activations, std::size_t l, std::size_t from,
              std::size_t count);
  void search(T* parameters, const Activations<T>& activations, std::size_t l);

  const Pack<T>& pack_;
  Evaluation<T>& examples_;
  std::size_t rows_at_a_time_;
  std::vector<T> z_;              // [row][used lane][example]
  std::vector<Search> searches_;  // [row][used lane]
};

}  // namespace deadrelu
