// Everything that `explain` explains as one list: config keys and their values, tables and their columns.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"
#include "config/experiment_config.h"
#include "probe/columns.h"

namespace deadrelu {

enum class TopicKind { kKey, kColumn, kTable, kValue, kCommand };
template <>
inline constexpr std::array kNames<TopicKind>{"key", "column", "table", "value", "command"};

struct Topic {
  TopicKind kind = TopicKind::kKey;
  Doc doc;  // keys and columns under their full name: "train.steps", "layers.dead_fraction"
};

// Keys in the order of the config, columns in the order of the tables; then tables, and what choices may be.
std::vector<Topic> glossary(const Tables& tables = result_tables());

// Everything that the name means, that of exactly this name first: what ends with it ("learning_rate"), and what lies
// below it ("train.optimizer", "layers"). Empty where there is nothing.
std::vector<Topic> find_topics(const std::vector<Topic>& topics, std::string_view name);

// Every name that a user may have meant: full names and their last parts.
std::vector<std::string> topic_names(const std::vector<Topic>& topics);

}  // namespace deadrelu
