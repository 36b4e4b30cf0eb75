#include <algorithm>
#include <cmath>

#include "probe/relaxation.h"

namespace deadrelu {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

// A corner of a piece, at one layer: between the corners z and error are meant to be linear.
struct Corner {
  std::vector<double> input, z, error;
};

// Segments or triangles that cover the box, taken apart where a unit changes its sign, layer by layer and depth first.
// All along, what the forward pass computes is within `error` of z on the whole piece, whatever was rounded: sums of
// linear functions are linear, and cost at most what their roundings do at the corners, as |activation| is convex; φ is
// linear where z keeps its sign, and |φ(a) − φ(b)| ≤ max(1, |slope|)·|a − b|; a new corner may stand anywhere on
// its edge, and what its numbers miss of the edge's is added to their errors. So z + error ≤ 0 at the corners is proof
// for the piece. (Underflow is left out of account, else nothing could be said of networks without biases near 0.)
class RegionSearch {
 public:
  explicit RegionSearch(const KinkedNetwork& network) : network_(network), corners_(network.box.size() + 1) {
    for (const KinkedLayer& layer : network.layers) found_.emplace_back(layer.z.size());
  }

  // Returns whether the whole box was seen. Pieces begin where a network without biases has its kinks, if that is
  // in the box.
  bool run() {
    std::vector<double> start;
    for (const auto& [low, high] : network_.box) start.push_back(std::clamp(0.0, low, high));
    const auto corner = [&](std::size_t k) {
      std::vector<double> input;
      for (const Ends& ends : network_.box) input.push_back(ends[k >> input.size() & 1]);
      return add_up(network_.layers[0], input, input, std::vector<double>(input.size()));
    };
    const Corner middle = add_up(network_.layers[0], start, start, std::vector<double>(start.size()));
    constexpr std::size_t kRound[] = {0, 1, 3, 2, 0};
    for (std::size_t k = 0; k < 2 * (corners_ - 1); ++k) {
      const Corner first = corner(kRound[k]), second = corner(kRound[k + 1]);
      enter(0, {&middle, &first, &second});
    }
    return whole_;
  }

  struct Found {
    Ends z{kInfinite, -kInfinite};
    double size = 0;            // of what is farthest from being dead
    std::vector<double> input;  // where
  };
  const Found& found(std::size_t l, std::size_t r) const { return found_[l][r]; }

 private:
  using Piece = std::array<const Corner*, 3>;  // the first corners_ of them

  Corner add_up(const KinkedLayer& layer, const std::vector<double>& input, const std::vector<double>& values,
                const std::vector<double>& errors) {
    const double relative =
        relative_error(values.size(), network_.roundoff) + relative_error(values.size(), kRoundoff);
    Corner corner{input, {}, {}};
    for (std::size_t r = 0; r < layer.z.size(); ++r) {
      double sum = layer.bias(r), magnitude = std::abs(sum), passed_on = 0;
      for (std::size_t j = 0; j < values.size(); ++j) {
        const double w = layer.weights(r)[j];
        sum = std::fma(w, values[j], sum);
        magnitude = std::fma(std::abs(w), std::abs(values[j]) + errors[j], magnitude);
        passed_on = std::fma(std::abs(w), errors[j], passed_on);
      }
      corner.z.push_back(sum);
      corner.error.push_back(kSlack * std::fma(relative, magnitude, passed_on));
      whole_ &= magnitude < network_.largest;
    }
    work_ += 3 * layer.z.size() * values.size();
    return corner;
  }

  void enter(std::size_t l, const Piece& piece) {
    for (const std::size_t r : network_.layers[l].asked) {
      Found& found = found_[l][r];
      for (std::size_t c = 0; c < corners_; ++c) {
        const double z = piece[c]->z[r], error = piece[c]->error[r];
        found.z = {std::min(found.z[0], z - error), std::max(found.z[1], z + error)};
        const double size = network_.layers[l].slope == 0 ? z : std::abs(z);
        if (size > found.size) found = {found.z, size, piece[c]->input};
      }
    }
    if (l < network_.deepest_asked()) split(l, 0, piece);
  }

