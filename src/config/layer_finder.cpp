#include "config/array_module.h"
#include "config/parameter_arrays.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "data/examples.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMostSearched = 8;  // layers whose order only their widths tell

// Finds out which layers a file's arrays make.
class LayerFinder {
 public:
  LayerFinder(const ParameterArrays& file, WeightLayout layout) : file_(file), layout_(layout) {
    if (layout_ == WeightLayout::kAuto) layout_ = file.layout;
  }

  ParameterSet find() {
    collect();
    if (layers_.empty()) fail("holds no weights of a dense layer (arrays NAME.weight of two axes)");
    choose();
    return parameters();
  }

 private:
  using Order = std::vector<std::size_t>;  // numbers of layers_, first to last
  struct Solution {
    WeightLayout layout;
    Order order;
  };

  [[noreturn]] void fail(const std::string& text) const { fail_input(file_.path, text); }

  // Puts arrays together to modules, in the order of the file.
  void collect() {
    std::vector<ArrayModule> modules;
    const auto module_of = [&](std::string_view name) -> ArrayModule& {
      const auto found = std::ranges::find_if(modules, [&](const ArrayModule& m) { return m.name == name; });
      return found != modules.end() ? *found : modules.emplace_back(ArrayModule{std::string(name)});
    };
    const bool named =
        std::ranges::any_of(file_.arrays, [](const Tensor& tensor) { return !role_of(tensor.name).empty(); });
    for (const Tensor& tensor : file_.arrays) {
      const Array& array = tensor.array;
      const std::string_view role = role_of(tensor.name);
      if (named && role.empty())
        fail(fmt::format(
            "'{}' is neither NAME.weight nor NAME.bias of a dense layer or a normalization; other layers are not read",
            tensor.name));
      if (role == "count") continue;
      const bool is_bias = named ? role == "bias" : array.shape.size() == 1 && !modules.empty();
      if (named && role == "kernel" && layout_ == WeightLayout::kAuto) layout_ = WeightLayout::kKeras;
      ArrayModule& module = named     ? module_of(stem_of(tensor.name))
                            : is_bias ? modules.back()
                                      : module_of(tensor.name);
      const Array*& place = role == "running_mean"  ? module.running_mean
                            : role == "running_var" ? module.running_var
                            : is_bias               ? module.bias
                                                    : module.weight;
      if (place != nullptr)
        fail(fmt::format("'{}' is a second {} of one layer", tensor.name,
                         is_bias ? "bias"
                         : named ? role
                                 : "weight"));
      place = &array;
    }
    for (const ArrayModule& module : modules) check(module);
    sort(modules);
    for (const ArrayModule& module : modules) {
      if (module.is_normalization())
        normalizations_.push_back({layers_.size(), module});
      else if (module.is_slope())
        slopes_.push_back({layers_.size(), module});
      else
        layers_.push_back(module);
    }
  }

  void check_normalization(const ArrayModule& module) const {
    const Array* first = nullptr;
    for (const Array* array : {module.weight, module.bias, module.running_mean, module.running_var}) {
      if (array == nullptr) continue;
      if (first == nullptr) first = array;
      if (array->shape.size() != 1 || array->shape != first->shape)
        fail_input(array->place, "is {} numbers of a normalization that has {} elsewhere",
                   shape_text(array->shape), shape_text(first->shape));
    }
  }

  void check(const ArrayModule& module) const {
    if (module.is_normalization()) return check_normalization(module);
    if (module.weight == nullptr) fail("'" + module.name + "' has a bias and no weight");
    const Lengths& shape = module.weight->shape;
    const auto refuse = [&](const std::string& text) { fail_input(module.weight->place, text); };
    if (module.weight->size() == 0) refuse("holds no values");
    if (module.is_slope()) return;
    if (shape.size() != 2)
      refuse(
          fmt::format("has {} axes ({}); a dense layer has two, others (convolutions, for one) are not read",
                      shape.size(), shape_text(shape)));
    if (module.bias == nullptr) return;
    const Lengths& bias = module.bias->shape;
    if (bias.size() != 1 || (bias[0] != shape[0] && bias[0] != shape[1]))
      fail_input(module.bias->place, "is {} numbers for weights of {}", shape_text(bias), shape_text(shape));
  }

  // By the numbers in their names; else as they stand in the file, or in any order.
  void sort(std::vector<ArrayModule>& modules) {
    std::vector<ArrayModule> sorted = modules;
    std::ranges::stable_sort(sorted, [](const ArrayModule& a, const ArrayModule& b) {
      return compare_names(a.name, b.name).sign < 0;
    });
    bool numbered = true;
    for (std::size_t m = 1; m < sorted.size(); ++m)
      numbered &= compare_names(sorted[m - 1].name, sorted[m].name).by_number;
    told_ = numbered || file_.in_order;
    if (numbered || !file_.in_order) modules = std::move(sorted);
  }

  bool biases_fit(WeightLayout layout) const {
    return std::ranges::all_of(layers_, [&](const ArrayModule& m) {
      return m.bias == nullptr || m.bias->shape[0] == m.sides(layout).second;
    });
  }

