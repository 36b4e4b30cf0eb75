#include "train/reset_rules.h"

#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace deadrelu {
namespace {

constexpr double kNotToBeHad = std::numeric_limits<double>::infinity();

// Silences are counted by their length: exactly below 32, then to a 16th of their power of two.
std::size_t silence_bin(double length) {
  const auto n = static_cast<std::uint64_t>(length);
  const auto shift = static_cast<std::size_t>(std::max(0, static_cast<int>(std::bit_width(n)) - 5));
  return 16 * shift + static_cast<std::size_t>(n >> shift);
}
double longest_of(std::size_t bin) {
  const std::size_t shift = bin < 31 ? 0 : (bin + 1) / 16 - 1;
  return static_cast<double>(((bin + 1 - 16 * shift) << shift) - 1);
}

}  // namespace

template <class T>
UnitJudge<T>::UnitJudge(const Pack<T>& pack, std::size_t max_block)
    : pack_(pack), lanes_(pack.network.kernels.lanes), scores_(pack.network.shape.hidden_units()) {
  for (std::size_t lane = 0; lane < lanes_; ++lane) {
    const ResetSpec& rule = spec(lane);
    wants_[static_cast<std::size_t>(rule.rule)] = true;
    decay_.push_back(rule.decay);
    adapts_.push_back(rule.rule == ResetRule::kCbp && rule.utility == Utility::kAdaptableContribution);
    wants_distances_ |= adapts_[lane] != 0;
    wants_sums_ |=
        adapts_[lane] != 0 || (rule.rule != ResetRule::kNone && rule.compensation == Compensation::kMean);
    if (rule.rule == ResetRule::kSnr)
      bins_ = std::max(bins_, silence_bin(static_cast<double>(rule.highest_threshold)) + 1);
  }
  if (std::find(std::begin(wants_) + 1, std::end(wants_), true) == std::end(wants_)) return;
  const auto& layers = pack.network.shape.layers;
  std::size_t first = 0;
  for (std::size_t l = 0; layers[l].hidden; first += layers[l++].units)
    if (!pack.runs[0]->train.freezes(l) && !pack.runs[0]->train.freezes(l + 1))
      layers_.push_back({l, first, layers[l].units});
  const std::size_t size = first * lanes_;
  for (Buffer<T>* sums : {&sums_, &magnitudes_, &gradients_, &origins_, &incoming_, &outgoing_})
    *sums = Buffer<T>(size);
  for (Buffer<double>* values : {&age_, &decay_power_, &mean_, &utility_, &silence_, &too_long_, &carried_})
    *values = Buffer<double>(size);
  silences_ = Buffer<std::uint32_t>(size * bins_);
  std::fill_n(decay_power_.data(), size, 1.0);
  for (std::size_t i = 0; i < size; ++i) {
    const ResetSpec& rule = spec(i % lanes_);
    too_long_[i] =
        static_cast<double>(rule.rule == ResetRule::kFrt ? rule.silent_examples : rule.highest_threshold);
  }
  if (!wants_distances_ || pack.batch_size <= max_block) return;
  const std::size_t pitch = padded_row(pack.network.kernels, pack.batch_size);
  kept_memory_ = Buffer<T>(first * pitch);
  kept_ = {kept_memory_.data(), first, pack.batch_size, pitch, lanes_};
}

template <class T>
void UnitJudge<T>::observe(const BatchBlock<T>& block) {
  if (block.from == 0)
    for (Buffer<T>* sums : {&sums_, &magnitudes_}) std::fill_n(sums->data(), sums->size(), T{0});
  for (const ResettableLayer& layer : layers_) {
    const LaneMatrix<const T> h = block.activations->activated(layer.number, block.samples);
    if (wants_sums_) pack_.network.kernels.dense->add_row_sums(h, of(sums_, layer));
    if (!wants_distances_) pack_.network.kernels.magnitudes->add(h, nullptr, of(magnitudes_, layer));
    for (std::size_t u = 0; kept_.rows > 0 && u < layer.units; ++u)
      std::copy_n(h.at(u, 0), block.samples * lanes_, kept_.at(layer.first + u, block.from));
  }
}

