#include "config/resolve.h"

#include <algorithm>

#include "base/error.h"
#include "config/contradictions.h"
#include "config/resolved_tree.h"

namespace deadrelu {
namespace {

using Row = KeyTable::Row;

class Resolver {
 public:
  Resolver(const Settings& settings, const ResolveContext& context, Resolution& out, Problems& problems)
      : settings_(settings), context_(context), out_(out), problems_(problems) {}

  void run() {
    out_.values.assign(rows_.size(), nullptr);
    out_.unknown.assign(rows_.size(), 0);
    out_.from_default.assign(rows_.size(), 0);
    out_.spec = RunSpec{};
    out_.spec.data.directory = context_.directory;
    for (std::size_t row = 0; row < rows_.size(); ++row) resolve_row(row);
    choose_target_form();
    if (context_.only_values) return;
    for (std::size_t row = 0; row < rows_.size(); ++row) check_company(row);
    if (!out_.spec.init.file.empty() && context_.read_parameters) read_parameters();
    if (context_.swept.empty()) check_contradictions();
  }

 private:
  // Files whose classes are not known yet are taken for two classes; find_contradictions says where they are
  // not.
  void choose_target_form() {
    if (out_.spec.train.loss != Loss::kBinaryCrossEntropy) return;
    const auto shape = shape_from_spec(out_.spec.data);
    if (!shape || shape->classes <= 2) out_.spec.data.target_form = TargetForm::kBinary;
  }

  bool swept(std::size_t path) const { return !context_.swept.empty() && context_.swept[path]; }
  bool given(std::size_t path) const { return settings_[path] != nullptr; }
  bool any_given(const std::vector<std::size_t>& paths) const {
    return std::any_of(paths.begin(), paths.end(),
                       [&](std::size_t path) { return given(path) || swept(path); });
  }

  void resolve_row(std::size_t index) {
    const Row& row = rows_[index];
    const Given* given = settings_[row.path].get();
    if (row.selector != kNone) {
      if (out_.unknown[row.selector]) {
        out_.unknown[index] = 1;
        if (given != nullptr && row.place == 0) check_any_reading(row, *given);
        return;
      }
      const Value* chosen = out_.values[row.selector];
      if (chosen == nullptr || (row.variants >> chosen->integer() & 1) == 0) {
        if (given != nullptr) check_belongs(row, *given);
        return;
      }
    }
    out_.unknown[index] = swept(row.path);
    if (given != nullptr) {
      const Given::Reading& reading = given->readings[row.place];
      problems_.add(reading.problems);
      if (!reading.problems.empty()) out_.unknown[index] = 1;
      set(index, reading.problems.empty() ? &reading.value : nullptr);
    } else if (!any_given(row.excludes)) {
      out_.from_default[index] = 1;
      set(index, default_of(index));
    }
  }

  const Value* default_of(std::size_t index) {
    const Row& row = rows_[index];
    if (row.inherits != kNone) {
      if (out_.unknown[row.inherits]) out_.unknown[index] = 1;
      if (out_.values[row.inherits] != nullptr) return out_.values[row.inherits];
    }
    const auto& fallback =
        row.key->other != nullptr && row.key->other(out_.spec) ? row.other_fallback : row.fallback;
    return fallback ? &*fallback : nullptr;
  }

  void set(std::size_t index, const Value* value) {
    out_.values[index] = value;
    if (value != nullptr && rows_[index].key->store != nullptr) rows_[index].key->store(out_.spec, *value);
  }

  // The variant is not known: a value that fits no row of its path is wrong anyway.
  void check_any_reading(const Row& row, const Given& given) {
    for (const auto& reading : given.readings)
      if (reading.problems.empty()) return;
    problems_.add(given.readings[row.place].problems);
  }

  // The row is for other variants: a mistake unless another row of the path is for this one.
  void check_belongs(const Row& row, const Given& given) {
    const std::int64_t chosen =
        out_.values[row.selector] == nullptr ? -1 : out_.values[row.selector]->integer();
    std::string belongs;
    for (const std::size_t other : table_.paths()[row.path].rows) {
      if (chosen >= 0 && (rows_[other].variants >> chosen & 1) != 0) return;
      belongs += (belongs.empty() ? "" : " or ") + table_.variants_text(rows_[other]);
    }
    const Row& selector = rows_[row.selector];
    const std::string key = row.key->path;
    problems_.add(given.place, key.substr(key.rfind('.') + 1) + " belongs to " + belongs + "; " +
                                   selector.key->path + " is " +
                                   (chosen < 0 ? "not given" : out_.values[row.selector]->text) +
                                   (out_.from_default[row.selector] ? " (the default)" : ""));
  }

  bool holds(std::size_t path) const {  // given, and not as null
    if (!given(path)) return false;
    for (const std::size_t row : table_.paths()[path].rows)
      if (out_.values[row] != nullptr && out_.values[row]->is_null()) return false;
    return true;
  }

  // Keys that exclude or need each other, and keys that have to be there.
  void check_company(std::size_t index) {
    const Row& row = rows_[index];
    const bool active = out_.values[index] != nullptr || out_.unknown[index];
    if (active && given(row.path)) {
      for (const std::size_t other : row.excludes)
        if (given(other))
          problems_.add(settings_[other]->place,
                        "cannot be given together with " + std::string(row.key->path) + "; give one of them");
      if (row.needs != kNone && holds(row.path) && !holds(row.needs) && !swept(row.needs))
        problems_.add(settings_[row.path]->place, "needs " + table_.paths()[row.needs].name + " beside it");
    }
    if (is_missing(index) && !any_given(row.excludes)) {
      std::string others;
      for (const std::size_t other : row.excludes)
        others += (others.empty() ? ", or " : " and ") + table_.paths()[other].name;
      problems_.add(
          place_of_path(settings_, *context_.root, row.path),
          "is missing; give " + std::string(row.key->path) + " (" + allowed_text(*row.key) + ")" + others);
    }
  }

