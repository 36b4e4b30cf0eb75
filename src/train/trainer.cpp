#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/random.h"
#include "probe/gradient_probe.h"
#include "train/recorder.h"

namespace deadrelu {
namespace {

// No block is larger than a split, and the workspace of a tiny one is worth keeping tiny: it is cleared.
template <class T>
std::size_t largest_block(const Pack<T>& pack) {
  const std::size_t samples = std::max(pack.data[0]->train.samples, pack.data[0]->test.samples);
  return std::min(block_size<T>(pack.network, pack.batch_size), samples);
}

}  // namespace

template <class T>
Trainer<T>::Trainer(const Pack<T>& pack)
    : pack_(pack),
      activations_(pack.network, largest_block(pack)),
      batches_(pack, activations_.max_samples()),
      numbers_(pack.runs, pack.steps),
      parameters_(initial_parameters(pack)) {
  const std::size_t lanes = pack.network.kernels.lanes;
  gradient_ = Buffer<T>(parameters_.size());
  if (numbers_.needs_first_moment()) first_moment_ = Buffer<T>(parameters_.size());
  if (numbers_.needs_second_moment()) second_moment_ = Buffer<T>(parameters_.size());
  slope_sums_ = Buffer<T>(pack.network.shape.layers.size() * highest_row_count(pack.network.shape) * lanes);
  poison_ = Buffer<T>(lanes);
  batch_loss_ = Buffer<double>(lanes);
  squared_norms_ = Buffer<double>(lanes);
}

template <class T>
void Trainer<T>::compute_gradient(std::uint64_t step, StreamBins<T>* bins) {
  const Network<T>& network = pack_.network;
  const std::size_t lanes = network.kernels.lanes, output_layer = network.shape.layers.size() - 1;
  const std::size_t batch = batches_.batch_size(step);
  numbers_.begin_step(step);
  std::fill_n(batch_loss_.data(), lanes, 0.0);
  for (std::size_t from = 0; from < batch; from += activations_.max_samples()) {
    const std::size_t samples = std::min(activations_.max_samples(), batch - from);
    const Block<T> block = batches_.gather_block(step, from, samples);
    if (network.activation.kind == Activation::kRrelu) draw_slopes(step, from, samples);
    forward<T>(network, parameters_.data(), block.inputs, Mode::kTrain, activations_);
    network.kernels.loss->evaluate(pack_.runs[0]->train.loss, activations_.output(output_layer, samples),
                                   block.targets, static_cast<T>(1.0 / static_cast<double>(batch)),
                                   batch_loss_.data(), activations_.gradient(output_layer, samples));
    if (bins != nullptr) bins->observe(pack_, activations_, block.targets, samples);
    backward<T>(network, parameters_.data(), block.inputs, Mode::kTrain, from == 0, activations_,
                gradient_.data(), slope_sums_.data());
  }
  finish_gradient(network, slope_sums_.data(), gradient_.data());
  // Not for one example: eight divisions are 3 % of a small network's step.
  for (std::size_t lane = 0; batch > 1 && lane < lanes; ++lane)
    batch_loss_[lane] /= static_cast<double>(batch);
}

// One random word an element, numbered by the example's place in the run and the row: a block of four rows a
// draw.
template <class T>
void Trainer<T>::draw_slopes(std::uint64_t step, std::size_t from, std::size_t samples) {
  const std::size_t lanes = pack_.network.kernels.lanes;
  const std::uint64_t first = step * batches_.batch_size(0) + from;
  for (std::size_t l = 0; l + 1 < pack_.network.shape.layers.size(); ++l) {
    const LaneMatrix<T> slopes = activations_.drawn_slopes(l, samples);
    const std::uint64_t blocks = (slopes.rows + 3) / 4;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const RunSpec& run = *pack_.runs[lane];
      const double lower = run.model.activation.lower, width = run.model.activation.upper - lower;
      for (std::size_t s = 0; s < samples; ++s) {
        for (std::size_t r = 0; r < slopes.rows; ++r) {
          const auto words = random_block(run.seed, Purpose::kSlope, static_cast<std::uint32_t>(l),
                                          (first + s) * blocks + r / 4);
          slopes.at(r, s)[lane] = static_cast<T>(lower + width * ((words[r % 4] + 0.5) * 0x1p-32));
        }
      }
    }
  }
}

