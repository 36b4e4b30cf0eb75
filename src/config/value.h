// The values of a key: what is allowed, in code and in words, and the form in which they are shown.
#pragma once

#include <string>

#include "config/key.h"

namespace deadrelu {

// Checks a JSON value against a row. Every mistake is added with its own pointer; returns whether there was none.
bool check_value(const Key& key, const Json& value, const std::string& pointer, Problems& problems);

// The value of the row's field as a config would give it, names for choices. REQUIRES: the key has a field to get.
Json value_of(const Key& key, const RunSpec& spec);

// The same of a value that was given, numbers, order and spelling made uniform. REQUIRES: it has been checked.
Json uniform_value(const Key& key, const Json& given);

// The default; null: there is none.
Json default_of(const Key& key);

bool is_number(const Key& key);  // real or integer

// "a whole number from 1 to 100 or "full"": what the row allows, in words.
std::string allowed_text(const Key& key);
std::string range_text(const Key& key);  // "[0, 1)"; "" where there is no range
std::string type_text(const Key& key);   // "real", "one of …": for `explain`

// The largest whole number a key allows, exactly.
std::int64_t highest_integer(const Range& range);

}  // namespace deadrelu
