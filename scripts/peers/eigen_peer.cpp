// The steps in a plain loop over Eigen's matrices.
#include <Eigen/Core>

#include "peer.h"

namespace {

using Eigen::Index;
using Eigen::MatrixXf;

// kOrder: whether a feature's values (row-major) or an example's lie together. kLazy: Eigen's products for
// small matrices instead of those that pack and block.
template <int kOrder, bool kLazy>
class EigenTraining : public Training {
 public:
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, kOrder>;

  EigenTraining(const Problem& problem, std::size_t member)
      : learning_rate_(problem.learning_rate),
        inputs_(columns(problem.inputs, problem.widths.front())),
        targets_(columns(problem.targets, problem.widths.back())) {
    const auto batch = static_cast<Index>(problem.batch);
    x_.resize(inputs_.rows(), batch);
    y_.resize(targets_.rows(), batch);
    for (const Layer& layer : problem.initial[member]) {
      bias_.push_back(columns(layer.bias, layer.bias.size()));
      weights_.push_back(columns(layer.weights, layer.bias.size()));
      outputs_.emplace_back(bias_.back().size(), batch);
      gradients_.emplace_back(bias_.back().size(), batch);
    }
  }

  void step(const std::int32_t* examples) override {
    for (Index i = 0; i < x_.cols(); ++i) {
      x_.col(i) = inputs_.col(examples[i]);
      y_.col(i) = targets_.col(examples[i]);
    }
    forward();
    backward();
  }

  std::vector<Layer> parameters() const override {
    std::vector<Layer> layers;
    for (std::size_t l = 0; l < bias_.size(); ++l)
      layers.push_back({{weights_[l].data(), weights_[l].data() + weights_[l].size()},
                        {bias_[l].data(), bias_[l].data() + bias_[l].size()}});
    return layers;
  }

 private:
  static MatrixXf columns(const std::vector<float>& values, std::size_t rows) {
    return Eigen::Map<const MatrixXf>(values.data(), static_cast<Index>(rows),
                                      static_cast<Index>(values.size() / rows));
  }
  template <class To, class A, class B>
  static void multiply(To&& to, const A& a, const B& b) {
    if constexpr (kLazy) {
      to.noalias() = a.lazyProduct(b);
    } else {
      to.noalias() = a * b;
    }
  }

  void forward() {
    const Matrix* below = &x_;
    for (std::size_t l = 0; l < weights_.size(); ++l) {
      multiply(outputs_[l], weights_[l], *below);
      if (l + 1 < weights_.size()) {
        outputs_[l] = (outputs_[l].colwise() + bias_[l]).cwiseMax(0.0f);
      } else {
        outputs_[l].colwise() += bias_[l];
      }
      below = &outputs_[l];
    }
  }

  void backward() {
    gradients_.back() = 2.0f / static_cast<float>(y_.size()) * (outputs_.back() - y_);
    for (std::size_t l = weights_.size(); l-- > 0;) {
      if (l > 0) {
        multiply(gradients_[l - 1], weights_[l].transpose(), gradients_[l]);
        gradients_[l - 1].array() *= (outputs_[l - 1].array() > 0.0f).template cast<float>();
      }
      const Matrix& input = l > 0 ? outputs_[l - 1] : x_;
      if constexpr (kLazy) {
        weights_[l].noalias() -= learning_rate_ * gradients_[l].lazyProduct(input.transpose());
      } else {
        weights_[l].noalias() -= learning_rate_ * gradients_[l] * input.transpose();
      }
      bias_[l].noalias() -= learning_rate_ * gradients_[l].rowwise().sum();
    }
  }

  float learning_rate_;
  MatrixXf inputs_, targets_;           // a column is an example
  std::vector<MatrixXf> weights_;       // output × input
  std::vector<Eigen::VectorXf> bias_;
  Matrix x_, y_;
  std::vector<Matrix> outputs_, gradients_;
};

}  // namespace

int main(int, char** arguments) {
  const std::string version = "Eigen " + std::to_string(EIGEN_WORLD_VERSION) + "." +
                              std::to_string(EIGEN_MAJOR_VERSION) + "." + std::to_string(EIGEN_MINOR_VERSION);
  return serve(read_problem(arguments[1]), "Eigen", version,
               {form<EigenTraining<Eigen::ColMajor, false>>("examples as columns"),
                form<EigenTraining<Eigen::ColMajor, true>>("examples as columns, lazyProduct"),
                form<EigenTraining<Eigen::RowMajor, false>>("features as rows"),
                form<EigenTraining<Eigen::RowMajor, true>>("features as rows, lazyProduct")});
}
