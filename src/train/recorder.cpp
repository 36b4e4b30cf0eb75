#include "train/recorder.h"

namespace deadrelu {

template <class T>
Recorder<T>::Recorder(const Pack<T>& pack, std::size_t max_block)
    : records_(pack.used_lanes),
      ended_(pack.used_lanes),
      recorded_(pack.used_lanes),
      counters_(pack.used_lanes),
      train_(pack, false, pack.runs[0]->record.probe_split == ProbeSplit::kTrain, max_block),
      probes_test_(pack.runs[0]->record.probe_split == ProbeSplit::kTest),
      has_targets_(has_targets(pack.runs[0]->data)),
      gradient_probe_(pack.network),
      schedule_(pack.runs[0]->record, pack.steps),
      death_record_(pack, max_block),
      online_(pack),
      before_(pack.runs[0]->record.layers || death_record_.wanted()
                  ? pack.network.shape.parameter_count * pack.network.kernels.lanes
                  : 0) {
  if (pack.data[0]->test.samples > 0) test_.emplace(pack, true, probes_test_, max_block);
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane)
    stop_rules_.emplace_back(pack.runs[lane]->train.stop);
  for (std::size_t lane = 0; has_targets_ && lane < records_.size(); ++lane)
    records_[lane].outcome.constant_loss = train_.constant_loss(pack, lane);
  for (std::size_t lane = 0; pack.runs[0]->record.certify != Certify::kNone && lane < records_.size(); ++lane)
    certificates_.emplace_back(pack.runs[lane]->record, *pack.data[lane],
                               pack.runs[0]->data.tasks.change == TaskChange::kPermuteInputs);
  for (auto& counters : counters_)
    for (const LayerShape& layer : pack.network.shape.layers)
      if (layer.hidden) counters.emplace_back(layer.units);
}

template <class T>
bool Recorder<T>::observe(const Pack<T>& pack, const TrainingState<T>& state,
                          const Activations<T>& activations) {
  if (state.begins_task) change_task(pack, state, activations);
  death_record_.observe(pack, state, probed(), activations);
  if (due_ || some_diverge_) record(pack, state, activations);
  for (std::size_t lane = 0; some_diverge_ && lane < pack.used_lanes; ++lane)
    if (ended_[lane] == 0 && state.diverged(lane)) mark_diverged(lane, state.step);
  if (due_) {
    std::copy_n(state.parameters.data(), before_.size(), before_.data());
    death_record_.begin_window(state);
    end_stopped(pack, state);
  }
  if (pack.task_steps > 0 && state.step < pack.steps) {
    online_.end_batch(state);
    ++task_updates_;
  }
  return !(due_ || some_diverge_) || goes_on();
}

template <class T>
void Recorder<T>::evaluate(const Pack<T>& pack, const TrainingState<T>& state,
                           const Activations<T>& activations) {
  train_.run(pack, state.parameters.data(), activations);
  if (test_) test_->run(pack, state.parameters.data(), activations);
}

template <class T>
void Recorder<T>::change_task(const Pack<T>& pack, const TrainingState<T>& state,
                              const Activations<T>& activations) {
  if (state.task > 0) {
    evaluate(pack, state, activations);
    for (std::size_t lane = 0; lane < pack.used_lanes; ++lane)
      if (ended_[lane] == 0 && !state.diverged(lane)) add_task_row(pack, state.task - 1, lane);
  }
  online_.begin();
  task_updates_ = 0;
  train_.begin_task(pack, state.task);
  if (test_) test_->begin_task(pack, state.task);
}

// REQUIRES: the networks have just been evaluated on the task.
template <class T>
void Recorder<T>::add_task_row(const Pack<T>& pack, std::uint64_t task, std::size_t lane) {
  if (pack.task_steps == 0 || task_updates_ == 0) return;
  records_[lane].tasks.push_back({.task = static_cast<std::int64_t>(task) + 1,
                                  .steps = task_updates_,
                                  .online_loss = online_.loss(lane),
                                  .online_accuracy = online_.accuracy(lane),
                                  .loss = train_.loss(lane),
                                  .accuracy = train_.accuracy(lane),
                                  .dead_fraction = probed().dead_fraction(lane)});
}

