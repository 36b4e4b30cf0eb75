// From what a config says to a run: variants chosen, defaults filled in, everything checked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/key_table.h"
#include "config/settings.h"
#include "sweep/planned_run.h"

namespace deadrelu {

struct Resolution {
  std::vector<const Value*> values;   // [row of the key table]; null: the row does not apply, or is wrong
  std::vector<std::uint8_t> unknown;  // [row]: wrong, or hanging on something wrong
  std::vector<std::uint8_t> from_default;  // [row]
  RunSpec spec;                            // but for the seed of a sweep
};

// Reads init.file; the path is already resolved. Throws UserError.
using ParameterReader = std::function<std::shared_ptr<const ParameterSet>(const std::string& path)>;

struct ResolveContext {
  const Node* root = nullptr;       // of the config: for the place of a mistake in what is not given
  std::string directory;            // where relative paths start
  ParameterReader read_parameters;  // may be empty: init.file is not read
  // [path]: a sweep decides its value, so what hangs on it is not known, and contradictions are not looked
  // for; empty: nothing is swept.
  std::vector<bool> swept;
  bool only_values = false;  // keys that are missing or exclude each other are not looked for either
};

// Fills `resolution` (its memory is used again) and adds the problems, if any. The settings must outlive it.
void resolve(const Settings& settings, const ResolveContext& context, Resolution& resolution,
             Problems& problems);

// The canonical text of a point: one line `path=value` for every key that applies and counts, in the table's
// order. Where `hide` is given, a default that hangs on another key is hidden if hide(path of that key).
std::string canonical_text(const Resolution& resolution, const std::function<bool(std::size_t)>& hide = {});

// The value of a key or group as a cell of runs.csv: a number where it is one, else its text; a group as its
// shorthand or compact JSON; "" where it does not apply.
SweptValue swept_value(const Resolution& resolution, const std::string& name);

// The place of a key that need not be given: its own, or that of the nearest group that is there.
Place place_of_path(const Settings& settings, const Node& root, std::size_t path);

}  // namespace deadrelu
