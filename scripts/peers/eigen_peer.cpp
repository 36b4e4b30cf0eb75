// The steps in a plain Eigen loop, one network: eigen_peer FILE, which reference.py wrote.
// Speaks as peer.py does. Everything is allocated before the loop.
#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Eigen::Index;
using Eigen::MatrixXf;
using Eigen::VectorXf;

constexpr int kTrials = 10;
constexpr double kTrialSeconds = 0.02;

struct Parameters {
  MatrixXf weights;  // output × input
  VectorXf bias;
};

struct Problem {
  Index steps, members, batch;
  float learning_rate;
  MatrixXf inputs, targets;                      // a column is an example
  std::vector<std::vector<Parameters>> initial;  // [member][layer]
  std::vector<std::vector<std::int32_t>> order;  // [member][step · batch]
};

template <class T>
void read(std::istream& file, T* values, Index count) {
  file.read(reinterpret_cast<char*>(values), static_cast<std::streamsize>(count * sizeof(T)));
  if (!file) throw std::runtime_error("the file of examples is too short");
}

Problem read_problem(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::int32_t sizes[5];
  read(file, sizes, 5);
  std::vector<std::int32_t> widths(sizes[4]);
  read(file, widths.data(), sizes[4]);
  Problem problem{sizes[1], sizes[2], sizes[3], 0, {}, {}, {}, {}};
  read(file, &problem.learning_rate, 1);
  problem.inputs.resize(widths.front(), sizes[0]);
  problem.targets.resize(widths.back(), sizes[0]);
  read(file, problem.inputs.data(), problem.inputs.size());
  read(file, problem.targets.data(), problem.targets.size());
  problem.initial.resize(sizes[2]);
  for (auto& layers : problem.initial) {
    for (std::size_t l = 1; l < widths.size(); ++l) {
      layers.push_back({MatrixXf(widths[l], widths[l - 1]), VectorXf(widths[l])});
      read(file, layers.back().weights.data(), layers.back().weights.size());
      read(file, layers.back().bias.data(), layers.back().bias.size());
    }
  }
  problem.order.resize(sizes[2]);
  for (auto& order : problem.order) {
    order.resize(problem.steps * problem.batch);
    read(file, order.data(), problem.steps * problem.batch);
  }
  return problem;
}

// kOrder: whether a feature's values (row-major) or an example's lie together. kLazy: Eigen's products for
// small matrices instead of those that pack and block.
template <int kOrder, bool kLazy>
class Training {
 public:
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, kOrder>;

  Training(const Problem& problem, Index member, Index batch)
      : problem_(problem), order_(problem.order[member].data()), parameters_(problem.initial[member]) {
    x_.resize(problem.inputs.rows(), batch);
    y_.resize(problem.targets.rows(), batch);
    for (const Parameters& layer : parameters_) {
      outputs_.emplace_back(layer.weights.rows(), batch);
      gradients_.emplace_back(layer.weights.rows(), batch);
    }
  }

  void train(Index steps) {
    for (; steps > 0; --steps) {
      gather();
      forward();
      backward();
    }
  }

  // The loss over all examples, then the norm of every weight matrix and bias.
  std::vector<double> outcome() const {
    Training all(problem_, 0, problem_.inputs.cols());
    all.parameters_ = parameters_;
    all.x_ = problem_.inputs;
    all.forward();
    std::vector<double> values{
        (all.outputs_.back() - problem_.targets).template cast<double>().array().square().mean()};
    for (const Parameters& layer : parameters_) {
      values.push_back(layer.weights.cast<double>().norm());
      values.push_back(layer.bias.cast<double>().norm());
    }
    return values;
  }

 private:
  template <class To, class A, class B>
  static void multiply(To&& to, const A& a, const B& b) {
    if constexpr (kLazy) {
      to.noalias() = a.lazyProduct(b);
    } else {
      to.noalias() = a * b;
    }
  }

  void gather() {
    const std::int32_t* examples = order_ + step_++ % problem_.steps * problem_.batch;
    for (Index i = 0; i < x_.cols(); ++i) {
      x_.col(i) = problem_.inputs.col(examples[i]);
      y_.col(i) = problem_.targets.col(examples[i]);
    }
  }

