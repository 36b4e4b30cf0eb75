#include "config/set_option.h"

#include <algorithm>

#include "config/resolve.h"

namespace deadrelu {
namespace {

class SetReader {
 public:
  SetReader(int set, std::optional<Json>& sweep, SetValues& out, Problems& problems)
      : set_(set), sweep_(sweep), out_(out), problems_(problems) {}

  void read(const std::string& text) {
    const auto equals = text.find('=');
    path_ = text.substr(0, equals);
    if (equals == std::string::npos || path_.empty())
      return fail("", "is no PATH=VALUE, as in train.steps=100");
    if (valid_utf8(text) < text.size()) return fail("", "is not valid UTF-8");
    pointer_ = pointer_of(path_);
    Json value;
    if (!read_value(text.substr(equals + 1), value)) return;
    if (paths_overlap(path_, "sweep")) return set_in_sweep(std::move(value));
    const KeyTable& table = KeyTable::get();
    if (table.range(path_)) {
      problems_.came_from(pointer_, set_);
      out_.assignments.push_back(
          read_assignment(out_.values.emplace_back(std::move(value)), path_, pointer_, problems_));
      return;
    }
    std::vector<std::string> names = table.all_names();
    names.insert(names.end(),
                 {"sweep", "sweep.seeds", "sweep.grid", "sweep.list", "sweep.zip", "sweep.exclude"});
    fail(pointer_, "unknown path " + json_quoted(path_) + did_you_mean(path_, names));
  }

 private:
  void fail(const std::string& pointer, const std::string& message) {
    problems_.add_at(set_, 1, pointer, message);
  }

  // JSON, or plain text where it is none; what starts like a list, an object or a quoted text has to be one.
  bool read_value(const std::string& text, Json& value) {
    Problems tried;
    const bool json = read_json(text, set_, value, tried);
    if (!json && (text.empty() || std::string_view("{[\"").find(text[0]) == std::string_view::npos)) {
      value = text;
      return true;
    }
    problems_.add(tried);
    return json;
  }

  // An object, made where there is nothing; false, with a problem, where there is something else.
  bool enter(Json& object, const std::string& name) {
    if (object.is_null()) object = Json::object();
    if (!object.is_object())
      fail(pointer_, json_quoted(name) + " is " + describe(object) + "; set it as a whole");
    return object.is_object();
  }

  // sweep=…, sweep.SECTION=…, sweep.seeds.from=…, and sweep.grid.PATH=… with a dotted PATH as one key.
  void set_in_sweep(Json value) {
    if (path_ == "sweep") {
      problems_.came_from("/sweep", set_);
      sweep_ = value.is_null() ? std::nullopt : std::optional(std::move(value));
      return;
    }
    const std::string rest = path_.substr(path_.find('.') + 1), section = rest.substr(0, rest.find('.'));
    std::string pointer = child_pointer("/sweep", section);
    if (!sweep_) sweep_ = Json::object();
    if (!enter(*sweep_, "sweep")) return;
    Json* place = &(*sweep_)[section];
    if (section != rest) {
      if (!enter(*place, section)) return;
      const std::string key = rest.substr(section.size() + 1);
      pointer = child_pointer(pointer, key);
      place = &(*place)[key];
    }
    problems_.came_from(pointer, set_);
    *place = std::move(value);
  }

  const int set_;
  std::optional<Json>& sweep_;
  SetValues& out_;
  Problems& problems_;
  std::string path_, pointer_;
};

}  // namespace

SetValues read_sets(const std::vector<std::string>& sets, std::optional<Json>& sweep, Problems& problems) {
  SetValues values;
  for (std::size_t i = 0; i < sets.size(); ++i)
    SetReader(static_cast<int>(i), sweep, values, problems).read(sets[i]);
  return values;
}

}  // namespace deadrelu
