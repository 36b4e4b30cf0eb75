// The rows of `record` and of the top level.
#include "config/key.h"

namespace deadrelu {
namespace {

using Spec = RunSpec;

constexpr const char* kTables[] = {"metrics", "layers", "units"};
constexpr const char* kParameters[] = {"initial", "final"};
constexpr Range kNotNegative{0, 1e100};
constexpr Range kShare{0, 1};
constexpr Range kSteps{1, 1e12};

constexpr Key kRecordKeys[] = {
    {.path = "record.every",
     .type = KeyType::kInteger,
     .range = kSteps,
     .fallback = "100",
     .excludes = "record.steps record.log",
     .meaning =
         "Record every so many steps. Step 0 (before any update) and the last step are always recorded.",
     .store = [](Spec& r, const Value& v) { r.record.every = v.count(); }},
    {.path = "record.steps",
     .type = KeyType::kIntegerList,
     .range = {0, 1e12},
     .excludes = "record.log",
     .meaning = "Instead of record.every: record these steps.",
     .store =
         [](Spec& r, const Value& v) {
           r.record.every = 0;
           r.record.steps.assign(v.integers().begin(), v.integers().end());
         }},
    {.path = "record.log",
     .type = KeyType::kInteger,
     .range = {1, 1e6},
     .meaning =
         "Instead of record.every: so many steps from 1 to the last, evenly spaced in their logarithm.",
     .store =
         [](Spec& r, const Value& v) {
           r.record.every = 0;
           r.record.log_count = v.count();
         }},
    {.path = "record.probe.split",
     .type = KeyType::kChoice,
     .choices = names_of<ProbeSplit>(),
     .fallback = "\"train\"",
     .meaning = "The split whose examples decide whether a unit is dead: the probe set, fixed for a run.",
     .store = [](Spec& r, const Value& v) { r.record.probe_split = v.choice<ProbeSplit>(); }},
    {.path = "record.probe.samples",
     .type = KeyType::kInteger,
     .range = {1, 1e8},
     .word = "all",
     .fallback = "1000",
     .meaning = "Examples of each split that are evaluated; all of a smaller split.",
     .store = [](Spec& r, const Value& v) { r.record.probe_samples = v.count(); }},
    {.path = "record.tables",
     .type = KeyType::kChoiceSet,
     .choices = kTables,
     .most_items = 100,
     .fallback = "[\"metrics\",\"layers\"]",
     .meaning = "Tables that are recorded beside runs.csv.",
     .store =
         [](Spec& r, const Value& v) {
           r.record.metrics = v.has(0);
           r.record.layers = v.has(1);
           r.record.units = v.has(2);
         }},
    {.path = "record.parameters",
     .type = KeyType::kChoiceSet,
     .choices = kParameters,
     .most_items = 100,
     .fallback = "[]",
     .meaning = "Parameters that are written to parameters.jsonl.",
     .store =
         [](Spec& r, const Value& v) {
           r.record.parameters_initial = v.has(0);
           r.record.parameters_final = v.has(1);
         }},
    {.path = "record.thresholds.rarely_active",
     .range = kShare,
     .fallback = "0.01",
     .meaning = "A unit is rarely active where it fires on fewer than this share of the probe set.",
     .store = [](Spec& r, const Value& v) { r.record.thresholds.rarely_active = v.real(); }},
    {.path = "record.thresholds.dormant",
     .range = kNotNegative,
     .fallback = "0.025",
     .meaning = "A unit is dormant where its mean |activation| over its layer's mean is at most this "
                "(Sokar et al. 2023).",
     .store = [](Spec& r, const Value& v) { r.record.thresholds.dormant = v.real(); }},
    {.path = "record.thresholds.saturated",
     .range = kNotNegative,
     .fallback = "1e-07",
     .meaning =
         "A unit is saturated where |derivative of its activation| is below this on the whole probe set.",
     .store = [](Spec& r, const Value& v) { r.record.thresholds.saturated = v.real(); }},
};

constexpr Key kTopKeys[] = {
    {.path = "$schema",
     .type = KeyType::kText,
     .in_id = false,
     .meaning = "Where editors find the JSON Schema; changes no result."},
    {.path = "name",
     .type = KeyType::kFolderName,
     .in_id = false,
     .meaning = "Names the results folder; changes no result. Default: the config file's name."},
};

constexpr Key kSeedKeys[] = {
    {.path = "seed",
     .type = KeyType::kInteger,
     .range = {0, 0x1p63},
     .fallback = "0",
     .in_id = false,
     .meaning = "The seed of the run, or the first seed of a sweep. Weights, data, order and all else that "
                "is random "
                "depend on it alone.",
     .store = [](Spec& r, const Value& v) { r.seed = v.count(); }},
};

}  // namespace

std::span<const Key> top_keys() { return kTopKeys; }
std::span<const Key> record_keys() { return kRecordKeys; }
std::span<const Key> seed_keys() { return kSeedKeys; }

}  // namespace deadrelu
