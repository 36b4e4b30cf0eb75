// From what a config says to a run: variants chosen, defaults filled in, everything checked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "sweep/planned_run.h"

namespace deadrelu {

// Reads init.file; the path is already resolved. Throws UserError.
using ParameterReader =
    std::function<std::shared_ptr<const ParameterSet>(const std::string& path, WeightLayout layout)>;

// Resolves one document after another; what stays the same from one to the next is worked out once.
class Resolver {
 public:
  // `directory`: where relative paths start.
  Resolver(std::string directory, ParameterReader read_parameters);

  // Chooses variants and fills in defaults; what is missing or does not belong is added to the problems.
  void resolve(const Document& document, Problems& problems);

  // Then, until the next call, of that document:
  // Reads init.file and adds what contradicts each other.
  void check(Problems& problems);

  const RunSpec& spec() const { return spec_; }  // but for the seed of a sweep
  // The variant has it, and its value holds.
  bool applies(std::size_t row) const { return state_[row] == kApplies; }
  // One line `path=value` for every key that applies and counts, in the table's order: what run ids are made of.
  const std::string& canonical_text();
  // The value of a path: of the row that applies, else what is given and fits; empty where there is neither.
  std::optional<Json> value(std::size_t path) const;
  // The value of a group: its shorthand where that says all, else an object of what applies.
  Json group_value(const std::string& name) const;
  // The value of a key or group as a cell of runs.csv: a number where it is one, else its text; a group as its
  // shorthand or compact JSON, remedy and its parts as "redo+l2_init(strength=0.1)"; "" where it does not apply.
  SweptValue cell(const std::string& name) const;
  // What a part of a group is called: its selector's choice, or its own name, and in brackets what differs from the
  // defaults; a group of parts joins those that are not "none". So different values have different names.
  std::string short_name(const std::string& name) const;

 private:
  using Row = KeyTable::Row;
  // unknown: wrong, or hanging on something wrong
  enum RowState : std::uint8_t { kAbsent, kUnknown, kApplies };

  void resolve_row(std::size_t index, Problems& problems);
  void resolve_open(std::size_t index, Problems& problems);
  bool is_free_name(const Row& row) const;
  std::string place_of(const std::string& name, std::size_t path) const;
  RowState use_leaf(std::size_t index, const Leaf& leaf, Problems& problems);
  RowState use_default(const Row& row, Problems& problems);
  RowState use_entries(std::size_t index, const Leaf& leaf, Problems& problems);
  bool resolve_entry(const Row& list, const Json& value, const std::string& pointer, Problems& problems);
  void report_foreign(const Row& row, const Leaf& leaf, Problems& problems) const;
  void report_missing(const Row& row, Problems& problems) const;
  void check_company(const Row& row, Problems& problems) const;
  void choose_target_form();
  void read_initial(Problems& problems);
  bool given(std::size_t path) const { return (*document_)[path] != nullptr; }
  bool known(std::size_t first_path, std::size_t last_path) const;

  const KeyTable& table_ = KeyTable::get();
  const std::vector<Row>& rows_ = table_.rows();
  const std::string directory_;
  const ParameterReader read_parameters_;
  const Document* document_ = nullptr;
  RunSpec spec_, previous_;          // previous_: what lines_ were made of
  bool lines_made_ = false;          // of spec_
  std::vector<RowState> state_;      // [row]
  std::vector<int> variant_;         // [row]: of a selector that applies, its choice
  std::vector<std::string> lines_;   // [row]; "": not made
  std::vector<Json> lists_;          // [row]: of a list of groups that applies, its entries
  std::unique_ptr<Resolver> entry_;  // resolves one of them, which is
  Assignment own_leaves_;
  Document own_document_;
  std::string text_;
};

// The values of a group ("": of the whole config) as nested objects, the group's own name left out.
Json nested(const std::string& name, const std::function<std::optional<Json>(std::size_t path)>& value);

// "/train/optimizer" of "train.optimizer".
std::string pointer_of(const std::string& path);

// The first 8 bytes (big endian) of SHA-256 of a point's canonical text, the seed and the engine epoch. The
// point's text is hashed once for all of its seeds.
class PointHash {
 public:
  PointHash();
  ~PointHash();
  void start(std::string_view point_text);
  std::uint64_t id(std::uint64_t seed) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deadrelu
