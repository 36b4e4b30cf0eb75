// Optimizer steps on flat parameter buffers [parameter][lane], and norms of such buffers.
#pragma once

#include <cstddef>

#include "base/enum_names.h"
#include "simd/engine.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

enum class Optimizer { kSgd, kAdam, kAdamw, kRmsprop };
template <>
inline constexpr std::array kNames<Optimizer>{"sgd", "adam", "adamw", "rmsprop"};

// Everything an optimizer step reads beside parameters and gradient, one value a lane; each points to [lane].
// Formulas: torch.optim's documented algorithms (SGD, Adam, AdamW, RMSprop).
template <class T>
struct UpdateParameters {
  const T* learning_rate;
  const T* weight_decay;     // sgd, adam, rmsprop: added to the gradient; adamw: decoupled
  const T* gradient_factor;  // the gradient is multiplied by it first (clipping); 1 where nothing is clipped
  const T* momentum;         // sgd, rmsprop
  const T* dampening;        // sgd: 1 − dampening multiplies the gradient, except on the first step
  const T* nesterov;         // sgd: 1 or 0
  const T* beta1;            // adam, adamw; rmsprop: alpha is in beta2
  const T* beta2;
  const T* epsilon;
  const T* complement1;  // 1 − beta1, rounded once from double as torch does (1 − 0.999f is 1.3e-5 off)
  const T* complement2;  // 1 − beta2
  const T* correction1;  // adam, adamw: 1 − beta1^t
  const T* correction2_root;   // adam, adamw: √(1 − beta2^t)
  bool first_step = false;     // sgd: the momentum buffer is the gradient itself
  bool clips = false;          // whether any lane's gradient_factor may differ from 1
  bool uses_momentum = false;  // whether any lane's momentum is not 0: only then is a momentum buffer there
  bool uses_weight_decay = false;  // whether any lane's weight_decay is not 0
};

template <class T>
struct UpdateKernels {
  // One step on `count` parameters. first and second are the optimizer's state, [count][lane], zero before
  // the first step: sgd: momentum, —; adam(w): m, v; rmsprop: momentum, v (null where uses_momentum is
  // false). poison[lane] becomes NaN where a parameter of that lane is not finite after the step, else stays
  // as it is. Wide: the buffers may be read and written up to the next whole vector. The uses_… and clips
  // switches save time and never change a result.
  void (*update)(Optimizer optimizer, const UpdateParameters<T>& p, std::size_t count, T* parameters,
                 const T* gradient, T* first, T* second, T* poison);
};

template <class T>
const UpdateKernels<T>& update_kernels(SimdTarget target, Engine engine);

}  // namespace deadrelu
