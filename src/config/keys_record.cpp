// The rows of `record` and of the top level.
#include "config/key.h"

namespace deadrelu {
namespace {

constexpr const char* kTables[] = {"metrics", "layers", "units"};
constexpr const char* kParameters[] = {"initial", "final"};

template <auto Member>
constexpr Field record = field<&RunSpec::record, Member>;
template <auto Member>
constexpr Field threshold = field<&RunSpec::record, &RecordSpec::thresholds, Member>;

// As the field, and no longer every so many steps.
template <auto Member>
constexpr Field instead_of_every{record<Member>.get,
                                 [](RunSpec& run, const Json& value, const Key& key) {
                                   run.record.every = 0;
                                   record<Member>.set(run, value, key);
                                 },
                                 record<Member>.same};

}  // namespace

std::vector<Key> record_keys() {
  return {
      integer("record.every", record<&RecordSpec::every>, kSteps,
              "Record every so many steps. Step 0 (before any update) and the last step are always recorded.")
          .not_beside("record.steps record.log"),
      integers("record.steps", instead_of_every<&RecordSpec::steps>, {0, 1e12}, std::size_t{1} << 24,
               "Instead of record.every: record these steps.")
          .without_default()
          .not_beside("record.log"),
      integer("record.log", instead_of_every<&RecordSpec::log_count>, {1, 1e6},
              "Instead of record.every: so many steps from 1 to the last, evenly spaced in their logarithm.")
          .without_default(),
      choice("record.probe.split", record<&RecordSpec::probe_split>,
             "The split whose examples decide whether a unit is dead: the probe set, fixed for a run."),
      integer("record.probe.samples", record<&RecordSpec::probe_samples>, {1, 1e8},
              "Examples of each split that are evaluated; all of a smaller split.")
          .or_word("all"),
      choices("record.tables",
              flags<&RunSpec::record, &RecordSpec::metrics, &RecordSpec::layers, &RecordSpec::units>, kTables,
              "Tables that are recorded beside runs.csv."),
      boolean("record.effective_rank", record<&RecordSpec::effective_rank>,
              "Fill the column effective_rank of layers.csv, which takes longer than all others together."),
      choices("record.parameters",
              flags<&RunSpec::record, &RecordSpec::parameters_initial, &RecordSpec::parameters_final>,
              kParameters, "Parameters that are written to parameters.jsonl."),
      real("record.thresholds.rarely_active", threshold<&Thresholds::rarely_active>, kShare,
           "A unit is rarely active where it fires on fewer than this share of the probe set."),
      real("record.thresholds.dormant", threshold<&Thresholds::dormant>, kNotNegative,
           "A unit is dormant where its mean |activation| over its layer's mean is at most this "
           "(Sokar et al. 2023)."),
      real("record.thresholds.saturated", threshold<&Thresholds::saturated>, kNotNegative,
           "A unit is saturated where |derivative of its activation| is below this on the whole probe set."),
  };
}

std::vector<Key> top_keys() {
  return {
      text("$schema", {}, "Where editors find the JSON Schema; changes no result.")
          .without_default()
          .outside_id(),
      Key{"name",
          KeyType::kFolderName,
          {},
          "Names the results folder; changes no result. Default: the config file's name."}
          .without_default()
          .outside_id(),
  };
}

std::vector<Key> seed_keys() {
  return {
      integer("seed", field<&RunSpec::seed>, {0, 0x1p63},
              "The seed of the run, or the first seed of a sweep. Weights, data, order and all else that is "
              "random depend on it alone.")
          .outside_id()};
}

}  // namespace deadrelu
