#include "train/trainer.h"

#include "probe/gradient_probe.h"
#include "train/adjust.h"

namespace deadrelu {
namespace {

// No block is larger than a split, and the workspace of a tiny one is worth keeping tiny: it is cleared.
template <class T>
std::size_t largest_block(const Pack<T>& pack) {
  const std::size_t samples = std::max(pack.data[0]->train.samples, pack.data[0]->test.samples);
  return std::min(block_size<T>(pack.network, pack.batch_size), samples);
}

// Whether training takes the examples another way than measuring does. (rrelu's slopes are drawn in both.)
bool differs_in_training(const NetworkShape& shape) {
  return shape.couples_samples() || std::any_of(shape.layers.begin(), shape.layers.end(),
                                                [](const LayerShape& layer) { return layer.drops; });
}

constexpr std::size_t kMostLanes = 16;

// Hidden units whose entries the optimizer may have to count steps of.
template <class T>
std::size_t counted_units(const Pack<T>& pack) {
  const bool renews = std::any_of(pack.runs.begin(), pack.runs.end(),
                                  [](const RunSpec* run) { return run->remedy.reset.renews_counts(); });
  return renews && counts_steps(pack.runs[0]->train.optimizer.kind) ? pack.network.shape.hidden_units() : 0;
}

}  // namespace

template <class T>
Trainer<T>::Trainer(const Pack<T>& pack)
    : pack_(pack),
      workspace_(pack.network, largest_block(pack)),
      example_(pack.batch_size == 1 ? std::optional<Activations<T>>(std::in_place, pack.network, 1)
                                    : std::nullopt),
      batches_(pack, activations().max_samples()),
      numbers_(pack.runs, pack.steps, counted_units(pack)),
      losses_(pack),
      mode_(pack.steps == 0 && differs_in_training(pack.network.shape) ? Mode::kEvaluate : Mode::kTrain) {
  const std::size_t lanes = pack.network.kernels.lanes;
  state_.parameters = initial_parameters(pack);
  failures_ = adjust_parameters(pack, workspace_, state_.parameters.data());
  remedies_.emplace(pack, state_.parameters, workspace_.max_samples());
  state_.gradient = Buffer<T>(state_.parameters.size());
  if (numbers_.needs_first_moment()) state_.first_moment = Buffer<T>(state_.parameters.size());
  if (numbers_.needs_second_moment()) state_.second_moment = Buffer<T>(state_.parameters.size());
  state_.powers = Buffer<double>(2 * (1 + counted_units(pack)) * lanes);
  std::fill_n(state_.powers.data(), state_.powers.size(), 1.0);
  state_.batch_loss = Buffer<double>(lanes);
  state_.learning_rate = Buffer<double>(lanes);
  state_.poison = Buffer<T>(lanes);
  state_.resets = Buffer<std::uint32_t>(pack.network.shape.hidden_units() * lanes);
  if (!is_endless(pack.runs[0]->data)) state_.batches_per_epoch = batches_.batches_per_epoch();
  slope_sums_ = Buffer<T>(pack.network.shape.layers.size() * highest_row_count(pack.network.shape) * lanes);
  squared_norms_ = Buffer<double>(lanes);
  find_trained_ranges();
  const UpdateParameters<T>& numbers = numbers_.parameters();
  const bool adds_up = mode_ == Mode::kTrain && frozen_.empty() && !numbers.clips &&
                       !remedies_->penalizes() && counted_units(pack) == 0;
  if (example_ && adds_up && is_relu_chain(pack.network)) prepare_online();
  postpones_ = !online_.empty();
  if (adds_up && is_plain_sgd(pack.runs[0]->train.optimizer.kind, numbers))
    for (std::size_t l = 0; l < pack.network.shape.layers.size(); ++l)
      postpones_ |= steps_along(pack.network, l);
}

// Pointers for a step on one example.
template <class T>
void Trainer<T>::prepare_online() {
  const auto online = [&](const ParameterBlock& block) {
    const auto at = [&](Buffer<T>& buffer) {
      return buffer.size() * block.size() > 0 ? buffer.data() + block.offset * pack_.network.kernels.lanes
                                              : nullptr;
    };
    return OnlineBlock<T>{at(state_.parameters), at(state_.first_moment), at(state_.second_moment)};
  };
  for (std::size_t l = 0; l < pack_.network.shape.layers.size(); ++l) {
    const LayerShape& layer = pack_.network.shape.layers[l];
    online_.push_back({layer.rows, layer.inputs, online(layer[BlockKind::kWeights]),
                       online(layer[BlockKind::kBias]), l > 0 ? online_[l - 1].output : LaneMatrix<T>{},
                       example_->output(l, 1), example_->gradient(l, 1)});
  }
}

template <class T>
void Trainer<T>::find_trained_ranges() {
  for (std::size_t l = 0; l < pack_.network.shape.layers.size(); ++l) {
    const LayerShape& layer = pack_.network.shape.layers[l];
    draws_ |= layer.activation.kind == Activation::kRrelu || layer.drops;
    const auto add_to = [&](std::vector<Range>& ranges, std::size_t from) {
      const std::size_t offset = layer.blocks.front().offset + from;
      if (ranges.empty() || ranges.back().offset + ranges.back().count != offset)
        ranges.push_back({offset, 0});
      ranges.back().count += layer.trained_count() - from;
    };
    add_to(pack_.runs[0]->train.freezes(l) ? frozen_ : trained_, 0);
    add_to(rest_, steps_along(pack_.network, l) ? layer.weight_count() : 0);
  }
  draws_ &= mode_ == Mode::kTrain;
}

template <class T>
void Trainer<T>::begin_batch(std::uint64_t step) {
  state_.step = step;
  state_.batch = batches_.batch_size(step);
  state_.task = pack_.task_at(step);
  state_.begins_task = pack_.task_steps > 0 && step == state_.task * pack_.task_steps;
  numbers_.begin_step(step, state_.learning_rate.data(), state_.powers.data());
  std::fill_n(state_.batch_loss.data(), state_.batch_loss.size(), 0.0);
  losses_.begin();
  block_.step = step;
  block_.from = block_.samples = 0;
  block_.activations = &activations();
  pending_ = false;
}

template <class T>
bool Trainer<T>::pass_block() {
  if (block_.from + block_.samples == state_.batch) return false;
  block_.from += block_.samples;
  const Activations<T>& activations = *block_.activations;
  block_.samples = std::min(activations.max_samples(), state_.batch - block_.from);
  const Network<T>& network = pack_.network;
  const std::size_t output_layer = network.shape.layers.size() - 1;
  const Block<T> block = batches_.gather_block(block_.step, block_.from, block_.samples);
  block_.inputs = block.inputs;
  block_.targets = block.targets;
  if (draws_) draw();
  if (online_.empty()) {
    forward<T>(network, state_.parameters.data(), block.inputs, mode_, activations);
  } else {
    online_[0].input = block.inputs;
    network.kernels.online->forward(online_);
  }
  losses_.add(activations.output(output_layer, block_.samples), block.targets,
              static_cast<T>(1.0 / static_cast<double>(state_.batch)), state_.batch_loss.data(),
              activations.output_gradient(block_.samples));
  pending_ = postpones_ && block_.from + block_.samples == state_.batch;
  if (!pending_) pass_back();
  return true;
}

template <class T>
void Trainer<T>::pass_back(const SgdStep<T>* step) {
  backward<T>(pack_.network, state_.parameters.data(), block_.inputs, mode_, block_.from == 0, activations(),
              state_.gradient.data(), slope_sums_.data(), step);
}

template <class T>
void Trainer<T>::end_batch() {
  losses_.finish(state_.batch_loss.data());
  if (!pending_) finish_gradient();
  if (state_.batch == 1) return;  // eight divisions are 3 % of a small network's step
  for (std::size_t lane = 0; lane < state_.batch_loss.size(); ++lane)
    state_.batch_loss[lane] /= static_cast<double>(state_.batch);
}

template <class T>
void Trainer<T>::finish_gradient() {
  deadrelu::finish_gradient(pack_.network, slope_sums_.data(), state_.gradient.data());
  const std::size_t lanes = pack_.network.kernels.lanes;
  for (const Range& frozen : frozen_)
    std::fill_n(state_.gradient.data() + frozen.offset * lanes, frozen.count * lanes, T{0});
}

template <class T>
void Trainer<T>::complete_gradient() {
  if (!std::exchange(pending_, false)) return;
  pass_back();
  finish_gradient();
}

// Slopes of rrelu take a random word an element, masks of dropout half a word, numbered by the example's position in
// the run and the row: a block for four rows, or eight.
template <class T>
void Trainer<T>::draw() {
  const Network<T>& network = pack_.network;
  const std::uint64_t first = block_.step * batches_.batch_size(0) + block_.from;
  std::array<std::uint64_t, kMostLanes> seeds;
  for (std::size_t lane = 0; lane < network.kernels.lanes; ++lane) seeds[lane] = pack_.runs[lane]->seed;
  const auto each = [&](Purpose purpose, std::size_t l, std::size_t rows, LaneMatrix<T> out,
                        const auto& fill) {
    const std::uint64_t blocks = (out.rows + rows - 1) / rows;
    for (std::size_t b = 0; b < blocks; ++b)
      fill(RandomBlocks{seeds.data(), purpose, static_cast<std::uint32_t>(l), first * blocks + b, blocks},
           out.row_range(rows * b, std::min<std::size_t>(rows, out.rows - rows * b)));
  };
  for (std::size_t l = 0; l < network.shape.layers.size(); ++l) {
    const LayerShape& layer = network.shape.layers[l];
    const RandomKernels<T>& random = *network.kernels.random;
    if (layer.activation.kind == Activation::kRrelu)
      each(Purpose::kSlope, l, 4, activations().drawn_slopes(l, block_.samples),
           [&](const auto& b, auto out) {
             random.uniform(b, network.numbers[l].lower.data(), network.numbers[l].width.data(), out);
           });
    if (layer.drops)
      each(Purpose::kDropout, l, 8, activations().mask(l, block_.samples), [&](const auto& b, auto out) {
        random.mask(b, network.dropped.data(), network.kept.data(), out);
      });
  }
}

template <class T>
void Trainer<T>::update() {
  const UpdateParameters<T>& numbers = numbers_.parameters();
  const bool passes_back = std::exchange(pending_, false);
  if (passes_back && !online_.empty())
    return pack_.network.kernels.online->learn(online_, pack_.runs[0]->train.optimizer.kind, numbers,
                                               state_.poison.data());
  if (passes_back) {
    const SgdStep<T> sgd{state_.parameters.data(),
                         numbers.at(UpdateNumber::kLearningRate, pack_.network.kernels.lanes),
                         state_.poison.data()};
    pass_back(&sgd);
    finish_gradient();
  }
  remedies_->add_penalty(state_);
  if (numbers.clips) {
    squared_gradient_norm(pack_.network, state_.gradient.data(), squared_norms_.data());
    numbers_.clip(squared_norms_.span());
  }
  if (numbers_.entries_differ()) {
    step_entry_by_entry();
  } else {
    for (const Range& range : passes_back ? rest_ : trained_) step(numbers, range.offset, range.count);
  }
  if (pack_.network.shape.couples_samples())
    update_statistics(pack_.network, activations(), state_.batch, state_.parameters.data());
}

// The optimizer's step of `count` parameters.
template <class T>
void Trainer<T>::step(const UpdateParameters<T>& numbers, std::size_t from, std::size_t count) {
  const std::size_t at = from * pack_.network.kernels.lanes;
  const auto moments = [at](Buffer<T>& moment) { return moment.size() > 0 ? moment.data() + at : nullptr; };
  pack_.network.kernels.update->update(pack_.runs[0]->train.optimizer.kind, numbers, count,
                                       state_.parameters.data() + at, state_.gradient.data() + at,
                                       moments(state_.first_moment), moments(state_.second_moment),
                                       state_.poison.data());
}

template <class T>
void Trainer<T>::step_entry_by_entry() {
  std::size_t own = 1, below = 0;  // counts of steps: of the layer's units, and of those below it
  for (std::size_t l = 0; l < pack_.network.shape.layers.size(); ++l) {
    const LayerShape& layer = pack_.network.shape.layers[l];
    const std::size_t first = layer.hidden ? own : 0;
    for (const ParameterBlock& block : layer.blocks) {
      if (pack_.runs[0]->train.freezes(l) || block.size() == 0 || !block.info().trained) continue;
      if (block.form() != BlockForm::kMatrix)
        step(numbers_.of_row(0, block.form() == BlockForm::kList ? first : 0), block.offset, block.size());
      for (std::size_t row = 0; block.form() == BlockForm::kMatrix && row < block.rows; ++row)
        step(numbers_.of_row(first > 0 ? first + row : 0, below), block.offset + row * block.columns,
             block.columns);
    }
    below = own;
    own += layer.units;
  }
}

template <class T>
void Trainer<T>::poison_workspace() {
  constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
  for (const std::span<T> memory :
       {workspace_.memory(), activations().memory(), state_.gradient.span(), slope_sums_.span()})
    std::fill(memory.begin(), memory.end(), kNan);
  std::fill_n(squared_norms_.data(), squared_norms_.size(), std::numeric_limits<double>::quiet_NaN());
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace deadrelu
