// The frame of the peers in C++, one network each: PROGRAM FILE, which reference.py wrote. Speaks as peer.py does.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct Layer {
  std::vector<float> weights, bias;  // [input][output], [output]
};

struct Problem {
  std::size_t examples, steps, members, batch;
  float learning_rate;
  std::vector<std::size_t> widths;
  std::vector<float> inputs, targets;            // [example][feature]
  std::vector<std::vector<Layer>> initial;       // [member][layer]
  std::vector<std::vector<std::int32_t>> order;  // [member][step · batch]

  std::size_t layers() const { return widths.size() - 1; }
  // What the gradient of the mean squared error of a batch, taken times −learning rate, has before (output − target).
  float output_factor() const { return -learning_rate * 2 / static_cast<float>(widths.back() * batch); }
};

// One network in training. Its constructor allocates everything.
class Training {
 public:
  virtual ~Training() = default;
  virtual void step(const std::int32_t* examples) = 0;  // [batch]
  virtual std::vector<Layer> parameters() const = 0;
};

// A way to write the steps; the fastest is measured.
struct Form {
  std::string name;
  std::function<std::unique_ptr<Training>(const Problem&, std::size_t member)> make;
};
template <class Kind>
Form form(std::string name) {
  return {std::move(name), [](const Problem& problem, std::size_t member) {
            return std::make_unique<Kind>(problem, member);
          }};
}

// Floats that begin at a cache line, all 0 at first.
class Values {
 public:
  explicit Values(std::size_t count = 0)
      : data_(static_cast<float*>(std::aligned_alloc(64, (count * sizeof(float) / 64 + 1) * 64)), &std::free) {
    std::fill_n(data_.get(), count, 0.0f);
  }
  float* data() const { return data_.get(); }

 private:
  std::unique_ptr<float, decltype(&std::free)> data_;
};

inline Problem read_problem(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const auto read = [&]<class T>(std::vector<T>& values, std::size_t count) {
    values.resize(count);
    file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)));
    if (!file) throw std::runtime_error("the file of examples is too short");
  };
  std::vector<std::int32_t> sizes, widths;
  std::vector<float> rate;
  read(sizes, 5);
  read(widths, sizes[4]);
  read(rate, 1);
  const auto size = [&](std::size_t i) { return static_cast<std::size_t>(sizes[i]); };
  Problem problem{size(0), size(1), size(2), size(3), rate[0], {widths.begin(), widths.end()}, {}, {}, {}, {}};
  read(problem.inputs, problem.examples * problem.widths.front());
  read(problem.targets, problem.examples * problem.widths.back());
  problem.initial.resize(problem.members);
  for (auto& layers : problem.initial) {
    layers.resize(problem.layers());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      read(layers[l].weights, problem.widths[l] * problem.widths[l + 1]);
      read(layers[l].bias, problem.widths[l + 1]);
    }
  }
  problem.order.resize(problem.members);
  for (auto& order : problem.order) read(order, problem.steps * problem.batch);
  return problem;
}

// The loss over all examples, then the norm of every weight matrix and bias.
inline std::vector<double> outcome(const Problem& problem, const std::vector<Layer>& layers) {
  double squares = 0;
  std::vector<double> below, above;
  for (std::size_t e = 0; e < problem.examples; ++e) {
    const float* const input = &problem.inputs[e * problem.widths.front()];
    below.assign(input, input + problem.widths.front());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      above.assign(layers[l].bias.begin(), layers[l].bias.end());
      const float* weight = layers[l].weights.data();
      for (const double value : below)
        for (double& sum : above) sum += value * *weight++;
      for (std::size_t o = 0; l + 1 < layers.size() && o < above.size(); ++o) above[o] = std::max(above[o], 0.0);
      std::swap(below, above);
    }
    for (std::size_t o = 0; o < below.size(); ++o) {
      const double error = below[o] - problem.targets[e * below.size() + o];
      squares += error * error;
    }
  }
  std::vector<double> values{squares / static_cast<double>(problem.targets.size())};
  for (const Layer& layer : layers) {
    for (const auto* numbers : {&layer.weights, &layer.bias}) {
      double sum = 0;
      for (const double value : *numbers) sum += value * value;
      values.push_back(std::sqrt(sum));
    }
  }
  return values;
}

// Seconds of a step in the best of several trials, so short that some are undisturbed on a machine that others use, too.
inline double seconds(const Problem& problem, const Form& form) {
  constexpr int kTrials = 40;
  constexpr double kTrialSeconds = 0.005;
  const auto training = form.make(problem, 0);
  std::size_t at = 0;
  const auto trial = [&](std::size_t steps) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < steps; ++i)
      training->step(&problem.order[0][at++ % problem.steps * problem.batch]);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::size_t steps = 1;
  while (trial(steps) < kTrialSeconds / 2) steps *= 2;
  double best = trial(steps);
  for (int i = 1; i < kTrials; ++i) best = std::min(best, trial(steps));
  return best / static_cast<double>(steps);
}

// A peer's main function.
inline int serve(const Problem& problem, const std::string& peer, const std::string& version,
                 const std::vector<Form>& forms) {
  const Form& best =
      *std::ranges::min_element(forms, {}, [&](const Form& candidate) { return seconds(problem, candidate); });
  std::cout.precision(9);
  std::cout << R"({"peer": ")" << peer << R"(", "runs": 1, "form": ")" << best.name << R"(", "outcomes": [)";
  for (std::size_t member = 0; member < problem.members; ++member) {
    const auto training = best.make(problem, member);
    for (std::size_t s = 0; s < problem.steps; ++s) training->step(&problem.order[member][s * problem.batch]);
    const char* separator = member > 0 ? ", [" : "[";
    for (const double value : outcome(problem, training->parameters())) {
      std::cout << separator << value;
      separator = ", ";
    }
    std::cout << "]";
  }
  std::cout << "]}\n{\"version\": \"" << version << "\"}" << std::endl;
  for (std::string line; std::getline(std::cin, line);)
    std::cout << "{\"seconds\": " << seconds(problem, best) << "}" << std::endl;
  return 0;
}
