#include "probe/certificates.h"

namespace deadrelu {

Certify strongest_certificate(Activation kind) {
  using enum Activation;
  const auto is_one_of = [&](std::initializer_list<Activation> kinds) {
    return std::ranges::find(kinds, kind) != kinds.end();
  };
  if (is_one_of({kRelu, kLeakyRelu, kPrelu, kRrelu, kAbs, kIdentity})) return Certify::kExact;
  return is_one_of({kRelu6}) ? Certify::kInterval : Certify::kNone;
}

Certify strongest_certificate(const ModelSpec& model) {
  if (model.normalization.kind != Normalization::kNone || model.skip) return Certify::kNone;
  Certify strongest = Certify::kExact;
  for (std::size_t l = 0; l < model.hidden.size(); ++l)
    strongest = std::min(strongest, strongest_certificate(model.activation_of(l).kind));
  return strongest;
}

namespace {

template <class T>
std::vector<Ends> box_around(const Dataset<T>& data, bool permuted) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  std::vector<Ends> box(data.inputs, {kInfinite, -kInfinite});
  for (const Split<T>* split : {&data.train, &data.test}) {
    const T* x = split->inputs.data();
    for (std::size_t s = 0; s < split->samples; ++s) {
      for (std::size_t i = 0; i < data.inputs; ++i, ++x) {
        box[i][0] = std::min(box[i][0], static_cast<double>(*x));
        box[i][1] = std::max(box[i][1], static_cast<double>(*x));
      }
    }
  }
  Ends all = box[0];
  for (const auto& [low, high] : box) all = {std::min(all[0], low), std::max(all[1], high)};
  return permuted ? std::vector<Ends>(data.inputs, all) : box;
}

}  // namespace

template <class T>
Certificates<T>::Certificates(const RecordSpec& spec, const Dataset<T>& data, bool permuted)
    : method_(spec.certify) {
  using Limits = std::numeric_limits<T>;
  network_.roundoff = static_cast<double>(Limits::epsilon() / 2);
  network_.smallest = static_cast<double>(Limits::denorm_min());
  network_.largest = static_cast<double>(Limits::max() / 2);
  network_.box = box_around(data, permuted);
  const auto end = [](const std::vector<double>& given, std::size_t i) {
    return static_cast<double>(static_cast<T>(given[given.size() == 1 ? 0 : i]));
  };
  for (std::size_t i = 0; i < data.inputs && !spec.domain_low.empty(); ++i) {
    const Ends given{end(spec.domain_low, i), end(spec.domain_high, i)};
    holds_data_ &= given[0] <= network_.box[i][0] && network_.box[i][1] <= given[1];
    network_.box[i] = given;
  }
}

// The sums of the forward pass, z = bias, then z = fma(w, x, z), each with that end of x's interval that w's sign asks
// for. Rounding is monotone: a ≤ b gives fl(a) ≤ fl(b). So, from sum to sum, that of every x between the ends lies
// between the two that are computed here, and of a single x both are its own. The same holds of an activation that is
// monotone on either side of 0: it is least and largest at an end, or at the number nearest to 0. Ends that are no
// numbers (∞ − ∞, 0·∞) prove nothing, and neither does what follows from them.
template <class T>
void Certificates<T>::put_through(std::vector<Ends> inputs, bool is_box) {
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    KinkedLayer& layer = network_.layers[l];
    const auto value = [&](T z) {
      return z >= T{0} ? std::min(z, static_cast<T>(layer.cap)) : static_cast<T>(layer.slope) * z;
    };
    std::vector<Ends> outputs;
    for (std::size_t r = 0; r < layer.numbers.rows; ++r) {
      T low = static_cast<T>(layer.bias(r)), high = low;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const T w = static_cast<T>(layer.weights(r)[i]);
        low = std::fma(w, static_cast<T>(inputs[i][w < T{0} ? 1 : 0]), low);
        high = std::fma(w, static_cast<T>(inputs[i][w < T{0} ? 0 : 1]), high);
      }
      if (is_box) layer.z.push_back({static_cast<double>(low), static_cast<double>(high)});
      const T ends[] = {value(low), value(high), value(std::max(low, std::min(T{0}, high)))};
      const auto [least, most] = std::minmax({ends[0], ends[1], ends[2]});
      const T doubt = low <= high ? T{0} : std::numeric_limits<T>::quiet_NaN();
      outputs.push_back({static_cast<double>(least + doubt), static_cast<double>(most + doubt)});
      // In the first layer an end is that of a corner of the box, whose z is that very sum.
      const bool attained = is_box && l == 0 && most - least + doubt > T{0};
      Verdict& verdict = verdicts_[l][r];
      if (is_box && outputs[r][0] == 0 && outputs[r][1] == 0) verdict = Verdict::kDead;
      if (outputs[r][0] > 0 || outputs[r][1] < 0 || attained) verdict = Verdict::kAlive;
    }
    inputs = std::move(outputs);
  }
}

