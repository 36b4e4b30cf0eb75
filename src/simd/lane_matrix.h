// A matrix whose every element is the same scalar of `lanes` runs side by side: one SIMD vector in the engine
// *lanes*, one number in the engine *wide*.
#pragma once

#include <cstddef>
#include <type_traits>

namespace deadrelu {

// A view, with strides counted in scalars; element (r, c) is the `lanes` consecutive scalars from
// data + r*row_stride + c*column_stride. REQUIRES, for the kernels of *lanes*: data and both strides keep
// every element vector-aligned; for those of *wide*, unless they say otherwise: columns follow each other,
// and a row may be read and written up to the next whole vector of columns (what lies there matters to
// nobody).
template <class T>
struct LaneMatrix {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t row_stride = 0;
  std::size_t column_stride = 0;

  T* at(std::size_t r, std::size_t c) const { return data + r * row_stride + c * column_stride; }
  LaneMatrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  LaneMatrix row_range(std::size_t from, std::size_t n) const {
    return {data + from * row_stride, n, columns, row_stride, column_stride};
  }
  LaneMatrix column(std::size_t c) const { return {at(0, c), rows, 1, row_stride, column_stride}; }
  operator LaneMatrix<const T>()
      const  // NOLINT(google-explicit-constructor): a view of const is a weaker view
      requires(!std::is_const_v<T>) {
    return {data, rows, columns, row_stride, column_stride};
  }
};

// For assertions.
template <class A, class B>
bool same_shape(const LaneMatrix<A>& a, const LaneMatrix<B>& b) {
  return a.rows == b.rows && a.columns == b.columns;
}

// Row-major and dense: columns follow each other, rows follow each other.
template <class T>
LaneMatrix<T> dense_lane_matrix(T* data, std::size_t rows, std::size_t columns, std::size_t lanes) {
  return {data, rows, columns, columns * lanes, lanes};
}

}  // namespace deadrelu
