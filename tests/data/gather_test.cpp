#include "data/dataset.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/buffer.h"

namespace deadrelu {
namespace {

template <class T>
Split<T> numbered(std::size_t samples, std::size_t inputs, std::size_t outputs, double start) {
  Split<T> split{samples, Buffer<T>(samples * inputs), Buffer<T>(samples * outputs)};
  for (std::size_t i = 0; i < split.inputs.size(); ++i)
    split.inputs[i] = static_cast<T>(start + static_cast<double>(i));
  for (std::size_t i = 0; i < split.targets.size(); ++i) {
    split.targets[i] = static_cast<T>(-start - static_cast<double>(i));
  }
  return split;
}

// Every shape and stride against the definition, with different splits and a guard behind each row.
template <class T>
void check(std::size_t inputs, std::size_t outputs, std::size_t samples, std::size_t lanes,
           std::size_t column_gap, bool shared) {
  constexpr T kUntouched = -12345;
  const Split<T> first = numbered<T>(50, inputs, outputs, 1),
                 second = numbered<T>(40, inputs, outputs, 500000);
  std::vector<const Split<T>*> splits(lanes, &first);
  if (!shared) splits.back() = &second;
  std::vector<std::uint32_t> indices(samples * lanes);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::uint32_t>(i * 7 % 40);

  const std::size_t column = lanes + column_gap, row = samples * column + 3;
  std::vector<T> x(inputs * row, kUntouched), t(outputs * row, kUntouched);
  gather<T>(kernels<T>(available_simd()[0]), splits, indices.data(), {x.data(), inputs, samples, row, column},
            {t.data(), outputs, samples, row, column});
  for (std::size_t place = 0; place < row; ++place) {
    const std::size_t s = place / column, l = place % column;
    const bool inside = s < samples && l < lanes;
    for (std::size_t i = 0; i < inputs; ++i) {
      const T expected = inside ? splits[l]->inputs[indices[s * lanes + l] * inputs + i] : kUntouched;
      ASSERT_EQ(x[i * row + place], expected);
    }
    for (std::size_t o = 0; o < outputs; ++o) {
      const T expected = inside ? splits[l]->targets[indices[s * lanes + l] * outputs + o] : kUntouched;
      ASSERT_EQ(t[o * row + place], expected);
    }
  }
}

TEST(Gather, every_lane_gets_its_own_examples) {
  for (const std::size_t inputs : {1, 2, 15, 16, 17, 40}) {
    for (const std::size_t samples : {1, 3, 16, 33}) {
      for (const std::size_t lanes : {1, 2, 4, 8, 16}) {
        for (const std::size_t gap : {0, 4}) {
          for (const bool shared : {true, false}) {
            check<float>(inputs, 1, samples, lanes, gap, shared);
            check<double>(inputs, 3, samples, lanes, gap, shared);
          }
        }
      }
    }
  }
}

// Side by side they are the same numbers, for every target and engine.
template <class T>
void check_few(std::size_t inputs, std::size_t outputs, std::size_t samples, bool shared) {
  constexpr T kUntouched = -12345;
  for (const SimdTarget target : available_simd()) {
    for (const Engine engine : {Engine::kLanes, Engine::kWide}) {
      const Kernels<T> table = kernels<T>(target, engine);
      std::vector<Split<T>> sets;
      for (std::size_t lane = 0; lane < table.lanes; ++lane)
        sets.push_back(numbered<T>(50, inputs, outputs, static_cast<double>(1000 * lane + 1)));
      std::vector<const Split<T>*> splits;
      for (const Split<T>& set : sets) splits.push_back(shared ? sets.data() : &set);
      std::vector<std::uint32_t> indices(samples * table.lanes);
      for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::uint32_t>(i * 7 % 50);

      const std::size_t values = inputs + outputs, row = samples * table.lanes + 3;
      std::vector<T> few(values * row, kUntouched), expected(values * row, kUntouched);
      const FewValues<T> examples(splits);
      ASSERT_TRUE(examples.holds());
      examples.gather(table, indices.data(), {few.data(), values, samples, row, table.lanes});
      gather<T>(table, splits, indices.data(), {expected.data(), inputs, samples, row, table.lanes},
                {expected.data() + inputs * row, outputs, samples, row, table.lanes});
      ASSERT_EQ(few, expected);
    }
  }
}

TEST(Gather, few_values_side_by_side_are_the_same_numbers) {
  for (const std::size_t inputs : {1, 2, 3, 4, 5, 7, 20}) {
    for (const std::size_t samples : {1, 3, 16, 33}) {
      for (const bool shared : {true, false}) {
        for (const std::size_t outputs : {1, 3}) {
          check_few<float>(inputs, outputs, samples, shared);
          check_few<double>(inputs, outputs, samples, shared);
        }
      }
    }
  }
}

}  // namespace
}  // namespace deadrelu
