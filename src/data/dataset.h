// Examples in memory, and how batches are gathered from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "data/data_spec.h"
#include "data/found.h"
#include "simd/kernels.h"

namespace deadrelu {

// Examples of one split: inputs [sample][input], targets [sample][output] (classification: see TargetForm).
template <class T>
struct Split {
  std::size_t samples = 0;
  Buffer<T> inputs;
  Buffer<T> targets;
};

template <class T>
struct Dataset {
  std::size_t inputs = 0;  // per sample
  std::size_t outputs = 0;
  std::size_t classes = 0;               // 0: regression
  Split<T> train, test;                  // test.samples is 0 where there is no test split
  std::vector<double> target_deviation;  // [output]; that the targets were divided by; empty: by none
};

// Makes or reads the data set. `run_seed` counts only where the spec has no seed of its own. In this order:
// generate or read; the first `limit` examples; split (⌊fraction·n + ½⌋ random ones are test examples, both
// splits keep the order); standardize by the training split (its standard deviation divides by n; constant
// inputs are only shifted); scale and offset; target_scale, and targets standardized likewise; or the targets
// are the inputs as they are then. Everything is computed in double and rounded to T
// once. Throws UserError(kInputOutput) naming file and row, column or byte for a file that cannot be read or
// is malformed, for a split that leaves nothing to train on, for values beyond T's range and for sets beyond
// this machine's memory. `on_found` is told what the set consists of, and then its test files, if there are any.
template <class T>
Dataset<T> make_dataset(const DataSpec& spec, std::uint64_t run_seed, const OnFound& on_found = {});

// Numbers of examples, both ascending.
struct SplitIndices {
  std::vector<std::uint32_t> train, test;
};

// `test_samples` of them are test examples, picked by Permutation(seed, kSplit, 0, samples).
// REQUIRES: 1 ≤ samples ≤ 2^31, test_samples ≤ samples.
SplitIndices split_examples(std::size_t samples, std::size_t test_samples, std::uint64_t seed);

// Data sets shared between packs and threads: each (same_set of the spec) is made once while somebody holds it,
// and the most recently used ones are kept up to a number of bytes. Thread-safe; `on_found` is called on the
// thread that makes a set.
template <class T>
class DatasetCache {
 public:
  explicit DatasetCache(std::size_t keep_bytes, OnFound on_found = {});
  ~DatasetCache();
  std::shared_ptr<const Dataset<T>> get(const DataSpec& spec, std::uint64_t run_seed);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// inputs [input][sample][lane] and targets [output][sample][lane] receive, for lane l and sample s, the
// example indices[s·lanes + l] of splits[l] (lanes == splits.size(); splits may repeat). Lanes usually share
// one split. REQUIRES: all splits have the shape of the matrices; every index is below its split's samples.
template <class T>
void gather(const Kernels<T>& kernels, std::span<const Split<T>* const> splits, const std::uint32_t* indices,
            LaneMatrix<T> inputs, LaneMatrix<T> targets);

// Examples of few values, inputs and targets side by side, lane after lane or once where lanes share a split: gathered
// with few loads each.
template <class T>
class FewValues {
 public:
  // Holds nothing where an example has more than four values and all of them would take more than 16 MiB.
  // REQUIRES: splits of one size.
  explicit FewValues(std::span<const Split<T>* const> splits);
  bool holds() const { return values_ > 0; }
  std::size_t bytes() const { return examples_.size() * sizeof(T); }
  std::size_t values() const { return values_; }  // of an example with what fills it up: 2 or a multiple of 4
  const T* example(std::size_t lane, std::uint32_t index) const {
    return examples_.data() + (std::size_t{first_.empty() ? 0 : first_[lane]} + index) * values_;
  }
  // As `gather`; to: the inputs and then the targets, [value][sample][lane], whose columns follow each other.
  void gather(const Kernels<T>& kernels, const std::uint32_t* indices, LaneMatrix<T> to) const;

 private:
  std::size_t values_ = 0;
  Buffer<T> examples_;
  std::vector<std::uint32_t> first_;  // [lane]; empty: all share a split
};

}  // namespace deadrelu
