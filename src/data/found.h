// What the examples turned out to be, for people: a line on standard error, an object in manifest.json.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace deadrelu {

struct FoundData {
  // A reader fills these:
  std::vector<std::string> targets;      // the target columns' names, where they have some
  std::vector<std::string> class_names;  // in the order of the classes; empty: 0, 1, …
  // What else there is to say, by a name in snake_case, in this order: {"separator", ";"}.
  using Detail = std::variant<std::string, std::uint64_t, std::vector<std::string>>;
  std::vector<std::pair<std::string, Detail>> details;
  std::vector<std::string> warnings;  // each a sentence: what was read, but may not be what was meant

  // make_dataset fills these:
  std::vector<std::string> files;           // as the config names them; empty: nothing was read
  std::uint64_t rows = 0;                   // after limit, before the split
  std::uint64_t inputs = 0, outputs = 0;    // numbers an example, as the network sees them
  std::vector<std::uint64_t> class_counts;  // rows of each class; empty: a regression

  std::string class_name(std::size_t c) const {
    return c < class_names.size() ? class_names[c] : std::to_string(c);
  }
};

// Called with what was found, on whatever thread reads.
using OnFound = std::function<void(const FoundData&)>;

// In one line, without the warnings: "iris.csv: 150 rows × 4 inputs → species: 3 classes (setosa 50, …);
// separator ,; header true".
std::string text_of(const FoundData& found);

}  // namespace deadrelu
