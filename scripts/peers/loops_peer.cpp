// The steps of one network in plain loops whose sizes the compiler knows, so that it vectorizes them along the batch.
#include <tuple>
#include <utility>

#include "peer.h"

namespace {

template <std::size_t kBatch, std::size_t... kWidth>
class LoopTraining : public Training {
 public:
  LoopTraining(const Problem& problem, std::size_t member) : problem_(problem), data_(std::make_unique<Data>()) {
    for_each([&]<std::size_t l>(auto& layer) {
      const Layer& from = problem.initial[member][l];
      for (std::size_t i = 0; i < width(l); ++i)
        for (std::size_t o = 0; o < width(l + 1); ++o) layer.weights[o][i] = from.weights[i * width(l + 1) + o];
      std::copy(from.bias.begin(), from.bias.end(), layer.bias);
    });
  }

  void step(const std::int32_t* examples) override {
    for (std::size_t b = 0; b < kBatch; ++b) {
      for (std::size_t i = 0; i < width(0); ++i) data_->x[i][b] = problem_.inputs[examples[b] * width(0) + i];
      for (std::size_t o = 0; o < width(kLayers); ++o)
        data_->target[o][b] = problem_.targets[examples[b] * width(kLayers) + o];
    }
    for_each([&]<std::size_t l>(auto&) { forward<l>(); });
    auto& last = std::get<kLayers - 1>(data_->layers);
    for (std::size_t o = 0; o < width(kLayers); ++o)
      for (std::size_t b = 0; b < kBatch; ++b)
        last.dy[o][b] = problem_.output_factor() * (last.y[o][b] - data_->target[o][b]);
    backward<kLayers - 1>();
  }

  std::vector<Layer> parameters() const override {
    std::vector<Layer> layers;
    for_each([&]<std::size_t l>(auto& layer) {
      layers.push_back({{}, {std::begin(layer.bias), std::end(layer.bias)}});
      for (std::size_t i = 0; i < width(l); ++i)
        for (std::size_t o = 0; o < width(l + 1); ++o) layers.back().weights.push_back(layer.weights[o][i]);
    });
    return layers;
  }

 private:
  static constexpr std::size_t kLayers = sizeof...(kWidth) - 1;
  static constexpr std::size_t width(std::size_t l) {
    constexpr std::size_t widths[] = {kWidth...};
    return widths[l];
  }
  template <std::size_t kInputs, std::size_t kOutputs>
  struct Block {
    alignas(64) float weights[kOutputs][kInputs], bias[kOutputs];
    alignas(64) float y[kOutputs][kBatch], dy[kOutputs][kBatch];
  };
  template <std::size_t... l>
  static std::tuple<Block<width(l), width(l + 1)>...> blocks(std::index_sequence<l...>);
  struct Data {
    decltype(blocks(std::make_index_sequence<kLayers>())) layers;
    alignas(64) float x[width(0)][kBatch], target[width(kLayers)][kBatch];
  };

  template <std::size_t l = 0, class Use>
  void for_each(const Use& use) const {
    if constexpr (l < kLayers) {
      use.template operator()<l>(std::get<l>(data_->layers));
      for_each<l + 1>(use);
    }
  }
  template <std::size_t l>
  auto& input() {
    if constexpr (l == 0)
      return data_->x;
    else
      return std::get<l - 1>(data_->layers).y;
  }

  template <std::size_t l>
  void forward() {
    auto& layer = std::get<l>(data_->layers);
    const auto& x = input<l>();
    for (std::size_t o = 0; o < width(l + 1); ++o) {
      float z[kBatch];
      for (std::size_t b = 0; b < kBatch; ++b) z[b] = layer.bias[o];
      for (std::size_t i = 0; i < width(l); ++i)
        for (std::size_t b = 0; b < kBatch; ++b) z[b] += layer.weights[o][i] * x[i][b];
      for (std::size_t b = 0; b < kBatch; ++b) layer.y[o][b] = l + 1 < kLayers && !(z[b] > 0) ? 0 : z[b];
    }
  }
  template <std::size_t l>
  void backward() {
    auto& layer = std::get<l>(data_->layers);
    const auto& x = input<l>();
    if constexpr (l > 0) {
      auto& below = std::get<l - 1>(data_->layers).dy;
      for (std::size_t i = 0; i < width(l); ++i) {
        float sum[kBatch] = {};
        for (std::size_t o = 0; o < width(l + 1); ++o)
          for (std::size_t b = 0; b < kBatch; ++b) sum[b] += layer.weights[o][i] * layer.dy[o][b];
        for (std::size_t b = 0; b < kBatch; ++b) below[i][b] = x[i][b] > 0 ? sum[b] : 0;
      }
    }
    for (std::size_t o = 0; o < width(l + 1); ++o) {
      float bias = 0;
      for (std::size_t b = 0; b < kBatch; ++b) bias += layer.dy[o][b];
      layer.bias[o] += bias;
      for (std::size_t i = 0; i < width(l); ++i) {
        float weight = 0;
        for (std::size_t b = 0; b < kBatch; ++b) weight += layer.dy[o][b] * x[i][b];
        layer.weights[o][i] += weight;
      }
    }
    if constexpr (l > 0) backward<l - 1>();
  }

  const Problem& problem_;
  std::unique_ptr<Data> data_;
};

template <std::size_t kBatch, std::size_t... kWidth>
bool is(const Problem& problem) {
  return problem.batch == kBatch && problem.widths == std::vector<std::size_t>{kWidth...};
}

}  // namespace

int main(int, char** arguments) {
  const Problem problem = read_problem(arguments[1]);
  const std::string version = "GCC " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
  const auto run = [&]<std::size_t kBatch, std::size_t... kWidth>() {
    if (is<kBatch, kWidth...>(problem))
      std::exit(serve(problem, "C++ loops", version, {form<LoopTraining<kBatch, kWidth...>>("sizes known")}));
  };
  run.operator()<128, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1>();
  run.operator()<32, 2, 16, 16, 1>();
  throw std::runtime_error("these sizes are not compiled in");
}
