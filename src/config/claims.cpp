#include "config/claims.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "config/file_text.h"
#include "config/json_read.h"
#include "config/problems.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> names = {"text", "source", "published", "query", "low",
                                                 "high", "why",    "note",      "firm"};
  return names;
}

// Reads one claim; what is wrong with it goes to the problems.
class ClaimReader {
 public:
  ClaimReader(const Node& node, std::string pointer, Problems& problems)
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
      fail(node_, "", "gives neither \"low\" nor \"high\"; allowed: a number for at least one of them");
    } else if (claim.low && claim.high && *claim.low > *claim.high) {
      fail(*node_.find("low"), "low", "is above \"high\"");
    }
    return claim;
  }

 private:
  void fail(const Node& node, std::string_view key, const std::string& message) {
    problems_.add(place_of(node, key.empty() ? pointer_ : child_pointer(pointer_, key)), message);
  }

  void check_names() {
    for (const auto& [key, value] : node_.members()) {
      if (std::find(field_names().begin(), field_names().end(), key) == field_names().end())
        fail(value, key, "unknown key " + json_quoted(key) + did_you_mean(key, field_names()));
    }
  }

  std::string text(std::string_view key, bool required) {
    const Node* value = node_.find(key);
    if (value == nullptr) {
      if (required) fail(node_, key, "is missing; give a text");
      return "";
    }
    if (value->is_text() && !(required && value->text().empty())) return value->text();
    fail(*value, key, "found " + describe(*value) + "; allowed: a text, not empty");
    return "";
  }

  std::optional<double> limit(std::string_view key) {
    const Node* value = node_.find(key);
    if (value == nullptr || value->kind == NodeKind::kNull) return std::nullopt;
    if (value->is_number()) return value->real;
    fail(*value, key, "found " + describe(*value) + "; allowed: a number, or null for no limit");
    return std::nullopt;
  }

  std::variant<double, std::string> published() {
    const Node* value = node_.find("published");
    if (value != nullptr && value->is_number()) return value->real;
    if (value != nullptr && value->is_text() && !value->text().empty()) return value->text();
    if (value == nullptr) {
      fail(node_, "published", "is missing; give a number or a text (\"direction only\")");
    } else {
      fail(*value, "published", "found " + describe(*value) + "; allowed: a number or a text, not empty");
    }
    return std::string();
  }

  bool firm() {
    const Node* value = node_.find("firm");
    if (value == nullptr) return true;
    if (value->kind == NodeKind::kBool) return value->flag;
    fail(*value, "firm", "found " + describe(*value) + "; allowed: true or false");
    return true;
  }

  const Node& node_;
  const std::string pointer_;
  Problems& problems_;
};

std::vector<Claim> read_list(const Node& root, Problems& problems) {
  std::vector<Claim> claims;
  if (!root.is_list() || root.items().empty()) {
    problems.add(place_of(root, ""), "found " + describe(root) + "; allowed: a list of claims, not empty");
    return claims;
  }
  std::set<std::string> texts;
  for (std::size_t i = 0; i < root.items().size(); ++i) {
    const Node& item = root.items()[i];
    const std::string pointer = child_pointer("", i);
    if (!item.is_object()) {
      problems.add(place_of(item, pointer), "found " + describe(item) + "; allowed: an object (a claim)");
      continue;
    }
    claims.push_back(ClaimReader(item, pointer, problems).read());
    if (!texts.insert(claims.back().text).second)
      problems.add(place_of(item, pointer), "has the text of a claim before it");
  }
  return claims;
}

}  // namespace

std::vector<Claim> parse_claims(std::string_view text, const std::string& label) {
  Problems problems;
  Node root;
  std::vector<Claim> claims;
  if (read_json(text, -1, root, problems)) claims = read_list(root, problems);
  if (!problems.empty()) throw UserError(ExitCode::kUsage, problems.report(label, {}));
  return claims;
}

std::vector<Claim> read_claims(const std::string& path) {
  return parse_claims(read_text_file(path, kMostBytes, true), path);
}

}  // namespace deadrelu
