#include "cli/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace deadrelu {
namespace {

[[noreturn]] void refuse(const Claim& claim, const std::string& sentence) {
  throw UserError(ExitCode::kUsage, fmt::format("claim \"{}\": {}", claim.text, sentence));
}

void add_sample(const Cell& cell, const Claim& claim, std::vector<double>& samples) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
    samples.push_back(static_cast<double>(*whole));
  } else if (const auto* real = std::get_if<double>(&cell)) {
    samples.push_back(*real);
  } else if (std::holds_alternative<std::string>(cell)) {
    refuse(claim, "the query gives a text, not a number");
  }
}

}  // namespace

Measurement measure(const StoreReader& store, const Claim& claim) {
  std::vector<double> samples;
  try {
    store.query(
        claim.query,
        [&](std::span<const std::string> names) {
          if (names.size() != 1)
            refuse(claim, fmt::format("the query gives {} columns instead of one", names.size()));
        },
        [&](std::span<const Cell> row) { add_sample(row[0], claim, samples); });
  } catch (const UserError& error) {
    if (std::string_view(error.what()).starts_with("claim ")) throw;
    throw UserError(error.code(), fmt::format("claim \"{}\": {}", claim.text, error.what()));
  }
  const Statistics statistics = statistics_of(samples);
  Measurement result{samples.size(), statistics.mean, statistics.interval};
  const auto ones = static_cast<std::size_t>(std::count(samples.begin(), samples.end(), 1.0));
  const auto zeros = static_cast<std::size_t>(std::count(samples.begin(), samples.end(), 0.0));
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

}  // namespace deadrelu
