#include "config/json.h"

#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/enum_names.h"
#include "base/number.h"

namespace deadrelu {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

[[noreturn]] void fail_to_read(const std::string& path, const std::string& why) {
  throw UserError(ExitCode::kInputOutput,
                  (path == "-" ? "standard input" : path) + ": cannot be read: " + why);
}

// Refuses what must not even be opened: opening a pipe waits for its other end.
void check_kind(const std::string& path, bool only_regular) {
  if (path == "-") return;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) fail_to_read(path, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail_to_read(path, "it is a directory");
  if (only_regular && !S_ISREG(status.st_mode)) fail_to_read(path, "it is no regular file");
}

}  // namespace

std::string child_pointer(const std::string& pointer, std::string_view key) {
  std::string child = pointer + '/';
  for (const char c : key) {
    if (c == '~') {
      child += "~0";
    } else if (c == '/') {
      child += "~1";
    } else {
      child += c;
    }
  }
  return child;
}

std::string child_pointer(const std::string& pointer, std::size_t index) {
  return pointer + '/' + std::to_string(index);
}

std::string json_quoted(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string canonical_json(const Json& value) {
  if (value.is_number_float()) return number_text(value.get<double>() + 0.0);  // −0 is 0
  if (value.is_string()) return json_quoted(value.get_ref<const std::string&>());
  if (!value.is_structured()) return value.dump();
  std::string text;
  for (const auto& [key, item] : value.items()) {
    if (!text.empty()) text += ',';
    if (value.is_object()) text += json_quoted(key) + ':';
    text += canonical_json(item);
  }
  return value.is_object() ? '{' + text + '}' : '[' + text + ']';
}

bool is_empty_text(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().empty();
}

std::string describe(const Json& value) {
  constexpr std::size_t kLongest = 60;
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  if (value.is_string() && value.get_ref<const std::string&>().size() > kLongest)
    return fmt::format("a text of {} characters", value.get_ref<const std::string&>().size());
  return value.is_number_float() ? number_text(value.get<double>()) : canonical_json(value);
}

std::string did_you_mean(const std::string& given, const std::vector<std::string>& allowed) {
  const std::string nearest = nearest_name(given, allowed);
  return nearest.empty() ? "" : "; did you mean " + json_quoted(nearest) + "?";
}

const Json* find_member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  for (const auto& [name, value] : object.get_ref<const Json::object_t&>())
    if (name == key) return &value;
  return nullptr;
}

bool is_whole(const Json& number) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: a number with a point or exponent is whole below it
  if (number.is_number_integer()) return true;
  if (!number.is_number_float()) return false;
  const auto real = number.get<double>();
  return std::abs(real) <= kExact && real == std::floor(real);
}

std::int64_t to_whole(const Json& number) { return number.get<std::int64_t>(); }

void Problems::add_at(int set, std::uint32_t line, const std::string& pointer, const std::string& message) {
  if (!full()) found_.insert({set, line, pointer, message});
}

int Problems::set_of(std::string_view pointer) const {
  for (auto entry = sets_.rbegin(); entry != sets_.rend(); ++entry) {
    const std::string& start = entry->first;
    if (pointer.starts_with(start) && (pointer.size() == start.size() || pointer[start.size()] == '/'))
      return entry->second;
  }
  return kFile;
}

std::vector<Mistake> Problems::report(std::string_view text, const std::string& label,
                                      const std::vector<std::string>& sets) const {
  std::map<std::string, std::uint32_t> lines;
  for (const Problem& problem : found_)
    if (problem.set == kFile && problem.line == 0) lines[problem.pointer] = 1;
  if (!lines.empty()) find_lines(text, lines);
  std::set<Problem> sorted;
  for (Problem problem : found_) {
    if (problem.set == kFile && problem.line == 0) problem.line = lines[problem.pointer];
    sorted.insert(std::move(problem));
  }
  std::vector<Mistake> mistakes;
  for (const auto& [set, line, pointer, message] : sorted) {
    mistakes.push_back(
        {set == kFile ? label + ':' + std::to_string(line) : "--set " + sets[static_cast<std::size_t>(set)],
         pointer, message});
  }
  if (full()) mistakes.push_back({"", "", "(there may be more)"});
  return mistakes;
}

std::string read_text_file(const std::string& path, bool only_regular) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  check_kind(path, only_regular);
  const std::unique_ptr<std::FILE, Close> opened(path == "-" ? nullptr : std::fopen(path.c_str(), "rbe"));
  std::FILE* const file = path == "-" ? stdin : opened.get();
  if (file == nullptr) fail_to_read(path, std::strerror(errno));
  std::string text;
  for (std::size_t got = kBlock; got == kBlock;) {
    const std::size_t before = text.size();
    text.resize(before + kBlock);
    got = std::fread(text.data() + before, 1, kBlock, file);
    text.resize(before + got);
    if (text.size() > kMostJsonBytes)
      fail_to_read(path, fmt::format("it is larger than {} MiB", kMostJsonBytes >> 20));
  }
  if (std::ferror(file) != 0) fail_to_read(path, std::strerror(errno));
  return text;
}

}  // namespace deadrelu
