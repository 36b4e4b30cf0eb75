#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/build_info.h"
#include "cli/command.h"
#include "cli/output.h"
#include "simd/target.h"
#include "store/export.h"

namespace deadrelu {
namespace {

std::string version_json() {
  std::string text = "{\"version\": ";
  append_json_cell(text, Cell(std::string(build_info().version)));
  append_json_cell(text += ", \"commit\": ", Cell(std::string(build_info().commit)));
  append_json_cell(text += ", \"compiler\": ", Cell(std::string(build_info().compiler)));
  text += ", \"simd\": [";
  const char* separator = "";
  for (const SimdTarget target : available_simd()) {
    append_json_cell(text += separator, Cell(std::string(name_of(target))));
    separator = ", ";
  }
  return text + "]}\n";
}

std::string version_text() {
  const BuildInfo& build = build_info();
  std::string text =
      fmt::format("deadrelu {} (commit {}, {})\nsimd:", build.version, build.commit, build.compiler);
  for (const SimdTarget target : available_simd()) text.append(" ").append(name_of(target));
  return text + "\n";
}

}  // namespace

void add_version(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("version", "version, commit, compiler, instruction sets");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "a JSON object");
  command->footer("Examples:\n  deadrelu version --json | jq -r .commit");
  command->callback([json, &action] {
    action = [json] {
      StandardOutput out;
      out.write(*json ? version_json() : version_text());
      out.flush();
      return 0;
    };
  });
}

}  // namespace deadrelu
