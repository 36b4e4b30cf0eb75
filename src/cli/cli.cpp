#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/names.h"
#include "cli/build_info.h"
#include "cli/command.h"
#include "cli/output.h"

namespace deadrelu {
namespace {

constexpr const char* kDescription =
    "deadrelu trains many small networks and records which of their units die.\n"
    "A config describes one run or a sweep; results are tables (CSV or JSON Lines).";

constexpr const char* kProgramExamples =
    "Examples:\n"
    "  deadrelu run configs/quickstart.json        train a sweep, tables in results/quickstart\n"
    "  deadrelu show results/quickstart            what died, as a table\n"
    "  deadrelu explain dead_fraction              what a column or a key means\n"
    "  deadrelu run sweep.json --set train.steps=500 --set sweep.seeds=100 --out more\n"
    "  deadrelu list sweep.json | head\n"
    "  deadrelu reproduce --list                   published results, one command each\n"
    "\n"
    "Exit codes: 0 all runs are recorded, 1 a run failed, 2 usage or config error,\n"
    "3 an expectation of reproduce, verify or merge was not met, 4 input or output failed,\n"
    "128+n stopped by signal n (the same command goes on from there).\n"
    "`deadrelu COMMAND --help` tells more about a command.";

void add_commands(CLI::App& app, Action& action) {
  app.set_version_flag("--version", build_info().version);
  app.footer(kProgramExamples);
  app.get_formatter()->column_width(34);
  for (const auto add :
       {add_run, add_list, add_config, add_schema, add_explain, add_activation, add_status, add_show,
        add_export, add_merge, add_verify, add_slurm, add_query, add_reproduce, add_bench, add_version}) {
    add(app, action);
  }
}

// "; did you mean 'x'?", or nothing where no name is near.
std::string suggestion(std::string_view given, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(given, names);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

std::string unknown_command(const CLI::App& app, const std::string& given) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return "there is no command '" + given + "'" + suggestion(given, names);
}

std::string unknown_argument(const CLI::App& command, const std::string& given) {
  if (given.size() < 2 || given[0] != '-') return "unexpected argument '" + given + "'";
  const std::string name = given.substr(0, given.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& long_name : option->get_lnames()) names.push_back("--" + long_name);
  }
  return "there is no option '" + name + "'" + suggestion(name, names);
}

// The command that was given, or the program itself.
const CLI::App& parsed_command(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : *commands.front();
}

// What is wrong with the command line, in a sentence.
std::string mistake(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = parsed_command(app);
  const bool in_command = &command != &app;
  const std::string prefix = in_command ? command.get_name() + ": " : "";
  const std::string help = "\ntry 'deadrelu " + (in_command ? command.get_name() + " " : "") + "--help'";
  const std::vector<std::string> extra = app.remaining(true);
  if (extra.empty()) return prefix + error.what() + help;
  if (!in_command && extra.front()[0] != '-') return unknown_command(app, extra.front()) + help;
  return prefix + unknown_argument(command, extra.front()) + help;
}

void print(const std::string& text) {
  StandardOutput out;
  out.write(text);
  out.flush();
}

int parse_and_act(int argc, const char* const* argv) {
  CLI::App app(kDescription, "deadrelu");
  Action action;
  add_commands(app, action);
  if (argc <= 1) {
    write_error_line(app.help());
    return static_cast<int>(ExitCode::kUsage);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return 0;
  } catch (const CLI::CallForVersion&) {
    print(std::string("deadrelu ") + build_info().version + "\n");
    return 0;
  } catch (const CLI::ParseError& error) {
    throw UserError(ExitCode::kUsage, mistake(app, error));
  }
  return action();
}

// Whether a line of an error begins with the place of the mistake: "FILE:LINE: " or "--set PATH=VALUE: ".
bool names_a_place(std::string_view line) {
  if (line.starts_with("--set ")) return true;
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos;
       colon = line.find(':', colon + 1)) {
    const std::size_t end = line.find_first_not_of("0123456789", colon + 1);
    if (colon > 0 && end != std::string_view::npos && end > colon + 1 && line.substr(end, 2) == ": ")
      return true;
  }
  return false;
}

void print_error(std::string_view message) {
  while (!message.empty()) {
    const std::size_t end = message.find('\n');
    const std::string_view line = message.substr(0, end);
    write_error_line(names_a_place(line) ? std::string(line) : "deadrelu: " + std::string(line));
    message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
  }
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  prepare_standard_streams();
  try {
    return parse_and_act(argc, argv);
  } catch (const ClosedPipe&) {
    return static_cast<int>(ExitCode::kOk);
  } catch (const UserError& error) {
    print_error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    print_error("there is not enough memory");
  } catch (const std::exception& error) {
    print_error(std::string("unexpected error: ") + error.what());
  }
  return static_cast<int>(ExitCode::kRunFailed);
}

}  // namespace deadrelu
