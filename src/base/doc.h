// What `explain`, columns.json and the JSON Schema say of a config key or of a column of a table.
#pragma once

#include <string>

namespace deadrelu {

struct Doc {
  std::string name;               // a key's dotted path ("train.steps"), or a column's name
  std::string type;               // "real", "integer", "text", "one of …", …
  std::string range = {};         // keys: "" where there is none
  std::string default_text = {};  // keys: JSON; "required" where there is no default
  std::string meaning = {};       // a sentence or two; of keys with definition and source
  std::string unit = {};          // columns: "" where the numbers have none
  std::string definition = {};    // columns: a formula, a source; "" where the meaning says it all
};

}  // namespace deadrelu