  bool is_missing(std::size_t index) const {
    const Row& row = rows_[index];
    if (!row.key->required || given(row.path) || out_.unknown[index]) return false;
    if (row.selector == kNone) return true;
    const Value* chosen = out_.values[row.selector];
    return chosen != nullptr && (row.variants >> chosen->integer() & 1) != 0;
  }

  void read_parameters() {
    const std::string& file = out_.spec.init.file;
    const bool relative = file[0] != '/' && !context_.directory.empty();
    try {
      out_.spec.initial = context_.read_parameters(relative ? context_.directory + '/' + file : file);
    } catch (const UserError&) {
      if (problems_.empty()) throw;  // else the config's own mistakes come first
    }
  }

  bool trusted(std::size_t path) const {
    const auto& rows = table_.paths()[path].rows;
    return std::none_of(rows.begin(), rows.end(), [&](std::size_t row) { return out_.unknown[row] != 0; });
  }

  void check_contradictions() {
    bool data_known = true;
    const KeyTable::Group& data = *table_.find_group("data");
    for (std::size_t path = data.first; path <= data.last; ++path)
      for (const std::size_t row : table_.paths()[path].rows)
        data_known = data_known && !out_.unknown[row] && !is_missing(row);
    for (const Contradiction& found : config_contradictions(out_.spec, data_known)) {
      const std::size_t path = table_.range(found.path)->first;
      if (trusted(path)) problems_.add(place_of_path(settings_, *context_.root, path), found.message);
    }
  }

  const KeyTable& table_ = KeyTable::get();
  const std::vector<Row>& rows_ = table_.rows();
  const Settings& settings_;
  const ResolveContext& context_;
  Resolution& out_;
  Problems& problems_;
};

std::string hidden_text(const RunSpec& spec) {
  std::string text = "[";
  for (const std::size_t width : spec.model.hidden)
    text.append(text.size() > 1 ? "," : "").append(std::to_string(width));
  return text + "]";
}

SweptValue cell(const Key& key, const Value& value) {
  if (value.is_null()) return std::string("null");
  if (!value.is_word && key.type == KeyType::kInteger) return value.integer();
  if (key.type == KeyType::kReal) return value.real();
  if (key.type == KeyType::kText || key.type == KeyType::kFolderName) return value.string();
  const bool text = value.is_word && key.type != KeyType::kChoiceSet;
  return text ? value.text.substr(1, value.text.size() - 2) : value.text;
}

}  // namespace

void resolve(const Settings& settings, const ResolveContext& context, Resolution& resolution,
             Problems& problems) {
  Resolver(settings, context, resolution, problems).run();
}

std::string canonical_text(const Resolution& resolution, const std::function<bool(std::size_t)>& hide) {
  const KeyTable& table = KeyTable::get();
  static const std::size_t hidden = table.paths()[table.find_path("model.hidden")].rows.front();
  const auto hangs_on_hidden = [&](std::size_t index) {
    const Row& row = table.rows()[index];
    if (!resolution.from_default[index]) return false;
    return (row.inherits != kNone && hide(table.rows()[row.inherits].path)) ||
           std::any_of(row.depends.begin(), row.depends.end(), hide);
  };
  std::string text;
  text.reserve(2048);
  for (std::size_t i = 0; i < table.rows().size(); ++i) {
    const Row& row = table.rows()[i];
    const bool differs_elsewhere =
        hide && row.needs != kNone && hide(row.needs);  // width, where depth is swept
    if (!row.key->in_id && !differs_elsewhere) continue;
    if (i == hidden) {
      text += row.id_prefix + hidden_text(resolution.spec) + '\n';
    } else if (resolution.values[i] != nullptr) {
      text += row.id_prefix;
      text += hide && hangs_on_hidden(i) ? "?" : resolution.values[i]->text;
      text += '\n';
    }
  }
  return text;
}

SweptValue swept_value(const Resolution& resolution, const std::string& name) {
  const KeyTable& table = KeyTable::get();
  if (const std::size_t path = table.find_path(name); path != kNone) {
    for (const std::size_t row : table.paths()[path].rows)
      if (resolution.values[row] != nullptr) return cell(*table.rows()[row].key, *resolution.values[row]);
    return std::string();
  }
  const KeyTable::Group& group = *table.find_group(name);
  std::size_t active = 0;
  for (std::size_t path = group.first; path <= group.last; ++path)
    for (const std::size_t row : table.paths()[path].rows) active += resolution.values[row] != nullptr;
  const auto is_active = [&](std::size_t row) { return row != kNone && resolution.values[row] != nullptr; };
  if (active == 1 && is_active(group.selector))
    return cell(*table.rows()[group.selector].key, *resolution.values[group.selector]);
  if (active == 2 && is_active(group.number)) return resolution.values[group.number]->real();
  return group_json(resolution, name);
}

Place place_of_path(const Settings& settings, const Node& root, std::size_t path) {
  if (settings[path] != nullptr) return settings[path]->place;
  const std::string& name = KeyTable::get().paths()[path].name;
  const Node* node = &root;
  Place place{-1, root.line, ""};
  for (std::size_t from = 0; from <= name.size();) {
    const std::size_t to = std::min(name.find('.', from), name.size());
    const std::string key = name.substr(from, to - from);
    place.pointer = child_pointer(place.pointer, key);
    node = node != nullptr && node->is_object() ? node->find(key) : nullptr;
    if (node != nullptr) {
      place.set = node->set;
      place.line = node->line;
    }
    from = to + 1;
  }
  return place;
}

}  // namespace deadrelu
