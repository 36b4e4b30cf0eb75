#include "config/resolve.h"

#include <algorithm>
#include <new>

#include <openssl/evp.h>

#include "base/error.h"
#include "config/key.h"
#include "train/check.h"

namespace deadrelu {

std::string pointer_of(const std::string& path) {
  std::string pointer = '/' + path;
  std::ranges::replace(pointer, '.', '/');
  return pointer;
}

Json nested(const std::string& name, const std::function<std::optional<Json>(std::size_t path)>& value) {
  const KeyTable& table = KeyTable::get();
  const KeyTable::Group& group = *table.find_group(name);
  Json tree = Json::object();
  for (std::size_t path = group.first; path <= group.last; ++path) {
    const std::optional<Json> found = value(path);
    if (!found) continue;
    if (table.paths()[path].name.ends_with(".*")) {
      for (const auto& [member, number] : found->items()) {
        const std::string whole = parent_of(table.paths()[path].name) + '.' + member;
        tree[Json::json_pointer(pointer_of(name.empty() ? whole : whole.substr(name.size() + 1)))] = number;
      }
      continue;
    }
    const std::string below =
        name.empty() ? '.' + table.paths()[path].name : table.paths()[path].name.substr(name.size());
    tree[Json::json_pointer(pointer_of(below).substr(1))] = Json::parse(canonical_json(*found));
  }
  return tree;
}

Resolver::Resolver(std::string directory, ParameterReader read_parameters)
    : directory_(std::move(directory)),
      read_parameters_(std::move(read_parameters)),
      variant_(rows_.size()),
      lines_(rows_.size()),
      lists_(rows_.size()) {}

void Resolver::resolve(const Document& document, Problems& problems) {
  static const RunSpec kStart;
  document_ = &document;
  if (std::exchange(lines_made_, false)) std::swap(spec_, previous_);
  spec_ = kStart;
  spec_.data.directory = directory_;
  state_.assign(rows_.size(), kAbsent);
  for (std::size_t row = 0; row < rows_.size(); ++row) resolve_row(row, problems);
  choose_target_form();
}

void Resolver::resolve_row(std::size_t index, Problems& problems) {
  const Row& row = rows_[index];
  if (row.key.open) return resolve_open(index, problems);
  const Leaf* leaf = (*document_)[row.path];
  RowState& state = state_[index];
  if (row.selector != kNone) {
    state = state_[row.selector] == kUnknown ? kUnknown : kAbsent;
    if (state_[row.selector] != kApplies) {
      if (leaf != nullptr && state == kAbsent) check_company(rows_[row.selector], problems);
      return;
    }
    if (!row.belongs_to(variant_[row.selector])) {
      if (leaf != nullptr && !is_free_name(row)) report_foreign(row, *leaf, problems);
      return;
    }
  }
  state = leaf != nullptr ? use_leaf(index, *leaf, problems) : use_default(row, problems);
  if (row.selects && state == kApplies) variant_[index] = row.key.field.get(spec_).get<int>();
}

Resolver::RowState Resolver::use_leaf(std::size_t index, const Leaf& leaf, Problems& problems) {
  const Row& row = rows_[index];
  if (leaf.wrong) return kUnknown;
  check_company(row, problems);
  const bool one_of_many = table_.paths()[row.path].rows.size() > 1;  // else it has been checked
  if (one_of_many && !check_value(row.key, *leaf.value, leaf.pointer, problems)) return kUnknown;
  if (row.key.take != nullptr) return use_entries(index, leaf, problems);
  if (row.key.field.set != nullptr) row.key.field.set(spec_, *leaf.value, row.key);
  return kApplies;
}

// A key with free names: all of its numbers.
void Resolver::resolve_open(std::size_t index, Problems& problems) {
  const Row& row = rows_[index];
  const bool is_lost = (*document_)[row.path] != nullptr || !known(row.needs, row.needs);
  const bool belongs =
      row.selector == kNone || (state_[row.selector] == kApplies && row.belongs_to(variant_[row.selector]));
  state_[index] = is_lost || (row.selector != kNone && state_[row.selector] == kUnknown) ? kUnknown
                  : belongs                                                              ? kApplies
                                                                                         : kAbsent;
  const auto use = [&](const std::string& name, const Leaf& leaf) {
    if (!leaf.wrong && check_value(row.key, *leaf.value, leaf.pointer, problems))
      return row.key.field.set(spec_, {{name, *leaf.value}}, row.key);
    state_[index] = kUnknown;
  };
  for (const auto& [path, leaf] : document_->members) {
    if (path != row.path || state_[index] == kUnknown) continue;
    if (belongs) {
      check_company(row, problems);
      use(leaf->member, *leaf);
    } else {
      report_foreign(row, *leaf, problems);
    }
  }
  if (!belongs) return;
  // Keys of other variants are free names here.
  const KeyTable::Group& group = *table_.find_group(parent_of(row.key.path));
  for (std::size_t path = group.first; path <= group.last; ++path) {
    const Row& other = rows_[table_.paths()[path].rows.front()];
    const Leaf* const leaf = (*document_)[path];
    if (leaf != nullptr && is_free_name(other)) use(last_of(other.key.path), *leaf);
  }
}

// Whether the row's key belongs to other variants, and is one of its group's free names in this one.
bool Resolver::is_free_name(const Row& row) const {
  const std::size_t open = table_.find_group(parent_of(row.key.path))->open;
  if (open == kNone || !is_number(row.key)) return false;
  const Row& names = rows_[table_.paths()[open].rows.front()];
  if (names.selector == kNone || row.selector != names.selector || state_[row.selector] != kApplies)
    return false;
  const int variant = variant_[row.selector];
  const auto& rows = table_.paths()[row.path].rows;
  return names.belongs_to(variant) &&
         std::ranges::none_of(rows, [&](std::size_t other) { return rows_[other].belongs_to(variant); });
}

// A list of groups: each entry is resolved as if it stood in place of the group.
Resolver::RowState Resolver::use_entries(std::size_t index, const Leaf& leaf, Problems& problems) {
  const Row& row = rows_[index];
  if (entry_ == nullptr) entry_ = std::make_unique<Resolver>(directory_, read_parameters_);
  Json values = Json::array();
  bool good = true;
  for (std::size_t i = 0; i < leaf.value->size(); ++i) {
    good &= entry_->resolve_entry(row, (*leaf.value)[i], child_pointer(leaf.pointer, i), problems);
    if (!good) continue;
    row.key.take(spec_, entry_->spec_);
    values.push_back(entry_->group_value(parent_of(row.key.path)));
  }
  lists_[index] = std::move(values);
  return good ? kApplies : kUnknown;
}

bool Resolver::resolve_entry(const Row& list, const Json& value, const std::string& pointer,
                             Problems& problems) {
  Problems found = problems.fresh();
  own_leaves_ = read_assignment(value, parent_of(list.key.path), pointer, found);
  own_document_ = Document(table_.paths().size());
  Assignment& entry = own_leaves_;
  if (!entry.leaves.empty() && entry.leaves.front().first == list.path)
    found.add(pointer, "found " + describe(value) + "; an entry of a list is no list itself");
  entry.put_into(own_document_);
  check_leaves(entry, own_document_, found);
  document_ = &own_document_;
  spec_ = RunSpec();
  state_.assign(rows_.size(), kAbsent);
  for (std::size_t path = entry.first; path <= entry.last && found.empty(); ++path)
    for (const std::size_t row : table_.paths()[path].rows) resolve_row(row, found);
  problems.add(found);
  return found.empty();
}

Resolver::RowState Resolver::use_default(const Row& row, Problems& problems) {
  const Key& key = row.key;
  for (const std::size_t other : row.excludes) {
    if (!given(other)) continue;
    // A key outside of the id (model.width) only writes this one in another way.
    return rows_[table_.paths()[other].rows.front()].key.in_id ? kAbsent : kApplies;
  }
  if (key.required) {
    report_missing(row, problems);
    return kUnknown;
  }
  if (key.optional) return kAbsent;
  if (row.inherits != kNone && state_[row.inherits] == kUnknown) return kUnknown;
  if (row.inherits != kNone && state_[row.inherits] == kApplies) {
    key.field.set(spec_, value_of(rows_[row.inherits].key, spec_), key);
  } else if (key.other != nullptr && key.other(spec_)) {
    key.field.set(spec_, key.other_fallback, key);
  } else if (!key.fallback.is_null()) {
    key.field.set(spec_, key.fallback, key);
  }  // else the spec has it from the start
  return kApplies;
}

// The row is for other variants: a mistake unless another row of the path is for this one.
void Resolver::report_foreign(const Row& row, const Leaf& leaf, Problems& problems) const {
  const Row& selector = rows_[row.selector];
  const std::string name = row.key.open ? leaf.member : last_of(row.key.path);
  std::string belongs;
  for (const std::size_t other : table_.paths()[row.path].rows) {
    if (rows_[other].belongs_to(variant_[row.selector])) return;
    belongs += (belongs.empty() ? "" : " or ") + table_.variants_text(rows_[other]);
  }
  problems.add(leaf.pointer, fmt::format("{} belongs to {}; {} is {}{}", name, belongs, selector.key.path,
                                         canonical_json(value_of(selector.key, spec_)),
                                         given(selector.path) ? "" : " (the default)"));
}

void Resolver::report_missing(const Row& row, Problems& problems) const {
  std::string others;
  for (const std::size_t other : row.excludes)
    others += (others.empty() ? ", or " : " and ") + table_.paths()[other].name;
  problems.add(pointer_of(row.key.path),
               fmt::format("is missing; give {} ({}){}", row.key.path, allowed_text(row.key), others));
}

// Keys that exclude or need each other.
void Resolver::check_company(const Row& row, Problems& problems) const {
  const auto holds = [&](std::size_t path) { return given(path) && !(*document_)[path]->value->is_null(); };
  for (const std::size_t other : row.excludes)
    if (given(other))
      problems.add((*document_)[other]->pointer,
                   fmt::format("cannot be given together with {}; give one of them", row.key.path));
  if (row.needs != kNone && holds(row.path) && !holds(row.needs))
    problems.add((*document_)[row.path]->pointer, "needs " + table_.paths()[row.needs].name + " beside it");
}

void Resolver::choose_target_form() {
  if (spec_.data.one_output.value_or(spec_.train.loss == Loss::kBinaryCrossEntropy))
    spec_.data.target_form = TargetForm::kBinary;
}

void Resolver::read_initial(Problems& problems) {
  const std::string& file = spec_.init.file;
  const bool relative = file[0] != '/' && !directory_.empty();
  try {
    spec_.initial = read_parameters_(relative ? directory_ + '/' + file : file, spec_.init.layout);
  } catch (const UserError&) {
    if (problems.empty()) throw;  // else the config's own mistakes come first
  }
}

bool Resolver::known(std::size_t first_path, std::size_t last_path) const {
  for (std::size_t path = first_path; path <= last_path; ++path)
    for (const std::size_t row : table_.paths()[path].rows)
      if (state_[row] == kUnknown) return false;
  return true;
}

void Resolver::check(Problems& problems) {
  if (!spec_.init.file.empty()) read_initial(problems);
  if (spec_.initial != nullptr && !has_targets(spec_.data))
    spec_.data.outputs_to_measure = spec_.initial->layers.back().rows;
  const KeyTable::Group& data = *table_.find_group("data");
  for (const Contradiction& found : spec_contradictions(spec_, known(data.first, data.last))) {
    const std::size_t path = table_.range(found.path)->first;
    if (known(path, path)) problems.add(place_of(found.path, path), found.message);
  }
}

// Where the path is given, or would be.
std::string Resolver::place_of(const std::string& name, std::size_t path) const {
  if (given(path)) return (*document_)[path]->pointer;
  for (const auto& [open, leaf] : document_->members)
    if (open == path && leaf->member == last_of(name)) return leaf->pointer;
  return pointer_of(rows_[table_.paths()[path].rows.front()].key.open ? name : table_.paths()[path].name);
}

const std::string& Resolver::canonical_text() {
  lines_made_ = true;
  text_.clear();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Key& key = rows_[i].key;
    if (!key.in_id || !applies(i)) {
      lines_[i].clear();
      continue;
    }
    if (lines_[i].empty() || !key.field.same(spec_, previous_))
      lines_[i] =
          key.path + '=' + canonical_json(key.take != nullptr ? lists_[i] : value_of(key, spec_)) + '\n';
    text_ += lines_[i];
  }
  return text_;
}

