// The rows of `model` and `init`.
#include "config/key.h"

namespace deadrelu {
namespace {

using Spec = RunSpec;

constexpr Range kAny{-1e100, 1e100};
constexpr Range kNotNegative{0, 1e100};
constexpr Range kWidths{1, 65536};
constexpr std::size_t kMostLayers = 1024;

constexpr Key kModelKeys[] = {
    {.path = "model.hidden",
     .type = KeyType::kIntegerList,
     .range = kWidths,
     .most_items = kMostLayers,
     .required = true,
     .excludes = "model.width model.depth",
     .meaning = "Units of each hidden layer, first to last; []: a linear model. The output layer is linear.",
     .store = [](Spec& r,
                 const Value& v) { r.model.hidden.assign(v.integers().begin(), v.integers().end()); }},
    {.path = "model.depth",
     .type = KeyType::kInteger,
     .range = {0, kMostLayers},
     .needs = "model.width",
     .in_id = false,
     .meaning = "With model.width, instead of model.hidden: the number of hidden layers.",
     .store = [](Spec& r, const Value& v) { r.model.hidden.assign(v.count(), 1); }},
    {.path = "model.width",
     .type = KeyType::kInteger,
     .range = kWidths,
     .needs = "model.depth",
     .in_id = false,
     .meaning = "With model.depth, instead of model.hidden: units of every hidden layer.",
     .store = [](Spec& r, const Value& v) { r.model.hidden.assign(r.model.hidden.size(), v.count()); }},
    {.path = "model.activation.name",
     .type = KeyType::kChoice,
     .choices = names_of<Activation>(),
     .fallback = "\"relu\"",
     .meaning =
         "The hidden layers' activation, with PyTorch's formula. crelu puts out relu(z) and relu(−z), maxout "
         "the largest of `pieces` pre-activations, gaussian exp(−z²).",
     .store = [](Spec& r, const Value& v) { r.model.activation.kind = v.choice<Activation>(); }},
    {.path = "model.activation.slope",
     .when = "leaky_relu prelu",
     .range = kAny,
     .fallback = "0.01",
     .other_fallback = "0.25",
     .other = [](const Spec& r) { return r.model.activation.kind == Activation::kPrelu; },
     .other_when = "prelu",
     .depends = "model.activation.name",
     .meaning = "Slope where z < 0. prelu: its initial value; it is learned, one a layer (He et al. 2015).",
     .store = [](Spec& r, const Value& v) { r.model.activation.slope = v.real(); }},
    {.path = "model.activation.lower",
     .when = "rrelu",
     .range = kAny,
     .fallback = "0.125",
     .meaning =
         "The slope where z < 0 is drawn from [lower, upper) while training, and is their mean elsewhere.",
     .store = [](Spec& r, const Value& v) { r.model.activation.lower = v.real(); }},
    {.path = "model.activation.upper",
     .when = "rrelu",
     .range = kAny,
     .fallback = "0.3333333333333333",
     .meaning =
         "The slope where z < 0 is drawn from [lower, upper) while training, and is their mean elsewhere.",
     .store = [](Spec& r, const Value& v) { r.model.activation.upper = v.real(); }},
    {.path = "model.activation.alpha",
     .when = "elu celu",
     .range = {0, 1e100, true},
     .fallback = "1",
     .meaning = "elu: alpha·(exp z − 1) where z < 0; celu: alpha·(exp(z/alpha) − 1).",
     .store = [](Spec& r, const Value& v) { r.model.activation.alpha = v.real(); }},
    {.path = "model.activation.pieces",
     .type = KeyType::kInteger,
     .when = "maxout",
     .range = {2, 64},
     .fallback = "2",
     .meaning = "Linear pieces a unit (Goodfellow et al. 2013).",
     .store = [](Spec& r, const Value& v) { r.model.activation.pieces = static_cast<int>(v.integer()); }},
    {.path = "model.derivative_at_zero",
     .range = {0, 1},
     .fallback = "0",
     .meaning =
         "The derivative that a ReLU is given at z = 0, a convention (Bertoin et al. 2021); leaky slopes: "
         "slope + this·(1 − slope).",
     .store = [](Spec& r, const Value& v) { r.model.activation.at_zero = v.real(); }},
    {.path = "model.bias",
     .type = KeyType::kBool,
     .fallback = "true",
     .meaning = "Hidden layers have a bias.",
     .store = [](Spec& r, const Value& v) { r.model.bias = v.flag(); }},
    {.path = "model.output_bias",
     .type = KeyType::kBool,
     .fallback = "true",
     .meaning = "The output layer has a bias.",
     .store = [](Spec& r, const Value& v) { r.model.output_bias = v.flag(); }},
};

constexpr const char* kWeightsMeaning =
    "Distribution of the initial weights: he N(0, 2/fan_in) or U(±√(6/fan_in)); glorot N(0, 2/(fan_in + "
    "fan_out)) or "
    "U(±√(6/(fan_in + fan_out))); lecun N(0, 1/fan_in) or U(±√(3/fan_in)); pytorch U(±1/√fan_in); orthogonal "
    "(Saxe et al. 2014); rai, randomized asymmetric (Lu et al. 2019); normal N(0, std²); uniform U(±limit); "
    "sign "
    "±magnitude.";
constexpr const char* kBiasMeaning =
    "Distribution of the initial biases: constant `value` (a bare number means this), normal N(0, std²), "
    "uniform "
    "U(±limit), pytorch U(±1/√fan_in).";

constexpr void (*kHiddenScale)(Spec&, const Value&) = [](Spec& r, const Value& v) {
  r.init.hidden.scale = v.real();
};
constexpr void (*kHiddenBias)(Spec&, const Value&) = [](Spec& r, const Value& v) {
  r.init.hidden.bias_value = v.real();
};
constexpr void (*kOutputScale)(Spec&, const Value&) = [](Spec& r, const Value& v) {
  r.init.output.scale = v.real();
};
constexpr void (*kOutputBias)(Spec&, const Value&) = [](Spec& r, const Value& v) {
  r.init.output.bias_value = v.real();
};

constexpr Key kInitKeys[] = {
    {.path = "init.weights.name",
     .type = KeyType::kChoice,
     .choices = names_of<WeightInit>(),
     .fallback = "\"he_normal\"",
     .meaning = kWeightsMeaning,
     .store = [](Spec& r, const Value& v) { r.init.hidden.weights = v.choice<WeightInit>(); }},
    {.path = "init.weights.std",
     .when = "normal",
     .range = kNotNegative,
     .fallback = "1",
     .meaning = "Standard deviation of the weights.",
     .store = kHiddenScale},
    {.path = "init.weights.limit",
     .when = "uniform",
     .range = kNotNegative,
     .fallback = "1",
     .meaning = "Weights lie in ±limit.",
     .store = kHiddenScale},
    {.path = "init.weights.magnitude",
     .when = "sign",
     .range = kNotNegative,
     .fallback = "1",
     .meaning = "Weights are +magnitude or −magnitude, equally likely.",
     .store = kHiddenScale},
    {.path = "init.bias.name",
     .type = KeyType::kChoice,
     .choices = names_of<BiasInit>(),
     .fallback = "\"constant\"",
     .meaning = kBiasMeaning,
     .store = [](Spec& r, const Value& v) { r.init.hidden.bias = v.choice<BiasInit>(); }},
    {.path = "init.bias.value",
     .when = "constant",
     .range = kAny,
     .fallback = "0",
     .number_shorthand = true,
     .meaning = "Every bias starts at this value.",
     .store = kHiddenBias},
    {.path = "init.bias.std",
     .when = "normal",
     .range = kNotNegative,
     .fallback = "1",
     .meaning = "Standard deviation of the biases.",
     .store = kHiddenBias},
    {.path = "init.bias.limit",
     .when = "uniform",
     .range = kNotNegative,
     .fallback = "1",
     .meaning = "Biases lie in ±limit.",
     .store = kHiddenBias},
    {.path = "init.gain",
     .range = kAny,
     .fallback = "1",
     .meaning = "Multiplies every initial weight.",
     .store = [](Spec& r, const Value& v) { r.init.hidden.gain = v.real(); }},
    {.path = "init.output.weights.name",
     .type = KeyType::kChoice,
     .choices = names_of<WeightInit>(),
     .fallback = "\"he_normal\"",
     .inherits = "init.weights.name",
     .meaning = "As init.weights, for the output layer alone.",
     .store = [](Spec& r, const Value& v) { r.init.output.weights = v.choice<WeightInit>(); }},
    {.path = "init.output.weights.std",
     .when = "normal",
     .range = kNotNegative,
     .fallback = "1",
     .inherits = "init.weights.std",
     .meaning = "Standard deviation of the output layer's weights.",
     .store = kOutputScale},
    {.path = "init.output.weights.limit",
     .when = "uniform",
     .range = kNotNegative,
     .fallback = "1",
     .inherits = "init.weights.limit",
     .meaning = "The output layer's weights lie in ±limit.",
     .store = kOutputScale},
    {.path = "init.output.weights.magnitude",
     .when = "sign",
     .range = kNotNegative,
     .fallback = "1",
     .inherits = "init.weights.magnitude",
     .meaning = "The output layer's weights are ±magnitude.",
     .store = kOutputScale},
    {.path = "init.output.bias.name",
     .type = KeyType::kChoice,
     .choices = names_of<BiasInit>(),
     .fallback = "\"constant\"",
     .inherits = "init.bias.name",
     .meaning = "As init.bias, for the output layer alone.",
     .store = [](Spec& r, const Value& v) { r.init.output.bias = v.choice<BiasInit>(); }},
    {.path = "init.output.bias.value",
     .when = "constant",
     .range = kAny,
     .fallback = "0",
     .inherits = "init.bias.value",
     .number_shorthand = true,
     .meaning = "The output layer's biases start here.",
     .store = kOutputBias},
    {.path = "init.output.bias.std",
     .when = "normal",
     .range = kNotNegative,
     .fallback = "1",
     .inherits = "init.bias.std",
     .meaning = "Standard deviation of the output layer's biases.",
     .store = kOutputBias},
    {.path = "init.output.bias.limit",
     .when = "uniform",
     .range = kNotNegative,
     .fallback = "1",
     .inherits = "init.bias.limit",
     .meaning = "The output layer's biases lie in ±limit.",
     .store = kOutputBias},
    {.path = "init.output.gain",
     .range = kAny,
     .fallback = "1",
     .inherits = "init.gain",
     .meaning = "Multiplies every initial weight of the output layer.",
     .store = [](Spec& r, const Value& v) { r.init.output.gain = v.real(); }},
    {.path = "init.file",
     .type = KeyType::kText,
     .nullable = true,
     .fallback = "null",
     .meaning = "Initial parameters from a JSON file, in the form that record.parameters writes (one line of "
                "parameters.jsonl); relative to the config file; null: drawn. It overrides the rest of init.",
     .store = [](Spec& r, const Value& v) { r.init.file = v.string(); }},
};

}  // namespace

std::span<const Key> model_keys() { return kModelKeys; }
std::span<const Key> init_keys() { return kInitKeys; }

}  // namespace deadrelu
