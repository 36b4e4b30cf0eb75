#include "train/adjust.h"

#include <cmath>

#include "simd/math.h"
#include "train/levels.h"

namespace deadrelu {
namespace {

template <class T>
class Adjuster {
 public:
  Adjuster(const Pack<T>& pack, const Activations<T>& activations, T* parameters)
      : pack_(pack),
        activations_(activations),
        parameters_(parameters),
        examples_(pack, false, false, activations.max_samples(), true),
        levels_(pack, examples_),
        alive_(pack.used_lanes, std::vector<std::uint8_t>(examples_.examples(), 1)),
        failures_(pack.used_lanes) {}

  std::vector<std::string> run() {
    for (std::size_t l = 0; l < pack_.network.shape.layers.size(); ++l) {
      if (any(Adjust::kLsuv)) scale(l);
      if (!pack_.network.shape.layers[l].hidden) break;
      if (any(Adjust::kSignFlip)) flip_layer(l);
      if (any(Adjust::kUnitFlip) || any(Adjust::kDataBias)) change_rows(l);
      if (any(Adjust::kQuantileBias))
        levels_.set(parameters_, activations_, l, [&](std::size_t lane, std::span<const T> z) {
          // A share such as 0.07 of 100 is 7 of them, whatever is rounded.
          const double count = spec(lane).active * static_cast<double>(z.size()) * (1 - 1e-12);
          return is(lane, Adjust::kQuantileBias) ? static_cast<std::size_t>(std::ceil(count)) : 0;
        });
    }
    return std::move(failures_);
  }

 private:
  const AdjustSpec& spec(std::size_t lane) const { return pack_.runs[lane]->init.adjust; }
  bool is(std::size_t lane, Adjust kind) const { return spec(lane).kind == kind; }
  bool any(Adjust kind) const {
    for (std::size_t lane = 0; lane < pack_.used_lanes; ++lane)
      if (is(lane, kind)) return true;
    return false;
  }
  template <class Use>
  void each_row(std::size_t l, const Use& use) {
    levels_.each_row(parameters_, activations_, l, use);
  }
  T& bias(std::size_t l, std::size_t row, std::size_t lane) {
    return parameters_[(pack_.network.shape.layers[l][BlockKind::kBias].offset + row) *
                           pack_.network.kernels.lanes +
                       lane];
  }
  void scale_weights(std::size_t l, std::size_t row, std::size_t lane, T factor) {
    const std::size_t inputs = pack_.network.shape.layers[l].inputs, lanes = pack_.network.kernels.lanes;
    T* const weights = parameters_ +
                       (pack_.network.shape.layers[l][BlockKind::kWeights].offset + row * inputs) * lanes +
                       lane;
    for (std::size_t i = 0; i < inputs; ++i) weights[i * lanes] *= factor;
  }
  void negate(std::size_t l, std::size_t row, std::size_t lane) {
    scale_weights(l, row, lane, T{-1});
    if (pack_.network.shape.layers[l].has(BlockKind::kBias)) bias(l, row, lane) = -bias(l, row, lane);
  }

  // Of the examples that every layer below has answered, fewer than half excite a unit: then the negated layer is
  // excited by all others.
  void flip_layer(std::size_t l) {
    std::vector<std::vector<std::uint8_t>> above(alive_.size(), std::vector<std::uint8_t>(alive_[0].size())),
        below = above;
    each_row(l, [&](std::size_t, std::size_t lane, std::span<T> z) {
      for (std::size_t i = 0; i < z.size(); ++i) {
        above[lane][i] |= z[i] > 0;
        below[lane][i] |= z[i] < 0;
      }
    });
    for (std::size_t lane = 0; lane < alive_.size(); ++lane) {
      if (!is(lane, Adjust::kSignFlip)) continue;
      std::size_t left = 0, excited = 0;
      for (std::size_t i = 0; i < alive_[lane].size(); ++i) {
        left += alive_[lane][i];
        excited += alive_[lane][i] & above[lane][i];
      }
      const bool flips = 2 * excited < left;
      for (std::size_t row = 0; flips && row < pack_.network.shape.layers[l].rows; ++row)
        negate(l, row, lane);
      for (std::size_t i = 0; i < alive_[lane].size(); ++i)
        alive_[lane][i] &= flips ? below[lane][i] : above[lane][i];
    }
  }

