// Which hidden units of a run are dead, or alive, for certain: on a whole box of inputs, where a probe only sees examples.
#pragma once

#include "data/dataset.h"
#include "probe/relaxation.h"
#include "probe/unit_probe.h"

namespace deadrelu {

// The most that can be proven of networks with this activation, or like this. `exact` besides takes no more inputs than:
Certify strongest_certificate(Activation kind);
Certify strongest_certificate(const ModelSpec& model);
inline constexpr std::size_t kMostExactInputs = 2;

// Upper bounds of a pre-activation prove death, and an input that went through the network proves life; what neither
// reaches is unknown. `interval` bounds every layer's sums by their inputs' bounds: in the forward pass's own arithmetic,
// for every number of the box, without a tolerance. Where that leaves units in doubt, `linear` and `exact` tighten the
// bounds (probe/relaxation.h).
template <class T>
class Certificates {
 public:
  // The box is record.domain, by default the smallest one around all examples of both splits; permuted: around all of
  // their inputs, which change places.
  Certificates(const RecordSpec& spec, const Dataset<T>& data, bool permuted);

  // Of the run in a lane of the network that the probes (one a hidden layer) have just seen. REQUIRES: dense layers
  // without anything else, whose activations allow the method.
  void measure(const Network<T>& network, const T* parameters, std::size_t lane,
               std::span<const UnitProbe<T>> probes);

  // Fills the columns of the layer's row, and of a row a unit where `units` has any.
  void describe(std::size_t layer, LayerRow& row, std::span<UnitRow> units) const;

  const KinkedNetwork& network() const { return network_; }  // with box and bounds

 private:
  enum class Verdict : std::uint8_t { kUnknown, kDead, kAlive };
  void put_through(std::vector<Ends> inputs, bool is_box);
  bool leaves_doubt() const;
  void try_input(std::span<const double> input);
  void try_corners();
  void tighten();

  Certify method_;
  bool holds_data_ = true;  // whether all examples lie in the box
  KinkedNetwork network_;
  std::vector<std::vector<Verdict>> verdicts_;  // [hidden layer][unit]
};

}  // namespace deadrelu
