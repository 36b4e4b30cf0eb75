#include "config/words.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include "config/key_table.h"
#include "config/sweep_plan.h"

namespace deadrelu {
namespace {

constexpr OtherWords kKeys[] = {
    {"network net architecture", "model"},
    {"activation_fn activation_function act nonlinearity nonlin", "model.activation"},
    {"final_activation out_activation output_act last_activation", "model.output_activation"},
    {"negative_slope", "model.activation.slope"},
    {"hidden hidden_layers hidden_layer_sizes hidden_sizes hidden_dims hidden_units layers layer_sizes units neurons widths",
     "model.hidden"},
    {"hidden_size hidden_dim n_hidden", "model.width"},
    {"num_layers n_layers", "model.depth"},
    {"use_bias", "model.bias"},
    {"norm norm_layer normalization_layer batch_norm batchnorm layer_norm layernorm rms_norm",
     "model.normalization"},
    {"residual resnet skip_connections skip_connection shortcut", "model.skip"},
    {"dropout_rate dropout_p drop_prob drop_rate p_dropout", "model.dropout"},
    {"initialization initialisation", "init"},
    {"initializer kernel_initializer kernel_init kernel weight weight_init weights_init", "init.weights"},
    {"bias_initializer bias_init initial_bias", "init.bias"},
    {"training trainer fit", "train"},
    {"criterion loss_fn loss_function objective cost", "train.loss"},
    {"opt optim optimiser solver", "train.optimizer"},
    {"lr eta step_size learning_rate_init", "train.optimizer.learning_rate"},
    {"l2 l2_reg l2_regularization regularization kernel_regularizer wd decay",
     "train.optimizer.weight_decay"},
    {"nesterovs_momentum", "train.optimizer.nesterov"},
    {"b1 betas", "train.optimizer.beta1"},
    {"b2 betas", "train.optimizer.beta2"},
    {"rho", "train.optimizer.alpha"},
    {"eps", "train.optimizer.epsilon"},
    {"scheduler lr_scheduler lr_schedule learning_rate_schedule warmup", "train.schedule"},
    {"batch bs minibatch minibatch_size", "train.batch_size"},
    {"shuffle", "train.sampling"},
    {"steps iterations iters n_iter n_steps num_steps max_steps updates", "train.steps"},
    {"n_epochs num_epochs nb_epoch max_epochs max_iter", "train.epochs"},
    {"frozen freeze_layers trainable requires_grad", "train.freeze"},
    {"remedies cure mitigation plasticity", "remedy"},
    {"regularizer regulariser l1_reg kernel_constraint", "remedy.penalty"},
    {"shrink_perturb shrink_and_perturb noise_injection", "remedy.perturb"},
    {"weight_clipping weight_clip max_weight", "remedy.clip_weights"},
    {"clip clip_grad clip_grad_norm grad_clip gradient_clip gradient_clipping gradient_clip_val global_clipnorm "
     "max_grad_norm",
     "train.clip_norm"},
    {"clipvalue clip_grad_value max_grad_value", "train.clip_value"},
    {"early_stopping early_stop earlystopping", "train.stop"},
    {"min_delta tol", "train.stop.improvement"},
    {"dtype", "train.precision"},
    {"dataset datasets", "data"},
    {"file filename filepath", "data.path"},
    {"x x_train features n_features in_features input_dim input_size", "data.inputs"},
    {"y y_train label target_column target_columns label_column", "data.targets"},
    {"n_samples num_samples size", "data.samples"},
    {"n_classes num_classes centers", "data.classes"},
    {"cluster_std", "data.spread"},
    {"out_features output_dim", "data.outputs"},
    {"standard_scaler standardise normalize normalise", "data.standardize"},
    {"test_size test_split validation_split validation_fraction val_split val_size val_fraction",
     "data.test_fraction"},
    {"log logging", "record"},
    {"log_every log_interval eval_every", "record.every"},
    {"save_weights save_parameters", "record.parameters"},
    {"seed random_seed random_state manual_seed rng_seed prng_key", "seed"},
    {"n_seeds num_seeds repeats repetitions", "sweep.seeds"},
    {"param_grid grid_search search_space", "sweep.grid"},
    {"experiment experiment_name title", "name"},
};

constexpr OtherWords kValues[] = {
    {"rectifier rectified_linear", "model.activation", R"("relu")"},
    {"lrelu", "model.activation", R"("leaky_relu")"},
    {"parametric_relu", "model.activation", R"("prelu")"},
    {"swish", "model.activation", R"("silu")"},
    {"hard_silu", "model.activation", R"("hard_swish")"},
    {"logistic", "model.activation", R"("sigmoid")"},
    {"linear none", "model.activation", R"("identity")"},
    {"rbf", "model.activation", R"("gaussian")"},
    {"absolute", "model.activation", R"("abs")"},
    {"layernorm ln layer_normalization", "model.normalization", R"("layer_norm")"},
    {"rmsnorm", "model.normalization", R"("rms_norm")"},
    {"batchnorm batchnorm1d bn batch_normalization", "model.normalization", R"("batch_norm")"},
    {"xavier xavier_uniform glorot", "init.weights", R"("glorot_uniform")"},
    {"xavier xavier_normal glorot", "init.weights", R"("glorot_normal")"},
    {"kaiming kaiming_uniform he", "init.weights", R"("he_uniform")"},
    {"kaiming kaiming_normal he", "init.weights", R"("he_normal")"},
    {"lecun", "init.weights", R"("lecun_uniform")"},
    {"lecun variance_scaling", "init.weights", R"("lecun_normal")"},
    {"torch default", "init.weights", R"("pytorch")"},
    {"random_normal truncated_normal", "init.weights", R"({"name": "normal", "std": 0.05})"},
    {"random_uniform", "init.weights", R"({"name": "uniform", "limit": 0.05})"},
    {"gaussian", "init.weights", R"("normal")"},
    {"zeros zero", "init.weights", R"({"name": "constant", "value": 0})"},
    {"ones one", "init.weights", R"({"name": "constant", "value": 1})"},
    {"zeros zero", "init.bias", "0"},
    {"ones one", "init.bias", "1"},
    {"random_normal truncated_normal", "init.bias", R"({"name": "normal", "std": 0.05})"},
    {"random_uniform", "init.bias", R"({"name": "uniform", "limit": 0.05})"},
    {"torch default", "init.bias", R"("pytorch")"},
    {"l2 l2_loss mse_loss squared_error mean_squared_error", "train.loss", R"("mse")"},
    {"l2_loss", "train.loss", R"("half_mse")"},
    {"l1 l1_loss absolute_error mean_absolute_error", "train.loss", R"("mae")"},
    {"bce bce_loss bce_with_logits bce_with_logits_loss sigmoid_binary_cross_entropy logistic log_loss",
     "train.loss", R"("binary_cross_entropy")"},
    {"ce cross_entropy_loss categorical_crossentropy sparse_categorical_crossentropy softmax softmax_cross_entropy "
     "softmax_cross_entropy_with_integer_labels nll nll_loss log_loss",
     "train.loss", R"("cross_entropy")"},
    {"lasso", "remedy.penalty", R"("l1")"},
    {"regenerative l2_initial", "remedy.penalty", R"("l2_init")"},
    {"gd gradient_descent stochastic_gradient_descent", "train.optimizer", R"("sgd")"},
    {"momentum", "train.optimizer", R"({"name": "sgd", "momentum": 0.9})"},
    {"nesterov", "train.optimizer", R"({"name": "sgd", "momentum": 0.9, "nesterov": true})"},
    {"amsgrad", "train.optimizer", R"("adam")"},
    {"fixed none", "train.schedule", R"("constant")"},
    {"linear_lr warmup", "train.schedule", R"("linear_warmup")"},
    {"step_lr", "train.schedule", R"("step")"},
    {"exponential exponential_lr", "train.schedule", R"({"name": "step", "every": 1, "gamma": 0.99})"},
    {"cosine_annealing cosine_annealing_lr cosine_decay", "train.schedule", R"("cosine")"},
    {"shuffle shuffled random", "train.sampling", R"("epoch")"},
    {"replacement bootstrap random", "train.sampling", R"("with_replacement")"},
    {"in_order fixed", "train.sampling", R"("sequential")"},
    {"float single fp32 f32", "train.precision", R"("float32")"},
    {"double fp64 f64", "train.precision", R"("float64")"},
    {"multistep multi_step_lr piecewise piecewise_constant", "train.schedule",
     R"({"name": "phases", "phases": [{"until": 0.5, "factor": 1}, {"until": 1, "factor": 0.1}]})"},
    {"permuted permuted_mnist", "data",
     R"({"kind": "idx", "tasks": {"change": "permute_inputs", "every": {"epochs": 1}}})"},
    {"permuted_inputs permute permutation", "data.tasks", R"("permute_inputs")"},
    {"shuffle_labels random_label", "data.tasks", R"("random_labels")"},
    {"inline array list", "data.kind", R"("points")"},
    {"file tsv pandas", "data.kind", R"("csv")"},
    {"mnist fashion_mnist", "data.kind", R"("idx")"},
    {"make_blobs", "data.kind", R"("blobs")"},
    {"make_circles", "data.kind", R"("circles")"},
    {"make_moons", "data.kind", R"("moons")"},
    {"make_regression", "data.kind", R"("teacher")"},
    {"sin", "data.function", R"("sine")"},
    {"square squared", "data.function", R"("quadratic")"},
    {"absolute", "data.function", R"("abs")"},
};

using Strings = std::vector<std::string>;

// Every key and group, and the sections of the sweep.
const Strings& whole_tree() {
  static const Strings names = [] {
    Strings all = KeyTable::get().all_names();
    all.emplace_back("sweep");
    for (const std::string& section : sweep_sections()) all.push_back("sweep." + section);
    return all;
  }();
  return names;
}

bool is_one_of(const std::string& word, const char* words) {
  std::istringstream in(words);
  for (std::string other; in >> other;)
    if (folded(other) == word) return true;
  return false;
}

// How many leading parts two paths share.
std::size_t shared_parts(const std::string& a, const std::string& b) {
  std::size_t parts = 0;
  for (std::size_t i = 0; i <= std::min(a.size(), b.size()); ++i) {
    const bool ends_a = i == a.size() || a[i] == '.', ends_b = i == b.size() || b[i] == '.';
    if (ends_a && ends_b) ++parts;
    if (ends_a != ends_b || i == std::min(a.size(), b.size()) || a[i] != b[i]) break;
  }
  return parts;
}

// Those that lie nearest to the group; of equally near ones those that lie least deep.
Strings nearest_to(const std::string& group, Strings paths) {
  const auto keep_best = [&](const auto& score) {
    std::ptrdiff_t best = std::numeric_limits<std::ptrdiff_t>::min();
    for (const std::string& path : paths) best = std::max(best, score(path));
    std::erase_if(paths, [&](const std::string& path) { return score(path) < best; });
  };
  keep_best([&](const std::string& path) { return static_cast<std::ptrdiff_t>(shared_parts(group, path)); });
  keep_best([](const std::string& path) { return -std::ranges::count(path, '.'); });
  return paths;
}

// "a, b or c"
std::string alternatives(const Strings& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 < names.size() ? ", " : " or ") + names[i];
  return text;
}

std::string question(const Strings& meant) {
  return meant.empty() ? "" : "; did you mean " + alternatives(meant) + '?';
}

}  // namespace