  void change_rows(std::size_t l) {
    each_row(l, [&](std::size_t row, std::size_t lane, std::span<T> z) {
      const auto active = std::count_if(z.begin(), z.end(), [](T value) { return value > 0; });
      if (is(lane, Adjust::kUnitFlip) && 2 * static_cast<std::size_t>(active) < z.size())
        negate(l, row, lane);
      if (!is(lane, Adjust::kDataBias)) return;
      const std::uint64_t seed = pack_.runs[lane]->seed;
      const auto stream = static_cast<std::uint32_t>(l);
      const std::uint64_t example = random_below(seed, Purpose::kAdjust, stream, 2 * row, z.size());
      double height = 0;
      fill_normal({&height, 1}, seed, Purpose::kAdjust, stream, 2 * row + 1);
      bias(l, row, lane) += static_cast<T>(spec(lane).std * std::abs(height)) - z[example];
    });
  }

  // The layer's standard deviation over units and examples, sums running over one unit after the other.
  struct Spread {
    double origin = 0, sum = 0, squares = 0, count = 0;
    bool varies = false;  // some unit's z does
    double deviation() const {
      return std::sqrt(std::max(squares / count - sum / count * (sum / count), 0.0));
    }
  };
  void scale(std::size_t l) {
    std::vector<std::uint64_t> tries(pack_.used_lanes);
    for (bool again = true; std::exchange(again, false);) {
      std::vector<Spread> spreads(pack_.used_lanes);
      each_row(l, [&](std::size_t row, std::size_t lane, std::span<T> z) {
        Spread& spread = spreads[lane];
        if (row == 0) spread.origin = static_cast<double>(z[0]);
        for (const T value : z) {
          const double x = static_cast<double>(value) - spread.origin;
          spread.sum += x;
          spread.squares = std::fma(x, x, spread.squares);
          spread.varies |= value != z[0];
        }
        spread.count += static_cast<double>(z.size());
      });
      for (std::size_t lane = 0; lane < pack_.used_lanes; ++lane) {
        if (!is(lane, Adjust::kLsuv) || !failures_[lane].empty() || tries[lane] == spec(lane).tries) continue;
        if (!spreads[lane].varies) {
          failures_[lane] = "init.adjust: lsuv divides the weights of layer " + std::to_string(l + 1) +
                            " by the deviation of its pre-activations, which are the same for every example; "
                            "allowed: weights and biases with which the layers below are alive";
          continue;
        }
        const double deviation = spreads[lane].deviation();
        if (std::abs(deviation - 1) <= spec(lane).tolerance) continue;
        ++tries[lane];
        again = true;
        for (std::size_t row = 0; row < pack_.network.shape.layers[l].rows; ++row)
          scale_weights(l, row, lane, static_cast<T>(1 / deviation));
      }
    }
  }

  const Pack<T>& pack_;
  const Activations<T>& activations_;
  T* const parameters_;
  Evaluation<T> examples_;
  Levels<T> levels_;
  std::vector<std::vector<std::uint8_t>> alive_;  // [used lane][example], sign_flip
  std::vector<std::string> failures_;
};

}  // namespace

template <class T>
std::vector<std::string> adjust_parameters(const Pack<T>& pack, const Activations<T>& activations,
                                           T* parameters) {
  const auto adjusts = [](const RunSpec* run) { return run->init.adjust.kind != Adjust::kNone; };
  if (std::none_of(pack.runs.begin(), pack.runs.end(), adjusts))
    return std::vector<std::string>(pack.used_lanes);
  return Adjuster<T>(pack, activations, parameters).run();
}

template std::vector<std::string> adjust_parameters(const Pack<float>&, const Activations<float>&, float*);
template std::vector<std::string> adjust_parameters(const Pack<double>&, const Activations<double>&, double*);

}  // namespace deadrelu
