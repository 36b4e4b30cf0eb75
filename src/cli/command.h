// The commands, one file each. A command adds its options to the command line and says what to do with them.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace deadrelu {

// What the command line asks for: called once everything is parsed, returns the program's exit code.
using Action = std::function<int()>;

// Each adds its command, which sets `action` where it is the one that was given. `action` must outlive the
// parsing.
void add_run(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_config(CLI::App& app, Action& action);
void add_schema(CLI::App& app, Action& action);
void add_explain(CLI::App& app, Action& action);
void add_activation(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_show(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
void add_merge(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_slurm(CLI::App& app, Action& action);
void add_query(CLI::App& app, Action& action);
void add_reproduce(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_version(CLI::App& app, Action& action);

}  // namespace deadrelu