std::vector<OtherWords> other_words() {
  std::vector<OtherWords> all(std::begin(kKeys), std::end(kKeys));
  all.insert(all.end(), std::begin(kValues), std::end(kValues));
  return all;
}

std::string folded(std::string_view word) {
  word.remove_prefix(word.rfind('.') + 1);  // npos + 1 is 0
  std::string letters;
  for (const char c : word) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) letters += lower;
  }
  return letters;
}

Strings meant_keys(const std::string& key, const std::string& group, const Strings& names) {
  constexpr std::size_t kMost = 4;  // more meanings than these are none
  const std::string word = folded(key), prefix = group.empty() ? "" : group + '.';
  for (const std::string& name : names)
    if (folded(name) == word) return {prefix + name};
  Strings found;
  for (const OtherWords& other : kKeys)
    if (is_one_of(word, other.words)) found.emplace_back(other.path);
  if (found.empty())
    for (const std::string& path : whole_tree())
      if (folded(path) == word) found.push_back(path);
  found = nearest_to(group, std::move(found));
  if (!found.empty()) return found.size() <= kMost ? found : Strings();
  if (const std::string near = nearest_name(key, names); !near.empty()) return {prefix + near};
  Strings last_names;
  for (const std::string& path : whole_tree()) last_names.push_back(last_of(path));
  const std::string near = nearest_name(key, last_names);
  for (const std::string& path : whole_tree())
    if (last_of(path) == near) found.push_back(path);
  found = nearest_to(group, std::move(found));
  return found.size() <= kMost ? found : Strings();
}

