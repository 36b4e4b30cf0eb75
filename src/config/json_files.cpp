#include "config/json_files.h"

#include "config/json.h"

namespace deadrelu {
namespace {

// What `read` makes of the document; all of its mistakes are thrown.
template <class Read>
auto parse(std::string_view text, const std::string& label, Read read) {
  Problems problems;
  Json root;
  decltype(read(root, problems)) result;
  if (read_json(text, Problems::kFile, root, problems)) result = read(root, problems);
  if (!problems.empty()) throw UserError(ExitCode::kUsage, problems.report(text, label));
  return result;
}

// Reads one claim; what is wrong with it goes to the problems.
class ClaimReader {
 public:
  ClaimReader(const Json& node, std::string pointer, Problems& problems)
      : node_(node), pointer_(std::move(pointer)), problems_(problems) {}

  Claim read() {
    Claim claim;
    check_names();
    claim.text = text("text", true);
    claim.source = text("source", true);
    claim.query = text("query", true);
    claim.why = text("why", true);
    claim.note = text("note", false);
    claim.low = limit("low");
    claim.high = limit("high");
    claim.published = published();
    claim.at = at();
    claim.firm = firm();
    claim.size = size();
    if (!claim.low && !claim.high) {
      fail("", "gives neither \"low\" nor \"high\"; allowed: a number for at least one of them");
    } else if (claim.low && claim.high && *claim.low > *claim.high) {
      fail("low", "is above \"high\"");
    }
    return claim;
  }

 private:
  void fail(std::string_view key, const std::string& message) {
    problems_.add(key.empty() ? pointer_ : child_pointer(pointer_, key), message);
  }

  void check_names() {
    static const std::vector<std::string> names = {"text", "source", "published", "query", "low", "high",
                                                   "why",  "note",   "firm",      "size",  "at"};
    for (const auto& [key, value] : node_.items())
      if (!contains(names, key)) fail(key, "unknown key " + json_quoted(key) + did_you_mean(key, names));
  }

  std::string text(std::string_view key, bool required) {
    const Json* value = find_member(node_, key);
    if (value == nullptr) {
      if (required) fail(key, "is missing; give a text");
      return "";
    }
    if (value->is_string() && !(required && is_empty_text(*value))) return *value;
    fail(key, "found " + describe(*value) + "; allowed: a text, not empty");
    return "";
  }

  std::optional<double> limit(std::string_view key) {
    const Json* value = find_member(node_, key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_number()) return value->get<double>();
    fail(key, "found " + describe(*value) + "; allowed: a number, or null for no limit");
    return std::nullopt;
  }

  std::variant<double, std::string> published() {
    const Json* value = find_member(node_, "published");
    if (value != nullptr && value->is_number()) return value->get<double>();
    if (value != nullptr && value->is_string() && !is_empty_text(*value)) return value->get<std::string>();
    if (value == nullptr) {
      fail("published", "is missing; give a number or a text (\"direction only\")");
    } else {
      fail("published", "found " + describe(*value) + "; allowed: a number or a text, not empty");
    }
    return std::string();
  }

  Json at() {
    const Json* value = find_member(node_, "at");
    if (value == nullptr) return Json();
    const Json* column = find_member(*value, "column");
    const Json* number = find_member(node_, "published");
    if (column == nullptr || !column->is_string()) {
      fail("at", "found " + describe(*value) + "; allowed: an object with a text \"column\"");
    } else if (number != nullptr && !number->is_number()) {
      fail("at", "is where a chart draws a number; allowed: with a number as \"published\"");
    }
    return *value;
  }

  bool firm() {
    const Json* value = find_member(node_, "firm");
    if (value == nullptr) return true;
    if (value->is_boolean()) return value->get<bool>();
    fail("firm", "found " + describe(*value) + "; allowed: true or false");
    return true;
  }

  ClaimSize size() {
    const Json* value = find_member(node_, "size");
    if (value == nullptr) return ClaimSize::kBoth;
    const auto found = value_of<ClaimSize>(value->is_string() ? value->get<std::string>() : "");
    std::string allowed;
    for (const char* name : names_of<ClaimSize>())
      allowed += (allowed.empty() ? "" : ", ") + json_quoted(name);
    if (!found) fail("size", "found " + describe(*value) + "; allowed: " + allowed);
    return found.value_or(ClaimSize::kBoth);
  }

  const Json& node_;
  const std::string pointer_;
  Problems& problems_;
};

std::vector<Claim> read_list(const Json& root, Problems& problems) {
  std::vector<Claim> claims;
  if (!root.is_array() || root.empty()) {
    problems.add("", "found " + describe(root) + "; allowed: a list of claims, not empty");
    return claims;
  }
  std::set<std::string> texts;
  for (std::size_t i = 0; i < root.size(); ++i) {
    const Json& item = root[i];
    const std::string pointer = child_pointer("", i);
    if (!item.is_object()) {
      problems.add(pointer, "found " + describe(item) + "; allowed: an object (a claim)");
      continue;
    }
    claims.push_back(ClaimReader(item, pointer, problems).read());
    if (!texts.insert(claims.back().text).second) problems.add(pointer, "has the text of a claim before it");
  }
  return claims;
}

constexpr const char* kForm = "; expected {\"layers\": [{\"weights\": [[…], …], \"bias\": […]}, …]}";

// Reads the layers of one document; what is wrong with them goes to the problems.
class LayerReader {
 public:
  explicit LayerReader(Problems& problems) : problems_(problems) {}

