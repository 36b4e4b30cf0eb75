#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "config/experiment_config.h"

namespace deadrelu {
namespace {

constexpr const char* kConfigExamples =
    "The JSON that is printed loads again to the same run ids.\n"
    "\n"
    "Examples:\n"
    "  deadrelu config sweep.json --set train.steps=500 > resolved.json\n"
    "  deadrelu config sweep.json | jq .train.optimizer";

}  // namespace

void add_config(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("config", "the resolved config, every default filled in, as JSON");
  const auto options = std::make_shared<ConfigOptions>();
  add_config_options(*command, *options);
  command->add_flag(
      "--json", [](std::int64_t) {}, "accepted for uniformity: it is JSON anyway");
  command->footer(kConfigExamples);
  command->callback([options, &action] {
    action = [options] {
      const ExperimentConfig config(read_config(options->config, options->sets));
      std::string text = config.resolved_json();
      if (text.empty() || text.back() != '\n') text += '\n';
      StandardOutput out;
      out.write(text);
      out.flush();
      return 0;
    };
  });
}

}  // namespace deadrelu
