// Resets have the same bits however they are computed, and a run has those that it has alone.
#include <gtest/gtest.h>

#include "train/reset_testing.h"

namespace deadrelu {
namespace {

// One run a rule, and one without; numbers differ, too.
std::vector<RunSpec> runs_of_all_rules(Optimizer optimizer) {
  std::vector<RunSpec> runs;
  for (const ResetRule rule : values_of<ResetRule>()) {
    for (const int variant : {0, 1}) {
      RunSpec run = resetting_run(rule);
      run.model.hidden = {21, 9};
      run.seed = runs.size();
      run.train.optimizer = {.kind = optimizer, .learning_rate = 0.01, .momentum = 0.5};
      run.train.steps = 60;
      ResetSpec& reset = run.remedy.reset;
      if (variant == 1) {
        reset.every = 7;
        reset.threshold = 0.2;
        reset.replacement_rate = 0.02;
        reset.silent_examples = 24;
        reset.utility = Utility::kAdaptableContribution;
        reset.compensation = Compensation::kMean;
        reset.outgoing = ResetOutgoing::kInit;
        run.train.optimizer.beta1 = 0.8;
        run.train.optimizer.library = Library::kKeras;
      }
      runs.push_back(run);
    }
  }
  return runs;
}

template <class T>
class ResetEngines : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ResetEngines, Precisions);

TYPED_TEST(ResetEngines, packs_of_different_rules_give_the_bits_of_each_run_alone) {
  using T = TypeParam;
  for (const Optimizer optimizer : values_of<Optimizer>()) {
    for (const std::uint64_t batch : {8, 500}) {  // the second in several blocks
      std::vector<RunSpec> runs = runs_of_all_rules(optimizer);
      for (RunSpec& run : runs) run.train.batch_size = batch;
      const auto data = make_examples<T>(batch == 8 ? 75 : 530);
      std::vector<RunRecord> alone;
      std::int64_t resets = 0;
      for (const RunSpec& run : runs) {
        EXPECT_EQ(pack_form(run), pack_form(runs[0]));
        alone.push_back(trained(pack_of<T>({run}, data, available_simd()[0], Engine::kWide))[0]);
        resets += alone.back().outcome.resets;
        EXPECT_EQ(alone.back().outcome.resets > 0, run.remedy.reset.rule != ResetRule::kNone) << run.seed;
      }
      for (const SimdTarget target : available_simd()) {
        const std::size_t lanes = lane_count<T>(target);
        for (std::size_t from = 0; from < runs.size(); from += lanes) {
          const std::size_t count = std::min(lanes, runs.size() - from);
          const auto first = runs.begin() + static_cast<std::ptrdiff_t>(from);
          const auto together =
              trained(pack_of<T>({first, first + static_cast<std::ptrdiff_t>(count)}, data, target));
          for (std::size_t i = 0; i < count; ++i) {
            SCOPED_TRACE(std::string(name_of(optimizer)) + ", run " + std::to_string(from + i));
            ASSERT_NO_FATAL_FAILURE(expect_same_record(together[i], alone[from + i]));
          }
        }
      }
      EXPECT_GT(resets, 100);
    }
  }
}

}  // namespace
}  // namespace deadrelu
