#include "nn/orthogonal.h"

#include <cassert>
#include <cmath>
#include <vector>

namespace deadrelu {
namespace {

// The reflection x ↦ x − factor·v·(v·x) on the entries from `first` on.
struct Reflection {
  std::size_t first = 0;
  std::vector<double> v;
  double factor = 0;
  double diagonal_sign = 1;  // of R's diagonal entry
};

// Maps column k of the tall matrix a, from row k on, to a multiple of the first unit vector.
Reflection reflection_of_column(std::span<const double> a, std::size_t rows, std::size_t columns,
                                std::size_t k) {
  Reflection h{k, std::vector<double>(rows - k), 0, 1};
  double squares = 0;
  for (std::size_t i = k; i < rows; ++i) {
    h.v[i - k] = a[i * columns + k];
    squares = std::fma(h.v[i - k], h.v[i - k], squares);
  }
  const double norm = std::sqrt(squares);
  if (norm == 0) return h;
  h.factor = 1 / (norm * (norm + std::abs(h.v[0])));
  h.diagonal_sign = h.v[0] > 0 ? -1 : 1;
  h.v[0] -= h.diagonal_sign * norm;
  return h;
}

// Reflects the columns of a from `from_column` on. Runs along rows, so that memory is read in order and no
// sum's order depends on the vector width.
void reflect(const Reflection& h, std::span<double> a, std::size_t columns, std::size_t from_column,
             std::vector<double>& projections) {
  const std::size_t width = columns - from_column;
  projections.assign(width, 0);
  double* p = projections.data();
  for (std::size_t i = 0; i < h.v.size(); ++i) {
    const double* row = a.data() + (h.first + i) * columns + from_column;
    for (std::size_t j = 0; j < width; ++j) p[j] = std::fma(h.v[i], row[j], p[j]);
  }
  for (std::size_t i = 0; i < h.v.size(); ++i) {
    double* row = a.data() + (h.first + i) * columns + from_column;
    const double step = -h.factor * h.v[i];
    for (std::size_t j = 0; j < width; ++j) row[j] = std::fma(step, p[j], row[j]);
  }
}

void orthonormalize_tall(std::span<double> a, std::size_t rows, std::size_t columns) {
  std::vector<Reflection> reflections;
  std::vector<double> projections;
  for (std::size_t k = 0; k < columns; ++k) {
    reflections.push_back(reflection_of_column(a, rows, columns, k));
    reflect(reflections.back(), a, columns, k + 1, projections);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) a[i * columns + j] = i == j ? 1 : 0;
  }
  for (std::size_t k = columns; k-- > 0;) reflect(reflections[k], a, columns, k, projections);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) a[i * columns + j] *= reflections[j].diagonal_sign;
  }
}

}  // namespace

void orthonormalize(std::span<double> matrix, std::size_t rows, std::size_t columns) {
  assert(matrix.size() == rows * columns);
  if (rows >= columns) return orthonormalize_tall(matrix, rows, columns);
  std::vector<double> transposed(matrix.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) transposed[j * rows + i] = matrix[i * columns + j];
  }
  orthonormalize_tall(transposed, columns, rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) matrix[i * columns + j] = transposed[j * rows + i];
  }
}

}  // namespace deadrelu
