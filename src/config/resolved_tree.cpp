#include "config/resolved_tree.h"

#include <algorithm>

namespace deadrelu {
namespace {

using Json = nlohmann::ordered_json;
using Row = KeyTable::Row;

// [row]: whether its default is the same at every point of the sweep.
std::vector<bool> fixed_rows(const Settings& base, const Resolution& resolution,
                             const std::vector<bool>& swept) {
  const KeyTable& table = KeyTable::get();
  const std::vector<Row>& rows = table.rows();
  std::vector<bool> fixed(rows.size());
  const auto varies = [&](std::size_t path) {
    const auto& of_path = table.paths()[path].rows;
    return swept[path] || std::any_of(of_path.begin(), of_path.end(), [&](std::size_t row) {
             return resolution.values[row] != nullptr && !fixed[row];
           });
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    fixed[i] = !swept[row.path] && (row.selector == kNone || fixed[row.selector]);
    if (base[row.path] != nullptr || !fixed[i]) continue;
    fixed[i] = std::none_of(row.depends.begin(), row.depends.end(), varies) &&
               std::none_of(row.excludes.begin(), row.excludes.end(),
                            [&](std::size_t path) { return swept[path]; }) &&
               (row.inherits == kNone || fixed[row.inherits]);
  }
  return fixed;
}

// What the config gives for the path, read as the variant says, or else as what fits.
std::string given_text(const Given& given, const Resolution& resolution,
                       const std::vector<std::size_t>& rows) {
  for (const std::size_t row : rows)
    if (resolution.values[row] != nullptr) return resolution.values[row]->text;
  for (const auto& reading : given.readings)
    if (reading.problems.empty()) return reading.value.text;
  return "";
}

}  // namespace

Json nested_json(const std::string& name, const PathText& text) {
  const KeyTable& table = KeyTable::get();
  const KeyTable::Group& group = *table.find_group(name);
  Json tree = Json::object();
  for (std::size_t path = group.first; path <= group.last; ++path) {
    const std::string value = text(path);
    if (value.empty()) continue;
    Json* place = &tree;
    const std::string& full = table.paths()[path].name;
    for (std::size_t from = name.empty() ? 0 : name.size() + 1; from <= full.size();) {
      const std::size_t to = std::min(full.find('.', from), full.size());
      place = &(*place)[full.substr(from, to - from)];
      from = to + 1;
    }
    *place = Json::parse(value);
  }
  return tree;
}

std::string group_json(const Resolution& resolution, const std::string& name) {
  const KeyTable& table = KeyTable::get();
  return nested_json(name,
                     [&](std::size_t path) -> std::string {
                       for (const std::size_t row : table.paths()[path].rows)
                         if (resolution.values[row] != nullptr) return resolution.values[row]->text;
                       return "";
                     })
      .dump();
}

Json resolved_base_json(const Settings& base, const Resolution& resolution, const std::vector<bool>& swept,
                        const std::string& name) {
  const std::vector<bool> fixed = fixed_rows(base, resolution, swept);
  const KeyTable& table = KeyTable::get();
  return nested_json("", [&](std::size_t path) -> std::string {
    const auto& rows = table.paths()[path].rows;
    if (table.paths()[path].name == "name") return json_quoted(name);
    if (base[path] != nullptr) return given_text(*base[path], resolution, rows);
    for (const std::size_t row : rows)
      if (resolution.values[row] != nullptr && fixed[row]) return resolution.values[row]->text;
    return "";
  });
}

Json node_json(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return nullptr;
    case NodeKind::kBool:
      return node.flag;
    case NodeKind::kInteger:
      return node.integer;
    case NodeKind::kReal:
      return node.real;
    case NodeKind::kText:
      return node.text();
    case NodeKind::kList:
      break;
    case NodeKind::kObject: {
      Json object = Json::object();
      for (const auto& [key, value] : node.members()) object[key] = node_json(value);
      return object;
    }
  }
  Json list = Json::array();
  for (const Node& item : node.items()) list.push_back(node_json(item));
  return list;
}

}  // namespace deadrelu
