#include "train/recorder.h"

#include "simd/math.h"

namespace deadrelu {

std::vector<std::uint64_t> listed_steps(const RecordSpec& spec, std::uint64_t last_step) {
  assert(spec.every == 0);
  std::vector<std::uint64_t> steps{0, last_step};
  for (const std::uint64_t step : spec.steps)
    if (step < last_step) steps.push_back(step);
  if (last_step > 1) {
    const double log_last = portable_log(static_cast<double>(last_step));
    for (std::size_t k = 0; k + 1 < spec.log_count; ++k) {
      const double exponent = log_last * static_cast<double>(k) / static_cast<double>(spec.log_count - 1);
      steps.push_back(std::min(last_step, static_cast<std::uint64_t>(portable_exp(exponent) + 0.5)));
    }
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

RecordSchedule::RecordSchedule(const RecordSpec& spec, std::uint64_t last_step)
    : every_(spec.every), last_step_(last_step) {
  if (every_ == 0) listed_ = listed_steps(spec, last_step);
}

bool RecordSchedule::due(std::uint64_t step) {
  if (every_ > 0) return step % every_ == 0 || step == last_step_;
  while (next_ < listed_.size() && listed_[next_] < step) ++next_;
  return next_ < listed_.size() && listed_[next_] == step;
}

template <class T>
Recorder<T>::Recorder(const Pack<T>& pack, std::size_t max_block)
    : records_(pack.used_lanes),
      counters_(pack.used_lanes),
      train_(pack, false, pack.runs[0]->record.probe_split == ProbeSplit::kTrain, max_block),
      probes_test_(pack.runs[0]->record.probe_split == ProbeSplit::kTest),
      has_targets_(has_targets(pack.runs[0]->data)),
      gradient_probe_(pack.network),
      schedule_(pack.runs[0]->record, pack.steps),
      before_(pack.runs[0]->record.layers ? pack.network.shape.parameter_count * pack.network.kernels.lanes
                                          : 0) {
  if (pack.data[0]->test.samples > 0) test_.emplace(pack, true, probes_test_, max_block);
  for (auto& counters : counters_)
    for (const LayerShape& layer : pack.network.shape.layers)
      if (layer.hidden) counters.emplace_back(layer.units);
}

template <class T>
bool Recorder<T>::observe(const Pack<T>& pack, const TrainingState<T>& state,
                          const Activations<T>& activations) {
  bool goes_on = false;
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    if (!diverged(lane) && state.diverged(lane)) mark_diverged(lane, state.step);
    goes_on |= !diverged(lane);
  }
  if (!goes_on) return false;
  due_ = schedule_.due(state.step);
  if (due_) record(pack, state, activations);
  if (due_) std::copy_n(state.parameters.data(), before_.size(), before_.data());
  if (state.step == pack.steps && pack.runs[0]->record.parameters_final) snapshot(pack, state);
  return true;
}

template <class T>
void Recorder<T>::record(const Pack<T>& pack, const TrainingState<T>& state,
                         const Activations<T>& activations) {
  const RecordSpec& spec = pack.runs[0]->record;
  const T* const parameters = state.parameters.data();
  if (spec.metrics || spec.layers || spec.units)
    gradient_probe_.measure(pack.network, parameters, state.gradient.data());
  train_.run(pack, parameters, activations);
  if (test_) test_->run(pack, parameters, activations);
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    if (diverged(lane)) continue;
    MetricsRow row = metrics_of(state, lane);
    if (!has_targets_) row.batch_loss = row.train_loss = row.test_loss = row.grad_norm = kMissing;
    const Deaths deaths = record_layers(pack, state.step, lane);
    row.dead_fraction = deaths.fraction();
    update_outcome(row, deaths, lane);
    if (pack.runs[lane]->record.metrics) records_[lane].metrics.push_back(row);
  }
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
          .weight_norm = gradient_probe_.weight_norm(lane)};
}

template <class T>
typename Recorder<T>::Deaths Recorder<T>::record_layers(const Pack<T>& pack, std::uint64_t step,
                                                        std::size_t lane) {
  const RecordSpec& spec = pack.runs[lane]->record;
  RunRecord& record = records_[lane];
  Deaths deaths;
  for (std::size_t l = 0; l < pack.network.shape.layers.size(); ++l) {
    const LayerShape& layer = pack.network.shape.layers[l];
    LayerRow row;
    row.step = static_cast<std::int64_t>(step);
    row.layer = static_cast<std::int64_t>(l) + 1;
    row.units = static_cast<std::int64_t>(layer.units);
    const std::size_t first_unit = record.units.size();
    if (layer.hidden) {
      const UnitProbe<T>& probe = probed().probes()[l];
      const DeathCounter::Count count = counters_[lane][l].count(probe, lane);
      row.died = count.died;
      row.revived = count.revived;
      deaths.units += row.units;
      deaths.dead += count.dead;
      deaths.died += count.died;
      deaths.revived += count.revived;
      deaths.dead_layers += count.dead == row.units;
      if (!spec.layers && !spec.units) continue;
      probe.describe(lane, spec.thresholds, row, spec.units ? &record.units : nullptr);
    }
    const bool has_units = record.units.size() > first_unit;
    gradient_probe_.describe(pack.network, l, lane, row, has_units ? &record.units[first_unit] : nullptr);
    if (!has_targets_) forget_gradient(row, std::span(record.units).subspan(first_unit));
    for (std::size_t u = first_unit; u < record.units.size(); ++u) {
      record.units[u].step = row.step;
      record.units[u].layer = row.layer;
    }
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
    outcome.born_dead = deaths.dead_layers > 0 ? 1 : 0;
    outcome.deaths = outcome.revivals = 0;
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
}

template <class T>
void Recorder<T>::observe_update(const Pack<T>& pack, const TrainingState<T>& state) {
  assert(state.parameters.size() >= before_.size());
  if (!due_ || before_.size() == 0 || !has_targets_) return;
  gradient_probe_.measure_update(pack.network, before_.data(), state.parameters.data());
  const std::size_t layers = pack.network.shape.layers.size();
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    if (diverged(lane)) continue;
    auto& rows = records_[lane].layers;
    for (std::size_t l = 0; l < layers; ++l)
      rows[rows.size() - layers + l].update_ratio = gradient_probe_.update_ratio(l, lane);
  }
}

