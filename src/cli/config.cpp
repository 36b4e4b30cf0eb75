#include "cli/options.h"
#include "cli/print.h"
#include "cli/selection.h"
#include "config/experiment_config.h"

namespace deadrelu {
namespace {

struct ShownConfig {
  ConfigOptions config;
  bool data = false, json = false;
};

struct ShownSchema {
  bool json = false;
};

int print_document(const std::string& json, bool on_one_line) {
  print_text(on_one_line ? Json::parse(json).dump() + '\n' : json);
  return 0;
}

int show_config(const ShownConfig& options) {
  const ExperimentConfig config(read_config(options.config.config, options.config.sets));
  if (options.data) return print_document(Json::parse(describe_data(config)).dump(2) + '\n', options.json);
  return print_document(config.resolved_json(), options.json);
}

int show_schema(const ShownSchema& options) { return print_document(config_schema(), options.json); }

}  // namespace

void add_config(CommandLine& line) {
  Command command(
      line, "config", "the resolved config, every default filled in, as JSON",
      R"(The JSON that is printed loads again to the same run ids. With --data it is instead what the config's data
consist of: rows, inputs, targets, classes and their sizes; of a CSV file also its separator, what was dropped
or filled in, and what looks wrong.

Examples:
  deadrelu config sweep.json --set train.steps=500 > resolved.json
  deadrelu config sweep.json | jq .train.optimizer
  deadrelu config sweep.json --data)");
  ShownConfig& options = command.calls(show_config);
  add_config_options(command, options.config);
  command.flag("--data", options.data, "read or make the data, and say what it consists of");
  command.flag("--json", options.json, "on one line");
}

void add_schema(CommandLine& line) {
  Command command(line, "schema", "JSON Schema (draft-07) of the config, for editors and validators",
                  "Examples:\n  deadrelu schema > config.schema.json");
  command.flag("--json", command.calls(show_schema).json, "on one line");
}

}  // namespace deadrelu