  ParameterSet read(const Json& root) {
    ParameterSet set;
    if (!check_object(root, "", {"layers", "run_id", "step"})) return set;
    const Json* layers = find_member(root, "layers");
    if (layers == nullptr || layers->empty()) {
      fail(layers == nullptr ? "" : "/layers", "there are no layers");
    } else if (!layers->is_array()) {
      fail("/layers", "found " + describe(*layers));
    } else {
      for (std::size_t l = 0; l < layers->size(); ++l)
        set.layers.push_back(read_layer((*layers)[l], child_pointer("/layers", l)));
    }
    return set;
  }

 private:
  void fail(const std::string& pointer, const std::string& message) {
    problems_.add(pointer, message + kForm);
  }

  bool check_object(const Json& object, const std::string& pointer, const std::vector<std::string>& known) {
    if (!object.is_object()) {
      fail(pointer, "found " + describe(object));
      return false;
    }
    bool good = true;
    for (const auto& [key, value] : object.items()) {
      if (contains(known, key)) continue;
      good = false;
      fail(child_pointer(pointer, key), "unknown key " + json_quoted(key) + did_you_mean(key, known));
    }
    return good;
  }

  LayerParameters read_layer(const Json& object, const std::string& pointer) {
    LayerParameters layer;
    std::vector<std::string> names;
    for (const BlockKindInfo& kind : kBlockKinds) names.emplace_back(kind.name);
    if (!check_object(object, pointer, names)) return layer;
    for (std::size_t k = 0; k < kBlockKinds.size(); ++k)
      if (const Json* block = find_member(object, kBlockKinds[k].name))
        read_block(*block, child_pointer(pointer, kBlockKinds[k].name), kBlockKinds[k], layer,
                   layer.blocks[k]);
    if (find_member(object, "weights") == nullptr) fail(pointer, "this layer has no \"weights\"");
    return layer;
  }

  void read_block(const Json& value, const std::string& pointer, const BlockKindInfo& kind,
                  LayerParameters& layer, std::vector<double>& numbers) {
    switch (kind.form) {
      case BlockForm::kMatrix: return read_matrix(value, pointer, layer, numbers);
      case BlockForm::kList:
        read_numbers(value, pointer, numbers);
        if (!kind.normalization && !numbers.empty() && layer.rows > 0 && numbers.size() != layer.rows)
          fail(pointer, fmt::format("this layer has {} {} for {} rows of weights", numbers.size(),
                                    kind.plural, layer.rows));
        return;
      case BlockForm::kNumber: return read_number(value, pointer, numbers);
    }
  }

  void read_matrix(const Json& rows, const std::string& pointer, LayerParameters& layer,
                   std::vector<double>& numbers) {
    if (!rows.is_array()) return fail(pointer, "found " + describe(rows));
    if (rows.empty()) return fail(pointer, "there are no weights");
    for (const Json& row : rows) {
      const std::string here = child_pointer(pointer, layer.rows);
      const std::size_t before = numbers.size();
      read_numbers(row, here, numbers);
      const std::size_t inputs = numbers.size() - before;
      if (layer.rows++ == 0) layer.inputs = inputs;
      if (inputs == 0 || inputs != layer.inputs)
        fail(here, fmt::format("this row has {} weights, the first has {}", inputs, layer.inputs));
    }
  }

  void read_numbers(const Json& list, const std::string& pointer, std::vector<double>& numbers) {
    if (!list.is_array()) return fail(pointer, "found " + describe(list));
    for (std::size_t i = 0; i < list.size(); ++i) {
      numbers.push_back(list[i].is_number() ? list[i].get<double>() : 0);
      if (!list[i].is_number()) fail(child_pointer(pointer, i), "found " + describe(list[i]));
    }
  }

  void read_number(const Json& value, const std::string& pointer, std::vector<double>& numbers) {
    if (!value.is_number()) fail(pointer, "found " + describe(value));
    numbers.push_back(value.is_number() ? value.get<double>() : 0);
  }

  Problems& problems_;
};

}  // namespace

std::vector<Claim> parse_claims(std::string_view text, const std::string& label) {
  return parse(text, label, read_list);
}

std::vector<Claim> read_claims(const std::string& path) {
  return parse_claims(read_text_file(path, true), path);
}

ParameterSet parse_parameters(std::string_view text, const std::string& label) {
  return parse(text, label, [](const Json& root, Problems& found) { return LayerReader(found).read(root); });
}

}  // namespace deadrelu