// After a record: the runs that are at their end, or stopped.
template <class T>
void Recorder<T>::end_stopped(const Pack<T>& pack, const TrainingState<T>& state) {
  const bool is_last = state.step == pack.steps;
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    RunOutcome& outcome = records_[lane].outcome;
    if (ended_[lane] != 0) continue;
    const bool stops = !is_last && stop_rules_[lane].stops_at(test_ ? outcome.test_loss : outcome.train_loss);
    if (!stops && !is_last) continue;
    if (stops) outcome.stop_step = static_cast<std::int64_t>(state.step);
    outcome.steps = static_cast<std::int64_t>(state.step);
    ended_[lane] = 1;
    add_task_row(pack, state.task, lane);
    if (pack.runs[lane]->record.parameters_final) snapshot(pack, state, lane);
  }
}

template <class T>
void Recorder<T>::record(const Pack<T>& pack, const TrainingState<T>& state,
                         const Activations<T>& activations) {
  const RecordSpec& spec = pack.runs[0]->record;
  const T* const parameters = state.parameters.data();
  if (spec.metrics || spec.layers || spec.units)
    gradient_probe_.measure(pack.network, parameters, state.gradient.data());
  evaluate(pack, state, activations);
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    recorded_[lane] = ended_[lane] == 0 && !state.diverged(lane);
    if (ended_[lane] != 0 || (!due_ && !state.diverged(lane))) continue;
    MetricsRow row = metrics_of(state, lane);
    if (!has_targets_)
      row.batch_loss = row.train_loss = row.test_loss = row.grad_norm = row.zero_gradient_entries = kMissing;
    probed().describe_outputs(lane, row);
    if (!certificates_.empty())
      certificates_[lane].measure(pack.network, parameters, lane, probed().probes());
    const Deaths deaths = record_layers(pack, state, lane);
    row.dead_fraction = deaths.fraction();
    update_outcome(row, deaths, lane);
    if (pack.runs[lane]->record.metrics) records_[lane].metrics.push_back(row);
  }
  death_record_.finish(pack, state, before_.data(), probed(), activations, records_);
}

namespace {

// Without targets there is neither a loss nor a gradient of it.
void forget_gradient(LayerRow& row, std::span<UnitRow> units) {
  row.zero_gradient_fraction = row.grad_norm = row.grad_norm_weights = row.grad_norm_bias = row.grad_rms =
      kMissing;
  for (UnitRow& unit : units) {
    unit.zero_gradient = kMissingInteger;
    unit.grad_norm = kMissing;
  }
}

}  // namespace

template <class T>
MetricsRow Recorder<T>::metrics_of(const TrainingState<T>& state, std::size_t lane) const {
  return {.step = static_cast<std::int64_t>(state.step),
          .epoch = state.epoch(),
          .learning_rate = state.learning_rate[lane],
          .batch_loss = state.batch_loss[lane],
          .train_loss = train_.loss(lane),
          .test_loss = test_ ? test_->loss(lane) : kMissing,
          .train_accuracy = train_.accuracy(lane),
          .test_accuracy = test_ ? test_->accuracy(lane) : kMissing,
          .grad_norm = gradient_probe_.grad_norm(lane),
          .zero_gradient_entries = gradient_probe_.zero_entries(lane),
          .weight_norm = gradient_probe_.weight_norm(lane)};
}

