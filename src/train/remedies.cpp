#include "train/remedies.h"

#include <cmath>

#include "train/trainer.h"

namespace deadrelu {

template <class T>
Remedies<T>::Remedies(const Pack<T>& pack, const Buffer<T>& initial_parameters, std::size_t max_block)
    : pack_(pack) {
  const Kernels<T>& kernels = pack.network.kernels;
  const auto& layers = pack.network.shape.layers;
  const RemedySpec& first = pack.runs[0]->remedy;
  const auto of_lanes = [&](auto number) {
    Buffer<T> numbers(kernels.lanes);
    for (std::size_t lane = 0; lane < kernels.lanes; ++lane)
      numbers[lane] = static_cast<T>(number(pack.runs[lane]->remedy));
    return numbers;
  };
  for (const RunSpec* run : pack.runs) seeds_.push_back(run->seed);
  if (first.penalty.kind != Penalty::kNone)
    strength_ = of_lanes([](const RemedySpec& spec) { return spec.penalty.strength; });
  if (first.penalty.kind == Penalty::kL2Init) {
    initial_ = Buffer<T>(initial_parameters.size());
    std::copy_n(initial_parameters.data(), initial_.size(), initial_.data());
  }
  const auto clips = [](const RunSpec* run) { return run->remedy.clip_weights.kappa > 0; };
  if (std::any_of(pack.runs.begin(), pack.runs.end(), clips))
    bounds_ = Buffer<T>(layers.size() * kernels.lanes);
  for (std::size_t i = 0; i < bounds_.size(); ++i)
    bounds_[i] = static_cast<T>(
        pack.runs[i % kernels.lanes]->remedy.clip_weights.bound(layers[i / kernels.lanes].inputs));
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane)
    clipped_initially_.push_back(share_beyond_bounds(initial_parameters.data(), lane));
  if (first.perturb.every > 0 || first.perturb.at_task) {
    keep_ = of_lanes([](const RemedySpec& spec) { return 1 - spec.perturb.shrink; });
    scale_ = of_lanes([](const RemedySpec& spec) { return spec.perturb.noise; });
    std::size_t largest = 0;
    each_block([&](std::size_t, std::size_t, const ParameterBlock& block) {
      largest = std::max(largest, block.size());
    });
    noise_ = Buffer<T>(padded_row(kernels, largest));
    for (std::vector<double>& values : drawn_.blocks) values.reserve(largest);
  }
  if (first.lift.every == 0) return;
  probed_.emplace(pack, pack.runs[0]->record.probe_split == ProbeSplit::kTest, false, max_block);
  levels_.emplace(pack, *probed_);
}

// use(layer, kind, block) for the blocks that are trained.
template <class T>
template <class Use>
void Remedies<T>::each_block(const Use& use) const {
  for (std::size_t l = 0; l < pack_.network.shape.layers.size(); ++l)
    for (std::size_t k = 0; k < kBlockKinds.size(); ++k)
      if (const ParameterBlock& block = pack_.network.shape.layers[l].blocks[k];
          block.size() > 0 && kBlockKinds[k].trained && !pack_.runs[0]->train.freezes(l))
        use(l, k, block);
}

template <class T>
template <class Use>
void Remedies<T>::each_clipped(const Use& use) const {
  each_block([&](std::size_t l, std::size_t k, const ParameterBlock& block) {
    if (static_cast<BlockKind>(k) == BlockKind::kWeights || static_cast<BlockKind>(k) == BlockKind::kBias)
      use(l, block);
  });
}

template <class T>
double Remedies<T>::share_beyond_bounds(const T* parameters, std::size_t lane) const {
  if (pack_.runs[lane]->remedy.clip_weights.kappa == 0) return kMissing;
  const std::size_t lanes = pack_.network.kernels.lanes;
  double count = 0, beyond = 0;
  each_clipped([&](std::size_t l, const ParameterBlock& block) {
    for (std::size_t i = block.offset; i < block.offset + block.size(); ++i)
      beyond += std::abs(parameters[i * lanes + lane]) > bounds_[l * lanes + lane];
    count += static_cast<double>(block.size());
  });
  return beyond / count;
}

