// Resolved values as nested JSON.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "config/resolve.h"

namespace deadrelu {

// JSON text of the value at a path of the key table; empty: it is left out.
using PathText = std::function<std::string(std::size_t path)>;

// The values of a group ("": all), nested; the group's own name is left out of the paths.
nlohmann::ordered_json nested_json(const std::string& name, const PathText& text);

// A group as compact JSON.
std::string group_json(const Resolution& resolution, const std::string& name);

// The base of a config with its defaults filled in, but for those that a sweep may change ([path] swept): it
// loads again to the same runs. `resolution` is the base's as if nothing were swept.
nlohmann::ordered_json resolved_base_json(const Settings& base, const Resolution& resolution,
                                          const std::vector<bool>& swept, const std::string& name);

nlohmann::ordered_json node_json(const Node& node);

}  // namespace deadrelu
