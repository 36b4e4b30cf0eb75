#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/processors.h"
#include "cli/benchmark.h"
#include "cli/command.h"
#include "cli/fingerprint.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/print.h"
#include "cli/terminal.h"
#include "cli/text_table.h"
#include "simd/peak.h"

namespace deadrelu {
namespace {

struct BenchOptions {
  RunnerChoices runner;
  bool json = false, fingerprint = false, steps = false;
};

struct NetworkResult {
  ReferenceNetwork network;
  NetworkTiming timing;
  double gflops, peak_share;
  bool chosen;  // by --engine auto, for that many runs
};

struct ActivationResult {
  std::string name;
  ElementwiseTiming timing;
};

struct BenchResult {
  SimdTarget simd;
  double peak_gflops = 0;
  std::vector<NetworkResult> networks;
  std::vector<ActivationResult> activations;  // this and the fingerprint: not with --steps
  std::string fingerprint;
};

BenchResult run_bench(SimdTarget simd, bool steps_only) {
  BenchResult bench{simd, 0, {}, {}, {}};
  const std::size_t processors = usable_processors();
  for (const ReferenceNetwork& network : reference_networks()) {
    const auto time = [&](Engine engine, std::size_t threads) {
      bench.peak_gflops = std::max(bench.peak_gflops, measure_peak_gflops(simd));
      const NetworkTiming timing = time_network(network, simd, engine, threads);
      bench.networks.push_back({network, timing, network.flops_a_step() / timing.seconds_a_step * 1e-9, 0,
                                chosen_engine(network, simd, timing.runs) == engine});
      return timing.runs;
    };
    const std::size_t pack = time(Engine::kLanes, 1);
    time(Engine::kWide, 1);
    if (processors > 1) time(chosen_engine(network, simd, pack), processors);
  }
  for (NetworkResult& result : bench.networks)
    result.peak_share = result.gflops / (bench.peak_gflops * static_cast<double>(result.timing.threads));
  if (steps_only) return bench;
  for (const Activation kind : values_of<Activation>())
    bench.activations.push_back({std::string(name_of(kind)), time_activation(kind, simd)});
  bench.fingerprint = fingerprint();
  return bench;
}

// Four digits are what a measurement is good for.
double rounded(double value) { return std::stod(fmt::format("{:.4g}", value)); }

std::string bench_json(const BenchResult& bench) {
  Json networks = Json::array(), activations = Json::array();
  for (const auto& [network, timing, gflops, peak_share, chosen] : bench.networks) {
    networks.push_back({{"name", network.name},
                        {"engine", std::string(name_of(timing.engine))},
                        {"runs", timing.runs},
                        {"threads", timing.threads},
                        {"seconds_per_step", rounded(timing.seconds_a_step)},
                        {"gflops", rounded(gflops)},
                        {"peak_share", rounded(peak_share)},
                        {"chosen", chosen}});
  }
  Json object{{"simd", std::string(name_of(bench.simd))},
              {"peak_gflops", rounded(bench.peak_gflops)},
              {"networks", networks}};
  if (bench.activations.empty()) return json_text(object);
  for (const auto& [name, timing] : bench.activations)
    activations.push_back({{"name", name},
                           {"forward_per_second", rounded(timing.forward)},
                           {"backward_per_second", rounded(timing.backward)}});
  object["activations"] = activations;
  object["fingerprint"] = bench.fingerprint;
  return json_text(object);
}

std::string bench_text(const BenchResult& bench) {
  TextTable networks{
      fmt::format("{}, peak {:.1f} GFLOP/s a core; * what --engine auto takes for that many runs",
                  name_of(bench.simd), bench.peak_gflops),
      {"network", "engine", "runs", "threads", "us a step", "GFLOP/s", "of peak"},
      {}};
  for (const auto& [network, timing, gflops, peak_share, chosen] : bench.networks) {
    networks.rows.push_back({{network.name, {}},
                             {fmt::format("{}{}", name_of(timing.engine), chosen ? "*" : " "), {}},
                             {std::to_string(timing.runs), {}},
                             {std::to_string(timing.threads), {}},
                             {fmt::format("{:.4g}", timing.seconds_a_step * 1e6), {}},
                             {fmt::format("{:.1f}", gflops), {}},
                             {fmt::format("{:.0f} %", 100 * peak_share), {}}});
  }
  if (bench.activations.empty()) return render(networks, false);
  TextTable activations{"\nactivation, 10^9 values a second", {"", "forward", "backward"}, {}};
  for (const auto& [name, timing] : bench.activations)
    activations.rows.push_back({{name, {}},
                                {fmt::format("{:.2f}", timing.forward * 1e-9), {}},
                                {fmt::format("{:.2f}", timing.backward * 1e-9), {}}});
  return render(networks, false) + render(activations, false) +
         fmt::format("\nfingerprint {}\n", bench.fingerprint);
}

int bench(const BenchOptions& options) {
  set_up_log(Verbosity::kQuiet);
  if (options.steps && options.fingerprint)
    throw UserError(ExitCode::kUsage, "bench: give either --steps or --fingerprint");
  if (options.fingerprint) {
    print_text(fingerprint() + "\n");
    return 0;
  }
  const BenchResult result = run_bench(runner_options(options.runner).simd, options.steps);
  print_text(options.json ? bench_json(result) : bench_text(result));
  return 0;
}

}  // namespace

void add_bench(CommandLine& line) {
  Command command(
      line, "bench", "how fast this machine trains, and the results' fingerprint",
      R"(Times are the best of several trials on this machine as it is; close what else is running. A step
is forward, backward and update of one network; GFLOP/s count its multiplications and additions; the peak is
what fused multiply-adds without memory reach on the same core just before.

Examples:
  deadrelu bench
  deadrelu bench --steps                            a quick look: no activations, no fingerprint
  deadrelu bench --json | jq '.networks[] | [.name, .engine, .seconds_per_step]'
  deadrelu bench --json | jq -r .fingerprint        the same on every machine)");
  BenchOptions& options = command.calls(bench);
  command.flag("--json", options.json, "a JSON object");
  command.flag("--fingerprint", options.fingerprint, "only the fingerprint, which takes a second");
  command.flag("--steps", options.steps, "only the time of a step of each network");
  command.option("--simd", "SET", options.runner.simd, "auto, avx2, avx512 or neon");
}

}  // namespace deadrelu
