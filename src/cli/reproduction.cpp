#include "cli/reproduction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "store/export.h"

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

std::string duration(double seconds) {
  return seconds < 90 ? fmt::format("{:.0f} s", std::max(1.0, seconds))
                      : fmt::format("{:.0f} min", seconds / 60);
}

Cell cell_or_missing(std::optional<double> value) {
  return value && !std::isnan(*value) ? Cell(*value) : Cell();
}

// Appends `, "key": value` to an object, or `"key": value` as its first member.
void append_member(std::string& line, const char* key, const Cell& value) {
  line += fmt::format("{}\"{}\": ", line.ends_with('{') ? "" : ", ", key);
  append_json_cell(line, value);
}

}  // namespace

std::string list_as_text(const std::vector<Experiment>& experiments, std::size_t threads) {
  std::size_t width = 0;
  for (const Experiment& experiment : experiments) width = std::max(width, experiment.name.size());
  std::string text;
  double seconds = 0;
  for (const Experiment& experiment : experiments) {
    const double estimate = estimated_seconds(experiment.config, threads);
    seconds += estimate;
    text += fmt::format("{:<{}}  {:>6} runs  {:>2} claims  {:>6}  {}\n", experiment.name, width,
                        experiment.config.run_count(), experiment.claims.size(), duration(estimate),
                        experiment.title);
  }
  return text + fmt::format("{} experiments, about {} on {} threads\n", experiments.size(), duration(seconds),
                            threads);
}

std::string list_as_json(const std::vector<Experiment>& experiments, std::size_t threads) {
  std::string text = "[";
  for (const Experiment& experiment : experiments) {
    std::string line = "{";
    append_member(line, "experiment", experiment.name);
    append_member(line, "title", experiment.title);
    append_member(line, "runs", static_cast<std::int64_t>(experiment.config.run_count()));
    append_member(line, "claims", static_cast<std::int64_t>(experiment.claims.size()));
    append_member(line, "estimated_seconds", estimated_seconds(experiment.config, threads));
    text += (text.size() > 1 ? ",\n" : "\n") + line + "}";
  }
  return text + "\n]\n";
}

std::string ClaimReport::text_of(const Claim& claim, const Measurement& found, bool passed) const {
  const std::string published = std::holds_alternative<double>(claim.published)
                                    ? short_number(std::get<double>(claim.published))
                                    : std::get<std::string>(claim.published);
  std::string text =
      fmt::format("  {}  {}\n        published {} ({}); measured {}; accepted {}\n", passed ? "PASS" : "FAIL",
                  claim.text, published, claim.source, measured_text(found), accepted_range(claim));
  if (!passed && !claim.note.empty()) text += fmt::format("        {}\n", claim.note);
  return text;
}

std::string ClaimReport::json_of(const std::string& experiment, const Claim& claim, const Measurement& found,
                                 bool passed) const {
  std::string line = "{";
  append_member(line, "experiment", experiment);
  append_member(line, "claim", claim.text);
  append_member(line, "source", claim.source);
  append_member(line, "published", std::visit([](const auto& held) { return Cell(held); }, claim.published));
  append_member(line, "measured", cell_or_missing(found.value));
  append_member(line, "low", cell_or_missing(found.interval.low));
  append_member(line, "high", cell_or_missing(found.interval.high));
  append_member(line, "verdict", std::string(passed ? "PASS" : "FAIL"));
  append_member(line, "samples", static_cast<std::int64_t>(found.samples));
  append_member(line, "accepted_low", cell_or_missing(claim.low));
  append_member(line, "accepted_high", cell_or_missing(claim.high));
  line += fmt::format(", \"firm\": {}", claim.firm);
  append_member(line, "why", claim.why);
  if (!claim.note.empty()) append_member(line, "note", claim.note);
  return line + "}";
}

void ClaimReport::add(const Experiment& experiment, const StoreReader& store) {
  if (!json_) out_.write(fmt::format("{}: {}\n", experiment.name, experiment.title));
  for (const Claim& claim : experiment.claims) {
    const Measurement found = measure(store, claim);
    const bool passed = confirms(found, claim);
    if (json_) {
      out_.write((claims_ == 0 ? "[\n" : ",\n") + json_of(experiment.name, claim, found, passed));
    } else {
      out_.write(text_of(claim, found, passed));
    }
    ++claims_;
    if (passed) continue;
    ++failed_;
    if (claim.firm) ++failed_firm_;
  }
  out_.flush();
}

int ClaimReport::finish() {
  if (json_) {
    out_.write("\n]\n");
  } else {
    out_.write(fmt::format("{} claims: {} PASS, {} FAIL, {} of them firm\n", claims_, claims_ - failed_,
                           failed_, failed_firm_));
  }
  out_.flush();
  return static_cast<int>(failed_firm_ > 0 ? ExitCode::kNotMet : ExitCode::kOk);
}

}  // namespace deadrelu