std::optional<Json> Resolver::value(std::size_t path) const {
  const auto& rows = table_.paths()[path].rows;
  const Leaf* leaf = (*document_)[path];
  for (const std::size_t row : rows)
    if (applies(row) && rows_[row].key.take != nullptr) {
      return lists_[row];
    } else if (applies(row) && rows_[row].key.field.get != nullptr) {
      return value_of(rows_[row].key, spec_);
    }
  for (const std::size_t row : rows) {
    Problems tried;
    if (leaf != nullptr && check_value(rows_[row].key, *leaf->value, leaf->pointer, tried))
      return uniform_value(rows_[row].key, *leaf->value);
  }
  return std::nullopt;
}

SweptValue Resolver::cell(const std::string& name) const {
  const auto as_cell = [](const Json& value) -> SweptValue {
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_number_float()) return value.get<double>();
    return value.is_string() ? value.get<std::string>() : canonical_json(value);
  };
  if (const std::size_t path = table_.find_path(name); path != kNone) {
    const std::optional<Json> found = value(path);
    return found ? as_cell(*found) : SweptValue(std::string());
  }
  if (const std::size_t path = table_.find_open(name); path != kNone) {
    const std::optional<Json> numbers = value(path);
    const Json* const found = numbers ? find_member(*numbers, last_of(name)) : nullptr;
    return found != nullptr ? as_cell(*found) : SweptValue(std::string());
  }
  const bool is_part = table_.find_group(parent_of(name))->has_parts;
  return is_part || table_.find_group(name)->has_parts ? short_name(name) : as_cell(group_value(name));
}

