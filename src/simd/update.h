// Optimizer steps on flat parameter buffers [parameter][lane].
#pragma once

#include <cstddef>

#include "base/enum_names.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

enum class Optimizer { kSgd, kAdam, kAdamw, kRmsprop, kLion };
template <>
inline constexpr std::array kNames<Optimizer>{"sgd", "adam", "adamw", "rmsprop", "lion"};

// What an optimizer step reads beside parameters and gradient, of which every lane has its own.
enum class UpdateNumber {
  kLearningRate,
  kWeightDecay,     // sgd, adam, rmsprop: added to the gradient; adamw, lion: decoupled
  kGradientFactor,  // the gradient is multiplied by it first (clipping); 1 where nothing is clipped
  kClipValue,       // then entries beyond ±it are moved there; ∞ where none are
  kMomentum,        // sgd, rmsprop
  kDampening,       // sgd: 1 − dampening multiplies the gradient, except on the first step
  kNesterov,        // sgd: 1 or 0
  kBeta1,           // adam, adamw, lion; rmsprop: alpha is in beta2
  kBeta2,
  kEpsilon,
  kInnerEpsilon,     // rmsprop: added to the mean square, under the root
  kComplement1,      // 1 − beta1, rounded once from double as torch does (1 − 0.999f is 1.3e-5 off)
  kComplement2,      // 1 − beta2
  kStepSize,         // adam, adamw: learning rate / (1 − beta1^t)
  kCorrection2Root,  // adam, adamw: √(1 − beta2^t)
};
// Whether what the optimizer does depends on how many steps it has taken.
constexpr bool counts_steps(Optimizer optimizer) {
  return optimizer == Optimizer::kAdam || optimizer == Optimizer::kAdamw;
}
inline constexpr std::size_t kUpdateNumbers = 1 + static_cast<std::size_t>(UpdateNumber::kCorrection2Root);

// Of an Adam that counts its steps entry by entry, [entry][lane] each: what it reads in place of the numbers of
// the same name, where that stands for fewer steps (the larger step size and epsilon, the smaller root).
template <class T>
struct EntryNumbers {
  const T *step_size = nullptr, *correction2_root = nullptr, *epsilon = nullptr;  // all null: there are none
};

// Formulas: torch.optim's documented algorithms (SGD, Adam, AdamW, RMSprop); Lion: Chen et al. 2023.
template <class T>
struct UpdateParameters {
  const T* numbers = nullptr;  // [UpdateNumber][lane]
  bool first_step = false;     // sgd: the momentum buffer is the gradient itself
  bool clips = false;  // whether any lane's gradient factor may differ from 1, or its clip value from ∞
  bool uses_momentum = false;      // whether any lane's momentum is not 0: only then is there a buffer for it
  bool uses_weight_decay = false;  // whether any lane's weight decay is not 0
  EntryNumbers<T> columns;         // adam, adamw: of the `count` parameters

  const T* at(UpdateNumber number, std::size_t lanes) const {
    return numbers + static_cast<std::size_t>(number) * lanes;
  }
};

// Whether the step is parameter − learning rate · gradient.
template <class T>
bool is_plain_sgd(Optimizer optimizer, const UpdateParameters<T>& p) {
  return optimizer == Optimizer::kSgd && !p.clips && !p.uses_momentum && !p.uses_weight_decay;
}

template <class T>
struct UpdateKernels {
  // One step on `count` parameters, which may lie anywhere in the buffers. first and second are the optimizer's state, [count][lane], zero before
  // the first step: sgd: momentum, —; adam(w): m, v; lion: m, —; rmsprop: momentum, v (null where uses_momentum is
  // false). poison[lane] becomes NaN where a parameter of that lane is not finite after the step, else stays
  // as it is. The uses_… and clips switches save time and never change a result.
  void (*update)(Optimizer optimizer, const UpdateParameters<T>& p, std::size_t count, T* parameters,
                 const T* gradient, T* first, T* second, T* poison);
};

template <class T>
const UpdateKernels<T>& update_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