  void choose() {
    std::vector<WeightLayout> fitting;
    for (const WeightLayout layout : {WeightLayout::kTorch, WeightLayout::kKeras})
      if ((layout_ == WeightLayout::kAuto || layout_ == layout) && biases_fit(layout))
        fitting.push_back(layout);
    if (fitting.empty())
      fail("its biases do not go with weights of " +
           (layout_ == WeightLayout::kAuto ? "one layout" : "the layout " + std::string(name_of(layout_))));
    std::vector<Solution> found;
    for (const WeightLayout layout : fitting) search(layout, found);
    // Where names tell the order, the network says what does not fit: activations may change widths.
    if (found.empty() && told_ && fitting.size() == 1) found.push_back({fitting[0], given_order()});
    if (found.empty()) fail("the widths of its layers do not go together in any order" + names());
    if (found.size() > 1 && found[0].layout != found[1].layout)
      fail(
          "its weights may be [out][in] as in PyTorch or [in][out] as in Keras; set init.layout to torch or keras");
    if (found.size() > 1)
      fail("its layers fit together in more than one order; number their names" + names());
    solution_ = found[0];
  }

  Order given_order() const {
    Order order(layers_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
  }

  std::string names() const {
    std::string text;
    for (const ArrayModule& module : layers_)
      text += (text.empty() ? ": '" : ", '") + module.name + "' (" + shape_text(module.weight->shape) + ")";
    return text;
  }

  // Adds up to two orders in which each layer takes what the one before puts out.
  void search(WeightLayout layout, std::vector<Solution>& found) const {
    const std::size_t most = found.size() + 2;
    if (!told_ && layers_.size() > kMostSearched)
      fail("its names do not tell the order of its layers; number them" + names());
    Order order = given_order();
    do {
      if (goes_on(order, layout)) found.push_back({layout, order});
    } while (!told_ && found.size() < most && std::next_permutation(order.begin(), order.end()));
  }

  // Whether widths go together, and numbers in names ascend.
  bool goes_on(const Order& order, WeightLayout layout) const {
    for (std::size_t i = 1; i < order.size(); ++i) {
      const ArrayModule& layer = layers_[order[i]];
      if (layers_[order[i - 1]].sides(layout).second != layer.sides(layout).first) return false;
      for (std::size_t k = 0; k < i && !told_; ++k)
        if (const NameOrder names = compare_names(layer.name, layers_[order[k]].name);
            names.by_number && names.sign < 0)
          return false;
    }
    return true;
  }

  ParameterSet parameters() const {
    std::size_t numbers = 0;
    for (const ArrayModule& module : layers_) numbers += module.weight->size();
    require_memory(file_.path, 1, numbers, sizeof(double));
    ParameterSet set;
    for (const std::size_t l : solution_.order) set.layers.push_back(layer(layers_[l]));
    add_behind(slopes_, "learned slope", BlockKind::kSlope, set);
    add_behind(normalizations_, "normalization", BlockKind::kGain, set);
    return set;
  }

  LayerParameters layer(const ArrayModule& module) const {
    LayerParameters layer;
    std::tie(layer.inputs, layer.rows) = module.sides(solution_.layout);
    std::vector<double>& weights = layer[BlockKind::kWeights];
    weights.resize(layer.inputs * layer.rows);
    require_finite(*module.weight);
    std::vector<double> row(module.weight->row_size());
    for (std::size_t r = 0; r < module.weight->shape[0]; ++r) {
      module.weight->read_row(r, row.data());
      for (std::size_t c = 0; c < row.size(); ++c)
        weights[solution_.layout == WeightLayout::kTorch ? r * layer.inputs + c : c * layer.inputs + r] =
            row[c];
    }
    if (module.bias != nullptr) layer[BlockKind::kBias] = list(*module.bias);
    return layer;
  }

  static std::vector<double> list(const Array& array) {
    require_finite(array);
    std::vector<double> numbers(array.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) array.read_row(i, &numbers[i]);
    return numbers;
  }

  using Behind = std::vector<std::pair<std::size_t, ArrayModule>>;  // after how many of layers_

  // What belongs to the layer before it; where names do not tell, to the hidden layers one after another.
  void add_behind(const Behind& modules, const std::string& what, BlockKind kind, ParameterSet& set) const {
    if (!told_ && !modules.empty() && modules.size() + 1 != set.layers.size())
      fail(fmt::format("holds {} {}s for {} hidden layers; number the names of its modules", modules.size(),
                       what, set.layers.size() - 1));
    for (std::size_t i = 0; i < modules.size(); ++i) {
      const auto& [after, module] = modules[i];
      const std::size_t l = told_ ? after : i + 1;
      const auto blocks = module.blocks();
      const auto first = std::ranges::find_if(blocks, [](const Array* a) { return a != nullptr; });
      if (l == 0) fail_input((*first)->place, "is a " + what + " before the first layer");
      LayerParameters& layer = set.layers[l - 1];
      if (std::any_of(layer.blocks.begin() + static_cast<std::ptrdiff_t>(kind), layer.blocks.end(),
                      [](const auto& block) { return !block.empty(); }))
        fail_input((*first)->place, "is a second " + what + " after one layer");
      for (std::size_t k = 0; k < blocks.size(); ++k)
        if (blocks[k] != nullptr) layer.blocks[k] = list(*blocks[k]);
    }
  }

  const ParameterArrays& file_;
  WeightLayout layout_;
  std::vector<ArrayModule> layers_;  // dense, in the order of the file or the names
  Behind slopes_, normalizations_;
  bool told_ = false;
  Solution solution_{};
};

}  // namespace

ParameterSet layers_of(const ParameterArrays& file, WeightLayout layout) {
  return LayerFinder(file, layout).find();
}

}  // namespace deadrelu