template <class T>
void UnitJudge<T>::end_batch(const TrainingState<T>& state, const Activations<T>& activations) {
  batch_ = static_cast<double>(state.batch);
  if (wants(ResetRule::kCbp)) age_units();
  for (const ResettableLayer& layer : layers_) {
    if (wants_distances_) {
      LaneMatrix<const T> h = kept_.row_range(layer.first, layer.units);
      if (kept_.rows == 0) h = activations.activated(layer.number, state.batch);
      h.columns = state.batch;
      pack_.network.kernels.magnitudes->add(h, of(origins_, layer), of(magnitudes_, layer));
    }
    if (wants(ResetRule::kGrama))
      sum_up_weights(state.gradient.data(), layer.number, false, of(gradients_, layer));
  }
}

// Of a layer's weights, or their gradients: Σ |w| of every row, or of every column.
template <class T>
void UnitJudge<T>::sum_up_weights(const T* values, std::size_t layer, bool of_columns, T* sums) {
  const ParameterBlock& block = pack_.network.shape.layers[layer][BlockKind::kWeights];
  const auto weights = dense_lane_matrix(values + block.offset * lanes_, block.rows, block.columns, lanes_);
  std::fill_n(sums, (of_columns ? block.columns : block.rows) * lanes_, T{0});
  pack_.network.kernels.magnitudes->add(of_columns ? weights.transposed() : weights, nullptr, sums);
}

template <class T>
void UnitJudge<T>::age_units() {
  for (std::size_t from = 0; from < age_.size(); from += lanes_) {
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      const std::size_t i = from + lane;
      age_[i] += 1;
      decay_power_[i] *= decay_[lane];
      if (!wants_sums_) continue;
      mean_[i] =
          std::fma(decay_[lane], mean_[i], (1 - decay_[lane]) * (static_cast<double>(sums_[i]) / batch_));
      origins_[i] = adapts_[lane] != 0 ? static_cast<T>(corrected(mean_, i)) : 0;
    }
  }
}

template <class T>
void UnitJudge<T>::update_utilities(const T* parameters) {
  for (const ResettableLayer& layer : layers_) {
    sum_up_weights(parameters, layer.number + 1, true, of(outgoing_, layer));
    if (wants_distances_) sum_up_weights(parameters, layer.number, false, of(incoming_, layer));
    const LayerShape &own = pack_.network.shape.layers[layer.number],
                     &next = pack_.network.shape.layers[layer.number + 1];
    const double share = 1 / (static_cast<double>(next.rows) * batch_);
    for (std::size_t from = layer.first * lanes_; from < (layer.first + layer.units) * lanes_;
         from += lanes_) {
      for (std::size_t lane = 0; lane < lanes_; ++lane) {
        const std::size_t i = from + lane;
        double worth = static_cast<double>(outgoing_[i]) * static_cast<double>(magnitudes_[i]) * share;
        if (adapts_[lane] != 0)  // where no incoming weight is anything, there is nothing to adapt
          worth = incoming_[i] > 0
                      ? worth * static_cast<double>(own.inputs) / static_cast<double>(incoming_[i])
                      : 0;
        utility_[i] = std::fma(decay_[lane], utility_[i], (1 - decay_[lane]) * worth);
      }
    }
  }
}

template <class T>
void UnitJudge<T>::end_step(const TrainingState<T>& state) {
  if (wants(ResetRule::kCbp)) update_utilities(state.parameters.data());
  if (!wants(ResetRule::kFrt) && !wants(ResetRule::kSnr)) return;
  for (std::size_t i = 0; i < silence_.size(); ++i) {
    if (magnitudes_[i] == 0)
      silence_[i] += batch_;
    else if (silence_[i] > 0)
      end_silence(i);
  }
}

template <class T>
double UnitJudge<T>::mean(std::size_t unit, std::size_t lane) const {
  const std::size_t i = unit * lanes_ + lane;
  return spec(lane).rule == ResetRule::kCbp ? corrected(mean_, i) : static_cast<double>(sums_[i]) / batch_;
}

template <class T>
void UnitJudge<T>::forget(std::size_t unit, std::size_t lane) {
  const std::size_t i = unit * lanes_ + lane;
  if (silence_[i] > 0) end_silence(i);
  age_[i] = mean_[i] = utility_[i] = 0;
  decay_power_[i] = 1;
}

template <class T>
void UnitJudge<T>::end_silence(std::size_t i) {
  if (bins_ > 0) ++silences_[i * bins_ + std::min(silence_bin(silence_[i]), bins_ - 1)];
  silence_[i] = 0;
}