  // Into pieces on which no row from r on changes its sign.
  void split(std::size_t l, std::size_t r, const Piece& piece) {
    whole_ &= work_ < kMostWork;
    if (!whole_) return;
    for (; r < network_.layers[l].z.size() && network_.layers[l].slope != 1; ++r) {
      for (std::size_t a = 0; a < corners_; ++a) {
        for (std::size_t b = 0; b < corners_; ++b) {
          if (!(piece[a]->z[r] < 0 && piece[b]->z[r] > 0)) continue;
          const Corner middle = between(*piece[a], *piece[b], r);
          Piece part = piece;
          part[a] = &middle;
          split(l, r, part);
          part = piece;
          part[b] = &middle;
          return split(l, r, part);
        }
      }
    }
    activate(l, piece);
  }

  // On the edge from a to b, where row r is 0.
  Corner between(const Corner& a, const Corner& b, std::size_t r) {
    const double t = a.z[r] / (a.z[r] - b.z[r]), rest = 1 - t;
    Corner middle;
    for (std::size_t i = 0; i < a.input.size(); ++i)
      middle.input.push_back(rest * a.input[i] + t * b.input[i]);
    for (std::size_t i = 0; i < a.z.size(); ++i) {
      middle.z.push_back(rest * a.z[i] + t * b.z[i]);
      middle.error.push_back(kSlack * (rest * a.error[i] + t * b.error[i]) +
                             4 * kRoundoff * std::max(std::abs(a.z[i]), std::abs(b.z[i])));
    }
    middle.error[r] += std::abs(middle.z[r]);
    middle.z[r] = 0;
    work_ += 2 * a.z.size();
    return middle;
  }

  // On to the next layer.
  void activate(std::size_t l, const Piece& piece) {
    const KinkedLayer& layer = network_.layers[l];
    const double slope = layer.slope, steepest = std::max(1.0, std::abs(slope));
    std::array<std::vector<double>, 3> values, errors;
    for (std::size_t r = 0; r < layer.z.size(); ++r) {
      bool above = slope == 1, off = slope == 0;  // on the whole piece, off for certain
      for (std::size_t c = 0; c < corners_; ++c) {
        above |= piece[c]->z[r] > 0;
        off &= piece[c]->z[r] + piece[c]->error[r] <= 0;
      }
      for (std::size_t c = 0; c < corners_; ++c) {
        const double z = piece[c]->z[r], error = piece[c]->error[r],
                     rounded = (above ? 0 : std::abs(z)) + error;
        values[c].push_back(above ? z : off ? 0 : slope * z);
        errors[c].push_back(off ? 0 : steepest * error + 2 * network_.roundoff * std::abs(slope) * rounded);
      }
    }
    std::array<Corner, 3> corners;
    Piece next{};
    for (std::size_t c = 0; c < corners_; ++c) {
      corners[c] = add_up(network_.layers[l + 1], piece[c]->input, values[c], errors[c]);
      next[c] = &corners[c];
    }
    enter(l + 1, next);
  }

  const KinkedNetwork& network_;
  std::size_t corners_, work_ = 0;
  bool whole_ = true;
  std::vector<std::vector<Found>> found_;  // [layer][row]
};

}  // namespace

void tighten_by_regions(KinkedNetwork& network, const Propose& propose) {
  RegionSearch search(network);
  const bool whole = search.run();
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    for (const std::size_t r : network.layers[l].asked) {
      const RegionSearch::Found& found = search.found(l, r);
      Ends& z = network.layers[l].z[r];
      if (whole) z = {std::max(z[0], found.z[0]), std::min(z[1], found.z[1])};
      if (found.size > 0) propose(found.input);
    }
  }
}

}  // namespace deadrelu
