// The command line and its commands, one file each. Only cli.cpp knows the parser.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace deadrelu {

// Parses the command line, runs the command, turns every error into a sentence and an exit code. Returns the
// exit code of the program (base/error.h; 128+n when stopped by signal n). Never throws.
int run_command_line(int argc, const char* const* argv);

// Which build of the program this is.
struct BuildInfo {
  const char* version;
  const char* commit;  // of the sources, "-dirty" where they were changed; "unknown" outside a repository
  const char* compiler;
};
const BuildInfo& build_info();

// What the command line asks for: called once everything is parsed, returns the program's exit code.
using Action = std::function<int()>;

// Where commands are added. Throws UserError(kUsage) from parse() with what is wrong, and what is near.
class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  // What the given command does; help and version print themselves, as actions.
  Action parse(int argc, const char* const* argv);
  // The name of every command, and its meaning in a line.
  std::vector<std::pair<std::string, std::string>> commands() const;

 private:
  friend class Command;
  std::unique_ptr<CLI::App> app_;
  Action action_;
};

// A command while it is added. Each option names what it fills, which calls() keeps alive.
class Command {
 public:
  // `examples`: what its --help ends with.
  Command(CommandLine& line, const char* name, const char* meaning, const char* examples);

  // Makes `function` the command's action, called with the options that this returns.
  template <class Options>
  Options& calls(int (*function)(const Options&)) {
    const auto options = std::make_shared<Options>();
    set_action([options, function] { return function(*options); });
    return *options;
  }

  void argument(const char* name, std::string& value, const char* meaning, bool required = true);
  void arguments(const char* name, std::vector<std::string>& values, const char* meaning);
  // "--out DIR"; a list may be given several times, with one value each.
  void option(const char* flag, const char* type, std::string& value, const char* meaning,
              bool required = false);
  void list(const char* flag, const char* type, std::vector<std::string>& values, const char* meaning);
  void flag(const char* names, bool& value, const char* meaning);  // "-q,--quiet"

 private:
  void set_action(Action action);
  CommandLine& line_;
  CLI::App& app_;
};

using AddCommand = void(CommandLine& line);
AddCommand add_run, add_list, add_config, add_schema, add_explain, add_activation, add_status, add_show,
    add_probe, add_export, add_merge, add_verify, add_slurm, add_critical, add_diagnose, add_query,
    add_compare, add_survival, add_plot, add_report, add_reproduce, add_bench, add_version;

}  // namespace deadrelu
