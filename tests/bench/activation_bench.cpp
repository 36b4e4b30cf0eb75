// Every activation forward and backward, over what the L1 cache holds.
#include <benchmark/benchmark.h>

#include "base/buffer.h"
#include "nn/network.h"

namespace deadrelu {
namespace {

constexpr std::size_t kRows = 8, kColumns = 128;

void time(benchmark::State& state, const ActivationSpec& spec, bool backward) {
  const Activation kind = spec.kind;
  const Kernels<float> table = kernels<float>(available_simd().front(), Engine::kWide);
  Buffer<float> z(kRows * kColumns), output(2 * kRows * kColumns), gradient(kRows * kColumns);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = static_cast<float>(i % 801) / 100 - 4;
  const LaneActivation<float> numbers(spec, 1);
  const std::size_t rows = kind == Activation::kCrelu    ? 2 * kRows
                           : kind == Activation::kMaxout ? kRows / 2
                                                         : kRows;
  const auto in = dense_lane_matrix(z.data(), kRows, kColumns, 1);
  const auto out = dense_lane_matrix(output.data(), rows, kColumns, 1);
  const auto back = dense_lane_matrix(gradient.data(), kRows, kColumns, 1);
  for (auto _ : state) {
    if (backward) {
      table.activation->backward(kind, numbers.parameters(), in, out, back);
    } else {
      table.activation->forward(kind, numbers.parameters(), in, out);
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(z.size()));
}

void activation(benchmark::State& state) {
  const auto kind = static_cast<Activation>(state.range(0));
  const bool backward = state.range(1) != 0;
  state.SetLabel(std::string(name_of(kind)) + (backward ? " backward" : " forward"));
  time(state, {.kind = kind}, backward);
}
BENCHMARK(activation)
    ->ArgsProduct({benchmark::CreateDenseRange(0, static_cast<int>(values_of<Activation>().size()) - 1, 1),
                   {0, 1}});

// To be compared with silu, relu, mish, gelu and gaussian.
constexpr const char* kFormulas[] = {"x*sigmoid(x)", "max(0, x)", "x*tanh(softplus(x))",
                                     "0.5*x*(1 + erf(x/sqrt(2)))", "exp(-x^2)"};

void expression(benchmark::State& state) {
  const char* const formula = kFormulas[state.range(0)];
  const bool backward = state.range(1) != 0;
  state.SetLabel(std::string(formula) + (backward ? " backward" : " forward"));
  time(state, {.kind = Activation::kExpression, .formula = formula}, backward);
}
BENCHMARK(expression)
    ->ArgsProduct({benchmark::CreateDenseRange(0, static_cast<int>(std::size(kFormulas)) - 1, 1), {0, 1}});

}  // namespace
}  // namespace deadrelu