template <class T>
void Recorder<T>::snapshot(const Pack<T>& pack, const TrainingState<T>& state) {
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    if (diverged(lane)) continue;
    records_[lane].parameters.push_back(
        {static_cast<std::int64_t>(state.step), sizeof(T) == sizeof(float),
         lane_parameters(pack.network.shape, state.parameters.data(), pack.network.kernels.lanes, lane)});
  }
}

template <class T>
void Recorder<T>::mark_diverged(std::size_t lane, std::uint64_t step) {
  RunOutcome& outcome = records_[lane].outcome;
  outcome.status = RunStatus::kDiverged;
  outcome.diverged_step = outcome.steps = static_cast<std::int64_t>(step);
  outcome.train_loss = outcome.test_loss = outcome.train_accuracy = outcome.test_accuracy = kMissing;
  outcome.dead_fraction = kMissing;
  outcome.dead_layers = outcome.collapsed = kMissingInteger;
}

template <class T>
std::vector<RunRecord> Recorder<T>::finish(std::uint64_t last_step) {
  for (RunRecord& record : records_)
    if (record.outcome.status == RunStatus::kOk) record.outcome.steps = static_cast<std::int64_t>(last_step);
  return std::move(records_);
}

template <class T>
StreamBins<T>::StreamBins(const Pack<T>& pack)
    : bin_size_(is_stream(pack.runs[0]->data) ? pack.runs[0]->data.bin : 0),
      steps_(pack.steps),
      classifies_(classifies(pack)),
      lanes_(pack.network.kernels.lanes),
      correct_(lanes_),
      loss_sums_(pack.used_lanes),
      stopped_(pack.used_lanes),
      rows_(pack.used_lanes) {
  for (const LayerShape& layer : pack.network.shape.layers) units_ += layer.hidden ? layer.units : 0;
  fired_ = Buffer<T>(units_ * lanes_);
}

template <class T>
void StreamBins<T>::observe(const Pack<T>& pack, const BatchBlock<T>& block) {
  if (block.step == steps_) return;
  const auto& layers = pack.network.shape.layers;
  const std::size_t samples = block.samples;
  T* fired = fired_.data();
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    const LaneMatrix<T> outputs = block.activations->output(l, samples);
    // crelu has two outputs a unit, the second ones after all first ones.
    for (std::size_t o = 0; o < outputs.rows; ++o) {
      T* const unit = fired + o % layers[l].units * lanes_;
      for (std::size_t s = 0; s < samples; ++s) {
        const T* const output = outputs.at(o, s);
        for (std::size_t lane = 0; lane < lanes_; ++lane)
          unit[lane] = std::max(unit[lane], std::abs(output[lane]));
      }
    }
    fired += layers[l].units * lanes_;
  }
  if (classifies_)
    count_correct<T>(pack, block.activations->output(layers.size() - 1, samples), block.targets,
                     correct_.data());
}

template <class T>
void StreamBins<T>::end_batch(const TrainingState<T>& state) {
  for (std::size_t lane = 0; lane < rows_.size(); ++lane)
    if (state.diverged(lane)) stopped_[lane] = true;
  if (state.step == steps_) return;
  for (std::size_t lane = 0; lane < rows_.size(); ++lane)
    loss_sums_[lane] += state.batch_loss[lane] * static_cast<double>(state.batch);
  examples_ += state.batch;
  if (examples_ / bin_size_ != begun_ / bin_size_) end_bin();
}

template <class T>
double StreamBins<T>::silent_fraction(std::size_t lane) const {
  if (units_ == 0) return kMissing;
  std::size_t dead = 0;
  for (std::size_t u = 0; u < units_; ++u) dead += fired_[u * lanes_ + lane] == 0;
  return static_cast<double>(dead) / static_cast<double>(units_);
}

template <class T>
void StreamBins<T>::end_bin() {
  const auto count = static_cast<double>(examples_ - begun_);
  for (std::size_t lane = 0; lane < rows_.size(); ++lane) {
    if (stopped_[lane]) continue;
    rows_[lane].push_back({bin_, static_cast<std::int64_t>(begun_), static_cast<std::int64_t>(examples_),
                           loss_sums_[lane] / count, classifies_ ? correct_[lane] / count : kMissing,
                           silent_fraction(lane)});
  }
  begun_ = examples_;
  ++bin_;
  std::fill(loss_sums_.begin(), loss_sums_.end(), 0.0);
  std::fill_n(correct_.data(), lanes_, 0.0);
  std::fill_n(fired_.data(), fired_.size(), T{0});
}

template <class T>
std::vector<StreamRow> StreamBins<T>::take(std::size_t lane) {
  if (wanted() && examples_ > begun_) end_bin();
  return std::move(rows_[lane]);
}

template class Recorder<float>;
template class Recorder<double>;
template class StreamBins<float>;
template class StreamBins<double>;

}  // namespace deadrelu
