#include <fmt/format.h>

#include "cli/command.h"
#include "cli/print.h"
#include "simd/target.h"
#include "version.h"

namespace deadrelu {
namespace {

struct VersionOptions {
  bool json = false;
};

int version(const VersionOptions& options) {
  const BuildInfo& build = build_info();
  Json targets = Json::array();
  std::string names;
  for (const SimdTarget target : available_simd()) {
    targets.push_back(std::string(name_of(target)));
    names += fmt::format(" {}", name_of(target));
  }
  print_text(options.json ? json_text({{"version", build.version},
                                       {"commit", build.commit},
                                       {"compiler", build.compiler},
                                       {"simd", targets}})
                          : fmt::format("deadrelu {} (commit {}, {})\nsimd:{}\n", build.version, build.commit,
                                        build.compiler, names));
  return 0;
}

}  // namespace

const BuildInfo& build_info() {
  static constexpr BuildInfo kInfo{DEADRELU_VERSION, DEADRELU_COMMIT, DEADRELU_COMPILER};
  return kInfo;
}

void add_version(CommandLine& line) {
  Command command(line, "version", "version, commit, compiler, instruction sets",
                  "Examples:\n  deadrelu version --json | jq -r .commit");
  command.flag("--json", command.calls(version).json, "a JSON object");
}

}  // namespace deadrelu
