#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <new>

#include "base/enum_names.h"
#include "cli/options.h"
#include "cli/output.h"

namespace deadrelu {
namespace {

constexpr const char* kDescription =
    R"(deadrelu trains many small networks and records which of their units die.
A config describes one run or a sweep; results are tables (CSV or JSON Lines).)";

constexpr const char* kExamples =
    R"(Examples:
  deadrelu run configs/quickstart.json        train a sweep, tables in results/quickstart
  deadrelu show results/quickstart            what died, as a table
  deadrelu explain dead_fraction              what a column or a key means
  deadrelu run sweep.json --set train.steps=500 --set sweep.seeds=100 --out more
  deadrelu list sweep.json | head
  deadrelu reproduce --list                   published results, one command each

Exit codes: 0 all runs are recorded, 1 a run failed, 2 usage or config error,
3 an expectation of reproduce, verify or merge was not met, 4 input or output failed,
128+n stopped by signal n (the same command goes on from there).
`deadrelu COMMAND --help` tells more about a command.)";

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
std::string wrong_command_line(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = parsed_command(app);
  const bool in_command = &command != &app;
  const std::string prefix = in_command ? command.get_name() + ": " : "";
  const std::string help = "\ntry 'deadrelu " + (in_command ? command.get_name() + " " : "") + "--help'";
  const std::vector<std::string> extra = app.remaining(true);
  if (extra.empty()) return prefix + error.what() + help;
  if (!in_command && extra.front()[0] != '-') return unknown_command(app, extra.front()) + help;
  return prefix + unknown_argument(command, extra.front()) + help;
}

Action printing(const std::string& text) {
  return [text] {
    print_text(text);
    return 0;
  };
}

// A mistake in a text of the user's begins with its place, everything else with the program's name.
void print_error(const Mistake& mistake) {
  if (!mistake.place.empty()) return write_error_line(mistake.text());
  const std::string text = mistake.text();
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    write_error_line("deadrelu: " + std::string(line));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

}  // namespace

CommandLine::CommandLine() : app_(std::make_unique<CLI::App>(kDescription, "deadrelu")) {
  app_->set_version_flag("--version", build_info().version);
  app_->footer(kExamples);
  app_->require_subcommand(0, 1);  // what follows a command is no command, whatever it is called
  app_->get_formatter()->column_width(34);
  for (const auto add : {add_run,    add_list,     add_config,    add_schema, add_explain, add_activation,
                         add_status, add_show,     add_probe,     add_export, add_merge,   add_verify,
                         add_slurm,  add_critical, add_diagnose,  add_query,  add_compare, add_survival,
                         add_plot,   add_report,   add_reproduce, add_bench,  add_version}) {
    add(*this);
  }
}

CommandLine::~CommandLine() = default;

std::vector<std::pair<std::string, std::string>> CommandLine::commands() const {
  std::vector<std::pair<std::string, std::string>> found;
  for (const CLI::App* command : app_->get_subcommands(nullptr))
    found.emplace_back(command->get_name(), command->get_description());
  return found;
}

Action CommandLine::parse(int argc, const char* const* argv) {
  if (argc <= 1) {
    write_error_line(app_->help());
    return [] { return static_cast<int>(ExitCode::kUsage); };
  }
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return printing(app_->help());
  } catch (const CLI::CallForVersion&) {
    return printing(std::string("deadrelu ") + build_info().version + "\n");
  } catch (const CLI::ParseError& error) {
    throw UserError(ExitCode::kUsage, wrong_command_line(*app_, error));
  }
  return action_;
}

Command::Command(CommandLine& line, const char* name, const char* meaning, const char* examples)
    : line_(line), app_(*line.app_->add_subcommand(name, meaning)) {
  app_.footer(examples);
}

void Command::set_action(Action action) {
  app_.callback([this_line = &line_, action = std::move(action)] { this_line->action_ = action; });
}

void Command::argument(const char* name, std::string& value, const char* meaning, bool required) {
  app_.add_option(name, value, meaning)->required(required);
}

void Command::arguments(const char* name, std::vector<std::string>& values, const char* meaning) {
  app_.add_option(name, values, meaning);
}

void Command::option(const char* flag, const char* type, std::string& value, const char* meaning,
                     bool required) {
  app_.add_option(flag, value, meaning)->type_name(type)->required(required);
}

void Command::list(const char* flag, const char* type, std::vector<std::string>& values,
                   const char* meaning) {
  app_.add_option(flag, values, meaning)->type_name(type)->allow_extra_args(false);
}

void Command::flag(const char* names, bool& value, const char* meaning) {
  app_.add_flag(names, value, meaning);
}

int run_command_line(int argc, const char* const* argv) {
  prepare_standard_streams();
  try {
    CommandLine line;
    return line.parse(argc, argv)();
  } catch (const ClosedPipe&) {
    return static_cast<int>(ExitCode::kOk);
  } catch (const UserError& error) {
    for (const Mistake& mistake : error.mistakes()) print_error(mistake);
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    print_error({"", "", "there is not enough memory"});
  } catch (const std::exception& error) {
    print_error({"", "", std::string("unexpected error: ") + error.what()});
  }
  return static_cast<int>(ExitCode::kRunFailed);
}

}  // namespace deadrelu
