#include "train/levels.h"

#include <functional>

namespace deadrelu {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;  // of the rows at a time

}  // namespace

template <class T>
Levels<T>::Levels(const Pack<T>& pack, Evaluation<T>& examples) : pack_(pack), examples_(examples) {
  const std::size_t rows = highest_row_count(pack.network.shape),
                    row = examples.most_examples() * pack.used_lanes;
  rows_at_a_time_ = std::clamp<std::size_t>(kMostBytes / (row * sizeof(T)), 1, rows);
  z_.resize(rows_at_a_time_ * row);
  searches_.resize(rows * pack.used_lanes);
}

template <class T>
void Levels<T>::gather(const T* parameters, const Activations<T>& activations, std::size_t l,
                       std::size_t from, std::size_t count) {
  const std::size_t lanes = pack_.used_lanes;
  std::size_t first = 0;
  examples_.for_each_block(pack_, activations.max_samples(), [&](const Block<T>& block) {
    const std::size_t samples = block.inputs.columns;
    forward<T>(pack_.network, parameters, block.inputs, Mode::kEvaluate, activations);
    const LaneMatrix<T> z = activations.z(l, samples);
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t s = 0; s < samples; ++s)
        for (std::size_t lane = 0; lane < lanes; ++lane)
          z_[(r * lanes + lane) * examples_.examples() + first + s] = z.at(from + r, s)[lane];
    first += samples;
  });
}

// z − bias is the same for every bias but for rounding, so the bias is known up to that. Between there, z never falls
// where the bias rises, so that halves are left out until no number lies between the ends.
template <class T>
void Levels<T>::search(T* parameters, const Activations<T>& activations, std::size_t l) {
  const std::size_t lanes = pack_.network.kernels.lanes;
  T* const biases = parameters + pack_.network.shape.layers[l][BlockKind::kBias].offset * lanes;
  bool any = false;
  each_row(parameters, activations, l, [&](std::size_t row, std::size_t lane, std::span<T> z) {
    Search& search = searches_[row * pack_.used_lanes + lane];
    if (search.wanted == 0) return;
    const auto level = z.begin() + static_cast<std::ptrdiff_t>(search.wanted - 1);
    std::nth_element(z.begin(), level, z.end(), std::greater<T>());
    const T bias = biases[row * lanes + lane], largest = *std::max_element(z.begin(), z.end());
    const T width = std::sqrt(std::numeric_limits<T>::epsilon()) *
                        (std::abs(bias) + std::abs(*level) + std::abs(largest)) +
                    std::numeric_limits<T>::min();
    search.low = bias - *level - width;
    search.high = bias - *level + width;
    any = true;
  });
  const auto middle = [](const Search& search) { return search.low + (search.high - search.low) / 2; };
  while (any) {
    any = false;
    const auto each = [&](const auto& use) {
      for (std::size_t row = 0; row < pack_.network.shape.layers[l].rows; ++row)
        for (std::size_t lane = 0; lane < pack_.used_lanes; ++lane)
          use(searches_[row * pack_.used_lanes + lane], biases[row * lanes + lane]);
    };
    each([&](const Search& search, T& bias) {
      if (search.wanted == 0) return;
      bias = middle(search);
      const bool goes_on = bias > search.low && bias < search.high;
      if (!goes_on) bias = search.high;
      any |= goes_on;
    });
    if (!any) return;
    each_row(parameters, activations, l, [&](std::size_t row, std::size_t lane, std::span<T> z) {
      Search& search = searches_[row * pack_.used_lanes + lane];
      const auto active = std::count_if(z.begin(), z.end(), [](T value) { return value > 0; });
      const bool enough = static_cast<std::size_t>(active) >= search.wanted;
      if (search.wanted > 0) (enough ? search.high : search.low) = biases[row * lanes + lane];
    });
  }
}

template class Levels<float>;
template class Levels<double>;

}  // namespace deadrelu