std::string Resolver::short_name(const std::string& name) const {
  const KeyTable::Group& group = *table_.find_group(name);
  std::string parts;
  if (group.has_parts) {
    for (const std::string& child : group.children)
      if (const std::string part = short_name(name + '.' + child); part != "none")
        parts += (parts.empty() ? "" : "+") + part;
    return parts.empty() ? "none" : parts;
  }
  for (std::size_t path = group.first; path <= group.last; ++path) {
    for (const std::size_t row : table_.paths()[path].rows) {
      const Key& key = rows_[row].key;
      if (row == group.selector || !applies(row) || !key.in_id) continue;
      const Json value = value_of(key, spec_);
      if (value == (key.other != nullptr && key.other(spec_) ? key.other_fallback : default_of(key)))
        continue;
      parts += (parts.empty() ? "(" : " ") + last_of(key.path) + '=' +
               (value.is_string() ? value.get<std::string>() : canonical_json(value));
    }
  }
  if (!parts.empty()) parts += ')';
  if (group.selector != kNone) return value_of(rows_[group.selector].key, spec_).get<std::string>() + parts;
  return parts.empty() ? "none" : last_of(name) + parts;
}

Json Resolver::group_value(const std::string& name) const {
  const KeyTable::Group& group = *table_.find_group(name);
  const auto active = [&](std::size_t row) { return row != kNone && applies(row); };
  const auto counts = [&](std::size_t row) { return active(row) && rows_[row].key.field.same != nullptr; };
  std::size_t count = 0;
  for (std::size_t path = group.first; path <= group.last; ++path)
    for (const std::size_t row : table_.paths()[path].rows) count += static_cast<std::size_t>(counts(row));
  if (count == 1 && active(group.selector)) return value_of(rows_[group.selector].key, spec_);
  if (count == 2 && active(group.number)) return value_of(rows_[group.number].key, spec_);
  if (count == 1 && group.each != kNone && active(table_.paths()[group.each].rows.front()))
    return *value(group.each);
  Json members = nested(name, [&](std::size_t path) -> std::optional<Json> {
    for (const std::size_t row : table_.paths()[path].rows)
      if (counts(row)) return value(path);
    return std::nullopt;
  });
  // Members without a value, such as numbers of a formula that there is not, counted above.
  return members.size() == 1 && active(group.selector) ? members.front() : members;
}

