#include "store/statistics.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

#include "simd/math.h"

namespace deadrelu {
namespace {

constexpr std::array<double, 30> kStudent975{
    12.7062047361747,  4.302652729749464, 3.18244630528371,  2.776445105197794, 2.570581835636316,
    2.44691185114497,  2.364624251592785, 2.306004135204167, 2.262157162798206, 2.228138851986275,
    2.20098516009164,  2.178812829667229, 2.160368656462793, 2.144786687917804, 2.131449545559776,
    2.119905299221255, 2.109815577833317, 2.100922040241038, 2.09302405440831,  2.085963447265865,
    2.07961384472768,  2.073873067904026, 2.068657610419049, 2.063898561628026, 2.059538552753298,
    2.055529438642873, 2.051830516480286, 2.048407141795245, 2.045229642132704, 2.042272456301238};

// Γ((n + 1)/2) / Γ(n/2): Stirling's series where it is good to the last digits, from there down.
double gamma_ratio(double n) {
  double factor = 1;
  for (; n < 400; n += 2) factor *= n / (n + 1);
  const double z = n / 2;
  return factor * std::sqrt(z) * (1 + (-0.125 + (0.0078125 + (5.0 / 1024 - 21.0 / 32768 / z) / z) / z) / z);
}

// a·B(a, b)·I_x(a, b) / (x^a (1 − x)^b), of the incomplete beta function (DLMF 8.17.8): terms are positive.
double beta_series(double a, double b, double x) {
  double sum = 1, term = 1;
  for (double k = 0; term > 1e-17 * sum; ++k) sum += term *= x * (a + b + k) / (a + 1 + k);
  return sum;
}

}  // namespace

// Finite sums: Q(a + 1, y) = Q(a, y) + y^a e^−y / Γ(a + 1) from Q(1/2, y) = erfc(√y) or Q(1, y) = e^−y on.
double chi_squared_tail(double x, std::size_t degrees) {
  assert(degrees >= 1);
  if (!(x > 0)) return std::isnan(x) ? kMissing : 1;
  const double y = x / 2, log_y = portable_log(y);
  const bool odd = degrees % 2 != 0;
  double sum = odd ? portable_erfc(std::sqrt(y)) : 0;
  double log_term = -y + (odd ? 0.5 * (log_y - portable_log(std::numbers::pi / 4)) : 0);
  for (double a = odd ? 1.5 : 1; 2 * a <= static_cast<double>(degrees); ++a) {
    sum += portable_exp(log_term);
    log_term += log_y - portable_log(a);
  }
  return std::min(sum, 1.0);
}

// The incomplete beta function I_{n/(n + t²)}(n/2, 1/2).
double student_t_p(double t, std::size_t degrees) {
  assert(degrees >= 1);
  if (std::isnan(t)) return kMissing;
  if (std::isinf(t * t)) return 0;
  const double n = static_cast<double>(degrees), a = n / 2, x = n / (n + t * t), rest = t * t / (n + t * t);
  const double front =
      portable_exp(a * portable_log(x)) * std::sqrt(rest) * gamma_ratio(n) / std::sqrt(std::numbers::pi);
  if (x < (a + 1) / (a + 2.5)) return front * beta_series(a, 0.5, x) / a;
  return 1 - 2 * front * beta_series(0.5, a, rest);
}

std::vector<double> holm_corrected(std::span<const double> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::ranges::stable_sort(order, [&](std::size_t i, std::size_t j) { return p[i] < p[j]; });
  std::vector<double> corrected(p.size(), kMissing);
  double least = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    least = std::max(least, std::min(1.0, static_cast<double>(order.size() - rank) * p[order[rank]]));
    corrected[order[rank]] = least;
  }
  return corrected;
}

double student_t_975(std::size_t degrees) {
  assert(degrees >= 1);
  if (degrees <= kStudent975.size()) return kStudent975[degrees - 1];
  // Cornish-Fisher expansion in 1/degrees (Abramowitz & Stegun 26.7.5); off by 3e-8 at 31.
  constexpr double z = kNormal975, z2 = z * z;
  constexpr double g1 = z * (z2 + 1) / 4;
  constexpr double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
  constexpr double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  constexpr double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  const double n = static_cast<double>(degrees);
  return z + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
}

Interval wilson_interval(std::size_t k, std::size_t n) {
  assert(k <= n);
  if (n == 0) return {};
  constexpr double z2 = kNormal975 * kNormal975;
  const double count = static_cast<double>(n), share = static_cast<double>(k) / count;
  const double scale = 1 + z2 / count;
  const double centre = (share + z2 / (2 * count)) / scale;
  const double half = kNormal975 / scale * std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  return {k == 0 ? 0 : std::max(0.0, centre - half), k == n ? 1 : std::min(1.0, centre + half)};
}

double sorted_quantile(std::span<const double> sorted, double share) {
  assert(!sorted.empty());
  const double at = static_cast<double>(sorted.size() - 1) * share;
  const auto below = static_cast<std::size_t>(at);
  const double low = sorted[below], high = sorted[std::min(below + 1, sorted.size() - 1)];
  const double part = at - static_cast<double>(below);
  // From the nearer side, so that the result never leaves [low, high] by rounding.
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
}

Statistics statistics_of(std::span<const double> values) {
  Statistics result;
  if (values.empty()) return result;
  const double count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  result.mean = sum / count;

  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  result.median = sorted_quantile(sorted, 0.5);
  result.q25 = sorted_quantile(sorted, 0.25);
  result.q75 = sorted_quantile(sorted, 0.75);
  if (values.size() < 2) return result;

  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.std = std::sqrt(squares / (count - 1));
  const double half = student_t_975(values.size() - 1) * result.std / std::sqrt(count);
  result.interval = {result.mean - half, result.mean + half};
  return result;
}

}  // namespace deadrelu
