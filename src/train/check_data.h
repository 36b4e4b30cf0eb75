// Parts of train/check, most of them about data: each adds to `found` what contradicts.
#pragma once

#include "train/check.h"

namespace deadrelu {

using Found = std::vector<Contradiction>;

// Formulas that lack a number that they use, or have others. place: which entry of a list they are, empty: none.
void check_numbers(const std::string& path, const std::string& place, const std::vector<Formula>& formulas,
                   const std::vector<NamedNumber>& given, Found& found);

// What the keys of `data` say of each other and of the loss.
void check_data_keys(const RunSpec& run, Found& found);
// The same of files that are not read yet.
void check_files(const RunSpec& run, Found& found);
// What remedy.reset does not go with.
void check_reset(const RunSpec& run, Found& found);
// The run with the data as it is.
void check_facts(const RunSpec& run, const DataFacts& facts, Found& found);

}  // namespace deadrelu