struct PointHash::State {
  State() : kind(EVP_MD_fetch(nullptr, "SHA256", nullptr)), point(EVP_MD_CTX_new()), run(EVP_MD_CTX_new()) {
    if (kind == nullptr || point == nullptr || run == nullptr) throw std::bad_alloc();
  }
  ~State() {
    EVP_MD_CTX_free(run);
    EVP_MD_CTX_free(point);
    EVP_MD_free(kind);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  EVP_MD* kind;
  EVP_MD_CTX* point;  // after the point's text
  EVP_MD_CTX* run;
};

PointHash::PointHash() : state_(std::make_unique<State>()) {}
PointHash::~PointHash() = default;

void PointHash::start(std::string_view point_text) {
  EVP_DigestInit_ex(state_->point, state_->kind, nullptr);
  EVP_DigestUpdate(state_->point, point_text.data(), point_text.size());
}

std::uint64_t PointHash::id(std::uint64_t seed) const {
  const std::string rest = fmt::format("seed={}\nengine_epoch={}\n", seed, kEngineEpoch);
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_MD_CTX_copy_ex(state_->run, state_->point);
  EVP_DigestUpdate(state_->run, rest.data(), rest.size());
  EVP_DigestFinal_ex(state_->run, digest, nullptr);
  std::uint64_t id = 0;
  for (int i = 0; i < 8; ++i) id = id << 8 | digest[i];
  return id;
}

}  // namespace deadrelu
