#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "cli/options.h"

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

// Hands a command over to the package: this process becomes Python's, which is $DEADRELU_PYTHON, else the python3 beside
// the program, as in a virtual environment, else the one in PATH. Empty options are left out. Throws
// UserError(kInputOutput) where there is no Python; returns never.
[[noreturn]] void hand_over_to_package(const std::string& command,
                                       const std::map<std::string, std::string>& options) {
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
  fail_input(
      command,
      "there is no Python to draw with ({}); DEADRELU_PYTHON may name one that has the package deadrelu",
      python);
}

struct PlotOptions {
  std::string directory, out, only, format;
};

int plot(const PlotOptions& options) {
  hand_over_to_package("plot", {{"directory", options.directory},
                                {"out", options.out},
                                {"only", options.only},
                                {"format", options.format}});
}

struct ReportOptions {
  std::string directory, out;
};

int report(const ReportOptions& options) {
  hand_over_to_package("report", {{"directory", options.directory}, {"out", options.out}});
}

}  // namespace

void add_plot(CommandLine& line) {
  Command command(
      line, "plot", "pictures of the results (with the Python package)",
      R"(Draws every chart that applies to the results, and prints the files' names. The charts are drawn by the
Python package deadrelu with its extra [plot]; the Python is DEADRELU_PYTHON, else python3 beside the
program, else python3 in PATH. Where Debian's package brought the program, this makes such a Python:
  python3 -m venv --system-site-packages ~/charts
  ~/charts/bin/pip install altair pandas pillow scipy vl-convert-python
  export DEADRELU_PYTHON=~/charts/bin/python3

Examples:
  deadrelu plot results/quickstart
  deadrelu plot results/quickstart --only dead_fraction,loss --format png
  deadrelu plot results/quickstart --only heat_map --out figure.svg)");
  PlotOptions& options = command.calls(plot);
  add_directory_argument(command, options.directory);
  command.option("--out", "PATH", options.out,
                 "folder of the pictures (default: DIR/plots), or one file for the charts of --only");
  command.option("--only", "LIST", options.only, "some charts (default: all that apply)");
  command.option("--format", "LIST", options.format, "png, svg or png,svg (default: png,svg)");
}

void add_report(CommandLine& line) {
  Command command(
      line, "report", "one HTML page about the results (with the Python package)",
      R"(Writes charts, claims, the summary and how the results were made as one page, which works offline,
and prints its name. It needs what `deadrelu plot` needs.

Examples:
  deadrelu report results/quickstart
  deadrelu report results/quickstart --out quickstart.html)");
  ReportOptions& options = command.calls(report);
  add_directory_argument(command, options.directory);
  command.option("--out", "FILE", options.out, "the page (default: DIR/report.html)");
}

}  // namespace deadrelu
