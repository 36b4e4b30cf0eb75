// Every activation forward and backward, over what the L1 cache holds.
#include <benchmark/benchmark.h>

#include "base/buffer.h"
#include "simd/kernels.h"

namespace deadrelu {
namespace {

constexpr std::size_t kRows = 8, kColumns = 128;

void activation(benchmark::State& state) {
  const auto kind = static_cast<Activation>(state.range(0));
  const bool backward = state.range(1) != 0;
  state.SetLabel(std::string(name_of(kind)) + (backward ? " backward" : " forward"));
  const Kernels<float> table = kernels<float>(available_simd().front(), Engine::kWide);
  Buffer<float> z(kRows * kColumns), output(2 * kRows * kColumns), gradient(kRows * kColumns);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = static_cast<float>(i % 801) / 100 - 4;
  const float slope = 0.01f, alpha = 1, at_zero = 0;
  const ActivationParameters<float> numbers{&slope, &alpha, &at_zero, 2, {}};
  const std::size_t rows = kind == Activation::kCrelu    ? 2 * kRows
                           : kind == Activation::kMaxout ? kRows / 2
                                                         : kRows;
  const auto in = dense_lane_matrix(z.data(), kRows, kColumns, 1);
  const auto out = dense_lane_matrix(output.data(), rows, kColumns, 1);
  const auto back = dense_lane_matrix(gradient.data(), kRows, kColumns, 1);
  for (auto _ : state) {
    if (backward) {
      table.activation->backward(kind, numbers, in, out, back);
    } else {
      table.activation->forward(kind, numbers, in, out);
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(z.size()));
}
BENCHMARK(activation)
    ->ArgsProduct({benchmark::CreateDenseRange(0, static_cast<int>(values_of<Activation>().size()) - 1, 1),
                   {0, 1}});

}  // namespace
}  // namespace deadrelu
