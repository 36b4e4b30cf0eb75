#include "cli/options.h"
#include "cli/print.h"
#include "store/store_reader.h"

namespace deadrelu {
namespace {

struct QueryOptions {
  std::string directory, sql;
  bool json = false;
};

int query(const QueryOptions& options) {
  const StoreReader store(options.directory);
  RowPrinter rows(options.json);
  store.query(
      options.sql, [&](std::span<const std::string> names) { rows.columns(names); },
      [&](std::span<const Cell> cells) { rows.row(cells); });
  rows.finish();
  return 0;
}

std::string table_names() {
  std::string names;
  for (const Table& table : result_tables()) names += (names.empty() ? "" : ", ") + table.name;
  return names;
}

}  // namespace

void add_query(CommandLine& line) {
  const std::string help = "Tables: " + table_names() + R"(, with the columns of the exported
tables (`deadrelu explain`). Swept columns have dots in their names and need double quotes. Read only.

Examples:
  deadrelu query results/quickstart 'SELECT count(*) FROM runs WHERE born_dead = 1'
  deadrelu query results/quickstart 'SELECT "init.bias", median(train_loss) FROM runs GROUP BY 1' > loss.csv)";
  Command command(line, "query", "read-only SQL over the results, CSV on standard output", help.c_str());
  QueryOptions& options = command.calls(query);
  add_directory_argument(command, options.directory);
  command.argument("SQL", options.sql, "one SELECT statement (SQLite)");
  command.flag("--json", options.json, "a JSON array of objects, one row a line");
}

}  // namespace deadrelu
