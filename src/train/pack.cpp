#include "train/pack.h"

#include <cmath>

#include "base/normal_form.h"
#include "base/processors.h"

namespace deadrelu {

PackForm pack_form(const RunSpec& run) {
  PackForm form{run, shape_from_spec(run.data)};
  RunSpec& spec = form.spec;
  reset(spec, &RunSpec::init, &RunSpec::initial);
  // Tasks of classes differ from seed to seed in how many examples they have: such a run is alone.
  if (run.data.tasks.change != TaskChange::kClasses) reset(spec, &RunSpec::seed);
  // Of files, everything that says what is taken of them stays: it decides how many examples there are.
  reset(spec.data, &DataSpec::function, &DataSpec::formulas, &DataSpec::numbers, &DataSpec::domain,
        &DataSpec::noise, &DataSpec::inputs, &DataSpec::targets, &DataSpec::gaussian_target,
        &DataSpec::teacher_hidden, &DataSpec::teacher_bias, &DataSpec::spread, &DataSpec::box,
        &DataSpec::factor, &DataSpec::turns, &DataSpec::slow_inputs, &DataSpec::change_every,
        &DataSpec::target_units, &DataSpec::beta, &DataSpec::standardize, &DataSpec::scale, &DataSpec::offset,
        &DataSpec::target_scale, &DataSpec::one_output, &DataSpec::seed);
  const auto reset_numbers = [](ActivationSpec& activation) {
    reset(activation, &ActivationSpec::slope, &ActivationSpec::lower, &ActivationSpec::upper,
          &ActivationSpec::alpha, &ActivationSpec::at_zero, &ActivationSpec::numbers);
  };
  reset_numbers(spec.model.activation);
  reset_numbers(spec.model.output_activation);
  for (ActivationSpec& activation : spec.model.activations) reset_numbers(activation);
  reset(spec.model.normalization, &NormalizationSpec::epsilon, &NormalizationSpec::momentum);
  spec.model.dropout = spec.model.dropout > 0 ? 0.5 : 0;  // only whether there is some
  reset(spec.train, &TrainSpec::schedule, &TrainSpec::clip_norm, &TrainSpec::clip_value, &TrainSpec::stop);
  reset(spec.train.optimizer, &OptimizerSpec::learning_rate, &OptimizerSpec::weight_decay,
        &OptimizerSpec::momentum, &OptimizerSpec::dampening, &OptimizerSpec::nesterov, &OptimizerSpec::beta1,
        &OptimizerSpec::beta2, &OptimizerSpec::alpha, &OptimizerSpec::epsilon, &OptimizerSpec::library);
  reset(spec.remedy.penalty, &PenaltySpec::strength);
  reset(spec.remedy.perturb, &PerturbSpec::shrink, &PerturbSpec::noise);
  reset(spec.remedy.lift, &LiftSpec::active);
  reset(spec.remedy, &RemedySpec::clip_weights, &RemedySpec::reset);
  reset(spec.record, &RecordSpec::thresholds, &RecordSpec::domain_low, &RecordSpec::domain_high);
  return form;
}

std::size_t PackForm::hash() const {
  const auto number = [](auto value) { return static_cast<std::uint64_t>(value); };
  std::size_t hash = hash_of({number(spec.data.kind), spec.data.samples, number(spec.model.activation.kind),
                              number(spec.train.optimizer.kind), spec.train.batch_size, spec.train.steps});
  for (const std::size_t units : spec.model.hidden) hash = hash_of({hash, units});
  hash = hash_of({hash, number(spec.model.output_activation.kind), number(spec.model.normalization.kind),
                  number(spec.model.skip), number(spec.model.dropout > 0)});
  for (const ActivationSpec& activation : spec.model.activations)
    hash = hash_of({hash, number(activation.kind)});
  return hash;
}

namespace {

// Measured on Zen 3 with the networks of `deadrelu bench`, in vectors of multiply-adds: what a product costs
// beside its multiply-adds, and how much longer lanes take where the pack's weights come from beyond the L2
// cache.
constexpr double kLanesCall = 1100, kWideCall = 1400, kBeyondCache = 1.5;

// What a run starts with in layer l: drawn, but for what init.file gives.
LayerParameters first_parameters(const NetworkShape& shape, const RunSpec& run, std::size_t l) {
  const LayerShape& layer = shape.layers[l];
  LayerParameters parameters = run.initial != nullptr ? run.initial->layers[l] : LayerParameters{};
  init_layer(layer, run.init.of(layer, l), run.model.activation_of(l), run.seed, l, parameters);
  return parameters;
}

}  // namespace

Engine faster_engine(const NetworkShape& shape, std::size_t batch_size, std::size_t runs, std::size_t vector,
                     std::size_t bytes) {
  assert(runs <= vector);
  const auto whole = [&](std::size_t length) { return static_cast<double>((length + vector - 1) / vector); };
  double lanes = 0, wide = 0, calls = 0;
  for (std::size_t l = 0; l < shape.layers.size(); ++l) {
    const LayerShape& layer = shape.layers[l];
    const double products = l == 0 ? 2 : 3;  // nothing goes back to the inputs
    const auto weights = static_cast<double>(layer.weight_count());
    lanes += products * weights * static_cast<double>(batch_size);
    wide += (products - 1) * weights * whole(batch_size) +
            static_cast<double>(layer.rows * batch_size) * whole(layer.inputs);
    // Narrow layers of ReLUs are passed in one call.
    const bool is_plain = layer.activation.kind == Activation::kRelu || layer.is_linear_output();
    if (bytes != sizeof(float) || !is_plain || std::max(layer.rows, layer.inputs) > kNarrow)
      calls += products;
  }
  if (shape.parameter_count * vector * bytes > cache_sizes().level2) lanes *= kBeyondCache;
  return static_cast<double>(runs) * (wide + kWideCall * calls) < lanes + kLanesCall * calls ? Engine::kWide
                                                                                             : Engine::kLanes;
}

template <class T>
Pack<T> make_pack(std::span<const RunSpec* const> runs,
                  std::span<const std::shared_ptr<const Dataset<T>>> data, SimdTarget target, Engine engine) {
  const Kernels<T> table = kernels<T>(target, engine);
  assert(!runs.empty() && runs.size() <= table.lanes && data.size() == runs.size());
  const RunSpec& first = *runs[0];
  const Dataset<T>& set = *data[0];
  Pack<T> pack{{},
               {},
               runs.size(),
               first.train.examples_a_step(set.train.samples),
               first.train.steps,
               0,
               {network_shape(first.model, set.inputs, set.outputs), table}};
  if (first.train.epochs > 0)
    pack.steps = first.train.epochs * batches_per_epoch(set.train.samples, pack.batch_size);
  if (first.data.tasks.change != TaskChange::kNone) {
    pack.task_steps = task_steps(first.data, set.classes, set.train.samples, pack.batch_size);
    if (first.data.tasks.count > 0) pack.steps = first.data.tasks.count * pack.task_steps;
  }
  for (std::size_t lane = 0; lane < table.lanes; ++lane) {
    const std::size_t i = lane < runs.size() ? lane : 0;
    pack.runs.push_back(runs[i]);
    pack.data.push_back(data[i]);
    pack.network.set(lane, runs[i]->model);
  }
  for (const std::uint64_t layer : first.train.freeze) pack.network.frozen[layer - 1] = true;
  return pack;
}

template <class T>
LossSums<T>::LossSums(const Pack<T>& pack)
    : kernels_(pack.network.kernels.loss),
      loss_(pack.runs[0]->train.loss),
      lanes_(pack.network.kernels.lanes) {
  const std::size_t outputs = pack.data[0]->target_deviation.size();
  units_ = Buffer<double>(outputs * lanes_);
  sums_ = Buffer<double>(outputs * lanes_);
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      const double deviation = pack.data[lane]->target_deviation[o];
      units_[o * lanes_ + lane] = loss_ == Loss::kMae ? deviation : deviation * deviation;
    }
  }
}

