#include "config/claims.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "config/json.h"

namespace deadrelu {
namespace {

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> names = {"text", "source", "published", "query", "low",
                                                 "high", "why",    "note",      "firm"};
  return names;
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
    claim.firm = firm();
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
    for (const auto& [key, value] : node_.items()) {
      if (std::find(field_names().begin(), field_names().end(), key) == field_names().end())
        fail(key, "unknown key " + json_quoted(key) + did_you_mean(key, field_names()));
    }
  }

  std::string text(std::string_view key, bool required) {
    const Json* value = find_member(node_, key);
    if (value == nullptr) {
      if (required) fail(key, "is missing; give a text");
      return "";
    }
    if (value->is_string() && !(required && *value == "")) return *value;
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
    if (value != nullptr && value->is_string() && *value != "") return value->get<std::string>();
    if (value == nullptr) {
      fail("published", "is missing; give a number or a text (\"direction only\")");
    } else {
      fail("published", "found " + describe(*value) + "; allowed: a number or a text, not empty");
    }
    return std::string();
  }

  bool firm() {
    const Json* value = find_member(node_, "firm");
    if (value == nullptr) return true;
    if (value->is_boolean()) return value->get<bool>();
    fail("firm", "found " + describe(*value) + "; allowed: true or false");
    return true;
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

}  // namespace

std::vector<Claim> parse_claims(std::string_view text, const std::string& label) {
  Problems problems;
  Json root;
  std::vector<Claim> claims;
  if (read_json(text, Problems::kFile, root, problems)) claims = read_list(root, problems);
  if (!problems.empty()) throw UserError(ExitCode::kUsage, problems.report(text, label));
  return claims;
}

std::vector<Claim> read_claims(const std::string& path) {
  return parse_claims(read_text_file(path, true), path);
}

}  // namespace deadrelu
