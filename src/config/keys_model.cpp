// The rows of `model` and `init`.
#include <algorithm>
#include <iterator>

#include "config/key.h"

namespace deadrelu {
namespace {

template <auto... Members>
constexpr Field model = field<&RunSpec::model, Members...>;
// model.depth and model.width have no place of their own: they make model.hidden, the depth first.
constexpr Field kDepth{
    .set = [](RunSpec& r, const Json& v, const Key&) { r.model.hidden.assign(v.get<std::size_t>(), 1); }};
constexpr Field kWidth{.set = [](RunSpec& r, const Json& v, const Key&) {
  r.model.hidden.assign(r.model.hidden.size(), v.get<std::size_t>());
}};

template <auto Member>
constexpr Field adjust = field<&RunSpec::init, &InitSpec::adjust, Member>;

constexpr const char* kRreluMeaning =
    "The slope where z < 0 is drawn from [lower, upper) while training, and is their mean elsewhere.";

const std::string kFormulaMeaning =
    "The activation as a formula of x: numbers, pi, e, named numbers given beside it, + - * / ^ (-x^2 is -(x^2), ^ "
    "goes from right to left), < <= > >= == != (1 or 0), and " +
    formula_function_names() +
    "; where(c, a, b) is a where c is not 0, else b. Its derivative is worked out from it; at a kink it lies between "
    "the derivatives from the left and the right: max and min of equal numbers left + t·(right − left) with t = "
    "model.derivative_at_zero, so that max(0, x) is relu, abs at 0 t·right. where is differentiated in the branch "
    "that is taken, and the other one has no say. Powers with whole exponents up to 64 are products.";

// model.bias: of all hidden layers, or of each.
constexpr Field kBias{
    .get =
        [](const RunSpec& r) { return r.model.biases.empty() ? Json(r.model.bias) : Json(r.model.biases); },
    .set =
        [](RunSpec& r, const Json& v, const Key&) {
          if (v.is_boolean()) r.model.bias = v.get<bool>();
          if (v.is_array()) r.model.biases = v.get<std::vector<bool>>();
        },
    .same =
        [](const RunSpec& a, const RunSpec& b) {
          return a.model.bias == b.model.bias && a.model.biases == b.model.biases;
        }};

// Of the hidden layers, or of the output layer.
template <auto Spec>
std::vector<Key> activation_keys(const std::string& path, std::string meaning) {
  return {
      choice(path + ".name", field<&RunSpec::model, Spec, &ActivationSpec::kind>, std::move(meaning)),
      real(path + ".slope of leaky_relu prelu", field<&RunSpec::model, Spec, &ActivationSpec::slope>, kAny,
           "Slope where z < 0. prelu: its initial value; it is learned, one a layer (He et al. 2015).")
          .by_default_where(
              0.25, [](const RunSpec& r) { return (r.model.*Spec).kind == Activation::kPrelu; }, "prelu",
              path + ".name"),
      real(path + ".lower of rrelu", field<&RunSpec::model, Spec, &ActivationSpec::lower>, kAny,
           kRreluMeaning),
      real(path + ".upper of rrelu", field<&RunSpec::model, Spec, &ActivationSpec::upper>, kAny,
           kRreluMeaning),
      real(path + ".alpha of elu celu", field<&RunSpec::model, Spec, &ActivationSpec::alpha>, kPositive,
           "elu: alpha·(exp z − 1) where z < 0; celu: alpha·(exp(z/alpha) − 1)."),
      integer(path + ".pieces of maxout", field<&RunSpec::model, Spec, &ActivationSpec::pieces>, {2, 64},
              "Linear pieces a unit (Goodfellow et al. 2013)."),
      formula(path + ".formula of expression", field<&RunSpec::model, Spec, &ActivationSpec::formula>, 1,
              kFormulaMeaning)
          .must_be_given(),
      real(path + ".* of expression", field<&RunSpec::model, Spec, &ActivationSpec::numbers>, kAny,
           "Every other name is a number of the formula, which may be swept like any key: " + path +
               ".a for a.")
          .without_default()
          .beside(path + ".formula")
          .with_free_names(),
  };
}

// The distributions that weights and biases have in common. what: "weights".
template <auto Layer, auto Of>
std::vector<Key> initializer_keys(const std::string& path, const std::string& what) {
  using Init = std::remove_reference_t<decltype(std::declval<LayerInit&>().*Of)>;
  // Another way to write low and high.
  constexpr Field limit{.set = [](RunSpec& r, const Json& v, const Key&) {
    Init& init = (r.init.*Layer).*Of;
    init.high = v.get<double>();
    init.low = 0 - init.high;
  }};
  return {
      real(path + ".value of constant", field<&RunSpec::init, Layer, Of, &Init::value>, kAny,
           "All " + what + " start at this value.")
          .as_bare_number(),
      real(path + ".mean of normal", field<&RunSpec::init, Layer, Of, &Init::mean>, kAny,
           "Mean of the " + what + "."),
      real(path + ".std of normal", field<&RunSpec::init, Layer, Of, &Init::std>, kNotNegative,
           "Standard deviation of the " + what + "."),
      real(path + ".low of uniform", field<&RunSpec::init, Layer, Of, &Init::low>, kAny,
           "The lower end of the " + what + ".")
          .not_beside(path + ".limit"),
      real(path + ".high of uniform", field<&RunSpec::init, Layer, Of, &Init::high>, kAny,
           "The upper end of the " + what + ".")
          .not_beside(path + ".limit"),
      real(path + ".limit of uniform", limit, kNotNegative,
           "The " + what + " lie in ±limit: low and high in one number.")
          .without_default()
          .outside_id(),
  };
}

// Of the hidden layers, or of the output layer.
template <auto Layer>
std::vector<Key> layer_keys(const std::string& prefix) {
  std::vector<Key> keys = {choice(
      prefix + "weights.name", field<&RunSpec::init, Layer, &LayerInit::weights, &WeightInitializer::kind>,
      "Distribution of the initial weights: he N(0, 2/fan_in) or U(±√(6/fan_in)); glorot N(0, 2/(fan_in + "
      "fan_out)) or U(±√(6/(fan_in + fan_out))); lecun N(0, 1/fan_in) or U(±√(3/fan_in)); pytorch "
      "U(±1/√fan_in); orthogonal (Saxe et al. 2014); rai, randomized asymmetric (Lu et al. 2019); mirrored "
      "pairs of rows w, −w with w ~ N(0, 2/fan_in), of an odd number the last one alone (the biases stay "
      "init.bias's); constant `value` (a bare number means this); normal N(mean, std²); uniform U(low, "
      "high), or U(±limit); sign ±magnitude.")};
  const auto add = [&](std::vector<Key> more) {
    keys.insert(keys.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  add(initializer_keys<Layer, &LayerInit::weights>(prefix + "weights", "weights"));
  add({real(prefix + "weights.magnitude of sign",
            field<&RunSpec::init, Layer, &LayerInit::weights, &WeightInitializer::magnitude>, kNotNegative,
            "Weights are +magnitude or −magnitude, equally likely.")});
  add({choice(
      prefix + "bias.name", field<&RunSpec::init, Layer, &LayerInit::bias, &BiasInitializer::kind>,
      "Distribution of the initial biases: constant `value` (a bare number means this), normal N(mean, std²), "
      "uniform U(low, high) or U(±limit), pytorch U(±1/√fan_in).")});
  add(initializer_keys<Layer, &LayerInit::bias>(prefix + "bias", "biases"));
  add({real(prefix + "gain", field<&RunSpec::init, Layer, &LayerInit::gain>, kAny,
            "Multiplies every initial weight.")});
  return keys;
}

// Puts a list with one entry a hidden layer behind the keys of the group.
void add_list(std::vector<Key>& keys, const std::string& group, Field field,
              void (*take)(RunSpec&, const RunSpec&)) {
  const auto in_group = [&](const Key& key) { return key.path.starts_with(group + '.'); };
  const auto first = std::ranges::find_if(keys, in_group);
  const auto last = std::find_if_not(first, keys.end(), in_group);
  first->excludes = group + ".layers";
  keys.insert(last, groups_each(group, field, take));
}

// What stands between a layer's weights and the next layer's.
std::vector<Key> between_keys() {
  using Norm = NormalizationSpec;
  constexpr auto kNorm = &ModelSpec::normalization;
  const std::string path = "model.normalization";
  return {
      choice(
          path + ".name", model<kNorm, &Norm::kind>,
          "Normalization of every hidden layer, with PyTorch's formulas. layer_norm (Ba et al. 2016): over the "
          "layer's numbers of each example; rms_norm (Zhang, Sennrich 2019): the same without mean and shift; "
          "batch_norm (Ioffe, Szegedy 2015): over the batch in training, with running statistics (their variance "
          "over n − 1) wherever a network is measured and in layers of train.freeze. Pre-activations, z, are what "
          "enters the activation function. Its gains (norm_weight in files) and shifts (norm_bias) start at 1 and 0, "
          "are learned, and are counted like biases."),
      choice(path + ".position", model<kNorm, &Norm::position>,
             "Between weights and activation function, or behind the activation function.")
          .with_any(names_of<Normalization>()),
      real(path + ".epsilon", model<kNorm, &Norm::epsilon>, kPositive,
           "Added to the variance, under the root.")
          .with_any(names_of<Normalization>()),
      boolean(path + ".affine", model<kNorm, &Norm::affine>,
              "Whether gains and, but for rms_norm, shifts are learned; else they are 1 and 0.")
          .with_any(names_of<Normalization>()),
      real(
          path + ".momentum of batch_norm", model<kNorm, &Norm::momentum>, kShare,
          "The share of each batch in the running statistics, as in PyTorch (Keras's momentum is 1 − this)."),
      boolean(
          "model.skip", model<&ModelSpec::skip>,
          "A hidden layer that is as wide as the hidden layer before it adds that one's output to its own (He et "
          "al. 2016): h_l = h_{l−1} + φ(z_l). Activations, of which the tables tell, are φ(z_l)."),
      real(
          "model.dropout", model<&ModelSpec::dropout>, {0, 1, false, true},
          "While training, each activation of a hidden layer is set to 0 with this probability, to the nearest 1/65536, "
          "and else divided by 1 − it (Srivastava et al. 2014); with model.skip before the sum."),
  };
}

}  // namespace

std::vector<Key> model_keys() {
  std::vector<Key> keys = {
      integers(
          "model.hidden", model<&ModelSpec::hidden>, kWidths, kMostLayers,
          "Units of each hidden layer, first to last; []: none, a linear model where the output is linear.")
          .must_be_given()
          .not_beside("model.width model.depth"),
      integer("model.depth", kDepth, {0, kMostLayers},
              "With model.width, instead of model.hidden: the number of hidden layers.")
          .without_default()
          .beside("model.width")
          .outside_id(),
      integer("model.width", kWidth, kWidths,
              "With model.depth, instead of model.hidden: units of every hidden layer.")
          .without_default()
          .beside("model.depth")
          .outside_id(),
  };
  const auto add = [&](std::vector<Key> more) {
    keys.insert(keys.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  add(activation_keys<&ModelSpec::activation>(
      "model.activation",
      "The hidden layers' activation, with PyTorch's formula. crelu puts out relu(z) and relu(−z), maxout the "
      "largest of `pieces` pre-activations, gaussian exp(−z²)."));
  add_list(
      keys, "model.activation",
      {.same = [](const RunSpec& a, const RunSpec& b) { return a.model.activations == b.model.activations; }},
      [](RunSpec& run, const RunSpec& entry) { run.model.activations.push_back(entry.model.activation); });
  add(activation_keys<&ModelSpec::output_activation>(
      "model.output_activation",
      "The output layer's activation, with every loss: all of them but crelu. What the loss and the accuracy "
      "see, and collapsed, is the activated output: cross_entropy and binary_cross_entropy still take it for "
      "logits (sigmoid before binary_cross_entropy makes two sigmoids). Units of the output are counted "
      "nowhere, dead or not."));
  add({
      real("model.derivative_at_zero",
           field<&RunSpec::model, &ModelSpec::activation, &ActivationSpec::at_zero>, kShare,
           "The derivative that a ReLU is given at z = 0, a convention (Bertoin et al. 2021); leaky slopes: "
           "slope + this·(1 − slope)."),
      Key{"model.bias",
          KeyType::kBoolEach,
          kBias,
          "Whether hidden layers have a bias: all of them, or each as a list says, one entry a hidden layer.",
          {},
          {},
          kMostLayers},
      boolean("model.output_bias", model<&ModelSpec::output_bias>, "The output layer has a bias."),
  });
  add(between_keys());
  return keys;
}

std::vector<Key> init_keys() {
  std::vector<Key> keys = layer_keys<&InitSpec::hidden>("init.");
  std::vector<Key> output = layer_keys<&InitSpec::output>("init.output.");
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (!keys[i].optional) output[i].inherits = keys[i].path;
    output[i].meaning = "Of the output layer alone: " + keys[i].meaning;
  }
  add_list(keys, "init.weights",
           {.same = [](const RunSpec& a, const RunSpec& b) { return a.init.weights == b.init.weights; }},
           [](RunSpec& run, const RunSpec& entry) { run.init.weights.push_back(entry.init.hidden.weights); });
  add_list(keys, "init.bias",
           {.same = [](const RunSpec& a, const RunSpec& b) { return a.init.biases == b.init.biases; }},
           [](RunSpec& run, const RunSpec& entry) { run.init.biases.push_back(entry.init.hidden.bias); });
  keys.insert(keys.end(), output.begin(), output.end());
  keys.insert(
      keys.end(),
      {choice(
           "init.adjust.name", adjust<&AdjustSpec::kind>,
           "Changes the drawn hidden layers, first to last, by their pre-activations z on all training examples: "
           "sign_flip negates a layer that excites (z > 0) fewer than half of the examples that excite every "
           "layer below, so that a share of 2^-k at least still does after k layers (after Rister, Rubin 2017); "
           "unit_flip negates a unit that is active on fewer than half of the examples; data_bias makes each "
           "unit's bias −w·x + |ε| for one random example x and ε ~ N(0, std²), so that it is active there "
           "(after Shin, Karniadakis 2020); quantile_bias gives each unit the least bias with which it is "
           "active on ⌈active·n⌉ of n examples; lsuv divides the weights of each layer, the output layer "
           "included, by the standard deviation of z (Mishkin, Matas 2016, with init.weights orthogonal)."),
       real("init.adjust.std of data_bias", adjust<&AdjustSpec::std>, kNotNegative,
            "Standard deviation of ε."),
       real(
           "init.adjust.active of quantile_bias", adjust<&AdjustSpec::active>, {0, 1, true},
           "Share of the training examples on which every unit is active, on more only where they are equal."),
       real("init.adjust.tolerance of lsuv", adjust<&AdjustSpec::tolerance>, kPositive,
            "The deviation may differ from 1 by this."),
       integer("init.adjust.tries of lsuv", adjust<&AdjustSpec::tries>, {1, 1000},
               "How often weights are divided at most.")});
  keys.push_back(
      text(
          "init.file", field<&RunSpec::init, &InitSpec::file>,
          "Initial parameters from a file: a line of parameters.jsonl, or .safetensors or .npz with the arrays "
          "NAME.weight and NAME.bias of dense layers, as a PyTorch state_dict has them (NAME.weight of one number: "
          "prelu's slope); relative to the config file; null: drawn. It overrides the rest of init.")
          .or_null());
  keys.push_back(choice(
      "init.layout", field<&RunSpec::init, &InitSpec::layout>,
      "How weights lie in a .safetensors or .npz of init.file: torch [out][in], keras [in][out]; auto: as the "
      "shapes of weights and biases tell, and an error where both fit."));
  return keys;
}

}  // namespace deadrelu
