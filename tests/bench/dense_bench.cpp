// The products of a dense layer, forward, back to the inputs and back to the weights, in both engines.
#include <benchmark/benchmark.h>

#include "base/buffer.h"
#include "simd/kernels.h"

namespace deadrelu {
namespace {

struct Layer {
  std::size_t outputs, inputs, samples;
};

// Arguments: outputs, inputs, samples, engine.
class Products : public benchmark::Fixture {
 public:
  void SetUp(const benchmark::State& state) override {
    layer = {static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)),
             static_cast<std::size_t>(state.range(2))};
    table = kernels<float>(available_simd().front(), static_cast<Engine>(state.range(3)));
    stride = padded_row(table, layer.samples);
    const auto fill = [](Buffer<float>& values, std::size_t size) {
      values = Buffer<float>(size);
      for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(i % 17) - 8;
    };
    fill(weights, layer.outputs * layer.inputs * table.lanes);
    fill(gradients, layer.outputs * layer.inputs * table.lanes);
    fill(bias, layer.outputs * table.lanes);
    fill(x, layer.inputs * stride);
    fill(z, layer.outputs * stride);
    fill(back, layer.inputs * stride);
  }

 protected:
  LaneMatrix<float> matrix(Buffer<float>& values) const {
    return dense_lane_matrix(values.data(), layer.outputs, layer.inputs, table.lanes);
  }
  LaneMatrix<float> rows(Buffer<float>& values, std::size_t count) const {
    return {values.data(), count, layer.samples, stride, table.lanes};
  }
  // `products` of as many multiply-adds each.
  void count(benchmark::State& state, std::size_t products = 1) const {
    const std::size_t terms = layer.outputs * layer.inputs * layer.samples * table.lanes * products;
    state.counters["flops"] =
        benchmark::Counter(2.0 * static_cast<double>(terms * static_cast<std::size_t>(state.iterations())),
                           benchmark::Counter::kIsRate);
  }

  Layer layer{};
  Kernels<float> table = kernels<float>(available_simd().front());
  std::size_t stride = 0;
  Buffer<float> weights, gradients, bias, x, z, back;
};

BENCHMARK_DEFINE_F(Products, relu_layer)(benchmark::State& state) {
  for (auto _ : state) {
    table.dense->relu_layer(matrix(weights), rows(x, layer.inputs), bias.data(), rows(z, layer.outputs), {});
    benchmark::ClobberMemory();
  }
  count(state);
}

BENCHMARK_DEFINE_F(Products, relu_backward)(benchmark::State& state) {
  for (auto _ : state) {
    table.dense->relu_backward(matrix(weights).transposed(), rows(z, layer.outputs), rows(x, layer.inputs),
                               ProductStart::kZero, matrix(gradients), bias.data(), rows(back, layer.inputs));
    benchmark::ClobberMemory();
  }
  count(state, 2);
}

BENCHMARK_DEFINE_F(Products, weight_gradient)(benchmark::State& state) {
  for (auto _ : state) {
    table.dense->weight_gradient(rows(z, layer.outputs), rows(x, layer.inputs), ProductStart::kZero,
                                 matrix(gradients), bias.data());
    benchmark::ClobberMemory();
  }
  count(state);
}

void layers(benchmark::internal::Benchmark* benchmark) {
  for (const long engine : {0L, 1L}) {
    benchmark->Args({2, 2, 128, engine});
    benchmark->Args({16, 16, 32, engine});
    benchmark->Args({64, 64, 32, engine});
    benchmark->Args({256, 256, engine == 0 ? 24 : 128, engine});
  }
}
BENCHMARK_REGISTER_F(Products, relu_layer)->Apply(layers);
BENCHMARK_REGISTER_F(Products, relu_backward)->Apply(layers);
BENCHMARK_REGISTER_F(Products, weight_gradient)->Apply(layers);

}  // namespace
}  // namespace deadrelu
