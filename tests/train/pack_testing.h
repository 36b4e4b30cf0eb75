// Runs, data sets and packs made in memory for the tests of train/.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "probe/columns.h"
#include "train/pack.h"
#include "train/trainer.h"

namespace deadrelu {

template <class T>
using SharedData = std::shared_ptr<const Dataset<T>>;

// `samples` examples with 3 inputs. classes 0: targets of 2 outputs, smooth functions of the inputs; else
// one-hot rows (one row of 0 and 1 for one class). With `test` the same number of test examples.
template <class T>
SharedData<T> make_examples(std::size_t samples, std::size_t classes = 0, std::uint32_t seed = 1,
                            bool test = false) {
  auto data = std::make_shared<Dataset<T>>();
  data->inputs = 3;
  data->outputs = classes == 0 ? 2 : classes;
  data->classes = classes == 1 ? 2 : classes;
  std::mt19937 engine(seed);
  const auto fill = [&](Split<T>& split) {
    split = {samples, Buffer<T>(samples * data->inputs), Buffer<T>(samples * data->outputs)};
    for (std::size_t s = 0; s < samples; ++s) {
      double x[3];
      for (std::size_t i = 0; i < 3; ++i) {
        // Multiples of 2^-10, so that float and double data sets are the same numbers.
        x[i] = (static_cast<double>(engine() >> 21) - 1023.5) / 1024;
        split.inputs[s * 3 + i] = static_cast<T>(x[i]);
      }
      T* const target = split.targets.data() + s * data->outputs;
      if (classes == 0) {
        target[0] = static_cast<T>(std::abs(x[0]) + 0.5 * x[1]);
        target[1] = static_cast<T>(x[0] * x[1] - x[2]);
      } else if (classes == 1) {
        target[0] = x[0] + x[1] * x[2] > 0 ? T{1} : T{0};
      } else {
        target[(x[0] > 0 ? 1 : 0) + (classes > 2 && x[1] > 0.2 ? 1 : 0)] = T{1};
      }
    }
  };
  fill(data->train);
  if (test) fill(data->test);
  return data;
}

// A network 3-6-5-… with random biases that learns a little in a hundred steps.
inline RunSpec small_run(std::uint64_t seed = 0) {
  RunSpec run;
  run.data.kind = DataKind::kPoints;
  run.model.hidden = {6, 5};
  run.init.hidden.bias.kind = run.init.output.bias.kind = BiasInit::kNormal;
  run.init.hidden.bias.std = run.init.output.bias.std = 0.1;
  run.train.optimizer.learning_rate = 0.05;
  run.train.batch_size = 8;
  run.train.steps = 40;
  run.record.every = 10;
  run.record.units = true;
  run.record.parameters_final = true;
  run.seed = seed;
  return run;
}

// A pack that keeps the specs which its lanes point to.
template <class T>
struct OwningPack : Pack<T> {
  std::shared_ptr<const std::vector<RunSpec>> specs;
};

template <class T>
OwningPack<T> pack_of(std::vector<RunSpec> runs, const std::vector<SharedData<T>>& data,
                      SimdTarget target = available_simd()[0], Engine engine = Engine::kLanes) {
  const auto specs = std::make_shared<const std::vector<RunSpec>>(std::move(runs));
  std::vector<const RunSpec*> pointers;
  for (const RunSpec& run : *specs) pointers.push_back(&run);
  return {make_pack<T>(pointers, data, target, engine), specs};
}
template <class T>
OwningPack<T> pack_of(std::vector<RunSpec> runs, const SharedData<T>& data,
                      SimdTarget target = available_simd()[0], Engine engine = Engine::kLanes) {
  const std::vector<SharedData<T>> shared(runs.size(), data);
  return pack_of<T>(std::move(runs), shared, target, engine);
}

template <class T>
std::vector<RunRecord> trained(const Pack<T>& pack) {
  const std::atomic<bool> stop = false;
  return train_pack(pack, stop);
}

template <class T>
bool same_bits(const Buffer<T>& a, const Buffer<T>& b) {
  return a.size() == b.size() &&
         (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

// Every recorded number is the same.
inline void expect_same_record(const RunRecord& a, const RunRecord& b) {
  for (const Table& table : result_tables()) {
    const Rows mine = table.rows(a), theirs = table.rows(b);
    ASSERT_EQ(mine.count, theirs.count) << table.name;
    for (std::size_t i = 0; i < mine.count; ++i)
      for (const Column& column : table.columns)
        ASSERT_EQ(column.read(mine[i]), column.read(theirs[i])) << table.name << ": " << column.info.name;
  }
}

}  // namespace deadrelu
