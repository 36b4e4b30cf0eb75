// A config file as the program uses it: validated, every default filled in, its sweep ready to be walked.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sweep/planned_run.h"
#include "sweep/sweep_shape.h"

namespace deadrelu {

struct Doc {
  std::string name;                      // a key's dotted path ("train.steps"), or a column's name
  std::string type;                      // "real", "integer", "text", "one of …", …
  std::string range = {};                // keys: "" where there is none
  std::string default_text = {};         // keys: JSON; "required" where there is no default
  std::string meaning = {};              // a sentence or two; of keys with definition and source
  std::string unit = {};                 // columns: "" where the numbers have none
  std::string definition = {};           // columns: a formula, a source; "" where the meaning says it all
  std::vector<std::string> values = {};  // keys: what it may be, where these are names
};

struct ConfigSource {
  std::string text;               // the JSON text; // and /* */ comments are allowed
  std::string label;              // what errors call it: the file's path, or "standard input"
  std::string directory;          // where relative paths in it start
  std::string default_name;       // used where the config has no "name"
  std::vector<std::string> sets;  // "path=value", in order
};

// Runs of one point of a sweep at one value of one of its keys, with seeds of their own.
struct SweepBatch {
  std::uint64_t point = 0;  // among the points that have the first value of the key
  double value = 0;
  std::uint64_t first_seed = 0, seeds = 1;
};

class ExperimentConfig {
 public:
  // Throws UserError(kUsage) with one line a mistake, all of them: `LABEL:LINE: /pointer: …` (a mistake in a
  // --set is reported as `--set PATH=VALUE: /pointer: …`). Every value of every axis is checked, and every
  // point (without seeds) of a sweep of up to 100,000 points.
  explicit ExperimentConfig(const ConfigSource& source);
  ~ExperimentConfig();
  ExperimentConfig(ExperimentConfig&&) noexcept;
  ExperimentConfig& operator=(ExperimentConfig&&) noexcept;

  const std::string& name() const;
  const std::vector<SweptColumn>& swept_columns() const;
  std::uint64_t run_count() const;
  // Every run from the first, lazily. The config must outlive the stream.
  RunStream runs() const;
  // The resolved config, defaults filled in and the sweep as given, pretty-printed; loads again to the same
  // run ids.
  std::string resolved_json() const;
  // resolved_json with these batches, in this order, instead of the sweep: a list that says all that each entry
  // changes. REQUIRES: `path` is an axis of sweep.grid, given as a range.
  std::string batches_json(const std::string& path, std::span<const SweepBatch> batches) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads a config file, or standard input for "-". A set is PATH=VALUE, where VALUE is JSON, or a plain text where it does
// not parse as JSON; or @FILE: a file with a JSON object of them, {"PATH": VALUE, …}, that stand in its place. Throws
// UserError: kInputOutput where a file cannot be read, kUsage where such an object is none.
ConfigSource read_config(const std::string& path, std::vector<std::string> sets);

// JSON Schema (draft-07) of the config, from the table that validates it.
std::string config_schema();

// Every key, as `explain` prints it; the keys of a variant carry it: "data.samples".
std::vector<Doc> config_keys();

}  // namespace deadrelu
