// The rows of `model` and `init`.
#include "config/key.h"

namespace deadrelu {
namespace {

template <auto Member>
constexpr Field model = field<&RunSpec::model, Member>;
template <auto Member>
constexpr Field activation = field<&RunSpec::model, &ModelSpec::activation, Member>;

// model.depth and model.width have no place of their own: they make model.hidden, the depth first.
constexpr Field kDepth{
    .set = [](RunSpec& r, const Json& v, const Key&) { r.model.hidden.assign(v.get<std::size_t>(), 1); }};
constexpr Field kWidth{.set = [](RunSpec& r, const Json& v, const Key&) {
  r.model.hidden.assign(r.model.hidden.size(), v.get<std::size_t>());
}};

constexpr const char* kRreluMeaning =
    "The slope where z < 0 is drawn from [lower, upper) while training, and is their mean elsewhere.";

// Of the hidden layers, or of the output layer.
template <auto Layer>
std::vector<Key> layer_keys(const std::string& prefix) {
  constexpr Field scale = field<&RunSpec::init, Layer, &LayerInit::scale>;
  constexpr Field bias_value = field<&RunSpec::init, Layer, &LayerInit::bias_value>;
  return {
      choice(
          prefix + "weights.name", field<&RunSpec::init, Layer, &LayerInit::weights>,
          "Distribution of the initial weights: he N(0, 2/fan_in) or U(±√(6/fan_in)); glorot N(0, 2/(fan_in + "
          "fan_out)) or U(±√(6/(fan_in + fan_out))); lecun N(0, 1/fan_in) or U(±√(3/fan_in)); pytorch "
          "U(±1/√fan_in); orthogonal (Saxe et al. 2014); rai, randomized asymmetric (Lu et al. 2019); normal "
          "N(0, std²); uniform U(±limit); sign ±magnitude."),
      real(prefix + "weights.std", scale, kNotNegative, "Standard deviation of the weights.").with("normal"),
      real(prefix + "weights.limit", scale, kNotNegative, "Weights lie in ±limit.").with("uniform"),
      real(prefix + "weights.magnitude", scale, kNotNegative,
           "Weights are +magnitude or −magnitude, equally likely.")
          .with("sign"),
      choice(
          prefix + "bias.name", field<&RunSpec::init, Layer, &LayerInit::bias>,
          "Distribution of the initial biases: constant `value` (a bare number means this), normal N(0, std²), "
          "uniform U(±limit), pytorch U(±1/√fan_in)."),
      real(prefix + "bias.value", bias_value, kAny, "Every bias starts at this value.")
          .with("constant")
          .as_bare_number(),
      real(prefix + "bias.std", bias_value, kNotNegative, "Standard deviation of the biases.")
          .with("normal")
          .by_default(1),
      real(prefix + "bias.limit", bias_value, kNotNegative, "Biases lie in ±limit.")
          .with("uniform")
          .by_default(1),
      real(prefix + "gain", field<&RunSpec::init, Layer, &LayerInit::gain>, kAny,
           "Multiplies every initial weight."),
  };
}

}  // namespace

std::vector<Key> model_keys() {
  return {
      integers("model.hidden", model<&ModelSpec::hidden>, kWidths, kMostLayers,
               "Units of each hidden layer, first to last; []: a linear model. The output layer is linear.")
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
      choice(
          "model.activation.name", activation<&ActivationSpec::kind>,
          "The hidden layers' activation, with PyTorch's formula. crelu puts out relu(z) and relu(−z), maxout "
          "the largest of `pieces` pre-activations, gaussian exp(−z²)."),
      real("model.activation.slope", activation<&ActivationSpec::slope>, kAny,
           "Slope where z < 0. prelu: its initial value; it is learned, one a layer (He et al. 2015).")
          .with("leaky_relu prelu")
          .by_default_where(
              0.25, [](const RunSpec& r) { return r.model.activation.kind == Activation::kPrelu; }, "prelu",
              "model.activation.name"),
      real("model.activation.lower", activation<&ActivationSpec::lower>, kAny, kRreluMeaning).with("rrelu"),
      real("model.activation.upper", activation<&ActivationSpec::upper>, kAny, kRreluMeaning).with("rrelu"),
      real("model.activation.alpha", activation<&ActivationSpec::alpha>, kPositive,
           "elu: alpha·(exp z − 1) where z < 0; celu: alpha·(exp(z/alpha) − 1).")
          .with("elu celu"),
      integer("model.activation.pieces", activation<&ActivationSpec::pieces>, {2, 64},
              "Linear pieces a unit (Goodfellow et al. 2013).")
          .with("maxout"),
      real("model.derivative_at_zero", activation<&ActivationSpec::at_zero>, kShare,
           "The derivative that a ReLU is given at z = 0, a convention (Bertoin et al. 2021); leaky slopes: "
           "slope + this·(1 − slope)."),
      boolean("model.bias", model<&ModelSpec::bias>, "Hidden layers have a bias."),
      boolean("model.output_bias", model<&ModelSpec::output_bias>, "The output layer has a bias."),
  };
}

std::vector<Key> init_keys() {
  std::vector<Key> keys = layer_keys<&InitSpec::hidden>("init.");
  std::vector<Key> output = layer_keys<&InitSpec::output>("init.output.");
  for (std::size_t i = 0; i < output.size(); ++i) {
    output[i].inherits = keys[i].path;
    output[i].meaning = "Of the output layer alone: " + keys[i].meaning;
  }
  keys.insert(keys.end(), output.begin(), output.end());
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
