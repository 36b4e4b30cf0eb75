#include "cli/reproduction.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace deadrelu {
namespace {

// "0.5788": four digits are what a person compares.
std::string short_number(double value) { return fmt::format("{:.4g}", value); }

std::string accepted_range(const Claim& claim) {
  if (!claim.high) return "at least " + short_number(*claim.low);
  if (!claim.low) return "at most " + short_number(*claim.high);
  return short_number(*claim.low) + " to " + short_number(*claim.high);
}

std::string measured_text(const Measurement& found) {
  if (found.samples == 0) return "nothing";
  std::string text = short_number(found.value);
  if (!std::isnan(found.interval.low))
    text += fmt::format(" [{}, {}] of {}", short_number(found.interval.low),
                        short_number(found.interval.high), found.samples);
  return text;
}

Json json_or_null(std::optional<double> value) {
  return value && !std::isnan(*value) ? Json(*value) : Json();
}

// What has come of a claim.
enum class Verdict { kPass, kFail, kNotJudged };

std::string claim_text(const Claim& claim, const Measurement& found, Verdict verdict) {
  const std::string published = std::holds_alternative<double>(claim.published)
                                    ? short_number(std::get<double>(claim.published))
                                    : std::get<std::string>(claim.published);
  if (verdict == Verdict::kNotJudged)
    return fmt::format("  ----  {}\n        published {} ({}); not judged at this size, but {} --full\n",
                       claim.text, published, claim.source,
                       claim.size == ClaimSize::kFull ? "with" : "without");
  const bool passed = verdict == Verdict::kPass;
  std::string text =
      fmt::format("  {}  {}\n        published {} ({}); measured {}; accepted {}\n", passed ? "PASS" : "FAIL",
                  claim.text, published, claim.source, measured_text(found), accepted_range(claim));
  if (!passed && !claim.note.empty()) text += fmt::format("        {}\n", claim.note);
  return text;
}

Json claim_json(const Experiment& experiment, const Claim& claim, const Measurement& found, Verdict verdict) {
  constexpr const char* kVerdicts[] = {"PASS", "FAIL", "NOT JUDGED"};
  Json object{{"experiment", experiment.name},
              {"size", name_of(experiment.size)},
              {"claim", claim.text},
              {"source", claim.source},
              {"published", std::visit([](const auto& held) { return Json(held); }, claim.published)},
              {"measured", json_or_null(found.value)},
              {"low", json_or_null(found.interval.low)},
              {"high", json_or_null(found.interval.high)},
              {"verdict", kVerdicts[static_cast<std::size_t>(verdict)]},
              {"samples", found.samples},
              {"accepted_low", json_or_null(claim.low)},
              {"accepted_high", json_or_null(claim.high)},
              {"firm", claim.firm},
              {"why", claim.why}};
  if (!claim.note.empty()) object["note"] = claim.note;
  if (!claim.at.is_null()) object["at"] = claim.at;
  return object;
}

void add_sample(const Cell& cell, std::vector<double>& samples, std::string& wrong) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
    samples.push_back(static_cast<double>(*whole));
  } else if (const auto* real = std::get_if<double>(&cell)) {
    samples.push_back(*real);
  } else if (std::holds_alternative<std::string>(cell)) {
    wrong = "the query gives a text, not a number";
  }
}

}  // namespace

Measurement measure(const StoreReader& store, const Claim& claim) {
  const auto refuse = [&](ExitCode code, const std::string& why) {
    throw UserError(code, fmt::format("claim \"{}\": {}", claim.text, why));
  };
  std::vector<double> samples;
  std::string wrong;
  try {
    store.query(
        claim.query,
        [&](std::span<const std::string> names) {
          if (names.size() != 1)
            wrong = fmt::format("the query gives {} columns instead of one", names.size());
        },
        [&](std::span<const Cell> row) {
          if (wrong.empty()) add_sample(row[0], samples, wrong);
        });
  } catch (const UserError& error) {
    refuse(error.code(), error.what());
  }
  if (!wrong.empty()) refuse(ExitCode::kUsage, wrong);
  const Statistics statistics = statistics_of(samples);
  Measurement result{samples.size(), statistics.mean, statistics.interval};
  const auto ones = static_cast<std::size_t>(std::ranges::count(samples, 1.0));
  const auto zeros = static_cast<std::size_t>(std::ranges::count(samples, 0.0));
  if (samples.size() > 1 && ones + zeros == samples.size())
    result.interval = wilson_interval(ones, samples.size());
  return result;
}

bool confirms(const Measurement& measurement, const Claim& claim) {
  if (measurement.samples == 0) return false;
  double low = measurement.value, high = measurement.value;
  const bool one_sided = !claim.low || !claim.high;
  if (one_sided && !std::isnan(measurement.interval.low)) {
    low = measurement.interval.low;
    high = measurement.interval.high;
  }
  return (!claim.low || low >= *claim.low) && (!claim.high || high <= *claim.high);
}

void print_experiments(const std::vector<Experiment>& experiments, bool json) {
  std::size_t width = 0;
  for (const Experiment& experiment : experiments) width = std::max(width, experiment.name.size());
  RowPrinter rows(json);
  std::string text;
  for (const Experiment& experiment : experiments) {
    const auto& [name, title, label, size, config, claims, full_runs] = experiment;
    if (json)
      rows.object({{"experiment", name},
                   {"title", title},
                   {"runs", config.run_count()},
                   {"full_runs", full_runs ? Json(*full_runs) : Json()},
                   {"claims", claims.size()},
                   {"config", label}});
    const std::string full = full_runs ? fmt::format(" ({} with --full)", *full_runs) : "";
    text += fmt::format("{:<{}}  {:>6} runs  {:>2} claims  {}{}\n", name, width, config.run_count(),
                        claims.size(), title, full);
  }
  if (json) return rows.finish();
  print_text(text + fmt::format("{} experiments\n", experiments.size()));
}

void ClaimReport::add(const Experiment& experiment, const StoreReader& store) {
  if (!json_) print_text(fmt::format("{}: {}\n", experiment.name, experiment.title));
  for (const Claim& claim : experiment.claims) {
    const bool judged = experiment.judges(claim);
    const Measurement found = judged ? measure(store, claim) : Measurement();
    const Verdict verdict = !judged                  ? Verdict::kNotJudged
                            : confirms(found, claim) ? Verdict::kPass
                                                     : Verdict::kFail;
    if (json_) {
      rows_.object(claim_json(experiment, claim, found, verdict));
    } else {
      print_text(claim_text(claim, found, verdict));
    }
    ++claims_;
    unjudged_ += !judged;
    if (verdict != Verdict::kFail) continue;
    ++failed_;
    if (claim.firm) ++failed_firm_;
  }
}

int ClaimReport::finish() {
  if (json_) {
    rows_.finish();
  } else {
    const std::string unjudged = unjudged_ > 0 ? fmt::format("; {} not judged at this size", unjudged_) : "";
    print_text(fmt::format("{} claims: {} PASS, {} FAIL, {} of them firm{}\n", claims_,
                           claims_ - failed_ - unjudged_, failed_, failed_firm_, unjudged));
  }
  return static_cast<int>(failed_firm_ > 0 ? ExitCode::kNotMet : ExitCode::kOk);
}

}  // namespace deadrelu
