// A formula: parsed, derived and run.
#include "fuzzing.h"
#include "simd/formula.h"

using namespace deadrelu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FormulaError error;
  const std::optional<Formula> formula = Formula::parse(fuzzing::text_of(data, size), error);
  if (!formula) {
    if (error.sentence.empty() || error.column == 0 || error.column > size + 1) std::abort();
    return 0;
  }
  const std::vector<double> numbers(formula->numbers().size() + 1, 0.5);
  const std::vector<std::vector<double>> inputs(formula->inputs(), {-1.5, 0, 1e300});
  evaluate(*formula, numbers, inputs);
  if (formula->inputs() == 1 && formula->activation().gradient.slots() > kMostFormulaSlots) std::abort();
  return 0;
}
