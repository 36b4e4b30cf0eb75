#include "train/reset.h"

#include <cmath>

namespace deadrelu {
namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

}  // namespace

template <class T>
Resets<T>::Resets(const Pack<T>& pack, std::size_t max_block)
    : pack_(pack),
      lanes_(pack.network.kernels.lanes),
      judge_(pack, max_block),
      chosen_(pack.network.shape.hidden_units()),
      row_(std::max(pack.network.shape.inputs(), chosen_.size())) {
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) next_.push_back(next_event(lane, 0));
  due_ = *std::min_element(next_.begin(), next_.end());
}

// The first event of a lane after `step` updates.
template <class T>
std::uint64_t Resets<T>::next_event(std::size_t lane, std::uint64_t step) const {
  const ResetSpec& rule = spec(lane);
  const std::uint64_t every = rule.judges_every_step() ? 1 : rule.every;
  const std::uint64_t next = (step / every + 1) * every;
  const auto until = static_cast<std::uint64_t>(rule.until * static_cast<double>(pack_.steps) + 0.5);
  return rule.rule == ResetRule::kNone || next > until || next >= pack_.steps ? kNever : next;
}

template <class T>
void Resets<T>::act(TrainingState<T>& state) {
  const std::uint64_t step = state.step + 1;
  judge_.end_step(state);
  for (std::size_t lane = 0; lane < next_.size(); ++lane) {
    if (next_[lane] != step) continue;
    if (judge_.choose(lane, step, chosen_)) reset_chosen(state, lane);
    judge_.end_event(lane, step);
    next_[lane] = next_event(lane, step);
  }
  due_ = *std::min_element(next_.begin(), next_.end());
}

template <class T>
void Resets<T>::reset_chosen(TrainingState<T>& state, std::size_t lane) {
  const auto for_each_chosen = [&](const auto& f) {
    for (const ResettableLayer& layer : judge_.layers())
      for (std::size_t u = 0; u < layer.units; ++u)
        if (chosen_[layer.first + u] != 0) f(layer, u);
  };
  if (spec(lane).compensation == Compensation::kMean)
    for_each_chosen([&](const ResettableLayer& layer, std::size_t u) { compensate(state, layer, u, lane); });
  for_each_chosen([&](const ResettableLayer& layer, std::size_t u) { renew_row(state, layer, u, lane); });
  for (const ResettableLayer& layer : judge_.layers()) renew_columns(state, layer, lane);
  for_each_chosen([&](const ResettableLayer& layer, std::size_t u) {
    const std::size_t unit = layer.first + u;
    ++state.resets[unit * lanes_ + lane];
    if (spec(lane).optimizer_state == ResetState::kEntry) state.renew_count(unit, lane);
    judge_.forget(unit, lane);
  });
}

// One parameter; the optimizer's means of it with it.
template <class T>
void Resets<T>::put(TrainingState<T>& state, std::size_t parameter, std::size_t lane, double value) {
  state.parameters[parameter * lanes_ + lane] = static_cast<T>(value);
  if (spec(lane).optimizer_state == ResetState::kKeep) return;
  for (Buffer<T>* moments : {&state.first_moment, &state.second_moment})
    if (moments->size() > 0) (*moments)[parameter * lanes_ + lane] = 0;
}

template <class T>
void Resets<T>::compensate(TrainingState<T>& state, const ResettableLayer& layer, std::size_t u,
                           std::size_t lane) {
  const LayerShape& next = pack_.network.shape.layers[layer.number + 1];
  const ParameterBlock &weights = next[BlockKind::kWeights], &bias = next[BlockKind::kBias];
  const double mean = judge_.mean(layer.first + u, lane);
  for (std::size_t row = 0; row < bias.rows; ++row) {
    T& to = state.parameters[(bias.offset + row) * lanes_ + lane];
    const T weight = state.parameters[(weights.offset + row * weights.columns + u) * lanes_ + lane];
    to = static_cast<T>(std::fma(static_cast<double>(weight), mean, static_cast<double>(to)));
  }
}

template <class T>
void Resets<T>::renew_row(TrainingState<T>& state, const ResettableLayer& layer, std::size_t u,
                          std::size_t lane) {
  const LayerShape& shape = pack_.network.shape.layers[layer.number];
  const RunSpec& run = *pack_.runs[lane];
  const std::span<double> row(row_.data(), shape.inputs);
  redraw_row(shape, run.init.of(shape, layer.number), run.seed, layer.number, u, state.step + 1, row);
  for (std::size_t i = 0; i < row.size(); ++i)
    put(state, shape[BlockKind::kWeights].offset + u * row.size() + i, lane, row[i]);
  for (const ParameterBlock& block : shape.blocks)
    if (block.form() == BlockForm::kList && block.size() > 0)
      put(state, block.offset + u, lane, fresh_value(block.kind));
}

template <class T>
void Resets<T>::renew_columns(TrainingState<T>& state, const ResettableLayer& layer, std::size_t lane) {
  const std::size_t above = layer.number + 1;
  const LayerShape& next = pack_.network.shape.layers[above];
  const RunSpec& run = *pack_.runs[lane];
  const std::span<double> row(row_.data(), next.inputs);
  std::fill(row.begin(), row.end(), 0);
  for (std::size_t k = 0; k < next.rows; ++k) {
    if (spec(lane).outgoing == ResetOutgoing::kInit)
      redraw_row(next, run.init.of(next, above), run.seed, above, k, state.step + 1, row);
    for (std::size_t u = 0; u < layer.units; ++u)
      if (chosen_[layer.first + u] != 0)
        put(state, next[BlockKind::kWeights].offset + k * row.size() + u, lane, row[u]);
  }
}

template class Resets<float>;
template class Resets<double>;

}  // namespace deadrelu