template <class T>
typename Recorder<T>::Deaths Recorder<T>::record_layers(const Pack<T>& pack, const TrainingState<T>& state,
                                                        std::size_t lane) {
  const RecordSpec& spec = pack.runs[lane]->record;
  RunRecord& record = records_[lane];
  Deaths deaths;
  for (std::size_t l = 0; l < pack.network.shape.layers.size(); ++l) {
    const LayerShape& layer = pack.network.shape.layers[l];
    LayerRow row;
    row.step = static_cast<std::int64_t>(state.step);
    row.layer = static_cast<std::int64_t>(l) + 1;
    row.units = static_cast<std::int64_t>(layer.units);
    const std::size_t first_unit = record.units.size();
    if (layer.hidden) {
      const UnitProbe<T>& probe = probed().probes()[l];
      const auto first = static_cast<std::size_t>(deaths.units);
      const auto was_reset = [&](std::size_t u) { return state.resets_of(first + u, 1, lane) > 0; };
      const DeathCounter::Count count = counters_[lane][l].count(probe, lane, was_reset);
      row.resets = state.resets_of(first, layer.units, lane);
      deaths.resets += row.resets;
      deaths.units += row.units;
      deaths.whole &= count.whole;
      if (count.whole) {
        row.died = count.died;
        row.revived = count.revived;
        deaths.dead += count.dead;
        deaths.died += count.died;
        deaths.revived += count.revived;
        deaths.dead_layers += count.dead == row.units;
        for (std::size_t u = 0; u < layer.units && death_record_.wanted(); ++u) {
          const int change = counters_[lane][l].change(u);
          if (change != 0)
            death_record_.add(lane, l, u, change > 0 ? UnitEvent::kDeath : UnitEvent::kRevival);
          if (was_reset(u)) death_record_.add(lane, l, u, UnitEvent::kReset);
        }
      }
      if (!spec.layers && !spec.units) continue;
      probe.describe(lane, spec.thresholds, row, spec.units ? &record.units : nullptr);
    }
    const std::span<UnitRow> units = std::span(record.units).subspan(first_unit);
    gradient_probe_.describe(pack.network, l, lane, row, units.empty() ? nullptr : units.data());
    if (!has_targets_) forget_gradient(row, units);
    if (!certificates_.empty() && row.died != kMissingInteger) certificates_[lane].describe(l, row, units);
    for (UnitRow& unit : units) std::tie(unit.step, unit.layer) = std::pair(row.step, row.layer);
    if (spec.layers) record.layers.push_back(row);
  }
  return deaths;
}

template <class T>
void Recorder<T>::update_outcome(const MetricsRow& row, const Deaths& deaths, std::size_t lane) {
  RunOutcome& outcome = records_[lane].outcome;
  if (row.step == 0) {
    outcome.train_loss_initial = row.train_loss;
    outcome.dead_fraction_initial = row.dead_fraction;
    outcome.dead_fraction_max = row.dead_fraction;
    outcome.born_dead = deaths.dead_layers > 0 ? 1 : deaths.whole ? 0 : kMissingInteger;
    outcome.deaths = outcome.revivals = outcome.resets = 0;
  }
  outcome.train_loss = row.train_loss;
  outcome.test_loss = row.test_loss;
  outcome.train_accuracy = row.train_accuracy;
  outcome.test_accuracy = row.test_accuracy;
  outcome.dead_fraction = row.dead_fraction;
  outcome.dead_fraction_max = std::max(outcome.dead_fraction_max, row.dead_fraction);
  outcome.dead_layers = deaths.dead_layers;
  outcome.collapsed = probed().collapsed(lane) ? 1 : 0;
  outcome.deaths += deaths.died;
  outcome.revivals += deaths.revived;
  outcome.resets += deaths.resets;
}

template <class T>
void Recorder<T>::observe_update(const Pack<T>& pack, const TrainingState<T>& state) {
  assert(state.parameters.size() >= before_.size());
  if (!due_ || !pack.runs[0]->record.layers || !has_targets_) return;
  gradient_probe_.measure_update(pack.network, before_.data(), state.parameters.data());
  const std::size_t layers = pack.network.shape.layers.size();
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    if (recorded_[lane] == 0) continue;
    auto& rows = records_[lane].layers;
    for (std::size_t l = 0; l < layers; ++l)
      rows[rows.size() - layers + l].update_ratio = gradient_probe_.update_ratio(l, lane);
  }
}

template <class T>
void Recorder<T>::snapshot(const Pack<T>& pack, const TrainingState<T>& state, std::size_t lane) {
  records_[lane].parameters.push_back(
      {static_cast<std::int64_t>(state.step), sizeof(T) == sizeof(float),
       lane_parameters(pack.network.shape, state.parameters.data(), pack.network.kernels.lanes, lane)});
}

template <class T>
void Recorder<T>::mark_diverged(std::size_t lane, std::uint64_t step) {
  RunOutcome& outcome = records_[lane].outcome;
  ended_[lane] = 1;
  outcome.status = RunStatus::kDiverged;
  outcome.diverged_step = outcome.steps = static_cast<std::int64_t>(step);
  outcome.train_loss = outcome.test_loss = outcome.train_accuracy = outcome.test_accuracy =
      outcome.dead_fraction = kMissing;
  outcome.dead_layers = outcome.collapsed = kMissingInteger;
}

template class Recorder<float>;
template class Recorder<double>;

}  // namespace deadrelu
