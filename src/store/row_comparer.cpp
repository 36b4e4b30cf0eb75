#include "store/row_comparer.h"

#include <bit>
#include <string_view>

#include <sqlite3.h>

#include "base/number.h"
#include "store/schema.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMostShownBytes = 40;

bool same_bits(const SQLite::Column& a, const SQLite::Column& b) {
  if (a.getType() != b.getType()) return false;
  switch (a.getType()) {
    case SQLITE_INTEGER:
      return a.getInt64() == b.getInt64();
    case SQLITE_FLOAT:
      return std::bit_cast<std::uint64_t>(a.getDouble()) == std::bit_cast<std::uint64_t>(b.getDouble());
    case SQLITE_NULL:
      return true;
    default: {
      // A pointer is valid until the column's next conversion, a length right after it.
      const auto* first = static_cast<const char*>(a.getBlob());
      const auto* second = static_cast<const char*>(b.getBlob());
      return std::string_view(first, static_cast<std::size_t>(a.getBytes())) ==
             std::string_view(second, static_cast<std::size_t>(b.getBytes()));
    }
  }
}

std::string value_text(const SQLite::Column& column) {
  if (column.isNull()) return "missing";
  std::string text;
  if (column.isFloat()) {
    append_real(text, column.getDouble());
    return text;
  }
  text = column.getString();
  return text.size() <= kMostShownBytes ? text : text.substr(0, kMostShownBytes) + "…";
}

}  // namespace

RowComparer::RowComparer(SQLite::Database& db, const Tables& tables) {
  for (const Table& table : tables)
    pairs_.push_back({table, {db, select_stored(table, "main")}, {db, select_stored(table, kAttached)}});
}

std::optional<std::string> RowComparer::difference(std::int64_t number, std::int64_t attached_number) {
  for (Pair& pair : pairs_) {
    pair.main.bind(1, number);
    pair.attached.bind(1, attached_number);
    auto found = difference(pair);
    // A statement that is not reset keeps its store from being detached.
    pair.main.reset();
    pair.attached.reset();
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<std::string> RowComparer::difference(Pair& pair) {
  while (true) {
    const bool in_main = pair.main.executeStep(), in_attached = pair.attached.executeStep();
    if (in_main != in_attached) return pair.table.name + ": one has more rows than the other";
    if (!in_main) return std::nullopt;
    for (int i = 0; i < pair.main.getColumnCount(); ++i) {
      const SQLite::Column a = pair.main.getColumn(i), b = pair.attached.getColumn(i);
      if (same_bits(a, b)) continue;
      std::string where = pair.table.name;
      for (std::size_t key = 0; key < pair.table.keys; ++key)
        where += ", " + pair.table.columns[key].info.name + " " +
                 value_text(pair.main.getColumn(static_cast<int>(key)));
      return where + ": " + a.getName() + " is " + value_text(a) + " and " + value_text(b);
    }
  }
}

}  // namespace deadrelu
