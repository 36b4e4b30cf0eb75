#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "store/export.h"
#include "store/result_store.h"

namespace deadrelu {
namespace {

constexpr const char* kQueryExamples =
    "Tables: runs, metrics, layers, units, stream, with the columns of the exported tables (`deadrelu "
    "explain`). "
    "Swept columns\n"
    "have dots in their names and need double quotes. Read only.\n"
    "\n"
    "Examples:\n"
    "  deadrelu query results/quickstart 'SELECT count(*) FROM runs WHERE born_dead = 1'\n"
    "  deadrelu query results/quickstart 'SELECT \"init.bias\", avg(dead_fraction) FROM runs GROUP BY 1' > "
    "bias.csv";

struct QueryOptions {
  std::string directory, sql;
  bool json = false;
};

void query_as_csv(const StoreReader& store, const std::string& sql, StandardOutput& out) {
  std::string line;
  store.query(
      sql,
      [&](std::span<const std::string> names) {
        for (const std::string& name : names) append_csv_cell(line.empty() ? line : line += ',', Cell(name));
        out.write(line += '\n');
      },
      [&](std::span<const Cell> cells) {
        line.clear();
        for (std::size_t i = 0; i < cells.size(); ++i) append_csv_cell(i == 0 ? line : line += ',', cells[i]);
        out.write(line += '\n');
      });
}

void query_as_json(const StoreReader& store, const std::string& sql, StandardOutput& out) {
  std::vector<std::string> keys;
  bool first = true;
  std::string line;
  store.query(
      sql,
      [&](std::span<const std::string> names) {
        for (const std::string& name : names) append_json_cell(keys.emplace_back(), Cell(name));
      },
      [&](std::span<const Cell> cells) {
        line = first ? "[\n{" : ",\n{";
        first = false;
        for (std::size_t i = 0; i < cells.size(); ++i) {
          line += (i == 0 ? "" : ", ") + keys[i] + ": ";
          append_json_cell(line, cells[i]);
        }
        out.write(line += '}');
      });
  out.write(first ? "[\n]\n" : "\n]\n");
}

int query(const QueryOptions& options) {
  const StoreReader store(options.directory);
  StandardOutput out;
  options.json ? query_as_json(store, options.sql, out) : query_as_csv(store, options.sql, out);
  out.flush();
  return 0;
}

}  // namespace

void add_query(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("query", "read-only SQL over the results, CSV on standard output");
  const auto options = std::make_shared<QueryOptions>();
  add_directory_argument(*command, options->directory);
  command->add_option("SQL", options->sql, "one SELECT statement (SQLite)")->required();
  command->add_flag("--json", options->json, "a JSON array of objects, one row a line");
  command->footer(kQueryExamples);
  command->callback([options, &action] { action = [options] { return query(*options); }; });
}

}  // namespace deadrelu
