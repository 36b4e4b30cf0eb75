#include "cli/benchmark.h"
#include "cli/fingerprint.h"
#include "cli/options.h"
#include "cli/print.h"

namespace deadrelu {
namespace {

struct BenchOptions {
  RunnerChoices runner;
  bool json = false, fingerprint = false, steps = false;
};

// Four digits are what a measurement is good for.
double rounded(double value) { return std::stod(fmt::format("{:.4g}", value)); }

std::string bench_json(const Benchmark& bench) {
  Json networks = Json::array(), activations = Json::array(), features = Json::array();
  for (const NetworkTiming& timing : bench.networks)
    networks.push_back({{"name", timing.network},
                        {"engine", std::string(name_of(timing.engine))},
                        {"runs", timing.runs},
                        {"threads", timing.threads},
                        {"seconds_per_step", rounded(timing.seconds_a_step)},
                        {"gflops", rounded(timing.gflops)},
                        {"peak_share", rounded(timing.peak_share)},
                        {"chosen", timing.chosen}});
  Json object{{"simd", std::string(name_of(bench.simd))},
              {"peak_gflops", rounded(bench.peak_gflops)},
              {"networks", networks}};
  if (bench.activations.empty()) return json_text(object);
  for (const auto& [name, forward, backward] : bench.activations)
    activations.push_back({{"name", name},
                           {"forward_per_second", rounded(forward)},
                           {"backward_per_second", rounded(backward)}});
  for (const auto& [name, lanes, wide] : bench.features)
    features.push_back({{"name", name}, {"lanes", rounded(lanes)}, {"wide", rounded(wide)}});
  object["activations"] = activations;
  object["features"] = features;
  object["fingerprint"] = fingerprint();
  return json_text(object);
}

std::string bench_text(const Benchmark& bench) {
  TextTable networks{
      fmt::format("{}, peak {:.1f} GFLOP/s a core; * what --engine auto takes for that many runs",
                  name_of(bench.simd), bench.peak_gflops),
      {"network", "engine", "runs", "threads", "us a step", "GFLOP/s", "of peak"},
      {}};
  for (const NetworkTiming& timing : bench.networks)
    networks.rows.push_back(
        {timing.network, fmt::format("{}{}", name_of(timing.engine), timing.chosen ? "*" : " "),
         std::to_string(timing.runs), std::to_string(timing.threads),
         fmt::format("{:.4g}", timing.seconds_a_step * 1e6), fmt::format("{:.1f}", timing.gflops),
         fmt::format("{:.0f} %", 100 * timing.peak_share)});
  if (bench.activations.empty()) return render(networks);
  TextTable activations{"\nactivation, 10^9 values a second", {"", "forward", "backward"}, {}};
  for (const auto& [name, forward, backward] : bench.activations)
    activations.rows.push_back(
        {name, fmt::format("{:.2f}", forward * 1e-9), fmt::format("{:.2f}", backward * 1e-9)});
  TextTable features{
      "\nmedium: time of a step, that of the plain network being 1; recording as by default, every 100 steps",
      {"", "lanes", "wide"},
      {}};
  for (const auto& [name, lanes, wide] : bench.features)
    features.rows.push_back({name, fmt::format("{:.2f}", lanes), fmt::format("{:.2f}", wide)});
  return render(networks) + render(activations) + render(features) +
         fmt::format("\nfingerprint {}\n", fingerprint());
}

int bench(const BenchOptions& options) {
  set_up_log(Verbosity::kQuiet);
  if (options.steps && options.fingerprint) throw usage_error("bench: give either --steps or --fingerprint");
  if (options.fingerprint) {
    print_text(fingerprint() + "\n");
    return 0;
  }
  const Benchmark result = run_benchmark(runner_options(options.runner).simd, !options.steps);
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
  deadrelu bench --steps                            a quick look: the networks alone
  deadrelu bench --json | jq '.networks[] | [.name, .engine, .seconds_per_step]'
  deadrelu bench --json | jq -r .fingerprint        the same on every machine)");
  BenchOptions& options = command.calls(bench);
  command.flag("--json", options.json, "a JSON object");
  command.flag("--fingerprint", options.fingerprint, "only the fingerprint, which takes a second");
  command.flag("--steps", options.steps, "only the time of a step of each network");
  command.option("--simd", "SET", options.runner.simd, "auto, avx2, avx512 or neon");
}

}  // namespace deadrelu
