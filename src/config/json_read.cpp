// nlohmann's parser, with the line at every event and its complaints as sentences.
#include <deque>
#include <iterator>
#include <limits>
#include <unordered_map>

#include "config/json.h"

namespace deadrelu {
namespace {

// How far a text has been read. The parser reads one character ahead after a number, and at most one elsewhere.
struct ReadPosition {
  std::string_view text;
  std::size_t consumed = 0, counted = 0;
  std::uint32_t lines = 1;

  // The line of the token that was read last. Cheap: every newline is counted once.
  std::uint32_t line() {
    std::size_t end = consumed;
    while (end > counted && (text[end - 1] == '\n' || text[end - 1] == '\r')) --end;
    if (end > counted)
      lines += static_cast<std::uint32_t>(std::count(&text[counted], &text[end - 1] + 1, '\n'));
    counted = std::max(counted, end);
    return lines;
  }
};

// An input iterator over the text that moves the position along.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  ReadPosition* position;
  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    ++at;
    ++position->consumed;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at == other.at; }
};

// The word, number or sign that ends where the parser stopped.
std::string_view last_word(std::string_view text, std::size_t consumed) {
  const auto in_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || c == '+' || c == '-';
  };
  std::size_t from = std::min(consumed, text.size()), to = from;
  if (from > 0 && !in_word(text[from - 1])) return text.substr(from - 1, 1);
  while (from > 0 && in_word(text[from - 1])) --from;
  while (to < text.size() && in_word(text[to])) ++to;
  return text.substr(from, to - from);
}

// What is wrong where the parser stopped, in a plain sentence. `token` is the last token as the parser read it,
// `detail` what the parser says (nlohmann's text, of which only known phrases are looked for).
std::string syntax_problem(const ReadPosition& position, const std::string& token, std::string_view detail) {
  const auto says = [&](std::string_view part) { return detail.find(part) != std::string_view::npos; };
  const std::string_view text = position.text;
  const std::string_view word = last_word(text, position.consumed);
  const std::string_view unsigned_word = word.substr(std::min(word.find_first_not_of("+-"), word.size()));
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return "is empty; expected an object { … }";
  if (says("invalid comment"))
    return "a comment is // to the end of the line, or /* up to */; this one is neither";
  for (const std::string_view name : {"NaN", "nan", "Inf", "inf"})
    if (unsigned_word.starts_with(name))
      return "NaN and Infinity are no JSON numbers; every number of a config is finite";
  if (says("invalid string"))
    return "a text in quotes is not closed on its line, or holds a wrong escape: " +
           json_quoted(token.substr(1, 40));
  if (word == "'") return "texts stand in double quotes (\"), not in single ones";
  if (says("unexpected end of input")) return "ends too early: a closing bracket, brace or quote is missing";
  if (says("unexpected '}'") || says("unexpected ']'"))
    return fmt::format("unexpected {}: no comma may follow the last entry, and brackets come in pairs",
                       json_quoted(word));
  if (says("expected end of input"))
    return fmt::format(
        "is not valid JSON near {}: something follows the first document, and a file holds one (of parameters.jsonl take one line, as with `sed -n 1p parameters.jsonl`)",
        json_quoted(word));
  const bool number = says("unexpected number literal");
  return fmt::format("is not valid JSON near {}; expected a comma, a colon, a bracket or a value",
                     json_quoted(number ? std::string_view(token) : word));
}

// The length of the valid UTF-8 sequence (RFC 3629) at the start of `bytes`; 0 where there is none.
std::size_t utf8_length(std::string_view bytes) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(i < bytes.size() ? bytes[i] : 0);
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Overlong forms, surrogates and what lies beyond U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) >= 0xA0)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90)) return 0;
  return length;
}

using Lines = std::map<std::string, std::uint32_t>;

// nlohmann's SAX interface: builds the document, notices duplicate keys and deep nesting, stops at a syntax error, and
// notes the lines of the pointers that are looked for.
class DocumentBuilder {
 public:
  DocumentBuilder(ReadPosition& position, int set, Json& root, Problems& problems, Lines* wanted)
      : position_(position), set_(set), root_(root), problems_(problems), wanted_(wanted) {}

