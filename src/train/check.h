// Contradictions between the keys of one run, and between the run and its data.
#pragma once

#include "train/run_spec.h"

namespace deadrelu {

// What is known of a data set: from the spec alone, or after reading it.
struct DataFacts {
  DataShape shape;
  std::size_t train_samples = 0, test_samples = 0;
};

// A contradiction: the dotted path of the key to blame and a sentence.
struct Contradiction {
  std::string path;
  std::string message;
};

// All that the spec alone shows: keys that do not go together, and those of the run with data that need not
// be read to be known. `data_known`: the keys of `data` hold; else only the other keys are looked at.
std::vector<Contradiction> spec_contradictions(const RunSpec& run, bool data_known);

// All contradictions of the run with data of these facts: a batch larger than the training split, a
// classification loss on a regression task (and the other way round: none), a probe on a test split that is
// not there, initial parameters of another shape, more parameters or activations than memory could hold.
std::vector<Contradiction> find_contradictions(const RunSpec& run, const DataFacts& facts);

// The facts as far as the spec alone tells (all kinds but csv and idx); false where only the files tell.
bool facts_from_spec(const DataSpec& spec, DataFacts& facts);

}  // namespace deadrelu
