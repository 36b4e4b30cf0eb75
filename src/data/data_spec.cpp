#include "data/data_spec.h"

namespace deadrelu {

bool is_stream(const DataSpec& spec) {
  return spec.kind == DataKind::kSlowlyChangingRegression || spec.kind == DataKind::kPermuted;
}

bool depends_on_seed(const DataSpec& spec) {
  if (spec.test_fraction > 0) return true;
  switch (spec.kind) {
    case DataKind::kPoints:
    case DataKind::kCsv:
    case DataKind::kIdx:
    case DataKind::kPermuted:
      return false;
    case DataKind::kFunction:
      return spec.function_sampling == FunctionSampling::kUniform || spec.noise != 0;
    case DataKind::kCircles:
    case DataKind::kMoons:
    case DataKind::kSpirals:
      return spec.noise != 0;
    case DataKind::kGaussian:
    case DataKind::kTeacher:
    case DataKind::kBlobs:
    case DataKind::kXor:
    case DataKind::kSlowlyChangingRegression:
      return true;
  }
  return true;
}

std::optional<DataShape> shape_from_spec(const DataSpec& spec) {
  const auto classification = [&](std::size_t inputs, std::size_t classes) {
    return DataShape{inputs, spec.target_form == TargetForm::kBinary ? 1 : classes, classes};
  };
  switch (spec.kind) {
    case DataKind::kFunction:
      return spec.function == TargetFunction::kAbsSumDiff ? DataShape{2, 2, 0} : DataShape{1, 1, 0};
    case DataKind::kPoints:
      if (spec.inputs.empty() || spec.targets.empty()) return DataShape{};
      return DataShape{spec.inputs[0].size(), spec.targets[0].size(), 0};
    case DataKind::kCsv:
    case DataKind::kIdx:
    case DataKind::kPermuted:
      return std::nullopt;
    case DataKind::kGaussian:
    case DataKind::kSlowlyChangingRegression:
      return DataShape{spec.dimensions, 1, 0};
    case DataKind::kTeacher:
      return DataShape{spec.dimensions, spec.teacher_outputs, 0};
    case DataKind::kBlobs:
      return classification(spec.dimensions, spec.classes);
    case DataKind::kSpirals:
      return classification(2, spec.classes);
    case DataKind::kCircles:
    case DataKind::kMoons:
    case DataKind::kXor:
      return classification(2, 2);
  }
  return std::nullopt;
}

}  // namespace deadrelu
