#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/benchmark.h"
#include "cli/command.h"
#include "cli/fingerprint.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/text_table.h"
#include "config/experiment_config.h"
#include "simd/peak.h"
#include "store/export.h"

extern char** environ;

namespace deadrelu {
namespace {

constexpr const char* kBenchExamples =
    "Times are the best of several trials on this machine as it is; close what else is running. A step is "
    "forward, "
    "backward\n"
    "and update of one network; GFLOP/s count its multiplications and additions; the peak is what fused "
    "multiply-adds\n"
    "without memory reach on the same core just before.\n"
    "\n"
    "Examples:\n"
    "  deadrelu bench\n"
    "  deadrelu bench --steps                            a quick look: no recording, no activations\n"
    "  deadrelu bench --json | jq '.networks[] | [.name, .engine, .seconds_per_step]'\n"
    "  deadrelu bench --json | jq -r .fingerprint        the same on every machine";

struct NetworkResult {
  ReferenceNetwork network;
  NetworkTiming timing;
  double gflops, peak_share;
  bool chosen;  // by --engine auto, for that many runs
};

struct ActivationResult {
  std::string_view name;
  ElementwiseTiming timing;
};

struct BenchResult {
  SimdTarget simd;
  bool steps_only = false;  // what follows is missing but for the networks, which miss recording
  double peak_gflops = 0;
  std::vector<NetworkResult> networks;
  std::vector<ActivationResult> activations;
  double startup_seconds = 0;
  SelfTest self_test;
};

// From starting `deadrelu --help` to its end, the best of several.
double startup_seconds() {
  double best = 1;
  for (int trial = 0; trial < 20; ++trial) {
    const char* const arguments[] = {"deadrelu", "--help", nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const auto start = std::chrono::steady_clock::now();
    const int failed = posix_spawn(&child, "/proc/self/exe", &actions, nullptr,
                                   const_cast<char* const*>(arguments), environ);
    if (failed == 0) waitpid(child, nullptr, 0);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    posix_spawn_file_actions_destroy(&actions);
    if (failed == 0) best = std::min(best, seconds.count());
  }
  return best;
}

void time_networks(BenchResult& bench) {
  const std::size_t processors = usable_processors();
  for (const ReferenceNetwork& network : reference_networks()) {
    const auto time = [&](Engine engine, std::size_t threads) {
      bench.peak_gflops = std::max(bench.peak_gflops, measure_peak_gflops(bench.simd));
      const NetworkTiming timing =
          time_network(network, bench.simd, engine, threads, threads == 1 && !bench.steps_only);
      const double gflops = network.flops_a_step() / timing.seconds_a_step * 1e-9;
      bench.networks.push_back(
          {network, timing, gflops, 0, chosen_engine(network, bench.simd, timing.runs) == engine});
    };
    time(Engine::kLanes, 1);
    time(Engine::kWide, 1);
    if (processors > 1)
      time(chosen_engine(network, bench.simd, bench.networks.rbegin()[1].timing.runs), processors);
  }
  for (NetworkResult& result : bench.networks)
    result.peak_share = result.gflops / (bench.peak_gflops * static_cast<double>(result.timing.threads));
}

BenchResult run_bench(SimdTarget simd, bool steps_only) {
  BenchResult bench{simd, steps_only, 0, {}, {}, 0, {}};
  time_networks(bench);
  if (steps_only) return bench;
  bench.startup_seconds = startup_seconds();
  for (const Activation kind : values_of<Activation>())
    bench.activations.push_back({name_of(kind), time_activation(kind, simd)});
  bench.self_test = run_self_test();
  return bench;
}

bool has_recording(const BenchResult& bench, const NetworkTiming& timing) {
  return timing.threads == 1 && !bench.steps_only;
}

std::string as_json(const BenchResult& bench) {
  std::string text = fmt::format("{{\"simd\": \"{}\", \"peak_gflops\": {:.4g}, \"networks\": [",
                                 name_of(bench.simd), bench.peak_gflops);
  const char* separator = "\n";
  for (const NetworkResult& result : bench.networks) {
    const NetworkTiming& timing = result.timing;
    text += fmt::format(
        "{}  {{\"name\": \"{}\", \"engine\": \"{}\", \"runs\": {}, \"threads\": {}, \"seconds_per_step\": "
        "{:.4g}, "
        "\"gflops\": {:.4g}, \"peak_share\": {:.4g}, \"batch_share\": {:.3g}, \"chosen\": {}",
        separator, result.network.name, name_of(timing.engine), timing.runs, timing.threads,
        timing.seconds_a_step, result.gflops, result.peak_share, timing.batch_share, result.chosen);
    if (has_recording(bench, timing))
      text += fmt::format(", \"recording_share\": {:.3g}", timing.recording_share);
    text += "}";
    separator = ",\n";
  }
  if (bench.steps_only) return text + "\n]}\n";
  text += "\n], \"activations\": [";
  separator = "\n";
  for (const ActivationResult& result : bench.activations) {
    text += fmt::format(
        "{}  {{\"name\": \"{}\", \"forward_per_second\": {:.4g}, \"backward_per_second\": {:.4g}}}",
        separator, result.name, result.timing.forward, result.timing.backward);
    separator = ",\n";
  }
  return text +
         fmt::format(
             "\n], \"startup_seconds\": {:.3g}, \"seconds_per_run\": {:.3g}, \"fingerprint\": \"{}\"}}\n",
             bench.startup_seconds, bench.self_test.seconds_a_run, bench.self_test.fingerprint);
}

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

std::string as_text(const BenchResult& bench) {
  TextTable networks{
      fmt::format("{}, peak {:.1f} GFLOP/s a core; * what --engine auto takes for that many runs",
                  name_of(bench.simd), bench.peak_gflops),
      {"network", "engine", "runs", "threads", "us a step", "GFLOP/s", "of peak", "batch", "recording"},
      {}};
  for (const NetworkResult& result : bench.networks) {
    const NetworkTiming& timing = result.timing;
    networks.rows.push_back({{result.network.name, {}},
                             {std::string(name_of(timing.engine)) + (result.chosen ? "*" : " "), {}},
                             {std::to_string(timing.runs), {}},
                             {std::to_string(timing.threads), {}},
                             {fmt::format("{:.4g}", timing.seconds_a_step * 1e6), {}},
                             {fmt::format("{:.1f}", result.gflops), {}},
                             {percent(result.peak_share), {}},
                             {percent(timing.batch_share), {}},
                             {has_recording(bench, timing) ? percent(timing.recording_share) : "", {}}});
  }
  if (bench.steps_only) return render(networks, false);
  TextTable activations{"activation, 10^9 values a second", {"", "forward", "backward"}, {}};
  for (const ActivationResult& result : bench.activations) {
    activations.rows.push_back({{std::string(result.name), {}},
                                {fmt::format("{:.2f}", result.timing.forward * 1e-9), {}},
                                {fmt::format("{:.2f}", result.timing.backward * 1e-9), {}}});
  }
  return render(networks, false) + "\n" + render(activations, false) +
         fmt::format(
             "\nstart to end of --help  {:.1f} ms\na run of one step       {:.1f} us\nfingerprint            "
             " {}\n",
             bench.startup_seconds * 1e3, bench.self_test.seconds_a_run * 1e6, bench.self_test.fingerprint);
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("bench", "how fast this machine trains, and the results' fingerprint");
  struct Options {
    RunnerChoices runner;
    bool json = false, fingerprint = false, steps = false;
  };
  const auto options = std::make_shared<Options>();
  command->add_flag("--json", options->json, "a JSON object");
  command->add_flag("--fingerprint", options->fingerprint, "only the fingerprint, which takes a second");
  command->add_flag("--steps", options->steps, "only the time of a step of each network")
      ->excludes("--fingerprint");
  command->add_option("--simd", options->runner.simd, "auto, avx2, avx512 or neon")->type_name("SET");
  command->footer(kBenchExamples);
  command->callback([options, &action] {
    action = [options] {
      set_up_log(Verbosity::kQuiet);
      StandardOutput out;
      if (options->fingerprint) {
        out.write(run_self_test().fingerprint + "\n");
      } else {
        const BenchResult bench = run_bench(runner_options(options->runner).simd, options->steps);
        out.write(options->json ? as_json(bench) : as_text(bench));
      }
      out.flush();
      return 0;
    };
  });
}

}  // namespace deadrelu