template <class T>
void Trainer<T>::update() {
  if (numbers_.clips()) {
    squared_gradient_norm(pack_.network, gradient_.data(), squared_norms_.data());
    numbers_.clip(squared_norms_.span());
  }
  pack_.network.kernels.update->update(
      pack_.runs[0]->train.optimizer.kind, numbers_.parameters(), pack_.network.shape.parameter_count,
      parameters_.data(), gradient_.data(), first_moment_.data(), second_moment_.data(), poison_.data());
}

template <class T>
bool Trainer<T>::diverged(std::size_t lane) const {
  return !std::isfinite(batch_loss_[lane]) || std::isnan(poison_[lane]);
}

template <class T>
double Trainer<T>::epoch(std::uint64_t step) const {
  if (pack_.runs[0]->data.kind == DataKind::kSlowlyChangingRegression) return kMissing;
  return static_cast<double>(step) / static_cast<double>(batches_.batches_per_epoch());
}

template <class T>
void Trainer<T>::poison_workspace() {
  constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
  for (const std::span<T> memory : {activations_.memory(), gradient_.span(), slope_sums_.span()})
    std::fill(memory.begin(), memory.end(), kNan);
  std::fill_n(squared_norms_.data(), squared_norms_.size(), std::numeric_limits<double>::quiet_NaN());
}

namespace {

template <class T>
RecordedState<T> describe_state(const Trainer<T>& trainer, const Pack<T>& pack, std::uint64_t step) {
  RecordedState<T> state{step, trainer.epoch(step), trainer.parameters(), trainer.gradient(), {}, {}};
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    state.batch_loss.push_back(trainer.batch_loss(lane));
    state.learning_rate.push_back(trainer.learning_rate(lane));
  }
  return state;
}

}  // namespace

template <class T>
std::vector<RunRecord> train_pack(const Pack<T>& pack, const std::atomic<bool>& stop) {
  const RecordSpec& spec = pack.runs[0]->record;
  Trainer<T> trainer(pack);
  Recorder<T> recorder(pack, trainer.activations().max_samples());
  RecordSchedule schedule(spec, pack.steps);
  StreamBins<T> bins(pack);
  Buffer<T> before(spec.layers ? pack.network.shape.parameter_count * pack.network.kernels.lanes : 0);
  if (spec.parameters_initial) recorder.snapshot(pack, 0, trainer.parameters());
  for (std::uint64_t step = 0;; ++step) {
    if (stop.load(std::memory_order_relaxed)) return {};
    const bool binned = bins.wanted() && step < pack.steps;
    trainer.compute_gradient(step, binned ? &bins : nullptr);
    for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
      if (recorder.diverged(lane) || !trainer.diverged(lane)) continue;
      recorder.mark_diverged(lane, step);
      bins.stop(lane);
    }
    if (binned)
      bins.end_batch(trainer.batch_size(step), [&](std::size_t lane) { return trainer.batch_loss(lane); });
    if (recorder.all_diverged()) break;
    const bool due = schedule.due(step), last = step == pack.steps;
    if (due) recorder.record(pack, describe_state(trainer, pack, step), trainer.activations());
    if (last && spec.parameters_final) recorder.snapshot(pack, step, trainer.parameters());
    if (last && !spec.layers) break;
    if (due && spec.layers) std::copy_n(trainer.parameters(), before.size(), before.data());
    trainer.update();
    if (due && spec.layers) recorder.record_update(pack, before.data(), trainer.parameters());
    if (last) break;
  }
  std::vector<RunRecord> records = recorder.finish(pack.steps);
  for (std::size_t lane = 0; lane < records.size(); ++lane) records[lane].stream = bins.take(lane);
  return records;
}

template class Trainer<float>;
template class Trainer<double>;
template std::vector<RunRecord> train_pack(const Pack<float>&, const std::atomic<bool>&);
template std::vector<RunRecord> train_pack(const Pack<double>&, const std::atomic<bool>&);

}  // namespace deadrelu