Strings meant_paths(const std::string& path) {
  Strings found;
  for (const std::string& known : whole_tree())
    if (known.ends_with('.' + path)) found.push_back(known);
  if (found.size() == 1) return found;
  const std::string parent = parent_of(path);
  const KeyTable::Group* const group = KeyTable::get().find_group(parent);
  if (group == nullptr)
    if (const std::string near = nearest_name(path, whole_tree()); !near.empty()) return {near};
  return meant_keys(last_of(path), parent, group == nullptr ? Strings() : group->children);
}

std::string name_here(const std::string& word) {
  Strings names;
  for (const OtherWords& other : other_words())
    if (is_one_of(folded(word), other.words))
      names.push_back(other.value == nullptr ? std::string(other.path)
                                             : std::string(other.value) + " (" + other.path + ')');
  return alternatives(names);
}

std::string key_question(const std::string& key, const std::string& group, const Strings& names) {
  Strings meant = meant_keys(key, group, names);
  for (std::string& path : meant) {
    const bool here = parent_of(path) == group && contains(names, last_of(path));
    if (here || parent_of(path).empty())
      path = json_quoted(last_of(path)) + (here ? "" : " at the top level");
  }
  return question(meant);
}

std::string path_question(const std::string& path) { return question(meant_paths(path)); }

std::string choice_question(const Key& key, const std::string& given) {
  const KeyTable& table = KeyTable::get();
  const std::string word = folded(given);
  for (const char* choice : key.choices)
    if (folded(choice) == word) return question({json_quoted(choice)});
  const std::string sibling = parent_of(key.path) + '.' + given;
  if (contains(whole_tree(), sibling)) return question({sibling});
  Strings meant;
  for (const OtherWords& other : kValues) {
    const KeyTable::Group* const group = table.find_group(other.path);
    const std::size_t row =
        group != nullptr ? group->selector : table.paths()[table.find_path(other.path)].rows.front();
    if (is_one_of(word, other.words) && table.rows()[row].key.choices.data() == key.choices.data())
      meant.emplace_back(other.value);
  }
  return meant.empty() ? did_you_mean(given, {key.choices.begin(), key.choices.end()}) : question(meant);
}

}  // namespace deadrelu
