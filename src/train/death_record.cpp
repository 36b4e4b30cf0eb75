#include "train/death_record.h"

namespace deadrelu {

template <class T>
DeathRecord<T>::DeathRecord(const Pack<T>& pack, std::size_t max_block)
    : now_(pack.network.kernels), before_(pack.network.kernels) {
  const DeathWatch watch = pack.runs[0]->record.deaths;
  if (watch == DeathWatch::kNone) return;
  versions_.emplace(pack.network, max_block);
  std::size_t units = 0;
  for (const LayerShape& layer : pack.network.shape.layers)
    if (layer.hidden) first_units_.push_back(std::exchange(units, units + layer.units));
  if (watch != DeathWatch::kEveryStep) return;
  now_.begin(units);
  before_.begin(units);
  trails_.resize(units * pack.network.kernels.lanes);
}

template <class T>
void DeathRecord<T>::observe(const Pack<T>& pack, const TrainingState<T>& state, Evaluation<T>& probed,
                             const Activations<T>& activations) {
  if (!looks_every_step()) return;
  std::swap(now_, before_);
  now_.begin(now_.units());
  probed.for_each_block(pack, activations.max_samples(), [&](const Block<T>& block) {
    forward<T>(pack.network, state.parameters.data(), block.inputs, Mode::kEvaluate, activations,
               first_units_.size());
    for (std::size_t l = 0; l < first_units_.size(); ++l) {
      const LaneMatrix<const T> activated = activations.activated(l, block.inputs.columns);
      const bool is_maxout = pack.network.shape.layers[l].activation.kind == Activation::kMaxout;
      now_.add(first_units_[l], is_maxout ? activated : activations.z(l, block.inputs.columns), activated);
    }
  });
  const std::size_t lanes = pack.network.kernels.lanes;
  for (std::size_t i = 0; i < trails_.size(); ++i) {
    const std::size_t unit = i / lanes, lane = i % lanes;
    if (now_.is_dead(unit, lane) == before_.is_dead(unit, lane)) continue;
    trails_[i].before = before_.peak(unit, lane);
    trails_[i].after = now_.peak(unit, lane);
  }
}

template <class T>
void DeathRecord<T>::add(std::size_t lane, std::size_t layer, std::size_t unit, UnitEvent event) {
  const auto number = [](std::size_t i) { return static_cast<std::int64_t>(i) + 1; };
  events_.push_back({lane, {layer, unit}, {number(layer), number(unit), event}});
}

template <class T>
void DeathRecord<T>::pass_versions(const Pack<T>& pack, const TrainingState<T>& state, const T* before,
                                   Evaluation<T>& probed, const Activations<T>& activations) {
  const T* const now = state.parameters.data();
  const std::size_t deepest = versions_->units().back().layer;
  const std::size_t layers =
      deepest + pack.network.shape.layers[deepest].normalizes(Position::kBeforeActivation);
  const auto pass = [&](std::initializer_list<bool> ages) {
    probed.for_each_block(pack, activations.max_samples(), [&](const Block<T>& block) {
      for (const bool is_now : ages) {
        forward<T>(pack.network, is_now ? now : before, block.inputs, Mode::kEvaluate, activations, layers);
        versions_->add(pack.network, before, now, is_now, block.inputs, activations);
      }
    });
  };
  if (state.task == from_task_) return pass({false, true});
  probed.begin_task(pack, from_task_);
  pass({false});
  probed.begin_task(pack, state.task);
  pass({true});
}

template <class T>
void DeathRecord<T>::finish(const Pack<T>& pack, const TrainingState<T>& state, const T* before,
                            Evaluation<T>& probed, const Activations<T>& activations,
                            std::vector<RunRecord>& records) {
  if (events_.empty()) return;
  std::vector<typename UnitVersions<T>::Unit> units;
  for (const Event& event : events_) units.push_back(event.unit);
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  versions_->begin(units);
  pass_versions(pack, state, before, probed, activations);
  for (auto& [lane, unit, row] : events_) {
    row.from_step = static_cast<std::int64_t>(from_step_);
    row.to_step = static_cast<std::int64_t>(state.step);
    const auto place = std::lower_bound(units.begin(), units.end(), unit) - units.begin();
    describe_change(versions_->versions(static_cast<std::size_t>(place), lane), row);
    if (!trails_.empty() && row.event != UnitEvent::kReset) {
      const std::size_t number = first_units_[unit.layer] + unit.unit;
      const Trail& trail = trails_[number * pack.network.kernels.lanes + lane];
      row.last_step_share = (trail.before - trail.after) / (trail.from - trail.after);
    }
    records[lane].deaths.push_back(row);
  }
  events_.clear();
}

template <class T>
void DeathRecord<T>::begin_window(const TrainingState<T>& state) {
  from_step_ = state.step;
  from_task_ = state.task;
  const std::size_t lanes = state.batch_loss.size();
  for (std::size_t i = 0; i < trails_.size(); ++i) trails_[i].from = now_.peak(i / lanes, i % lanes);
}

template class DeathRecord<float>;
template class DeathRecord<double>;

}  // namespace deadrelu
