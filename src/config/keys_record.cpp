// The rows of `record`.
#include "config/key.h"
#include "probe/certificates.h"
#include "probe/columns.h"

namespace deadrelu {
namespace {

constexpr Range kDomain{-1e30, 1e30};

constexpr const char* kParameters[] = {"initial", "final"};

template <auto Member>
constexpr Field record = field<&RunSpec::record, Member>;
template <auto Member>
constexpr Field threshold = field<&RunSpec::record, &RecordSpec::thresholds, Member>;

// The tables that record.tables chooses from, a flag of RecordSpec each.
std::vector<const Table*> chosen_tables() {
  std::vector<const Table*> tables;
  for (const Table& table : result_tables())
    if (table.wanted != nullptr) tables.push_back(&table);
  return tables;
}
Names table_names() {
  static const std::vector<const char*> names = [] {
    std::vector<const char*> list;
    for (const Table* table : chosen_tables()) list.push_back(table->name.c_str());
    return list;
  }();
  return names;
}
int table_mask(const RunSpec& run) {
  int mask = 0, bit = 0;
  for (const Table* table : chosen_tables()) mask |= static_cast<int>(run.record.*table->wanted) << bit++;
  return mask;
}
constexpr Field kTables{[](const RunSpec& run) { return Json(table_mask(run)); },
                        [](RunSpec& run, const Json& value, const Key& key) {
                          int mask = choice_mask(key, value);
                          for (const Table* table : chosen_tables()) {
                            run.record.*table->wanted = (mask & 1) != 0;
                            mask >>= 1;
                          }
                        },
                        [](const RunSpec& a, const RunSpec& b) { return table_mask(a) == table_mask(b); }};

// The activations of which a method proves something.
std::string certified_by(Certify method) {
  std::string text;
  for (std::size_t i = 0; i < names_of<Activation>().size(); ++i)
    if (strongest_certificate(static_cast<Activation>(i)) >= method)
      text.append(text.empty() ? "" : ", ").append(names_of<Activation>()[i]);
  return text;
}

// As the field, and no longer every so many steps.
void forget_every(RunSpec& run) { run.record.every = 0; }
template <auto Member>
constexpr Field instead_of_every = extended<record<Member>, forget_every>;

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
      choices("record.tables", kTables, table_names(), "Tables that are recorded beside runs.csv."),
      boolean("record.effective_rank", record<&RecordSpec::effective_rank>,
              "Fill the column effective_rank of layers.csv, which takes longer than all others together."),
      integer(
          "record.rank_samples", record<&RecordSpec::rank_samples>, {1, 1e8},
          "Samples, evenly spread over the probe set, from which the effective rank comes, in about as much less "
          "time; all of a smaller set. A rank is at most this number and comes out too low, the more so the "
          "nearer the layer's width is to it: compare ranks of one number of samples.")
          .or_word("all")
          .beside("record.effective_rank"),
      choice(
          "record.certify", record<&RecordSpec::certify>,
          "Prove of units that they are dead, or alive, for the inputs of record.domain and not only on the probe set: the "
          "columns certified_… of layers and units. interval bounds every sum in the forward pass's own arithmetic, "
          "for every number in the box and without a tolerance; it costs as much as some examples and takes " +
              certified_by(Certify::kInterval) +
              ". linear bounds activations by lines too, which are put through to the inputs (CROWN, Zhang et al. 2018; "
              "DeepPoly, Singh et al. 2019). exact takes the box of one or two inputs apart as well, into the pieces on "
              "which the network is linear. These two take " +
              certified_by(Certify::kExact) +
              "; they count in all rounding errors, their own and the forward pass's (exact: but for numbers that "
              "underflow), so what is closer to 0 stays unknown, and what takes more than seconds."),
      real_each(
          "record.domain.low", record<&RecordSpec::domain_low>, kDomain,
          "The box of inputs that is certified, as they enter the network, after standardize, scale and offset: "
          "the lowest value, of every input or a list with one each. Not given: the smallest box around all "
          "examples of the data set, of both splits; where a task permutes inputs, around all of an example's.")
          .without_default()
          .beside("record.domain.high"),
      real_each("record.domain.high", record<&RecordSpec::domain_high>, kDomain,
                "The highest value, like record.domain.low.")
          .without_default()
          .beside("record.domain.low"),
      choice(
          "record.deaths", record<&RecordSpec::deaths>,
          "Table deaths, a row for each death, revival and reset of a hidden unit: how far its largest pre-activation "
          "moved since the recorded step before, and how much of that comes from its weights, its bias and the "
          "activations below. every_step: also how much in the one update that did it (last_step_share); the probe "
          "set then passes through the network at every step, so take few record.probe.samples. Runs keep a copy of "
          "their parameters and 16 numbers a unit; a record with such a change takes up to two more passes."),
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

}  // namespace deadrelu
