// Formulas on lane matrices.
#pragma once

#include <span>
#include <vector>

#include "base/formula.h"
#include "simd/lane_matrix.h"
#include "simd/target.h"

namespace deadrelu {

template <class T>
struct FormulaKernels {
  // output = the program of inputs[i] and numbers[number][lane], element by element, so that neither lanes nor
  // samples see each other. All matrices have one shape, and the output overlaps no input. Each function is the
  // one of simd/math-inl.h and simd/erfc-inl.h. REQUIRES: as many inputs and numbers as the program has, and at
  // most kMostFormulaSlots slots.
  void (*run)(const FormulaProgram& program, std::span<const LaneMatrix<const T>> inputs, const T* numbers,
              LaneMatrix<T> output);
};

template <class T>
const FormulaKernels<T>& formula_kernels(SimdTarget target, Engine engine);

// The formula at points that lie side by side, inputs[input][point], on the best target of this machine.
std::vector<double> evaluate(const Formula& formula, std::span<const double> numbers,
                             std::span<const std::vector<double>> inputs);

}  // namespace deadrelu
