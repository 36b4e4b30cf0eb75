// What `reproduce` prints: the list of experiments, and each claim with what was measured and the verdict.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/experiments.h"
#include "cli/output.h"
#include "cli/verdict.h"

namespace deadrelu {

std::string list_as_text(const std::vector<Experiment>& experiments, std::size_t threads);
// [{"experiment", "title", "runs", "claims", "estimated_seconds"}]
std::string list_as_json(const std::vector<Experiment>& experiments, std::size_t threads);

// Judges the claims of one experiment after another and prints them as they come.
class ClaimReport {
 public:
  explicit ClaimReport(bool json) : json_(json) {}

  // Throws what `measure` throws.
  void add(const Experiment& experiment, const StoreReader& store);
  // Prints the end, and returns the exit code: 3 where a firm claim failed, else 0.
  int finish();

 private:
  std::string text_of(const Claim& claim, const Measurement& found, bool passed) const;
  std::string json_of(const std::string& experiment, const Claim& claim, const Measurement& found,
                      bool passed) const;

  const bool json_;
  std::size_t claims_ = 0, failed_ = 0, failed_firm_ = 0;
  StandardOutput out_;
};

}  // namespace deadrelu