template <class T>
void Remedies<T>::add_penalty(TrainingState<T>& state) const {
  if (!penalizes()) return;
  const RemedyKernels<T>& kernels = *pack_.network.kernels.remedy;
  each_block([&](std::size_t, std::size_t, const ParameterBlock& block) {
    const std::size_t at = block.offset * pack_.network.kernels.lanes;
    const T* const parameters = state.parameters.data() + at;
    T* const gradient = state.gradient.data() + at;
    if (initial_.size() > 0)
      kernels.add_l2_init(strength_.data(), block.size(), parameters, initial_.data() + at, gradient);
    else
      kernels.add_l1(strength_.data(), block.size(), parameters, gradient);
  });
}

template <class T>
void Remedies<T>::act(TrainingState<T>& state, const Activations<T>& activations) {
  const RemedySpec& spec = pack_.runs[0]->remedy;
  const std::size_t lanes = pack_.network.kernels.lanes;
  const auto is_due = [&](std::uint64_t every) { return every > 0 && (state.step + 1) % every == 0; };
  if (bounds_.size() > 0)
    each_clipped([&](std::size_t l, const ParameterBlock& block) {
      pack_.network.kernels.remedy->clamp(bounds_.data() + l * lanes, block.size(),
                                          state.parameters.data() + block.offset * lanes);
    });
  if (is_due(spec.perturb.every) || (spec.perturb.at_task && state.begins_task && state.task > 0))
    perturb(state);
  if (levels_ && state.begins_task) probed_->begin_task(pack_, state.task);
  if (is_due(spec.lift.every)) lift(state.parameters.data(), activations);
}

template <class T>
void Remedies<T>::perturb(TrainingState<T>& state) {
  const Kernels<T>& kernels = pack_.network.kernels;
  each_block([&](std::size_t l, std::size_t k, const ParameterBlock& block) {
    if (kBlockKinds[k].normalization && !pack_.runs[0]->remedy.perturb.normalization) return;
    draw_noise(l, k, state.step + 1);
    kernels.remedy->perturb(keep_.data(), scale_.data(), block.size(), noise_.data(),
                            state.parameters.data() + block.offset * kernels.lanes);
  });
}

template <class T>
void Remedies<T>::draw_noise(std::size_t l, std::size_t kind, std::uint64_t event) {
  const std::size_t lanes = pack_.network.kernels.lanes;
  const LayerShape& layer = pack_.network.shape.layers[l];
  const std::size_t size = layer.blocks[kind].size();
  if (pack_.runs[0]->remedy.perturb.draw == Noise::kNormal) {
    const auto stream = static_cast<std::uint32_t>(l + (kind << 16));
    pack_.network.kernels.random->normal({seeds_.data(), Purpose::kPerturbation, stream, event * size, 1},
                                         size, noise_.data());
    return;
  }
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const RunSpec& run = *pack_.runs[lane];
    const auto words = random_block(run.seed, Purpose::kPerturbation, ~std::uint32_t{0}, event);
    for (std::vector<double>& values : drawn_.blocks) values.clear();
    init_layer(layer, run.init.of(layer, l), run.model.activation_of(l),
               static_cast<std::uint64_t>(words[1]) << 32 | words[0], l, drawn_);
    for (std::size_t i = 0; i < size; ++i) noise_[i * lanes + lane] = static_cast<T>(drawn_.blocks[kind][i]);
  }
}

template <class T>
void Remedies<T>::lift(T* parameters, const Activations<T>& activations) {
  for (std::size_t l = 0; l + 1 < pack_.network.shape.layers.size(); ++l) {
    if (pack_.network.shape.layers[l].activation.kind != Activation::kRelu || pack_.runs[0]->train.freezes(l))
      continue;
    levels_->set(parameters, activations, l, [&](std::size_t lane, std::span<const T> z) {
      const bool dead = std::all_of(z.begin(), z.end(), [](T value) { return value <= 0; });
      return dead ? static_cast<std::size_t>(pack_.runs[lane]->remedy.lift.active) : 0;
    });
  }
}

template class Remedies<float>;
template class Remedies<double>;

}  // namespace deadrelu
