#include "cli/options.h"
#include "cli/python_package.h"

namespace deadrelu {
namespace {

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
                 "folder of the pictures (default: DIR/plots), or the file of the one chart of --only");
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