template <class T>
bool Certificates<T>::leaves_doubt() const {
  return std::ranges::any_of(verdicts_, [](const std::vector<Verdict>& layer) {
    return std::ranges::find(layer, Verdict::kUnknown) != layer.end();
  });
}

template <class T>
void Certificates<T>::try_input(std::span<const double> input) {
  std::vector<Ends> point;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const auto rounded = static_cast<double>(static_cast<T>(input[i]));
    point.emplace_back().fill(std::clamp(rounded, network_.box[i][0], network_.box[i][1]));
  }
  put_through(std::move(point), false);
}

// The corners at which some units of the first layer are largest.
template <class T>
void Certificates<T>::try_corners() {
  constexpr std::size_t kMostCorners = 8;
  std::vector<double> corner(network_.box.size());
  for (std::size_t r = 0; r < kMostCorners && leaves_doubt() && r < network_.layers[0].z.size(); ++r) {
    for (std::size_t i = 0; i < corner.size(); ++i)
      corner[i] = network_.box[i][network_.layers[0].weights(r)[i] < 0 ? 0 : 1];
    try_input(corner);
  }
}

template <class T>
void Certificates<T>::tighten() {
  for (std::size_t l = 0; l < verdicts_.size(); ++l) {
    for (std::size_t r = 0; r < verdicts_[l].size(); ++r) {
      const auto [low, high] = network_.layers[l].z[r];
      if (!std::isfinite(high - low)) return;
      if (verdicts_[l][r] == Verdict::kUnknown) network_.layers[l].asked.push_back(r);
    }
  }
  const Propose propose = [&](std::span<const double> input) { try_input(input); };
  tighten_by_lines(network_, propose);
  if (method_ == Certify::kExact) tighten_by_regions(network_, propose);
  for (std::size_t l = 0; l < verdicts_.size(); ++l) {
    const KinkedLayer& layer = network_.layers[l];
    for (const std::size_t r : layer.asked) {
      const auto [low, high] = layer.z[r];
      if (layer.slope == 0 && high <= 0) verdicts_[l][r] = Verdict::kDead;
      if (low > 0 || (layer.slope != 0 && high < 0)) verdicts_[l][r] = Verdict::kAlive;
    }
  }
}

template <class T>
void Certificates<T>::measure(const Network<T>& network, const T* parameters, std::size_t lane,
                              std::span<const UnitProbe<T>> probes) {
  ParameterSet numbers = lane_parameters(network.shape, parameters, network.kernels.lanes, lane);
  network_.layers.clear();
  verdicts_.clear();
  for (std::size_t l = 0; l < probes.size(); ++l) {
    KinkedLayer& layer = network_.layers.emplace_back();
    layer.numbers = std::move(numbers.layers[l]);
    const Activation kind = network.shape.layers[l].activation.kind;
    if (kind == Activation::kAbs) layer.slope = -1;
    if (kind == Activation::kIdentity) layer.slope = 1;
    if (kind == Activation::kLeakyRelu || kind == Activation::kPrelu || kind == Activation::kRrelu)
      layer.slope = static_cast<double>(layer_activation(network, parameters, l).slope[lane]);
    if (kind == Activation::kRelu6) layer.cap = 6;
    verdicts_.emplace_back(probes[l].units());
    for (std::size_t u = 0; holds_data_ && u < probes[l].units(); ++u)
      if (probes[l].knows(u, lane) && !probes[l].is_dead(u, lane)) verdicts_[l][u] = Verdict::kAlive;
  }
  put_through(network_.box, true);
  try_corners();
  if (method_ > Certify::kInterval && leaves_doubt()) tighten();
}

template <class T>
void Certificates<T>::describe(std::size_t layer, LayerRow& row, std::span<UnitRow> units) const {
  const std::vector<Verdict>& verdicts = verdicts_[layer];
  const auto share = [&](Verdict verdict) {
    return static_cast<double>(std::ranges::count(verdicts, verdict)) / static_cast<double>(verdicts.size());
  };
  row.certified_dead_fraction = share(Verdict::kDead);
  row.certified_alive_fraction = share(Verdict::kAlive);
  for (std::size_t u = 0; u < units.size(); ++u)
    if (verdicts[u] != Verdict::kUnknown) units[u].certified_dead = verdicts[u] == Verdict::kDead;
}

template class Certificates<float>;
template class Certificates<double>;

}  // namespace deadrelu
