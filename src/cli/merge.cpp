#include <spdlog/spdlog.h>

#include "base/number.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/result_directories.h"
#include "cli/training.h"
#include "store/store_merge.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMissingRunsShown = 20;

struct MergeOptions {
  std::string out, config, format = "csv";
  std::vector<std::string> directories, sets;
  bool json = false;
};

// What became of the sweep.
struct MergedSweep {
  MergeCounts counts;
  std::uint64_t runs = 0, recorded = 0;
  std::vector<std::string> missing;  // the first few
};

// The sweep that the tables are to show: of CONFIG, or of the first store.
StoreHeader sweep_header(const MergeOptions& options, const std::filesystem::path& first_store) {
  if (options.config.empty()) {
    StoreHeader header = StoreReader(first_store).header();
    header.shard = {};
    return header;
  }
  const ConfigSource source = read_config(options.config, options.sets);
  const ExperimentConfig config(source);
  return {config.name(),      config.resolved_json(),
          kEngineEpoch,       config.swept_columns(),
          config.run_count(), (std::filesystem::current_path() / source.directory).string()};
}

[[noreturn]] void refuse_conflicts(const StoreMerge& merge) {
  std::string message;
  for (const MergeConflict& conflict : merge.conflicts())
    message += conflict.what + " " + conflict.sentence + "\n";
  throw UserError(ExitCode::kNotMet,
                  message + fmt::format("nothing was merged: {} disagreements", merge.counts().conflicts));
}

MergedSweep join(const std::filesystem::path& out, const std::vector<std::filesystem::path>& stores,
                 const StoreHeader& header) {
  const ExperimentConfig config = stored_config(header, out);
  StoreMerge merge(out, header);
  for (const auto& store : stores) {
    std::error_code ignored;
    if (std::filesystem::equivalent(store, out, ignored)) continue;  // taken over already
    if (StoreReader(store).header().config != header.config)
      spdlog::warn("{} holds another config; of its runs, the tables show those that are runs of this sweep",
                   store.string());
    merge.add(store);
  }
  if (merge.counts().conflicts > 0) refuse_conflicts(merge);
  MergedSweep outcome;
  const RunStream next = config.runs();
  for (PlannedRun run; next(run); ++outcome.runs) {
    if (merge.place(run)) {
      ++outcome.recorded;
    } else if (outcome.missing.size() < kMissingRunsShown) {
      outcome.missing.push_back(fmt::format("{} (position {})", hex_id(run.id), run.position));
    }
  }
  outcome.counts = merge.counts();
  merge.commit();
  return outcome;
}

int report_merge(const MergeOptions& options, const MergedSweep& outcome) {
  const std::uint64_t missing = outcome.runs - outcome.recorded;
  const MergeCounts& counts = outcome.counts;
  print_text(options.json
                 ? json_text({{"stores", counts.stores},
                              {"joined", counts.joined},
                              {"found_twice", counts.twice},
                              {"runs", outcome.runs},
                              {"recorded", outcome.recorded},
                              {"missing", missing}})
                 : fmt::format(
                       "{}: {} runs joined from {} stores, {} found twice and identical; {} of {} recorded\n",
                       options.out, counts.joined, counts.stores, counts.twice, outcome.recorded,
                       outcome.runs));
  if (missing == 0) return 0;
  std::string message = fmt::format("{} runs are missing:", missing);
  for (const std::string& run : outcome.missing) message += "\n  " + run;
  if (missing > outcome.missing.size())
    message += fmt::format("\n  and {} more; `deadrelu status {} --missing` names them all",
                           missing - outcome.missing.size(), options.out);
  throw UserError(ExitCode::kNotMet, message);
}

int merge(const MergeOptions& options) {
  set_up_log(Verbosity::kNormal);
  const ExportFormats formats = parse_formats(options.format);
  const std::filesystem::path out = options.out;
  std::vector<std::filesystem::path> directories(options.directories.begin(), options.directories.end());
  if (has_store(out) && !directories.empty()) directories.insert(directories.begin(), out);
  if (directories.empty()) directories.push_back(out);
  const auto stores = find_stores(directories);
  Manifest manifest = start_manifest();
  for (const auto& store : stores) {
    const auto data = manifest_data(store);
    manifest.data.insert(manifest.data.end(), data.begin(), data.end());
  }
  const MergedSweep outcome = join(out, stores, sweep_header(options, stores.front()));
  write_result_files(out, formats, manifest);
  return report_merge(options, outcome);
}

}  // namespace

void add_merge(CommandLine& line) {
  Command command(line, "merge", "joins results, of shards or of several machines, into one",
                  R"(Every DIR is a result directory, or one that holds shards/ (from `deadrelu run --shard`);
without DIR, the shards of OUT are joined into OUT. Runs that OUT holds already are kept. OUT changes as a
whole or not at all; the DIRs never do. Exit code 3: two of them disagree about a run (nothing is written), or
runs are missing (the others are joined; merge again when they are there).

Examples:
  deadrelu merge results/lr-bias                         its own shards
  deadrelu merge results/all laptop/lr-bias cluster/lr-bias)");
  MergeOptions& options = command.calls(merge);
  command.argument("OUT", options.out, "result directory to write");
  command.arguments("DIR", options.directories, "result directories, or directories that hold shards/");
  command.option("--config", "CONFIG", options.config,
                 "the config whose sweep the tables are to show (default: the first directory's)");
  command.list("--set", "PATH=VALUE", options.sets, "set one key of that config");
  add_format_option(command, options.format);
  command.flag("--json", options.json, "report as a JSON object");
}

}  // namespace deadrelu
