#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "base/number.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "config/experiment_config.h"
#include "simd/kernels.h"
#include "store/export.h"

namespace deadrelu {
namespace {

constexpr const char* kActivationExamples =
    "CSV of x, f(x), f'(x), computed in float64 by the kernels that train. crelu has two outputs, relu(x) "
    "and relu(-x):\n"
    "the first is shown. rrelu is shown as it evaluates, with the mean of its slopes. maxout has no graph.\n"
    "\n"
    "Examples:\n"
    "  deadrelu activation relu\n"
    "  deadrelu activation leaky_relu --slope 0.2 --from -3 --to 3 --points 61 > leaky.csv";

constexpr std::int64_t kMaxPoints = 100'000'000;

// Each option that becomes a key of model.activation, but for derivative_at_zero, which is one of the model.
struct Parameter {
  const char* flag;
  const char* key;
  const char* meaning;
};
constexpr Parameter kParameters[] = {
    {"--slope", "slope", "leaky_relu, prelu: slope where x < 0"},
    {"--alpha", "alpha", "elu, celu"},
    {"--lower", "lower", "rrelu: smallest slope"},
    {"--upper", "upper", "rrelu: largest slope"},
};

struct ActivationOptions {
  std::string name, from = "-10", to = "10", points = "21", at_zero;
  std::string values[std::size(kParameters)];
  bool json = false;
};

// What is wrong, without the place in a config that the user has not written.
std::string without_places(std::string_view message) {
  std::string text;
  while (!message.empty()) {
    std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    for (const char* const place : {"activation:1: ", ": "}) {
      if (const auto end = line.find(place); end != line.npos) line.remove_prefix(end + std::strlen(place));
    }
    text.append(text.empty() ? "" : "\n").append(line);
  }
  return text;
}

// The name and the numbers are those of a config, so a config reads them.
ActivationSpec read_activation(const ActivationOptions& options) {
  std::string object = "{\"name\": ";
  append_json_cell(object, Cell(options.name));
  for (std::size_t i = 0; i < std::size(kParameters); ++i) {
    if (options.values[i].empty()) continue;
    object += fmt::format(", \"{}\": ", kParameters[i].key);
    append_real(object, parse_number(kParameters[i].flag, options.values[i]));
  }
  std::string model = fmt::format(R"("hidden": [1], "activation": {}}})", object);
  if (!options.at_zero.empty()) {
    append_real(model += R"(, "derivative_at_zero": )", parse_number("--at-zero", options.at_zero));
  }
  ConfigSource source;
  source.label = "activation";
  source.text = fmt::format(R"({{"data": {{"kind": "xor"}}, "model": {{{}}}}})", model);
  source.directory = ".";
  source.default_name = "activation";
  try {
    const ExperimentConfig config(source);
    PlannedRun run;
    config.runs()(run);
    return run.spec.model.activation;
  } catch (const UserError& error) {
    throw UserError(error.code(), without_places(error.what()));
  }
}

// f and f' at any number of points: point i lies in lane i % lanes of column i / lanes.
class Graph {
 public:
  explicit Graph(const ActivationSpec& spec) : spec_(spec), slope_(lanes_), alpha_(lanes_), at_zero_(lanes_) {
    const double slope = spec.kind == Activation::kRrelu ? (spec.lower + spec.upper) / 2 : spec.slope;
    std::fill_n(slope_.data(), lanes_, slope);
    std::fill_n(alpha_.data(), lanes_, spec.alpha);
    std::fill_n(at_zero_.data(), lanes_, spec.at_zero);
  }

