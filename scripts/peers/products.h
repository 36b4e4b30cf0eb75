// The steps as a loop over a library's products. The step size is folded into the gradient at the output, so the weight
// gradient's product accumulates into the weights and nothing else is left to do.
#pragma once

#include "peer.h"

// c = op(a)·op(b), or c +=; matrices lie in columns, each `a_pitch` … after the one before. op is the transposed matrix
// where so said. op(a) has `rows` rows and `inner` columns, op(b) `inner` rows and `columns` columns.
struct ProductShape {
  bool a_transposed, b_transposed;
  int rows, columns, inner, a_pitch, b_pitch, c_pitch;
  bool accumulates;
};

// Apart, so that the compiler vectorizes each.
#define OWN_FUNCTION __attribute__((noinline)) inline

// y has `outer` times `inner` numbers; the bias is one of each outer index, or of each inner one.
template <bool kRelu, bool kOuterBias>
OWN_FUNCTION void add_bias(float* __restrict y, const float* __restrict bias, std::size_t outer, std::size_t inner) {
  for (std::size_t o = 0; o < outer; ++o, y += inner)
    for (std::size_t i = 0; i < inner; ++i) {
      const float z = y[i] + bias[kOuterBias ? o : i];
      y[i] = kRelu && !(z > 0) ? 0 : z;
    }
}
OWN_FUNCTION void mask(float* __restrict gradient, const float* __restrict output, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) gradient[i] = output[i] > 0 ? gradient[i] : 0;
}
OWN_FUNCTION void add_columns(float* __restrict sums, const float* __restrict x, std::size_t columns,
                              std::size_t rows) {
  for (std::size_t c = 0; c < columns; ++c, x += rows)
    for (std::size_t r = 0; r < rows; ++r) sums[r] += x[r];
}
OWN_FUNCTION void add_rows(float* __restrict sums, const float* __restrict x, std::size_t rows,
                           std::size_t columns) {
  for (std::size_t r = 0; r < rows; ++r, x += columns) {
    float sum = 0;
    for (std::size_t c = 0; c < columns; ++c) sum += x[c];
    sums[r] += sum;
  }
}
OWN_FUNCTION void set_output_gradient(float* __restrict gradient, const float* __restrict y,
                                      const float* __restrict target, std::size_t count, float factor) {
  for (std::size_t i = 0; i < count; ++i) gradient[i] = factor * (y[i] - target[i]);
}

// Product: made of a ProductShape, called with a, b and c. kFeaturesAsRows: whether a feature's values of all examples
// lie together ([feature][example]) or an example's.
template <class Product, bool kFeaturesAsRows>
class ProductTraining : public Training {
 public:
  ProductTraining(const Problem& problem, std::size_t member)
      : problem_(problem), batch_(problem.batch), x_(batch_ * problem.widths.front()), t_(batch_ * problem.widths.back()) {
    if (kFeaturesAsRows) {
      inputs_ = transposed(problem.inputs, problem.widths.front());
      targets_ = transposed(problem.targets, problem.widths.back());
    }
    for (const Layer& layer : problem.initial[member]) layers_.emplace_back(layer, batch_);
  }

