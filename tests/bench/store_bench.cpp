// Runs into the store, and out of it into the tables.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "store/export.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "deadrelu-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

// A run of eleven recorded steps of three layers.
FinishedRun run_of(std::uint64_t i) {
  FinishedRun finished;
  finished.run.id = 0x9e3779b97f4a7c15u * (i + 1);
  finished.run.position = finished.run.point = i;
  finished.run.values = {0.001 * static_cast<double>(i)};
  for (std::int64_t step = 0; step <= 1000; step += 100) {
    MetricsRow metrics;
    metrics.step = step;
    metrics.train_loss = 1.0 / static_cast<double>(i + 3);
    finished.record.metrics.push_back(metrics);
    for (std::int64_t layer = 1; layer <= 3; ++layer) {
      LayerRow row;
      row.step = step;
      row.layer = layer;
      row.units = 16;
      row.dead_fraction = 0.1 * static_cast<double>(layer);
      row.activation_mean = 1.0 / static_cast<double>(i + 7);
      finished.record.layers.push_back(row);
    }
  }
  return finished;
}

StoreHeader header_of(std::uint64_t runs) {
  return {"bench", "{}", 1, {{"train.optimizer.learning_rate", ColumnType::kReal}}, runs};
}

void store_runs(benchmark::State& state) {
  const Folder folder;
  ResultStore store(folder.path, header_of(1'000'000'000));
  std::uint64_t next = 0;
  for (auto _ : state) {
    std::vector<FinishedRun> pack;
    for (int lane = 0; lane < 16; ++lane) pack.push_back(run_of(next++));
    store.write(pack);
  }
  store.flush();
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
}
BENCHMARK(store_runs);

void export_runs(benchmark::State& state) {
  constexpr std::uint64_t kRuns = 2000;
  const Folder folder;
  {
    ResultStore store(folder.path, header_of(kRuns));
    for (std::uint64_t i = 0; i < kRuns; ++i) store.write(std::vector{run_of(i)});
    store.flush();
  }
  for (auto _ : state) benchmark::DoNotOptimize(export_tables(folder.path, {}));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRuns));
}
BENCHMARK(export_runs)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace deadrelu
