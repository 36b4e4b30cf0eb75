// Chains of narrow layers give what the layers give one after the other, to the bit.
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "lane_testing.h"
#include "simd/dense.h"

namespace deadrelu {
namespace {

template <class T>
class DenseChain : public ::testing::Test {};
TYPED_TEST_SUITE(DenseChain, Precisions);

// widths[0] inputs, then the layers' rows.
struct Case {
  std::vector<std::size_t> widths;
  std::size_t samples;
  bool ends_with_relu, goes_on;
  std::size_t without_bias;  // that layer has none
};

// A chain with its memory. Gradients alternate between two matrices, as those of a network do.
template <class T>
class TestChain {
 public:
  TestChain(const Kernels<T>& kernels, const Case& shape, std::uint32_t seed)
      : kernels_(kernels),
        shape_(shape),
        random_(seed),
        input(matrix(shape.widths[0])),
        below(matrix(shape.widths[0])),
        gradients_{matrix(kNarrow), matrix(kNarrow)} {
    std::size_t parameters = 0;
    for (std::size_t l = 0; l + 1 < shape.widths.size(); ++l) {
      const std::size_t inputs = shape.widths[l], rows = shape.widths[l + 1];
      ChainLayer<T> layer{rows, inputs, parameters, kNoBiases, nullptr, nullptr, 0, true};
      parameters += rows * inputs * kernels.lanes;
      if (l != shape.without_bias)
        layer.biases = std::exchange(parameters, parameters + rows * kernels.lanes);
      layer.output = outputs_.emplace_back(matrix(rows)).view().data;
      layer.gradient = gradients_[l % 2].view().data;
      layer.row_stride = input.view().row_stride;  // the same of all
      layer.is_relu = l + 2 < shape.widths.size() || shape.ends_with_relu;
      layers.push_back(layer);
    }
    values = Buffer<T>(parameters);
    sums = Buffer<T>(parameters);
    for (std::size_t i = 0; i < parameters; ++i) {
      values[i] = static_cast<T>(random_.uniform(-1, 1.5));
      sums[i] = static_cast<T>(random_.uniform(-1, 1));
    }
    input.fill_random(random_);
    gradients_[(layers.size() - 1) % 2].fill_random(random_);
    if (shape.samples > 3) gradients_[(layers.size() - 1) % 2](0, 3, 0) = kInfinity<T>;
  }

  LaneMatrix<T> view(T* data, std::size_t rows) const {
    return {data, rows, shape_.samples, layers[0].row_stride, kernels_.lanes};
  }
  LaneMatrix<T> h(std::size_t l) const { return view(layers[l].output, layers[l].rows); }
  LaneMatrix<T> dz(std::size_t l) const { return view(layers[l].gradient, layers[l].rows); }
  LaneMatrix<const T> x(std::size_t l) const { return l == 0 ? input.view() : h(l - 1); }
  LaneMatrix<T> weights(Buffer<T>& of, std::size_t l) {
    return dense_lane_matrix(of.data() + layers[l].weights, layers[l].rows, layers[l].inputs, kernels_.lanes);
  }
  T* biases(Buffer<T>& of, std::size_t l) {
    return layers[l].biases == kNoBiases ? nullptr : of.data() + layers[l].biases;
  }
  void forward_by_layers() {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      if (layers[l].is_relu)
        kernels_.dense->relu_layer(weights(values, l), x(l), biases(values, l), h(l), {});
      else
        kernels_.dense->multiply(weights(values, l), x(l),
                                 biases(values, l) == nullptr ? ProductStart::kZero : ProductStart::kBias,
                                 biases(values, l), h(l));
    }
  }
  void backward_by_layers(ProductStart start) {
    for (std::size_t l = layers.size(); l-- > 0;) {
      if (l == 0 && !shape_.goes_on)
        kernels_.dense->weight_gradient(dz(0), x(0), start, weights(sums, 0), biases(sums, 0));
      else
        kernels_.dense->relu_backward(weights(values, l).transposed(), dz(l), x(l), start, weights(sums, l),
                                      biases(sums, l), l == 0 ? below.view() : dz(l - 1));
    }
  }

 private:
  TestMatrix<T> matrix(std::size_t rows) { return TestMatrix<T>(rows, shape_.samples, kernels_.lanes, 3); }
  const Kernels<T>& kernels_;
  const Case& shape_;
  TestRandom random_;

 public:
  TestMatrix<T> input, below;
  std::vector<ChainLayer<T>> layers;
  Buffer<T> values, sums;  // parameters, and their gradients

 private:
  std::array<TestMatrix<T>, 2> gradients_;
  std::deque<TestMatrix<T>> outputs_;
};

std::vector<Case> cases() {
  TestRandom random(4);
  std::vector<Case> list;
  for (const std::size_t samples : {1, 3, 5, 16, 127, 128, 129, 240, 301}) {
    list.push_back({{1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1}, samples, false, false, 99});
    list.push_back({{2, 2}, samples, true, true, 99});
    list.push_back({{1, 3, 2, 1}, samples, false, false, 0});
    // As many layers as fill the vectors of wide once and more.
    for (const std::size_t most : {1, 2, 3}) {
      Case random_case{{}, samples, random.below(2) == 1, random.below(2) == 1, random.below(9)};
      for (std::size_t layers = 3 + random.below(28); layers > 0; --layers)
        random_case.widths.push_back(1 + random.below(most));
      list.push_back(random_case);
    }
  }
  return list;
}

TYPED_TEST(DenseChain, a_chain_is_its_layers_one_after_the_other) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    using T = TypeParam;
    std::uint32_t seed = 0;
    for (const Case& shape : cases()) {
      for (const ProductStart start : {ProductStart::kZero, ProductStart::kAccumulate}) {
        SCOPED_TRACE(::testing::Message() << shape.widths.size() - 1 << " layers, first " << shape.widths[0]
                                          << "-" << shape.widths[1] << ", " << shape.samples << " samples");
        TestChain<T> chain(kernels, shape, ++seed), layers(kernels, shape, seed);
        layers.forward_by_layers();
        kernels.dense->chain_forward(chain.layers, chain.values.data(), chain.input.constant());
        for (std::size_t l = 0; l < chain.layers.size(); ++l)
          for (std::size_t r = 0; r < chain.layers[l].rows; ++r)
            for (std::size_t i = 0; i < shape.samples * kernels.lanes; ++i)
              ASSERT_TRUE(same_bits(chain.h(l).at(r, 0)[i], layers.h(l).at(r, 0)[i]));

        if (kernels.dense->chain_backward == nullptr) continue;
        layers.backward_by_layers(start);
        kernels.dense->chain_backward(chain.layers, chain.values.data(), chain.input.constant(), start,
                                      chain.sums.data(),
                                      shape.goes_on ? chain.below.view() : LaneMatrix<T>{});
        for (std::size_t i = 0; i < chain.sums.size(); ++i)
          ASSERT_TRUE(same_bits(chain.sums[i], layers.sums[i])) << i;
        if (shape.goes_on) expect_same_bits(chain.below, layers.below);
      }
    }
  });
}

// So that the test above is not empty: only vectors along units of doubles would be too short.
TYPED_TEST(DenseChain, only_doubles_in_wide_go_layer_by_layer) {
  on_every_target<TypeParam>([](const Kernels<TypeParam>& kernels) {
    const bool is_short = kernels.engine == Engine::kWide && sizeof(TypeParam) == sizeof(double);
    EXPECT_EQ(kernels.dense->chain_backward == nullptr, is_short);
  });
}

}  // namespace
}  // namespace deadrelu
