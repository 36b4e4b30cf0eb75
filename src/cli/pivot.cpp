#include "cli/pivot.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace deadrelu {
namespace {

constexpr std::size_t kWidth = 120, kMostRows = 60;

// The indices from 0 to count − 1, or `most` of them, evenly spread with both ends.
std::vector<std::size_t> spread(std::size_t count, std::size_t most) {
  std::vector<std::size_t> indices;
  const std::size_t shown = std::min(count, most);
  for (std::size_t i = 0; i < shown; ++i) indices.push_back(shown == 1 ? 0 : i * (count - 1) / (shown - 1));
  return indices;
}

std::string plain_label(const Cell& value) {
  return std::holds_alternative<std::monostate>(value) ? "null" : shown_cell(value, 6);
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// What the objects are called by: "name" or "kind".
const char* selector_of(const Json& object) {
  for (const char* key : {"name", "kind"})
    if (object.is_object() && object.contains(key)) return key;
  return nullptr;
}

// Whether the others of the same name all have this value of the key.
bool is_shared(const Json& object, const std::string& key, const std::vector<Json>& all) {
  const char* const selector = selector_of(object);
  return std::ranges::all_of(all, [&](const Json& other) {
    return !other.is_object() || !other.contains(selector) || other[selector] != object[selector] ||
           (other.contains(key) && other[key] == object[key]);
  });
}

}  // namespace

Cell Pivot::at(std::size_t row, std::size_t column, std::size_t quantity) const {
  const auto point = points.find({row, column});
  return point == points.end() ? Cell() : point->second[quantity];
}

bool Pivot::tells(std::size_t quantity) const {
  return std::ranges::any_of(points, [&](const auto& point) {
    const Cell& cell = point.second[quantity];
    const auto* share = std::get_if<std::string>(&cell);
    return share != nullptr ? !share->starts_with("0/") : !std::holds_alternative<std::monostate>(cell);
  });
}

Pivot pivot(const StoreReader& store, const std::string& axes, const std::string& order,
            const std::string& source, std::vector<Quantity> quantities) {
  std::string sql = "SELECT " + axes;
  for (const Quantity& quantity : quantities) sql += ", " + quantity.sql;
  Pivot result{std::move(quantities), {}, {}, {}};
  std::map<Cell, std::size_t> rows, columns;  // place on the axis
  const auto place_on = [](std::map<Cell, std::size_t>& places, std::vector<Cell>& axis, const Cell& value) {
    const auto [place, added] = places.try_emplace(value, axis.size());
    if (added) axis.push_back(value);
    return place->second;
  };
  store.for_each_row("SELECT " + axes + order, [&](std::span<const Cell> cells) {
    place_on(rows, result.rows, cells[0]);
    place_on(columns, result.columns, cells[1]);
  });
  store.for_each_row(sql + " FROM " + source + " GROUP BY 1, 2", [&](std::span<const Cell> cells) {
    const std::pair place(place_on(rows, result.rows, cells[0]), place_on(columns, result.columns, cells[1]));
    result.points[place].assign(cells.begin() + 2, cells.end());
  });
  return result;
}

std::vector<std::string> axis_labels(std::span<const Cell> values) {
  std::vector<Json> objects;
  for (const Cell& value : values) {
    const std::string text = plain_label(value);
    const bool structured = std::holds_alternative<std::string>(value) && text.starts_with('{');
    Json object = structured ? Json::parse(text, nullptr, false) : Json(text);
    if (structured && selector_of(object) == nullptr) object = text;
    objects.push_back(std::move(object));
  }
  std::vector<std::string> labels;
  for (const Json& object : objects) {
    const char* const selector = selector_of(object);
    std::string& label = labels.emplace_back(text_of(selector == nullptr ? object : object[selector]));
    if (selector == nullptr) continue;
    for (const auto& [key, value] : object.items())
      if (key != selector && !is_shared(object, key, objects)) label += ' ' + key + ' ' + text_of(value);
  }
  return labels;
}

std::vector<std::vector<std::string>> list_labels(const std::vector<std::vector<Cell>>& lists) {
  std::vector<std::vector<std::string>> labels(lists.size());
  for (std::size_t place = 0; !lists.empty() && place < lists[0].size(); ++place) {
    std::vector<Cell> axis;
    for (const std::vector<Cell>& list : lists) axis.push_back(list[place]);
    const std::vector<std::string> texts = axis_labels(axis);
    for (std::size_t i = 0; i < lists.size(); ++i) labels[i].push_back(texts[i]);
  }
  return labels;
}

std::vector<std::vector<Cell>> shown_lists(const std::vector<std::vector<Cell>>& lists) {
  std::vector<std::vector<Cell>> shown;
  if (!output_is_terminal()) return lists;
  for (const auto& labels : list_labels(lists)) shown.emplace_back(labels.begin(), labels.end());
  return shown;
}

TableCell quantity_cell(const Cell& value, Format format) {
  if (const auto* count = std::get_if<std::int64_t>(&value)) return std::to_string(*count);
  if (const auto* share = std::get_if<std::string>(&value)) {
    double part = 0, whole = 1;
    if (std::sscanf(share->c_str(), "%lf/%lf", &part, &whole) != 2) return *share;
    return {*share, format == Format::kNumber ? std::optional<double>() : whole > 0 ? part / whole : 0};
  }
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return std::string("-");
  if (format == Format::kNumber) return fmt::format("{:.4g}", *number);
  return {fmt::format("{:.3f}", *number), format == Format::kGood ? 1 - *number : *number};
}

std::string fitted(const TextTable& table, const std::string& rows, const std::string& columns) {
  const std::vector<std::size_t> widths = column_widths(table),
                                 row_places = spread(table.rows.size(), kMostRows);
  const std::size_t count = table.heads.size() - 1, gap = 2;
  std::size_t all = 0, widest = 1;
  for (const std::size_t width : widths) all += width + gap;
  for (std::size_t c = 1; c < widths.size(); ++c) widest = std::max(widest, widths[c] + gap);
  const std::size_t label = widths[0] + gap, room = kWidth > label ? (kWidth - label) / widest : 0;
  const std::vector<std::size_t> places =
      spread(count, all <= kWidth ? count : std::max<std::size_t>(room, 2));
  TextTable cut{table.title, {table.heads[0]}, {}};
  for (const std::size_t c : places) cut.heads.push_back(table.heads[c + 1]);
  for (const std::size_t r : row_places) {
    auto& cells = cut.rows.emplace_back();
    cells.push_back(table.rows[r][0]);
    for (const std::size_t c : places) cells.push_back(table.rows[r][c + 1]);
  }
  std::string text = render(cut);
  const auto say = [&](std::size_t seen, std::size_t of, const std::string& what) {
    if (seen < of) text += fmt::format("  … {} of {} {} left out\n", of - seen, of, what);
  };
  say(places.size(), count, columns);
  say(row_places.size(), table.rows.size(), rows);
  return text;
}

std::string in_pieces(const TextTable& table, const std::string& rows) {
  const std::vector<std::size_t> widths = column_widths(table);
  std::string text;
  for (std::size_t from = 1; from < table.heads.size();) {
    std::size_t to = from, width = widths[0] + 2;
    while (to < widths.size() && (to == from || width + widths[to] + 2 <= kWidth)) width += widths[to++] + 2;
    const auto part = [&](const auto& cells) {
      auto result = std::vector(cells.begin(), cells.begin() + 1);
      result.insert(result.end(), cells.begin() + static_cast<std::ptrdiff_t>(from),
                    cells.begin() + static_cast<std::ptrdiff_t>(to));
      return result;
    };
    TextTable piece{from == 1 ? table.title : "", part(table.heads), {}};
    for (const auto& row : table.rows) piece.rows.push_back(part(row));
    text += (from == 1 ? "" : "\n") + fitted(piece, rows, "");
    from = to;
  }
  return text;
}

}  // namespace deadrelu
