#include "train/pack.h"

#include <algorithm>
#include <cassert>

#include "base/number.h"
#include "data/order.h"
#include "nn/init.h"

namespace deadrelu {
namespace {

class KeyWriter {
 public:
  template <class Number>
  requires std::is_arithmetic_v<Number> || std::is_enum_v<Number> KeyWriter& operator<<(Number value) {
    if constexpr (std::is_enum_v<Number>) {
      key_ += std::to_string(static_cast<int>(value));
    } else if constexpr (std::is_floating_point_v<Number>) {
      append_real(key_, value);
    } else {
      key_ += std::to_string(value);
    }
    key_ += ' ';
    return *this;
  }
  KeyWriter& operator<<(const std::string& text) {
    *this << text.size();
    key_ += text;
    return *this;
  }
  template <class Value>
  KeyWriter& operator<<(const std::vector<Value>& values) {
    *this << values.size();
    for (const Value& value : values) *this << value;
    return *this;
  }
  std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

// The number of examples of a generated set follows from the spec; of a file set, from its files and what is
// taken.
void write_data_key(KeyWriter& key, const DataSpec& data) {
  key << data.kind << data.limit << data.test_fraction << data.target_form << data.bin;
  if (const auto shape = shape_from_spec(data)) {
    // A grid over two inputs has fewer examples than a random sample of the same spec.
    key << shape->inputs << shape->outputs << shape->classes << data.samples << data.inputs.size()
        << data.function_sampling;
  } else {
    key << data.path << data.target_columns << data.task << data.images << data.labels << data.test_images
        << data.test_labels << data.directory;
  }
}

}  // namespace

std::string pack_key(const RunSpec& run) {
  KeyWriter key;
  write_data_key(key, run.data);
  const ModelSpec& model = run.model;
  key << model.hidden << model.activation.kind << model.activation.pieces << model.bias << model.output_bias;
  const TrainSpec& train = run.train;
  key << train.loss << train.optimizer.kind << train.batch_size << train.sampling << train.steps
      << train.epochs << train.precision;
  const RecordSpec& record = run.record;
  key << record.every << record.steps << record.log_count << record.probe_split << record.probe_samples
      << record.metrics << record.layers << record.units << record.parameters_initial
      << record.parameters_final;
  return key.take();
}

template <class T>
Pack<T> make_pack(std::span<const RunSpec* const> runs,
                  std::span<const std::shared_ptr<const Dataset<T>>> data, SimdTarget target, Engine engine) {
  const Kernels<T> table = kernels<T>(target, engine);
  assert(!runs.empty() && runs.size() <= table.lanes && data.size() == runs.size());
  const RunSpec& first = *runs[0];
  const Dataset<T>& set = *data[0];
  Pack<T> pack{
      {},
      {},
      runs.size(),
      first.train.batch_size == 0 ? set.train.samples : static_cast<std::size_t>(first.train.batch_size),
      first.train.steps,
      {network_shape(first.model, set.inputs, set.outputs), first.model.activation, table,
       LaneActivation<T>(table.lanes)}};
  if (first.train.epochs > 0)
    pack.steps = first.train.epochs * batches_per_epoch(set.train.samples, pack.batch_size);
  for (std::size_t lane = 0; lane < table.lanes; ++lane) {
    const std::size_t i = lane < runs.size() ? lane : 0;
    pack.runs.push_back(runs[i]);
    pack.data.push_back(data[i]);
    const ActivationSpec& activation = runs[i]->model.activation;
    const bool random_slope = activation.kind == Activation::kRrelu;
    pack.network.numbers.slope[lane] =
        static_cast<T>(random_slope ? 0.5 * (activation.lower + activation.upper) : activation.slope);
    pack.network.numbers.alpha[lane] = static_cast<T>(activation.alpha);
    pack.network.numbers.at_zero[lane] = static_cast<T>(activation.at_zero);
  }
  return pack;
}

namespace {

template <class T>
void place_layer(const LayerShape& layer, const LayerParameters& values, std::size_t lanes, std::size_t lane,
                 T* out) {
  const auto place = [&](std::size_t first, std::span<const double> from) {
    for (std::size_t i = 0; i < from.size(); ++i) out[(first + i) * lanes + lane] = static_cast<T>(from[i]);
  };
  place(layer.weights, values.weights);
  if (layer.bias) place(layer.biases, values.bias);
  if (layer.learned_slope && values.slope) place(layer.slope, {&*values.slope, 1});
}

LayerParameters draw_layer(const LayerShape& layer, const RunSpec& run, std::size_t l) {
  LayerParameters values{layer.rows, layer.inputs, std::vector<double>(layer.weight_count()),
                         std::vector<double>(layer.bias_count()), std::nullopt};
  init_layer(layer, layer.hidden ? run.init.hidden : run.init.output, run.seed, l, values.weights,
             values.bias);
  if (layer.learned_slope) values.slope = run.model.activation.slope;
  return values;
}

}  // namespace

template <class T>
Buffer<T> initial_parameters(const Pack<T>& pack) {
  const NetworkShape& shape = pack.network.shape;
  const std::size_t lanes = pack.network.kernels.lanes;
  Buffer<T> parameters(shape.parameter_count * lanes);
  for (std::size_t lane = 0; lane < pack.used_lanes; ++lane) {
    const RunSpec& run = *pack.runs[lane];
    for (std::size_t l = 0; l < shape.layers.size(); ++l) {
      const LayerShape& layer = shape.layers[l];
      if (run.initial == nullptr) {
        place_layer(layer, draw_layer(layer, run, l), lanes, lane, parameters.data());
        continue;
      }
      LayerParameters given = run.initial->layers[l];
      if (layer.learned_slope && !given.slope) given.slope = run.model.activation.slope;
      place_layer(layer, given, lanes, lane, parameters.data());
    }
  }
  for (std::size_t i = 0; i < shape.parameter_count; ++i)
    std::fill_n(parameters.data() + i * lanes + pack.used_lanes, lanes - pack.used_lanes,
                parameters[i * lanes]);
  return parameters;
}

template <class T>
ParameterSet lane_parameters(const NetworkShape& shape, const T* parameters, std::size_t lanes,
                             std::size_t lane) {
  ParameterSet set;
  for (const LayerShape& layer : shape.layers) {
    const auto values = [&](std::size_t first, std::size_t count) {
      std::vector<double> out(count);
      for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<double>(parameters[(first + i) * lanes + lane]);
      return out;
    };
    LayerParameters one{layer.rows, layer.inputs, values(layer.weights, layer.weight_count()),
                        values(layer.biases, layer.bias_count()), std::nullopt};
    if (layer.learned_slope) one.slope = values(layer.slope, 1)[0];
    set.layers.push_back(std::move(one));
  }
  return set;
}

#define DEADRELU_INSTANTIATE(T)                                                                       \
  template Pack<T> make_pack(std::span<const RunSpec* const>,                                         \
                             std::span<const std::shared_ptr<const Dataset<T>>>, SimdTarget, Engine); \
  template Buffer<T> initial_parameters(const Pack<T>&);                                              \
  template ParameterSet lane_parameters(const NetworkShape&, const T*, std::size_t, std::size_t)
DEADRELU_INSTANTIATE(float);
DEADRELU_INSTANTIATE(double);
#undef DEADRELU_INSTANTIATE

}  // namespace deadrelu
