// The JSON files beside a config: an experiment's claims.json (what was published, and how it is measured here),
// and initial parameters (what record.parameters writes and init.file may name).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/enum_names.h"
#include "config/json.h"
#include "nn/model.h"

namespace deadrelu {

// The sizes of an experiment at which a claim is judged: as it is (quick), as it was published (full), or both.
enum class ClaimSize { kBoth, kQuick, kFull };
template <>
inline constexpr std::array kNames<ClaimSize>{"both", "quick", "full"};

// Definitions: experiments/README.md.
struct Claim {
  std::string text;                             // the claim, in a sentence
  std::string source;                           // "arXiv:1903.06733", "doi:…", a URL
  std::variant<double, std::string> published;  // a number, a text with one, "direction only"
  std::string query;                            // SQL: one column, one row a sample
  std::optional<double> low, high;              // the accepted range; at least one end
  std::string why;                              // why the range is that wide
  std::string note;                             // about the verdict; may be empty
  Json at;  // where charts draw the published number: {"column": …, what tells it from others}; may be null
  ClaimSize size = ClaimSize::kBoth;
  bool firm = true;  // its failure fails `reproduce`
};

// Throws UserError(kUsage) with one line a mistake, all of them: `LABEL:LINE: /pointer: …`.
std::vector<Claim> parse_claims(std::string_view text, const std::string& label);

// The same of a file. Throws UserError(kInputOutput) where it cannot be read.
std::vector<Claim> read_claims(const std::string& path);

// Reads {"layers": [{"weights": [[…in]…out], "bias": [out], "slope": x}, …]}, hidden layers first, output
// layer last; bias and slope may be missing, "run_id" and "step" are ignored. Throws UserError(kUsage), with line
// and JSON pointer, where the text says something else; `label` is what errors call it.
ParameterSet parse_parameters(std::string_view text, const std::string& label);

}  // namespace deadrelu
