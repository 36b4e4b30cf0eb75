// Everything that `explain` explains: config keys and table columns as one list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/experiment_config.h"
#include "probe/columns.h"

namespace deadrelu {

struct Topic {
  bool is_key = false;  // a config key, else a column
  Doc doc;              // under its full name: "train.steps", "layers.dead_fraction"
};

// Keys in the order of the config, then columns in the order of the tables.
std::vector<Topic> glossary(const Tables& tables = result_tables());

// Those that the name means: the topic of exactly this name; else every topic that ends with it
// ("learning_rate"), or that lies below it ("train.optimizer", "layers"). Empty where there is none.
std::vector<Topic> find_topics(const std::vector<Topic>& topics, std::string_view name);

// Every name that a user may have meant: full names and their last parts.
std::vector<std::string> topic_names(const std::vector<Topic>& topics);

}  // namespace deadrelu
