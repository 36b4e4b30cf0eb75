// Whether the files that recorded runs were trained on are still the same.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "store/result_store.h"
#include "train/run_spec.h"

namespace deadrelu {

// A run id knows a data file by its path, so a file that has changed would mix two data sets in one store.
class InputCheck {
 public:
  // `known`: what the store says; `add`: takes a file that it does not know yet.
  InputCheck(const std::vector<InputFile>& known, std::function<void(const InputFile&)> add);

  // Looks at the files of a run, each file once. Throws UserError(kInputOutput) for one that is not the one
  // that is known. A file that cannot be read is left to whoever reads it.
  void look_at(const RunSpec& spec);

 private:
  void look_at(const std::string& name, const std::string& path);
  std::map<std::string, std::string> known_;  // name: digest
  std::function<void(const InputFile&)> add_;
  std::set<std::string> seen_;
};

// Every file that a run reads.
std::vector<DataFile> input_files(const RunSpec& spec);

}  // namespace deadrelu
