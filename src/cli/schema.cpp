#include <CLI/CLI.hpp>
#include <cstdint>

#include "cli/command.h"
#include "cli/output.h"
#include "config/experiment_config.h"

namespace deadrelu {

void add_schema(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("schema", "JSON Schema (draft-07) of the config, for editors and validators");
  command->add_flag(
      "--json", [](std::int64_t) {}, "accepted for uniformity: it is JSON anyway");
  command->footer("Examples:\n  deadrelu schema > config.schema.json");
  command->callback([&action] {
    action = [] {
      std::string text = config_schema();
      if (text.empty() || text.back() != '\n') text += '\n';
      StandardOutput out;
      out.write(text);
      out.flush();
      return 0;
    };
  });
}

}  // namespace deadrelu
