#include "train/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/processors.h"
#include "simd/math.h"

namespace deadrelu {

template <class T>
BlockBuffer<T>::BlockBuffer(const Network<T>& network, std::size_t max_samples)
    : inputs_(network.shape.inputs()),
      outputs_(network.shape.outputs()),
      lanes_(network.kernels.lanes),
      row_stride_(padded_row(network.kernels, max_samples)),
      memory_((inputs_ + outputs_) * row_stride_) {}

template <class T>
Block<T> BlockBuffer<T>::block(std::size_t samples) const {
  T* const targets = memory_.data() + inputs_ * row_stride_;
  return {{memory_.data(), inputs_, samples, row_stride_, lanes_},
          {targets, outputs_, samples, row_stride_, lanes_}};
}

namespace {

constexpr std::size_t kAhead = 64;  // examples of a run that are looked up at once, if a batch has fewer

std::vector<std::uint64_t> seeds_of(std::span<const RunSpec* const> runs) {
  std::vector<std::uint64_t> seeds;
  for (const RunSpec* run : runs) seeds.push_back(run->seed);
  return seeds;
}

template <class T>
std::optional<TaskView<T>> task_view(const Pack<T>& pack, const std::vector<const Split<T>*>& splits,
                                     bool is_test) {
  const DataSpec& data = pack.runs[0]->data;
  if (data.tasks.change == TaskChange::kNone) return std::nullopt;
  std::vector<typename TaskView<T>::Lane> lanes;
  for (std::size_t lane = 0; lane < splits.size(); ++lane)
    lanes.push_back({splits[lane], pack.runs[lane]->data.seed.value_or(pack.runs[lane]->seed)});
  return TaskView<T>(data, *pack.data[0], is_test, std::move(lanes));
}

}  // namespace

template <class T>
Batches<T>::Batches(const Pack<T>& pack, std::size_t max_block)
    : pack_(&pack),
      kernels_(&pack.network.kernels),
      order_(*pack.network.kernels.order, seeds_of(pack.runs), pack.runs[0]->sampling(),
             pack.data[0]->train.samples, pack.batch_size),
      indices_(std::max(max_block, kAhead) * pack.runs.size()),
      batch_(pack.batch_size),
      inputs_(pack.network.shape.inputs()),
      buffer_(pack.network, max_block) {
  std::vector<typename Streams<T>::Lane> lanes;
  for (std::size_t lane = 0; lane < pack.runs.size(); ++lane) {
    splits_.push_back(&pack.data[lane]->train);
    lanes.push_back({&pack.runs[lane]->data, pack.runs[lane]->seed});
  }
  if (is_endless(pack.runs[0]->data)) streams_.emplace(*kernels_, lanes, pack.batch_size, max_block);
  tasks_ = task_view<T>(pack, splits_, false);
  if (!streams_ && !tasks_) few_values_.emplace(splits_);
  const std::size_t bytes = holds_few() ? few_values_->bytes() : splits_[0]->inputs.size() * sizeof(T);
  fetches_ahead_ = bytes > cache_sizes().level2 / 2;
  fixed_ = !streams_ && !tasks_ && pack.batch_size == pack.data[0]->train.samples &&
           pack.runs[0]->train.sampling != Sampling::kWithReplacement && pack.batch_size <= max_block;
}

// Small batches are looked up several at a time: the permutation has enough to do at once, and what is known
// early can be fetched early.
template <class T>
std::uint32_t* Batches<T>::find_indices(std::uint64_t step, std::size_t from, std::size_t count) {
  const std::size_t lanes = splits_.size(), batch = batch_;
  if (step >= ahead_to_ && batch * 2 <= kAhead) {
    const std::size_t batches = std::min(kAhead / batch, order_.full_batches_left(step));
    order_.fill(step, 0, batches * batch, indices_.data());
    ahead_from_ = step;
    ahead_to_ = step + batches;
  }
  if (step < ahead_from_ || step >= ahead_to_) {
    ahead_to_ = 0;
    order_.fill(step, from, count, indices_.data());
    return indices_.data();
  }
  std::uint32_t* const found = indices_.data() + ((step - ahead_from_) * batch + from) * lanes;
  if (fetches_ahead_ && step + 1 < ahead_to_) fetch_ahead(found + batch * lanes, count * lanes);
  return found;
}

template <class T>
void Batches<T>::fetch_ahead(const std::uint32_t* indices, std::size_t count) const {
  constexpr std::size_t kLine = 64 / sizeof(T);
  const std::size_t lanes = splits_.size(), values = holds_few() ? few_values_->values() : inputs_;
  for (std::size_t i = 0, lane = 0; i < count; ++i, lane = lane + 1 == lanes ? 0 : lane + 1) {
    const T* const example = holds_few() ? few_values_->example(lane, indices[i])
                                         : splits_[lane]->inputs.data() + indices[i] * inputs_;
    for (std::size_t value = 0; value < values; value += kLine) __builtin_prefetch(example + value);
  }
}

template <class T>
Block<T> Batches<T>::gather_block(std::uint64_t step, std::size_t from, std::size_t count) {
  assert(count > 0 && from + count <= batch_size(step));
  const Block<T> block = buffer_.block(count);
  if (fixed_ && gathered_) return block;
  if (tasks_) {
    gather_task(step, from, block);
  } else if (streams_) {
    streams_->fill(step, from, count, block.inputs, block.targets);
  } else if (holds_few()) {
    const std::size_t values = block.inputs.rows + block.targets.rows;
    few_values_->gather(
        *kernels_, find_indices(step, from, count),
        {block.inputs.data, values, count, block.inputs.row_stride, block.inputs.column_stride});
  } else {
    gather<T>(*kernels_, splits_, find_indices(step, from, count), block.inputs, block.targets);
  }
  gathered_ = true;
  return block;
}

template <class T>
void Batches<T>::gather_task(std::uint64_t step, std::size_t from, Block<T> block) {
  const RunSpec& run = *pack_->runs[0];
  const TaskSpec& spec = run.data.tasks;
  const std::uint64_t task = pack_->task_at(step), update = step - task * pack_->task_steps;
  const std::uint64_t position = update * batch_ + from;
  tasks_->begin(task);
  std::uint32_t* indices = indices_.data();
  if (spec.change == TaskChange::kClasses)
    tasks_->fill_indices(run.train.sampling, run.seed, position, block.inputs.columns, indices);
  else
    indices = find_indices(step, from, block.inputs.columns);
  const bool ramps = task > 0 && update + 1 < spec.ramp;
  const double share = ramps ? static_cast<double>(update + 1) / static_cast<double>(spec.ramp) : 1;
  tasks_->gather(*kernels_, indices, {position, share}, block.inputs, block.targets);
}

template <class T>
std::size_t block_size(const Network<T>& network, std::size_t batch_size) {
  const bool is_wide = network.kernels.engine == Engine::kWide;
  // Multiples of every tile's width. The tiles stream well what lies beyond the L2 cache, those of wide (long
  // rows suit them) better than those of lanes, which have a pack's worth of everything.
  const std::size_t tile = is_wide ? 48 : 12;
  if (network.shape.couples_samples()) return (batch_size + tile - 1) / tile * tile;
  const std::size_t highest = highest_row_count(network.shape);
  // A pass by a narrow layer takes every number once: what it reads and writes comes from the L1 cache.
  const bool passes = !is_wide && highest <= kNarrow;
  const std::size_t bytes = passes ? cache_sizes().level1 : (is_wide ? 4 : 2) * cache_sizes().level2;
  // What training touches: a plain ReLU keeps no pre-activations, and two layers' gradients live at a time.
  std::size_t values = passes ? 3 * highest : network.shape.inputs() + 2 * highest;
  for (std::size_t l = 0; l < network.shape.layers.size() && !passes; ++l) {
    const LayerShape& layer = network.shape.layers[l];
    const bool joins = layer.normalizes(Position::kAfterActivation) || layer.drops || layer.adds_input;
    values += layer.outputs * (joins ? 2 : 1) + (layer.drops ? layer.outputs : 0);
    values += layer.normalization.kind == Normalization::kNone ? 0 : layer.normalized();
    values += fuses_relu(network, l) || layer.is_linear_output() ? 0 : layer.rows;
  }
  const std::size_t samples = bytes / (values * network.kernels.lanes * sizeof(T));
  const std::size_t most = std::clamp(samples / tile * tile, 2 * tile, 20 * tile);
  if (batch_size <= most) return most;
  const std::size_t pieces = (batch_size + most - 1) / most;
  const std::size_t piece = (batch_size + pieces - 1) / pieces;
  return (piece + tile - 1) / tile * tile;
}

std::vector<std::uint32_t> evaluated_examples(std::uint64_t seed, std::size_t size, std::size_t count) {
  if (count == 0 || count > size) count = size;
  std::vector<std::uint32_t> examples(count);
  if (count == size) {
    std::iota(examples.begin(), examples.end(), 0u);
  } else {
    const Permutation permutation(seed, Purpose::kProbe, 0, size);
    for (std::uint32_t i = 0; i < count; ++i) examples[i] = permutation(i);
    std::sort(examples.begin(), examples.end());
  }
  return examples;
}

template <class T>
Evaluation<T>::Evaluation(const Pack<T>& pack, bool test, bool probes_units, std::size_t max_block, bool all)
    : lanes_(pack.runs.size()),
      outputs_(pack.network.shape.outputs()),
      classifies_(classifies(pack)),
      all_(all),
      losses_(pack),
      loss_sums_(lanes_),
      correct_(lanes_),
      low_(outputs_ * lanes_),
      high_(outputs_ * lanes_),
      origin_(outputs_ * lanes_),
      sum_(outputs_ * lanes_),
      squares_(outputs_ * lanes_),
      buffer_(pack.network, max_block) {
  for (std::size_t lane = 0; lane < lanes_; ++lane) {
    const RunSpec& run = *pack.runs[lane];
    splits_.push_back(test ? &pack.data[lane]->test : &pack.data[lane]->train);
    const auto examples = evaluated_examples(run.data.seed.value_or(run.seed), splits_[lane]->samples,
                                             all_ ? 0 : run.record.probe_samples);
    indices_.resize(examples.size() * lanes_);
    for (std::size_t i = 0; i < examples.size(); ++i) indices_[i * lanes_ + lane] = examples[i];
  }
  examples_ = indices_.size() / lanes_;
  tasks_ = task_view<T>(pack, splits_, test);
  if (!probes_units) return;
  const RecordSpec& record = pack.runs[0]->record;
  Buffer<double> saturated_below(lanes_);
  for (std::size_t lane = 0; lane < lanes_; ++lane)
    saturated_below[lane] = pack.runs[lane]->record.thresholds.saturated;
  const std::size_t rank_samples =
      record.layers && record.effective_rank ? record.rank_samples > 0 ? record.rank_samples : examples_ : 0;
  for (std::size_t l = 0; l + 1 < pack.network.shape.layers.size(); ++l)
    probes_.emplace_back(pack.network, l, examples_, saturated_below, rank_samples);
  if (tasks_) choose_members(pack);
}

template <class T>
void Evaluation<T>::begin_task(const Pack<T>& pack, std::uint64_t task) {
  if (!tasks_) return;
  tasks_->begin(task);
  choose_members(pack);
}

template <class T>
void Evaluation<T>::choose_members(const Pack<T>& pack) {
  const RunSpec& run = *pack.runs[0];
  if (run.data.tasks.change != TaskChange::kClasses) return;
  const auto members = tasks_->members();
  const auto examples = evaluated_examples(run.data.seed.value_or(run.seed), members.size(),
                                           all_ ? 0 : run.record.probe_samples);
  examples_ = examples.size();
  for (std::size_t i = 0; i < examples_; ++i)
    std::fill_n(&indices_[i * lanes_], lanes_, members[examples[i]]);
}

template <class T>
Block<T> Evaluation<T>::gather_block(const Pack<T>& pack, std::size_t from, std::size_t samples) {
  const Block<T> block = buffer_.block(samples);
  std::uint32_t* const indices = &indices_[from * lanes_];
  if (tasks_)
    tasks_->gather(pack.network.kernels, indices, {}, block.inputs, block.targets);
  else
    gather<T>(pack.network.kernels, splits_, indices, block.inputs, block.targets);
  return block;
}

template <class T>
void Evaluation<T>::run(const Pack<T>& pack, const T* parameters, const Activations<T>& activations) {
  assert(activations.max_samples() > 0 && examples_ > 0);
  const Kernels<T>& kernels = pack.network.kernels;
  const std::size_t output_layer = pack.network.shape.layers.size() - 1;
  losses_.begin();
  for (auto* sums : {&loss_sums_, &correct_, &sum_, &squares_}) std::fill_n(sums->data(), sums->size(), 0.0);
  std::fill_n(low_.data(), low_.size(), std::numeric_limits<double>::infinity());
  std::fill_n(high_.data(), high_.size(), -std::numeric_limits<double>::infinity());
  for (auto& probe : probes_) probe.begin();
  bool first = true;
  for_each_block(pack, activations.max_samples(), [&](const Block<T>& block) {
    const std::size_t count = block.inputs.columns;
    forward<T>(pack.network, parameters, block.inputs, Mode::kEvaluate, activations);
    const LaneMatrix<T> outputs = activations.output(output_layer, count);
    losses_.add(outputs, block.targets, T{1}, loss_sums_.data(), {});
    if (classifies_) count_correct<T>(pack, outputs, block.targets, correct_.data());
    for (std::size_t o = 0; first && o < outputs_; ++o)
      std::copy_n(outputs.at(o, 0), lanes_, origin_.data() + o * lanes_);
    kernels.unit_sums->add_outputs(outputs,
                                   {low_.data(), high_.data(), origin_.data(), sum_.data(), squares_.data()});
    for (auto& probe : probes_) probe.add(pack.network, parameters, activations, count);
    first = false;
  });
  losses_.finish(loss_sums_.data());
}

template <class T>
double Evaluation<T>::dead_fraction(std::size_t lane) const {
  std::size_t units = 0, dead = 0;
  for (const UnitProbe<T>& probe : probes_) {
    units += probe.units();
    for (std::size_t u = 0; u < probe.units(); ++u) dead += static_cast<std::size_t>(probe.is_dead(u, lane));
  }
  return units > 0 ? static_cast<double>(dead) / static_cast<double>(units) : kMissing;
}

template <class T>
bool Evaluation<T>::collapsed(std::size_t lane) const {
  for (std::size_t o = 0; o < outputs_; ++o) {
    const double low = low_[o * lanes_ + lane], high = high_[o * lanes_ + lane];
    if (!(high - low <= 1e-6 * std::max({1.0, std::abs(low), std::abs(high)}))) return false;
  }
  return true;
}

namespace {

// Mean loss of the best constant on one output's targets, which are in units of `unit`.
double best_constant(Loss loss, std::vector<double>& targets, double unit) {
  const auto count = static_cast<double>(targets.size());
  const auto mean_of = [&](const auto& term) {
    double sum = 0;
    for (const double t : targets) sum += term(t);
    return sum / count;
  };
  const double mean = mean_of([](double t) { return t; });
  const auto surprise = [](double p) { return p > 0 ? -p * portable_log(p) : 0; };
  const auto variance = [&] {
    return unit * unit * mean_of([&](double t) { return (t - mean) * (t - mean); });
  };
  switch (loss) {
    case Loss::kMse: return variance();
    case Loss::kHalfMse: return variance() / 2;
    case Loss::kMae: {
      const auto middle = targets.begin() + static_cast<std::ptrdiff_t>(targets.size() / 2);
      std::nth_element(targets.begin(), middle, targets.end());
      const double median = *middle;
      std::sort(targets.begin(), targets.end());  // sums have one order
      return unit * mean_of([&](double t) { return std::abs(t - median); });
    }
    case Loss::kCrossEntropy: return surprise(mean);
    case Loss::kBinaryCrossEntropy: return surprise(mean) + surprise(1 - mean);
  }
  return kMissing;
}

}  // namespace

template <class T>
double Evaluation<T>::constant_loss(const Pack<T>& pack, std::size_t lane) const {
  const Loss loss = pack.runs[lane]->train.loss;
  const std::vector<double>& deviation = pack.data[lane]->target_deviation;
  std::vector<double> targets(examples_);
  double sum = 0;
  for (std::size_t o = 0; o < outputs_; ++o) {
    for (std::size_t i = 0; i < examples_; ++i)
      targets[i] = static_cast<double>(splits_[lane]->targets[indices_[i * lanes_ + lane] * outputs_ + o]);
    sum += best_constant(loss, targets, deviation.empty() ? 1 : deviation[o]);
  }
  return loss == Loss::kCrossEntropy ? sum : sum / static_cast<double>(outputs_);
}

template <class T>
void Evaluation<T>::describe_outputs(std::size_t lane, MetricsRow& row) const {
  const auto examples = static_cast<double>(examples_);
  double variances = 0;
  row.output_min = std::numeric_limits<double>::infinity();
  row.output_max = -row.output_min;
  for (std::size_t i = lane; i < outputs_ * lanes_; i += lanes_) {
    const double mean = sum_[i] / examples;
    variances += std::max(squares_[i] / examples - mean * mean, 0.0);  // NaN stays NaN in this order
    row.output_min = std::min(row.output_min, low_[i]);
    row.output_max = std::max(row.output_max, high_[i]);
  }
  row.output_std = std::sqrt(variances / static_cast<double>(outputs_));
  if (std::isnan(variances)) row.output_min = row.output_max = kMissing;
}

#define DEADRELU_INSTANTIATE(T)  \
  template class BlockBuffer<T>; \
  template class Batches<T>;     \
  template class Evaluation<T>;  \
  template std::size_t block_size<T>(const Network<T>&, std::size_t)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
