#include "cli/python_package.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace deadrelu {
namespace {

namespace fs = std::filesystem;

// Not from the folder that it is called in, which may hold something of the same name.
constexpr const char* kCaller = R"(
import sys
sys.path[:] = [folder for folder in sys.path if folder]
try:
    from deadrelu.commands import main
except ModuleNotFoundError as error:
    lacks = "package deadrelu" if error.name.startswith("deadrelu") else f"package {error.name}, which deadrelu needs"
    print(f"deadrelu: {sys.argv[1]}: {sys.executable} has no {lacks}; DEADRELU_PYTHON may name another Python", file=sys.stderr)
    sys.exit(4)
sys.exit(main(sys.argv[1:]))
)";

std::string find_python(const fs::path& program) {
  const char* given = std::getenv("DEADRELU_PYTHON");
  if (given != nullptr && *given != '\0') return given;
  const fs::path beside = program.parent_path() / "python3";
  std::error_code ignored;
  return fs::exists(beside, ignored) ? beside.string() : "python3";
}

}  // namespace

void hand_over_to_package(const std::string& command, const std::map<std::string, std::string>& options) {
  nlohmann::json given = nlohmann::json::object();
  for (const auto& [name, value] : options)
    if (!value.empty()) given[name] = value;
  const std::string text = given.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const std::string python = find_python(program);
  // The package asks a program for what it draws: this one.
  if (!program.empty()) ::setenv("DEADRELU", program.c_str(), 1);
  ::execlp(python.c_str(), python.c_str(), "-c", kCaller, command.c_str(), text.c_str(), nullptr);
  throw UserError(ExitCode::kInputOutput,
                  command + ": there is no Python to draw with (" + python +
                      "); DEADRELU_PYTHON may name one that has the package deadrelu");
}

}  // namespace deadrelu