  void compute(const std::vector<double>& x, std::vector<double>& value,
               std::vector<double>& derivative) const {
    const std::size_t outputs = spec_.kind == Activation::kCrelu ? 2 : 1;
    const std::size_t columns = (x.size() + lanes_ - 1) / lanes_;
    const std::size_t size = columns * lanes_;
    Buffer<double> z(size), output(outputs * size), gradient(outputs * size), gradient_z(size);
    std::copy(x.begin(), x.end(), z.data());
    std::fill_n(gradient.data(), size, 1.0);  // of the first output alone
    const ActivationParameters<double> numbers{slope_.data(), alpha_.data(), at_zero_.data(), 1, {}};
    const LaneMatrix<const double> inputs = dense_lane_matrix<const double>(z.data(), 1, columns, lanes_);
    kernels_.forward(spec_.kind, numbers, inputs, dense_lane_matrix(output.data(), outputs, columns, lanes_));
    kernels_.backward(spec_.kind, numbers, inputs,
                      dense_lane_matrix<const double>(gradient.data(), outputs, columns, lanes_),
                      dense_lane_matrix(gradient_z.data(), 1, columns, lanes_));
    value.assign(output.data(), output.data() + x.size());
    derivative.assign(gradient_z.data(), gradient_z.data() + x.size());
  }

 private:
  const ActivationSpec spec_;
  const SimdTarget target_ = available_simd().front();
  const std::size_t lanes_ = lane_count<double>(target_);
  const ActivationKernels<double>& kernels_ = activation_kernels<double>(target_, Engine::kLanes);
  Buffer<double> slope_, alpha_, at_zero_;
};

struct Range {
  double from, to;
  std::size_t points;
  double at(std::size_t i) const {
    if (points == 1 || i == 0) return from;
    return i + 1 == points ? to
                           : from + (to - from) * static_cast<double>(i) / static_cast<double>(points - 1);
  }
};

Range parse_range(const ActivationOptions& options) {
  const auto points = parse_integer(options.points);
  if (!points || *points < 1 || *points > kMaxPoints) {
    throw UserError(ExitCode::kUsage, fmt::format("--points: '{}' is not a whole number from 1 to {}",
                                                  options.points, kMaxPoints));
  }
  return {parse_number("--from", options.from), parse_number("--to", options.to),
          static_cast<std::size_t>(*points)};
}

void append_row(std::string& text, bool json, double x, double value, double derivative) {
  const auto append = json ? append_json_cell : append_csv_cell;
  append(text += json ? "{\"x\": " : "", Cell(x));
  append(text += json ? ", \"value\": " : ",", Cell(value));
  append(text += json ? ", \"derivative\": " : ",", Cell(derivative));
  if (json) text += '}';
}

int activation(const ActivationOptions& options) {
  constexpr std::size_t kChunk = 4096;
  const Range range = parse_range(options);
  const ActivationSpec spec = read_activation(options);
  if (spec.kind == Activation::kMaxout) {
    throw UserError(ExitCode::kUsage, "maxout has no graph: its value depends on several inputs");
  }
  const Graph graph(spec);
  StandardOutput out;
  out.write(options.json ? "[" : "x,value,derivative\n");
  std::vector<double> x, value, derivative;
  for (std::size_t start = 0; start < range.points; start += x.size()) {
    x.resize(std::min(kChunk, range.points - start));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = range.at(start + i);
    graph.compute(x, value, derivative);
    std::string text;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (options.json) text += start + i == 0 ? "\n" : ",\n";
      append_row(text, options.json, x[i], value[i], derivative[i]);
      if (!options.json) text += '\n';
    }
    out.write(text);
  }
  if (options.json) out.write("\n]\n");
  out.flush();
  return 0;
}

}  // namespace

void add_activation(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("activation", "CSV of x, f(x), f'(x) of an activation function");
  const auto options = std::make_shared<ActivationOptions>();
  command->add_option("NAME", options->name, "relu, leaky_relu, gelu, …")->required();
  command->add_option("--from", options->from, "first x (default: -10)")->type_name("X");
  command->add_option("--to", options->to, "last x (default: 10)")->type_name("X");
  command->add_option("--points", options->points, "number of points (default: 21)")->type_name("N");
  for (std::size_t i = 0; i < std::size(kParameters); ++i) {
    command->add_option(kParameters[i].flag, options->values[i], kParameters[i].meaning)->type_name("VALUE");
  }
  command->add_option("--at-zero", options->at_zero, "derivative at a ReLU's kink, in [0, 1] (default: 0)")
      ->type_name("VALUE");
  command->add_flag("--json", options->json, "a JSON array of objects");
  command->footer(kActivationExamples);
  command->callback([options, &action] { action = [options] { return activation(*options); }; });
}

}  // namespace deadrelu