  void step(const std::int32_t* examples) override {
    gather(examples, inputs_, problem_.inputs, problem_.widths.front(), x_.data());
    gather(examples, targets_, problem_.targets, problem_.widths.back(), t_.data());
    const float* below = x_.data();
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      forward(layers_[l], below, l + 1 < layers_.size());
      below = layers_[l].y.data();
    }
    const Block& last = layers_.back();
    set_output_gradient(last.dy.data(), last.y.data(), t_.data(), last.outputs * batch_, problem_.output_factor());
    for (std::size_t l = layers_.size(); l-- > 0;) backward(l);
  }

  std::vector<Layer> parameters() const override {
    std::vector<Layer> layers;
    for (const Block& block : layers_) {
      const std::vector<float> weights(block.weights.data(), block.weights.data() + block.inputs * block.outputs);
      layers.push_back({kFeaturesAsRows ? transposed(weights, block.inputs) : weights,
                        {block.bias.data(), block.bias.data() + block.outputs}});
    }
    return layers;
  }

 private:
  // Weights lie [input][output], or [output][input] with features as rows.
  struct Block {
    Block(const Layer& layer, std::size_t batch_size)
        : inputs(layer.weights.size() / layer.bias.size()),
          outputs(layer.bias.size()),
          weights(inputs * outputs),
          bias(outputs),
          y(outputs * batch_size),
          dy(outputs * batch_size),
          product(forward_shape(int(inputs), int(outputs), int(batch_size))),
          below_product(below_shape(int(inputs), int(outputs), int(batch_size))),
          weight_product(weight_shape(int(inputs), int(outputs), int(batch_size))) {
      const std::vector<float> from = kFeaturesAsRows ? transposed(layer.weights, outputs) : layer.weights;
      std::copy(from.begin(), from.end(), weights.data());
      std::copy(layer.bias.begin(), layer.bias.end(), bias.data());
    }
    std::size_t inputs, outputs;
    Values weights, bias, y, dy;
    Product product, below_product, weight_product;
  };
  static ProductShape forward_shape(int i, int o, int b) {
    if (kFeaturesAsRows) return {false, false, b, o, i, b, i, b, false};
    return {false, false, o, b, i, o, i, o, false};
  }
  static ProductShape below_shape(int i, int o, int b) {
    if (kFeaturesAsRows) return {false, true, b, i, o, b, i, b, false};
    return {true, false, i, b, o, o, o, i, false};
  }
  static ProductShape weight_shape(int i, int o, int b) {
    if (kFeaturesAsRows) return {true, false, i, o, b, b, b, i, true};
    return {false, true, o, i, b, o, i, o, true};
  }

  static std::vector<float> transposed(const std::vector<float>& x, std::size_t columns) {
    std::vector<float> to(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) to[i % columns * (x.size() / columns) + i / columns] = x[i];
    return to;
  }
  void gather(const std::int32_t* examples, const std::vector<float>& by_feature, const std::vector<float>& by_example,
              std::size_t width, float* __restrict to) const {
    if (kFeaturesAsRows) {
      for (std::size_t i = 0; i < width; ++i)
        for (std::size_t b = 0; b < batch_; ++b) *to++ = by_feature[i * problem_.examples + examples[b]];
    } else {
      for (std::size_t b = 0; b < batch_; ++b, to += width) std::copy_n(&by_example[examples[b] * width], width, to);
    }
  }
  void forward(Block& layer, const float* below, bool relu) const {
    const auto add = relu ? add_bias<true, kFeaturesAsRows> : add_bias<false, kFeaturesAsRows>;
    float *const y = layer.y.data(), *const weights = layer.weights.data(), *const bias = layer.bias.data();
    if (kFeaturesAsRows) {
      layer.product(below, weights, y);
      add(y, bias, layer.outputs, batch_);
    } else {
      layer.product(weights, below, y);
      add(y, bias, batch_, layer.outputs);
    }
  }
  void backward(std::size_t l) {
    Block& layer = layers_[l];
    float *const weights = layer.weights.data(), *const dy = layer.dy.data();
    const float* const input = l > 0 ? layers_[l - 1].y.data() : x_.data();
    if (l > 0) {
      float* const to = layers_[l - 1].dy.data();
      kFeaturesAsRows ? layer.below_product(dy, weights, to) : layer.below_product(weights, dy, to);
      mask(to, input, layer.inputs * batch_);
    }
    if (kFeaturesAsRows) {
      add_rows(layer.bias.data(), dy, layer.outputs, batch_);
      layer.weight_product(input, dy, weights);
    } else {
      add_columns(layer.bias.data(), dy, batch_, layer.outputs);
      layer.weight_product(dy, input, weights);
    }
  }

  const Problem& problem_;
  std::size_t batch_;
  std::vector<float> inputs_, targets_;  // [feature][example], with features as rows
  Values x_, t_;
  std::vector<Block> layers_;
};

template <class Product>
int serve_products(const char* path, const std::string& peer, const std::string& version) {
  return serve(read_problem(path), peer, version,
               {form<ProductTraining<Product, false>>("examples as columns"),
                form<ProductTraining<Product, true>>("features as rows")});
}