  bool null() { return add(nullptr) != nullptr; }
  bool boolean(bool value) { return add(value) != nullptr; }
  bool number_integer(std::int64_t value) { return add(value) != nullptr; }
  bool number_unsigned(std::uint64_t value) {
    const bool fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return fits ? number_integer(static_cast<std::int64_t>(value))
                : number_float(static_cast<double>(value), {});
  }
  bool number_float(double value, const std::string& /*raw*/) { return add(value) != nullptr; }
  bool string(std::string& value) { return add(std::move(value)) != nullptr; }
  bool binary(Json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*size*/) { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) { return open(Json::array()); }
  bool end_object() { return end_array(); }
  bool end_array() {
    levels_.pop_back();
    return true;
  }
  bool key(std::string& name) {
    Level& level = levels_.back();
    level.key = std::move(name);
    const auto [first, fresh] = level.keys.emplace(level.key, position_.line());
    level.duplicate = !fresh;
    if (!fresh)
      fail(pointer(),
           fmt::format("is given twice (first in line {}); a key may stand only once", first->second));
    return true;
  }
  bool parse_error(std::size_t /*position*/, const std::string& token, const Json::exception& error) {
    constexpr int kOutOfRange = 406;
    fail("", error.id == kOutOfRange
                 ? fmt::format("the number {} is too large; numbers lie between -1.8e308 and 1.8e308", token)
                 : syntax_problem(position_, token, error.what()));
    return false;
  }

 private:
  struct Level {
    Json* node;
    bool wanted = false;  // some pointer that is looked for may lie below
    std::string key = {};
    bool duplicate = false;  // the value that follows is read and dropped
    std::unordered_map<std::string, std::uint32_t> keys = {};
  };

  void fail(const std::string& pointer, const std::string& message) {
    problems_.add_at(set_, position_.line(), pointer, message);
  }

  // Of the value that comes next.
  std::string pointer() const {
    std::string text;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const bool open = i + 1 < levels_.size();
      text = levels_[i].node->is_object() ? child_pointer(text, levels_[i].key)
                                          : child_pointer(text, levels_[i].node->size() - (open ? 1 : 0));
    }
    return text;
  }

  // Whether a pointer that is looked for is this value's or lies below it; the deepest value gives the line.
  bool note_line() {
    if (wanted_ == nullptr || (!levels_.empty() && (!levels_.back().wanted || levels_.back().duplicate)))
      return false;
    const std::string here = pointer();
    bool noted = false;
    for (auto entry = wanted_->lower_bound(here); entry != wanted_->end() && entry->first.starts_with(here);
         ++entry) {
      if (entry->first.size() != here.size() && entry->first[here.size()] != '/') continue;
      entry->second = position_.line();
      noted = true;
    }
    return noted;
  }

  // Puts the next value into the innermost open object or list.
  Json* add(Json value) {
    noted_ = note_line();
    if (levels_.empty()) return &(root_ = std::move(value));
    Level& level = levels_.back();
    if (level.duplicate) return &dropped_.emplace_back(std::move(value));
    if (level.node->is_array()) {
      level.node->push_back(std::move(value));
      return &level.node->back();
    }
    auto& members = level.node->get_ref<Json::object_t&>();  // operator[] looks for the key again
    return &members.emplace_back(level.key, std::move(value)).second;
  }

  bool open(Json container) {
    if (levels_.size() == kDeepestNesting) {
      fail("", fmt::format("is nested deeper than {} levels", kDeepestNesting));
      return false;
    }
    Json* const node = add(std::move(container));
    levels_.push_back({node, noted_});
    return true;
  }

  ReadPosition& position_;
  const int set_;
  Json& root_;
  Problems& problems_;
  Lines* const wanted_;
  bool noted_ = false;
  std::vector<Level> levels_;
  std::deque<Json> dropped_;  // values of duplicate keys
};

bool build(std::string_view text, int set, Json& document, Problems& problems, Lines* wanted) {
  ReadPosition position{text};
  DocumentBuilder builder(position, set, document, problems, wanted);
  return Json::sax_parse(CountingIterator{text.data(), &position},
                         CountingIterator{text.data() + text.size(), &position}, &builder,
                         Json::input_format_t::json, true, true);
}

}  // namespace

std::size_t valid_utf8(std::string_view text) {
  std::size_t valid = 0;
  while (valid < text.size()) {
    const std::size_t length = utf8_length(text.substr(valid));
    if (length == 0) break;
    valid += length;
  }
  return valid;
}

bool read_json(std::string_view text, int set, Json& document, Problems& problems) {
  if (text.size() > kMostJsonBytes) {
    problems.add_at(set, 1, "", fmt::format("is larger than {} MiB", kMostJsonBytes >> 20));
    return false;
  }
  if (const std::size_t valid = valid_utf8(text); valid < text.size()) {
    const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(valid), '\n');
    problems.add_at(set, static_cast<std::uint32_t>(lines) + 1, "", "is not valid UTF-8");
    return false;
  }
  return build(text, set, document, problems, nullptr);
}

void find_lines(std::string_view text, std::map<std::string, std::uint32_t>& pointers) {
  Json document;
  Problems known;
  build(text, Problems::kFile, document, known, &pointers);
}

}  // namespace deadrelu
