// The metadata of a store, lines of NAME=VALUE, and the views that are made from it.
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "fuzzing.h"
#include "store/connection.h"
#include "store/schema.h"

using namespace deadrelu;

namespace {

void put_line(SQLite::Database& db, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  SQLite::Statement statement(db, "INSERT OR REPLACE INTO metadata VALUES (?, ?)");
  statement.bind(1, std::string(line.substr(0, equals)));
  statement.bind(2, std::string(line.substr(equals + 1)));
  statement.exec();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SQLite::Database db(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  create_schema(db);
  std::string_view text = fuzzing::text_of(data, size);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    put_line(db, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  fuzzing::allow_sentences([&] {
    with_sqlite_errors("store", [&] {
      const StoreHeader header = read_header(db);
      replace_places(db, header.swept);
      db.execAndGet("SELECT count(*) FROM runs");
    });
  });
  return 0;
}