template <class T>
void UnitJudge<T>::choose_thresholds(std::size_t lane) {
  const ResetSpec& rule = spec(lane);
  for (std::size_t i = lane; i < too_long_.size(); i += lanes_) {
    const std::span<std::uint32_t> ended(&silences_[i * bins_], bins_);
    const double all = std::accumulate(ended.begin(), ended.end(), 0.0);
    if (all == 0) continue;
    std::size_t bin = 0;
    for (double so_far = ended[0]; so_far < rule.percentile * all;) so_far += ended[++bin];
    const double usual = longest_of(bin);
    too_long_[i] =
        std::clamp(usual < too_long_[i] ? usual : 2 * too_long_[i],
                   static_cast<double>(rule.lowest_threshold), static_cast<double>(rule.highest_threshold));
    std::fill(ended.begin(), ended.end(), 0);
  }
}

template <class T>
bool UnitJudge<T>::choose(std::size_t lane, std::uint64_t step, std::vector<std::uint8_t>& all_chosen) {
  const ResetSpec& rule = spec(lane);
  std::fill(all_chosen.begin(), all_chosen.end(), 0);
  bool any = false;
  for (const ResettableLayer& layer : layers_) {
    std::uint8_t* const chosen = all_chosen.data() + layer.first;
    switch (rule.rule) {
      case ResetRule::kNone: break;
      case ResetRule::kRedo: any |= choose_low(layer, lane, magnitudes_, chosen); break;
      case ResetRule::kGrama: any |= choose_low(layer, lane, gradients_, chosen); break;
      case ResetRule::kRandom:
        for (std::size_t u = 0; u < layer.units; ++u)
          scores_[u] = random_uniform(pack_.runs[lane]->seed, Purpose::kResetChoice,
                                      static_cast<std::uint32_t>(layer.number), step * layer.units + u);
        any |= choose_lowest(layer, lane, rule.fraction * static_cast<double>(layer.units), chosen);
        break;
      case ResetRule::kCbp: any |= choose_useless(layer, lane, chosen); break;
      case ResetRule::kFrt:
      case ResetRule::kSnr:
        for (std::size_t u = 0; u < layer.units; ++u)
          any |= chosen[u] = silence(layer.first + u, lane) >= too_long(layer.first + u, lane);
    }
  }
  return any;
}

// Units whose sum is at most threshold times the layer's mean; all of a layer whose sums are all 0.
template <class T>
bool UnitJudge<T>::choose_low(const ResettableLayer& layer, std::size_t lane, const Buffer<T>& sums,
                              std::uint8_t* chosen) {
  const auto sum_of = [&](std::size_t u) {
    return static_cast<double>(sums[(layer.first + u) * lanes_ + lane]);
  };
  double mean = 0;
  for (std::size_t u = 0; u < layer.units; ++u) mean += sum_of(u);
  mean /= static_cast<double>(layer.units);
  bool any = false;
  for (std::size_t u = 0; u < layer.units; ++u)
    any |= chosen[u] = mean > 0 ? sum_of(u) / mean <= spec(lane).threshold : mean == 0;
  return any;
}

template <class T>
bool UnitJudge<T>::choose_useless(const ResettableLayer& layer, std::size_t lane, std::uint8_t* chosen) {
  const auto maturity = static_cast<double>(spec(lane).maturity);
  const auto is_mature = [&](std::size_t u) { return age_[(layer.first + u) * lanes_ + lane] > maturity; };
  std::size_t mature = 0;
  for (std::size_t u = 0; u < layer.units; ++u) mature += is_mature(u);
  const double share = spec(lane).replacement_rate * static_cast<double>(mature);
  if (carried_[layer.first * lanes_ + lane] + share >= 1)
    for (std::size_t u = 0; u < layer.units; ++u)
      scores_[u] = is_mature(u) ? utility(layer.first + u, lane) : kNotToBeHad;
  return choose_lowest(layer, lane, share, chosen);
}

// `share` units, and what was left of shares before, as whole ones: those of lowest score, of equal ones the first.
template <class T>
bool UnitJudge<T>::choose_lowest(const ResettableLayer& layer, std::size_t lane, double share,
                                 std::uint8_t* chosen) {
  double& carried = carried_[layer.first * lanes_ + lane];
  bool any = false;
  for (carried += share; carried >= 1; carried -= 1) {
    double score = kNotToBeHad;
    std::size_t lowest = 0;
    for (std::size_t u = 0; u < layer.units; ++u) {
      if (chosen[u] != 0 || !(scores_[u] < score)) continue;
      score = scores_[u];
      lowest = u;
    }
    if (score == kNotToBeHad) continue;  // none is a number
    any |= chosen[lowest] = 1;
  }
  return any;
}

template class UnitJudge<float>;
template class UnitJudge<double>;

}  // namespace deadrelu