  void forward() {
    const Matrix* below = &x_;
    for (std::size_t l = 0; l < parameters_.size(); ++l) {
      multiply(outputs_[l], parameters_[l].weights, *below);
      if (l + 1 < parameters_.size()) {
        outputs_[l] = (outputs_[l].colwise() + parameters_[l].bias).cwiseMax(0.0f);
      } else {
        outputs_[l].colwise() += parameters_[l].bias;
      }
      below = &outputs_[l];
    }
  }

  void backward() {
    gradients_.back() = 2.0f / static_cast<float>(y_.size()) * (outputs_.back() - y_);
    for (std::size_t l = parameters_.size(); l-- > 0;) {
      Parameters& layer = parameters_[l];
      if (l > 0) {
        multiply(gradients_[l - 1], layer.weights.transpose(), gradients_[l]);
        gradients_[l - 1].array() *= (outputs_[l - 1].array() > 0.0f).template cast<float>();
      }
      const Matrix& input = l > 0 ? outputs_[l - 1] : x_;
      if constexpr (kLazy) {
        layer.weights.noalias() -= problem_.learning_rate * gradients_[l].lazyProduct(input.transpose());
      } else {
        layer.weights.noalias() -= problem_.learning_rate * gradients_[l] * input.transpose();
      }
      layer.bias.noalias() -= problem_.learning_rate * gradients_[l].rowwise().sum();
    }
  }

  const Problem& problem_;
  const std::int32_t* order_;  // [step · batch]
  Index step_ = 0;
  std::vector<Parameters> parameters_;
  Matrix x_, y_;
  std::vector<Matrix> outputs_, gradients_;
};

// Seconds of a step in the best of several trials.
template <class Kind>
double seconds(const Problem& problem) {
  Kind training(problem, 0, problem.batch);
  const auto trial = [&](Index steps) {
    const auto start = std::chrono::steady_clock::now();
    training.train(steps);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Index steps = 1;
  while (trial(steps) < kTrialSeconds / 2) steps *= 2;
  double best = trial(steps);
  for (int i = 1; i < kTrials; ++i) best = std::min(best, trial(steps));
  return best / static_cast<double>(steps);
}

template <class Kind>
void print_outcomes(const Problem& problem) {
  for (Index member = 0; member < problem.members; ++member) {
    Kind training(problem, member, problem.batch);
    training.train(problem.steps);
    const char* separator = member > 0 ? ", [" : "[";
    for (double value : training.outcome()) {
      std::cout << separator << value;
      separator = ", ";
    }
    std::cout << "]";
  }
  std::cout << "]}\n{\"version\": \"Eigen " << EIGEN_WORLD_VERSION << "." << EIGEN_MAJOR_VERSION << "."
            << EIGEN_MINOR_VERSION << "\"}" << std::endl;
}

struct Contestant {
  const char* form;
  std::function<double(const Problem&)> seconds;
  std::function<void(const Problem&)> print_outcomes;
};

template <int kOrder, bool kLazy>
Contestant contestant(const char* form) {
  return {form, seconds<Training<kOrder, kLazy>>, print_outcomes<Training<kOrder, kLazy>>};
}

}  // namespace

int main(int, char** arguments) {
  const Problem problem = read_problem(arguments[1]);
  const Contestant contestants[] = {contestant<Eigen::ColMajor, false>("examples as columns"),
                                    contestant<Eigen::ColMajor, true>("examples as columns, lazyProduct"),
                                    contestant<Eigen::RowMajor, false>("features as rows"),
                                    contestant<Eigen::RowMajor, true>("features as rows, lazyProduct")};
  const Contestant& best = *std::ranges::min_element(
      contestants, {}, [&](const Contestant& candidate) { return candidate.seconds(problem); });
  std::cout.precision(9);
  std::cout << R"({"peer": "Eigen", "runs": 1, "form": ")" << best.form << R"(", "outcomes": [)";
  best.print_outcomes(problem);
  for (std::string line; std::getline(std::cin, line);)
    std::cout << "{\"seconds\": " << best.seconds(problem) << "}" << std::endl;
}
