#include "train/evaluation.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/order.h"

namespace deadrelu {

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
Evaluation<T>::Evaluation(const Pack<T>& pack, bool test, bool probes_units, std::size_t max_block)
    : lanes_(pack.runs.size()),
      outputs_(pack.network.shape.outputs()),
      classifies_(classifies(pack)),
      loss_sums_(lanes_),
      correct_(lanes_),
      low_(outputs_ * lanes_),
      high_(outputs_ * lanes_),
      buffer_(pack.network, max_block) {
  for (std::size_t lane = 0; lane < lanes_; ++lane) {
    const RunSpec& run = *pack.runs[lane];
    splits_.push_back(test ? &pack.data[lane]->test : &pack.data[lane]->train);
    const auto examples = evaluated_examples(run.data.seed.value_or(run.seed), splits_[lane]->samples,
                                             run.record.probe_samples);
    indices_.resize(examples.size() * lanes_);
    for (std::size_t i = 0; i < examples.size(); ++i) indices_[i * lanes_ + lane] = examples[i];
  }
  examples_ = indices_.size() / lanes_;
  if (!probes_units) return;
  const RecordSpec& record = pack.runs[0]->record;
  for (std::size_t l = 0; l + 1 < pack.network.shape.layers.size(); ++l)
    probes_.emplace_back(pack.network, l, examples_, record.layers && record.effective_rank);
}

template <class T>
void Evaluation<T>::run(const Pack<T>& pack, const T* parameters, const Activations<T>& activations) {
  assert(activations.max_samples() > 0 && examples_ > 0);
  const Kernels<T>& kernels = pack.network.kernels;
  const std::size_t output_layer = pack.network.shape.layers.size() - 1;
  const Loss loss = pack.runs[0]->train.loss;
  std::fill_n(loss_sums_.data(), lanes_, 0.0);
  std::fill_n(correct_.data(), lanes_, 0.0);
  std::fill_n(low_.data(), low_.size(), std::numeric_limits<double>::infinity());
  std::fill_n(high_.data(), high_.size(), -std::numeric_limits<double>::infinity());
  for (auto& probe : probes_) probe.begin();
  for (std::size_t from = 0; from < examples_; from += activations.max_samples()) {
    const std::size_t count = std::min(activations.max_samples(), examples_ - from);
    const Block<T> block = buffer_.block(count);
    gather<T>(kernels, splits_, &indices_[from * lanes_], block.inputs, block.targets);
    forward<T>(pack.network, parameters, block.inputs, Mode::kEvaluate, activations);
    const LaneMatrix<T> outputs = activations.output(output_layer, count);
    kernels.loss->evaluate(loss, outputs, block.targets, T{1}, loss_sums_.data(), {});
    if (classifies_) count_correct<T>(pack, outputs, block.targets, correct_.data());
    kernels.unit_sums->add_range(outputs, low_.data(), high_.data());
    for (auto& probe : probes_) probe.add(pack.network, parameters, activations, count);
  }
}

template <class T>
double Evaluation<T>::loss(std::size_t lane) const {
  return loss_sums_[lane] / static_cast<double>(examples_);
}

template <class T>
double Evaluation<T>::accuracy(std::size_t lane) const {
  return classifies_ ? correct_[lane] / static_cast<double>(examples_) : kMissing;
}

template <class T>
bool Evaluation<T>::collapsed(std::size_t lane) const {
  for (std::size_t o = 0; o < outputs_; ++o) {
    const double low = low_[o * lanes_ + lane], high = high_[o * lanes_ + lane];
    if (!(high - low <= 1e-6 * std::max({1.0, std::abs(low), std::abs(high)}))) return false;
  }
  return true;
}

template class Evaluation<float>;
template class Evaluation<double>;

}  // namespace deadrelu
