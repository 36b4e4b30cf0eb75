// What is done against dead units beside the optimizer, resets apart: see train/remedy_spec.h.
#pragma once

#include "train/levels.h"

namespace deadrelu {

template <class T>
struct TrainingState;

template <class T>
class Remedies {
 public:
  Remedies(const Pack<T>& pack, const Buffer<T>& initial_parameters, std::size_t max_block);
  bool penalizes() const { return strength_.size() > 0; }
  // Adds the penalty's gradient to that of the loss.
  void add_penalty(TrainingState<T>& state) const;
  // After an update: projection, then perturbation, then bias lift. `activations` may be overwritten.
  void act(TrainingState<T>& state, const Activations<T>& activations);

  // The share of a used lane's weights and biases that began beyond the bounds of clip_weights; missing without it.
  double clipped_initially(std::size_t lane) const { return clipped_initially_[lane]; }

 private:
  template <class Use>
  void each_block(const Use& use) const;
  template <class Use>
  void each_clipped(const Use& use) const;
  double share_beyond_bounds(const T* parameters, std::size_t lane) const;
  void perturb(TrainingState<T>& state);
  void draw_noise(std::size_t l, std::size_t kind, std::uint64_t event);
  void lift(T* parameters, const Activations<T>& activations);

  const Pack<T>& pack_;
  Buffer<T> strength_, keep_, scale_;      // [lane]; empty where off
  Buffer<T> initial_;                      // l2_init: [parameter][lane]
  Buffer<T> bounds_;                       // [layer][lane]; empty where no weights are clipped
  Buffer<T> noise_;                        // [parameter of a block][lane]
  LayerParameters drawn_;                  // perturb.draw init
  std::vector<std::uint64_t> seeds_;       // [lane]
  std::vector<double> clipped_initially_;  // [used lane]
  std::optional<Evaluation<T>> probed_;
  std::optional<Levels<T>> levels_;
};

}  // namespace deadrelu