template <class T>
void LossSums<T>::begin() {
  std::fill_n(sums_.data(), sums_.size(), 0.0);
}

template <class T>
void LossSums<T>::add(LaneMatrix<const T> outputs, LaneMatrix<const T> targets, T gradient_scale,
                      double* sums, LaneMatrix<T> gradient) {
  if (sums_.size() == 0) return kernels_->evaluate(loss_, outputs, targets, gradient_scale, sums, gradient);
  const T scale = gradient_scale / static_cast<T>(outputs.rows);
  for (std::size_t o = 0; o < outputs.rows; ++o)
    kernels_->evaluate(loss_, outputs.row_range(o, 1), targets.row_range(o, 1), scale, &sums_[o * lanes_],
                       gradient.data == nullptr ? gradient : gradient.row_range(o, 1));
}

template <class T>
void LossSums<T>::finish(double* sums) const {
  if (sums_.size() == 0) return;
  const auto outputs = static_cast<double>(sums_.size() / lanes_);
  for (std::size_t lane = 0; lane < lanes_; ++lane) {
    sums[lane] = 0;
    for (std::size_t i = lane; i < sums_.size(); i += lanes_)
      sums[lane] = std::fma(sums_[i], units_[i], sums[lane]);
    sums[lane] /= outputs;
  }
}

template <class T>
Buffer<T> initial_parameters(const Pack<T>& pack) {
  const NetworkShape& shape = pack.network.shape;
  const std::size_t lanes = pack.network.kernels.lanes;
  Buffer<T> parameters(shape.parameter_count * lanes);
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    for (std::size_t l = 0; l < shape.layers.size(); ++l) {
      const LayerParameters first = first_parameters(shape, *pack.runs[lane], l);
      for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
        T* const out = parameters.data() + shape.layers[l].blocks[k].offset * lanes + lane;
        for (std::size_t i = 0; i < first.blocks[k].size(); ++i)
          out[i * lanes] = static_cast<T>(first.blocks[k][i]);
      }
    }
  }
  for (std::size_t i = 0; i < shape.parameter_count; ++i)
    std::fill_n(parameters.data() + i * lanes + pack.used_lanes, lanes - pack.used_lanes,
                parameters[i * lanes]);
  return parameters;
}

#define DEADRELU_INSTANTIATE(T)                                                                       \
  template class LossSums<T>;                                                                         \
  template Pack<T> make_pack(std::span<const RunSpec* const>,                                         \
                             std::span<const std::shared_ptr<const Dataset<T>>>, SimdTarget, Engine); \
  template Buffer<T> initial_parameters(const Pack<T>&)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
