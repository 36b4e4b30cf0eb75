#include "base/buffer.h"
#include "base/number.h"
#include "cli/options.h"
#include "cli/print.h"
#include "config/experiment_config.h"
#include "nn/network.h"

namespace deadrelu {
namespace {

constexpr std::int64_t kMaxPoints = 100'000'000;

struct ActivationOptions {
  std::string name, from = "-10", to = "10", points = "21";
  std::vector<std::string> sets;
  bool json = false;
};

// The name and the numbers are those of a config, so a config reads them.
ActivationSpec read_activation(const ActivationOptions& options) {
  ConfigSource source;
  source.text = R"({"data": {"kind": "xor"}, "model": {"hidden": [1]}})";
  source.label = source.default_name = "activation";
  source.directory = ".";
  source.sets = options.sets;
  source.sets.insert(source.sets.begin(), "model.activation.name=" + options.name);
  try {
    PlannedRun run;
    const ExperimentConfig config(source);
    config.runs()(run);
    return run.spec.model.activation;
  } catch (const UserError& error) {
    // The name was no --set.
    std::vector<Mistake> mistakes = error.mistakes();
    for (Mistake& mistake : mistakes)
      if (mistake.place == "--set " + source.sets[0]) mistake = {"", "", mistake.sentence};
    throw UserError(error.code(), mistakes);
  }
}

// f and f' at any number of points: point i lies in lane i % lanes of column i / lanes.
class ActivationGraph {
 public:
  explicit ActivationGraph(const ActivationSpec& spec) : spec_(spec) {}

  void compute(const std::vector<double>& x, std::vector<double>& value,
               std::vector<double>& derivative) const {
    const std::size_t outputs = spec_.kind == Activation::kCrelu ? 2 : 1;
    const std::size_t columns = (x.size() + lanes_ - 1) / lanes_;
    const std::size_t size = columns * lanes_;
    Buffer<double> z(size), output(outputs * size), gradient(outputs * size), gradient_z(size);
    std::ranges::copy(x, z.data());
    std::fill_n(gradient.data(), size, 1.0);  // of the first output alone
    const ActivationParameters<double> numbers = activation_.parameters();
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
  const LaneActivation<double> activation_{spec_, lanes_};
};

int activation(const ActivationOptions& options) {
  constexpr std::size_t kChunk = 4096;
  const double from = parse_number("--from", options.from), to = parse_number("--to", options.to);
  const std::size_t points = parse_count("--points", options.points, kMaxPoints);
  const auto x_at = [&](std::size_t i) {  // both ends are exact
    if (i == 0 || i + 1 == points) return i == 0 ? from : to;
    return from + (to - from) * static_cast<double>(i) / static_cast<double>(points - 1);
  };
  const ActivationSpec spec = read_activation(options);
  if (spec.kind == Activation::kMaxout)
    throw usage_error("maxout has no graph: its value depends on several inputs");
  const ActivationGraph graph(spec);
  RowPrinter rows(options.json);
  rows.columns(std::vector<std::string>{"x", "value", "derivative"});
  std::vector<double> x, value, derivative;
  for (std::size_t start = 0; start < points; start += x.size()) {
    x.resize(std::min(kChunk, points - start));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = x_at(start + i);
    graph.compute(x, value, derivative);
    for (std::size_t i = 0; i < x.size(); ++i) rows.row(std::vector<Cell>{x[i], value[i], derivative[i]});
  }
  rows.finish();
  return 0;
}

}  // namespace

void add_activation(CommandLine& line) {
  Command command(
      line, "activation", "CSV of x, f(x), f'(x) of an activation function",
      R"(CSV of x, f(x), f'(x), computed in float64 by the kernels that train. crelu has two outputs, relu(x)
and relu(-x): the first is shown. rrelu is shown as it evaluates, with the mean of its slopes. maxout has no graph.
expression is a formula of your own: see deadrelu explain model.activation.formula.

Examples:
  deadrelu activation relu --set model.derivative_at_zero=0.5
  deadrelu activation leaky_relu --set model.activation.slope=0.2 --from -3 --to 3 --points 61 > leaky.csv
  deadrelu activation expression --set 'model.activation.formula=x*sigmoid(b*x)' --set model.activation.b=1.7)");
  ActivationOptions& options = command.calls(activation);
  command.argument("NAME", options.name, "relu, leaky_relu, gelu, …");
  command.option("--from", "X", options.from, "first x (default: -10)");
  command.option("--to", "X", options.to, "last x (default: 10)");
  command.option("--points", "N", options.points, "number of points (default: 21)");
  command.list("--set", "PATH=VALUE", options.sets, "set one key of a config, as model.activation.slope=0.2");
  command.flag("--json", options.json, "a JSON array of objects");
}

}  // namespace deadrelu
