#include "train/check.h"

#include "base/number.h"
#include "probe/certificates.h"
#include "train/check_data.h"

namespace deadrelu {
namespace {

constexpr std::size_t kMostParameters = 100'000'000;    // of one network
constexpr std::size_t kMostDataValues = 2'000'000'000;  // inputs and targets of all examples

// One of two numbers may not be above the other.
void check_order(const std::string& path, const std::string& place, const char* low_name, double low,
                 const char* high_name, double high, Found& found) {
  if (low > high)
    found.push_back({place.empty() ? path + '.' + low_name : path,
                     place + "found " + low_name + ' ' + number_text(low) + ", " + high_name + ' ' +
                         number_text(high) + "; " + low_name + " may not be above " + high_name});
}

// Of a group that may be given as a list: its one value, or every entry.
template <class Spec, class Check>
void check_each(const std::string& path, const Spec& spec, const std::vector<Spec>& entries,
                const Check& check) {
  if (entries.empty()) return check(path, "", spec);
  for (std::size_t i = 0; i < entries.size(); ++i)
    check(path + ".layers", "entry " + std::to_string(i + 1) + ": ", entries[i]);
}

void check_length(const std::string& path, std::size_t entries, const ModelSpec& model, Found& found) {
  if (entries != 0 && entries != model.hidden.size())
    found.push_back({path, "found a list of " + std::to_string(entries) + "; the network has " +
                               std::to_string(model.hidden.size()) +
                               " hidden layers, and the list needs an entry for each"});
}

void check_model(const RunSpec& run, Found& found) {
  const ModelSpec& model = run.model;
  const auto check_activation = [&](const std::string& path, const std::string& place,
                                    const ActivationSpec& spec) {
    if (spec.kind == Activation::kRrelu)
      check_order(path, place, "lower", spec.lower, "upper", spec.upper, found);
    if (spec.kind == Activation::kExpression)
      check_numbers(path, place, std::vector{formula_of(spec)}, spec.numbers, found);
  };
  check_each("model.activation", model.activation, model.activations, check_activation);
  check_activation("model.output_activation", "", model.output_activation);
  if (model.output_activation.kind == Activation::kCrelu)
    found.push_back({"model.output_activation",
                     "crelu puts out two values a unit, and a target has one; allowed: all others"});
  check_length("model.activation.layers", model.activations.size(), model, found);
  check_length("model.bias", model.biases.size(), model, found);
  for (const std::uint64_t layer : run.train.freeze)
    if (layer > model.hidden.size() + 1)
      found.push_back({"train.freeze", "found " + std::to_string(layer) + "; the network has " +
                                           std::to_string(model.hidden.size() + 1) +
                                           " layers, the output layer included"});
}

void check_init(const RunSpec& run, Found& found) {
  const auto check = [&](const std::string& path, const std::string& place, const auto& init) {
    using Kind = decltype(init.kind);
    if (init.kind == Kind::kUniform) check_order(path, place, "low", init.low, "high", init.high, found);
  };
  check_each("init.weights", run.init.hidden.weights, run.init.weights, check);
  check_each("init.bias", run.init.hidden.bias, run.init.biases, check);
  check("init.output.weights", "", run.init.output.weights);
  check("init.output.bias", "", run.init.output.bias);
  check_length("init.weights.layers", run.init.weights.size(), run.model, found);
  check_length("init.bias.layers", run.init.biases.size(), run.model, found);
}

void check_schedule(const ScheduleSpec& schedule, Found& found) {
  if (schedule.kind != Schedule::kPhases) return;
  double before = 0;
  for (const auto& [until, factor] : schedule.phases) {
    if (until > 1 || until <= before)
      found.push_back({"train.schedule.phases",
                       "found a phase until " + number_text(until) + " after " + number_text(before) +
                           "; allowed: shares of the steps, at most 1, each above the last"});
    before = until;
  }
}

void check_clipping(const TrainSpec& train, Found& found) {
  if (train.clip_norm > 0 && train.clip_value > 0)
    found.push_back(
        {"train.clip_value", "cannot be above 0 together with train.clip_norm; give one of them"});
}

void check_optimizer(const OptimizerSpec& optimizer, Found& found) {
  if (optimizer.kind != Optimizer::kSgd || !optimizer.nesterov) return;
  if (optimizer.momentum == 0)
    found.push_back({"train.optimizer.nesterov", "nesterov needs a momentum above 0; momentum is 0"});
  if (optimizer.dampening != 0)
    found.push_back({"train.optimizer.nesterov",
                     "nesterov needs dampening 0; dampening is " + number_text(optimizer.dampening)});
}

// Pre-activations are shifted by biases or scaled by weights, and nothing may take that back.
void check_reach(const std::string& path, const RunSpec& run, bool shifts, Found& found) {
  const NormalizationSpec& normalization = run.model.normalization;
  if (normalization.kind != Normalization::kNone && normalization.position == Position::kBeforeActivation)
    found.push_back({path,
                     "model.normalization stands between weights and activation and takes back what this "
                     "does; allowed: position after_activation, or none"});
  for (std::size_t l = 0; shifts && l < run.model.hidden.size(); ++l)
    if (!run.model.has_bias(l))
      return found.push_back({path, "hidden layer " + std::to_string(l + 1) +
                                        " has no biases to set; allowed: model.bias true"});
}

void check_adjust(const RunSpec& run, Found& found) {
  const Adjust kind = run.init.adjust.kind;
  if (kind == Adjust::kNone) return;
  if (!run.init.file.empty())
    found.push_back({"init.adjust.name", "changes what is drawn, but init.file gives it; give one of them"});
  if (kind == Adjust::kDataBias || kind == Adjust::kQuantileBias || kind == Adjust::kLsuv)
    check_reach("init.adjust.name", run, kind != Adjust::kLsuv, found);
}

void check_remedy(const RunSpec& run, Found& found) {
  const RemedySpec& remedy = run.remedy;
  const PerturbSpec& perturb = remedy.perturb;
  const bool perturbs = perturb.shrink > 0 || perturb.noise > 0,
             is_timed = perturb.every > 0 || perturb.at_task;
  if (perturbs && !is_timed)
    found.push_back({"remedy.perturb", "needs every or at_task: after how many updates, or with each task"});
  if (is_timed && !perturbs)
    found.push_back({"remedy.perturb", "needs shrink or noise above 0; without them it does nothing"});
  if (perturb.at_task && run.data.tasks.change == TaskChange::kNone)
    found.push_back(
        {"remedy.perturb.at_task", "there are no tasks; give data.tasks, or remedy.perturb.every"});
  if (remedy.lift.every == 0) return;
  check_reach("remedy.lift.every", run, true, found);
  for (std::size_t l = 0; l < run.model.hidden.size(); ++l)
    if (run.model.activation_of(l).kind == Activation::kRelu) return;
  found.push_back({"remedy.lift.every", "no hidden layer is a relu, and only these are lifted"});
}

// What of `given` does not fit the layer; empty: nothing.
std::string misfit(const LayerParameters& given, const LayerShape& layer) {
  if (given.rows != layer.rows || given.inputs != layer.inputs)
    return "has weights of " + std::to_string(given.rows) + " by " + std::to_string(given.inputs) +
           ", the network has " + std::to_string(layer.rows) + " by " + std::to_string(layer.inputs);
  for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
    const BlockKindInfo& kind = kBlockKinds[k];
    const std::size_t found = given.blocks[k].size(), expected = layer.blocks[k].size();
    if (kind.surplus != nullptr && found == 0) continue;
    if (kind.surplus != nullptr && expected == 0) return "has " + std::string(kind.surplus);
    if (found != expected)
      return "has " + std::to_string(found) + ' ' + kind.plural + ", the network has " +
             std::to_string(expected);
  }
  return "";
}

void check_initial(const ParameterSet& initial, const NetworkShape& shape, Found& found) {
  if (initial.layers.size() != shape.layers.size()) {
    found.push_back({"init.file", "the file has " + std::to_string(initial.layers.size()) +
                                      " layers, the network has " + std::to_string(shape.layers.size())});
    return;
  }
  const auto ends = [&](const char* what, const char* layout, std::size_t file, std::size_t data) {
    if (file != data)
      found.push_back({"init.file", "the file's network has " + std::to_string(file) + ' ' + what +
                                        ", the data " + std::to_string(data) + layout});
  };
  const LayerParameters &first = initial.layers.front(), &last = initial.layers.back();
  ends("inputs", first.rows == shape.inputs() ? " (is init.layout the other one?)" : "", first.inputs,
       shape.inputs());
  ends("outputs", "", last.rows, shape.layers.back().rows);
  if (!found.empty()) return;
  for (std::size_t l = 0; l < shape.layers.size(); ++l) {
    const std::string wrong = misfit(initial.layers[l], shape.layers[l]);
    if (!wrong.empty())
      found.push_back({"init.file", "layer " + std::to_string(l + 1) + " of the file " + wrong});
  }
}

std::string certificates_up_to(Certify strongest) {
  std::string text;
  for (const char* name : names_of<Certify>().first(static_cast<std::size_t>(strongest) + 1))
    text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

void check_certify(const RunSpec& run, Found& found) {
  const auto limit = [&](Certify strongest, std::string_view what) {
    const bool exceeded = run.record.certify > strongest;
    if (exceeded)
      found.push_back({"record.certify", std::string(name_of(run.record.certify)) + " proves nothing of " +
                                             std::string(what) +
                                             "; allowed for it: " + certificates_up_to(strongest)});
    return exceeded;
  };
  if (run.model.normalization.kind != Normalization::kNone)
    limit(Certify::kNone, name_of(run.model.normalization.kind));
  if (run.model.skip) limit(Certify::kNone, "model.skip");
  for (std::size_t l = 0; l < run.model.hidden.size(); ++l) {
    const Activation kind = run.model.activation_of(l).kind;
    if (limit(strongest_certificate(kind), name_of(kind))) break;
  }
  if (run.record.certify == Certify::kNone && !run.record.domain_low.empty())
    found.push_back({"record.domain.low", "nothing is certified; give record.certify too"});
}

void check_domain(const RunSpec& run, std::size_t inputs, Found& found) {
  const std::vector<double>&low = run.record.domain_low, &high = run.record.domain_high;
  if (run.record.certify == Certify::kExact && inputs > kMostExactInputs)
    found.push_back({"record.certify", "exact takes one or two inputs; the data has " +
                                           std::to_string(inputs) +
                                           "; allowed: " + certificates_up_to(Certify::kLinear)});
  if (low.empty() || high.empty()) return;
  for (const auto& [name, list] : {std::pair("low", &low), std::pair("high", &high)})
    if (list->size() > 1 && list->size() != inputs)
      return found.push_back({std::string("record.domain.") + name,
                              "found " + std::to_string(list->size()) +
                                  " numbers, one an input; the data's inputs: " + std::to_string(inputs)});
  for (std::size_t i = 0; i < std::max(low.size(), high.size()); ++i)
    check_order("record.domain", low.size() + high.size() > 2 ? "input " + std::to_string(i + 1) + ": " : "",
                "low", low[low.size() == 1 ? 0 : i], "high", high[high.size() == 1 ? 0 : i], found);
}

// Of one example, every number is its own mean.
void check_coupled_batch(const RunSpec& run, const DataFacts& facts, Found& found) {
  const TrainSpec& train = run.train;
  if (facts.train_samples == 0 || (train.steps == 0 && train.epochs == 0)) return;
  const std::size_t samples = facts.train_samples;
  const std::size_t batch = train.examples_a_step(samples);
  const std::string reason = "; batch_norm needs two examples at least, since one is its own mean; allowed: ";
  if (batch == 1)
    found.push_back({"train.batch_size", "found batches of 1 example" + reason + "2 or more, or layer_norm"});
  else if (run.sampling() != Sampling::kWithReplacement && samples % batch == 1)
    found.push_back({"train.batch_size", "the last batch of an epoch has 1 example (" +
                                             std::to_string(samples) + " in batches of " +
                                             std::to_string(batch) + ")" + reason +
                                             "another batch_size, or train.sampling with_replacement"});
}

void check_layers(const ModelSpec& model, Found& found) {
  const NetworkShape shape = network_shape(model, 1, 1);
  const bool normalizes = model.normalization.kind != Normalization::kNone;
  bool adds = false;
  for (std::size_t l = 0; l < shape.layers.size(); ++l) {
    const LayerShape& layer = shape.layers[l];
    adds |= layer.adds_input;
    if (layer.hidden && layer.normalization.kind == Normalization::kLayerNorm && layer.normalized() == 1)
      found.push_back(
          {"model.normalization",
           "hidden layer " + std::to_string(l + 1) +
               " has one unit, and one number minus its mean is 0: layer_norm makes it the same for "
               "every input; allowed: rms_norm, batch_norm, none, or two units and more"});
  }
  const char* const sentence = "there is no hidden layer that this could act on; give model.hidden some";
  if (normalizes && model.hidden.empty()) found.push_back({"model.normalization", sentence});
  if (model.dropout > 0 && model.hidden.empty()) found.push_back({"model.dropout", sentence});
  if (model.skip && !adds)
    found.push_back({"model.skip",
                     "no hidden layer is as wide as the hidden layer before it, so there is nothing to add; "
                     "give two neighbours in model.hidden the same width"});
}

void check_network(const RunSpec& run, const DataFacts& facts, Found& found) {
  const NetworkShape shape = network_shape(run.model, facts.shape.inputs, facts.shape.outputs);
  if (shape.parameter_count > kMostParameters)
    found.push_back({"model", "the network has " + std::to_string(shape.parameter_count) +
                                  " parameters; allowed: at most " + std::to_string(kMostParameters)});
  if (run.initial) check_initial(*run.initial, shape, found);
  if (shape.couples_samples()) check_coupled_batch(run, facts, found);
}

void check_size(const RunSpec& run, const DataFacts& facts, Found& found) {
  const std::size_t samples = facts.train_samples + facts.test_samples;
  const std::size_t values = facts.shape.inputs + facts.shape.outputs;
  if (values > 0 && samples > kMostDataValues / values)
    found.push_back({"data.samples", "found " + std::to_string(samples) + " examples of " +
                                         std::to_string(values) + " numbers each; allowed: at most " +
                                         std::to_string(kMostDataValues) + " numbers"});
  check_network(run, facts, found);
}

}  // namespace

std::vector<Contradiction> find_contradictions(const RunSpec& run, const DataFacts& facts) {
  Found found;
  check_facts(run, facts, found);
  if (facts.shape.inputs > 0) check_domain(run, facts.shape.inputs, found);
  if (facts.shape.inputs > 0 && facts.shape.outputs > 0) check_size(run, facts, found);
  return found;
}

std::vector<Contradiction> spec_contradictions(const RunSpec& run, bool data_known) {
  Found found;
  check_model(run, found);
  check_init(run, found);
  const bool has_shape = found.empty();
  if (has_shape) check_layers(run.model, found);
  if (has_shape) check_reset(run, found);
  check_optimizer(run.train.optimizer, found);
  check_schedule(run.train.schedule, found);
  check_clipping(run.train, found);
  if (has_shape) check_adjust(run, found);
  if (has_shape) check_remedy(run, found);
  if (has_shape) check_certify(run, found);
  if (!data_known || !has_shape) return found;
  check_data_keys(run, found);
  if (run.data.kind == DataKind::kPoints && !found.empty()) return found;
  DataFacts facts;
  if (!facts_from_spec(run.data, facts)) {
    check_files(run, found);
    return found;
  }
  const Found with_data = find_contradictions(run, facts);
  found.insert(found.end(), with_data.begin(), with_data.end());
  return found;
}

bool facts_from_spec(const DataSpec& spec, DataFacts& facts) {
  const auto shape = shape_from_spec(spec);
  if (!shape) return false;
  const std::size_t samples = spec.limit > 0 ? std::min(shape->samples, spec.limit) : shape->samples;
  facts.shape = *shape;
  facts.test_samples = test_samples(spec, samples);
  facts.train_samples = samples - facts.test_samples;
  return true;
}

}  // namespace deadrelu
