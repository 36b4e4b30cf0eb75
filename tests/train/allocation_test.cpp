// A training step allocates nothing. Every allocation of this program is counted, by standing in for the C
// library's.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>

#include "train/death_record.h"
#include "train/reset_testing.h"

#if defined(__GLIBC__) && !defined(DEADRELU_SANITIZED)

namespace {
std::atomic<long> allocation_count = 0;
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept {
  ++allocation_count;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocation_count;
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) noexcept {
  ++allocation_count;
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocation_count;
  return __libc_memalign(alignment, size);
}
}

namespace deadrelu {
namespace {

TEST(Allocations, are_counted) {
  const long before = allocation_count;
  const auto number = std::make_unique<int>(1);
  EXPECT_EQ(allocation_count, before + 1);
  const Buffer<float> buffer(10);
  EXPECT_EQ(allocation_count, before + 2);
  const std::vector<double> values(3);
  EXPECT_EQ(allocation_count, before + 3);
}

template <class T>
void expect_no_allocation(const RunSpec& run, std::size_t samples) {
  const auto pack = pack_of<T>({run, run}, make_examples<T>(samples));
  Trainer<T> trainer(pack);
  const long before = allocation_count;
  for (std::uint64_t step = 0; step < 50; ++step) {
    trainer.compute_loss(step, [](const BatchBlock<T>&) {});
    if (step % 2 == 0) trainer.complete_gradient();
    trainer.update();
    trainer.remedy();
  }
  EXPECT_EQ(allocation_count, before);
}

void expect_no_allocation(const RunSpec& run, std::size_t samples = 30) {
  expect_no_allocation<float>(run, samples);
  expect_no_allocation<double>(run, samples);
}

TEST(Allocations, no_step_makes_one_whatever_the_sampling) {
  for (const Sampling sampling : values_of<Sampling>()) {
    RunSpec run = small_run();
    run.train.sampling = sampling;
    expect_no_allocation(run);
    run.train.batch_size = 0;
    expect_no_allocation(run);
    run.train.batch_size = 700;  // several blocks
    expect_no_allocation(run, 1000);
    run.model.hidden = {160, 128};  // beyond the L1 cache
    expect_no_allocation(run, 1000);
  }
}

TEST(Allocations, no_step_makes_one_whatever_the_task) {
  for (const TaskChange change : values_of<TaskChange>()) {
    for (const Sampling sampling : values_of<Sampling>()) {
      RunSpec run = small_run();
      run.data.tasks = {.change = change, .steps = 6, .ramp = 3};
      run.train.sampling = sampling;
      const auto pack = pack_of<float>({run, run}, make_examples<float>(30, 3));
      Trainer<float> trainer(pack);
      const long before = allocation_count;
      for (std::uint64_t step = 0; step < 40; ++step) {
        trainer.compute_gradient(step);
        trainer.update();
      }
      EXPECT_EQ(allocation_count, before) << name_of(change);
    }
  }
}

TEST(Allocations, no_step_makes_one_whatever_the_activation) {
  for (const Activation kind : values_of<Activation>()) {
    RunSpec run = small_run();
    run.model.activation.kind = kind;
    run.model.activation.formula = "x*sigmoid(a*x) + sin(x)";
    run.model.activation.numbers = {{"a", 1.5}};
    expect_no_allocation(run);
  }
}

TEST(Allocations, no_step_makes_one_whatever_stands_between_layers) {
  for (const Normalization norm : values_of<Normalization>()) {
    for (const Position position : values_of<Position>()) {
      RunSpec run = small_run();
      run.model.hidden = {5, 5};
      run.model.normalization = {.kind = norm, .position = position};
      run.model.skip = true;
      run.model.dropout = 0.5;
      expect_no_allocation(run);
    }
  }
}

TEST(Allocations, no_step_makes_one_whatever_the_optimizer) {
  for (const Optimizer kind : values_of<Optimizer>()) {
    RunSpec run = small_run();
    run.train.optimizer = {.kind = kind, .weight_decay = 0.1, .momentum = 0.5};
    run.train.clip_norm = 0.1;
    expect_no_allocation(run);
  }
}

TEST(Allocations, no_step_makes_one_whatever_the_remedy) {
  for (const Penalty penalty : values_of<Penalty>()) {
    for (const Noise noise : values_of<Noise>()) {
      RunSpec run = small_run();
      run.init.hidden.bias.mean = -1;
      run.remedy.penalty = {penalty, 0.1};
      run.remedy.perturb = {.shrink = 0.01, .noise = 0.01, .draw = noise, .every = 1};
      run.remedy.clip_weights.kappa = 1;
      run.remedy.lift = {.every = 2, .active = 3};
      expect_no_allocation(run);
    }
  }
}

TEST(Allocations, no_step_makes_one_whatever_is_reset_and_redrawn) {
  for (const ResetRule rule : values_of<ResetRule>()) {
    for (const WeightInit weights : values_of<WeightInit>()) {
      RunSpec run = resetting_run(rule);
      run.init.hidden.weights.kind = run.init.output.weights.kind = weights;
      run.train.optimizer = {.kind = Optimizer::kAdam, .learning_rate = 0.01};
      run.remedy.reset.utility = Utility::kAdaptableContribution;
      run.remedy.reset.compensation = Compensation::kMean;
      run.remedy.reset.outgoing = ResetOutgoing::kInit;
      Training<float> training(pack_of<float>({run, run}, make_examples<float>(32)));
      const long before = allocation_count;
      for (std::uint64_t step = 0; step < 50; ++step) training.step(step);
      EXPECT_EQ(allocation_count, before) << name_of(rule) << ", " << name_of(weights);
    }
  }
}

TEST(Allocations, no_step_makes_one_whatever_loss_and_schedule) {
  for (const Loss loss : values_of<Loss>()) {
    for (const Schedule kind : values_of<Schedule>()) {
      RunSpec run = small_run();
      run.train.loss = loss;
      run.train.schedule.kind = kind;
      expect_no_allocation(run);
    }
  }
}

TEST(Allocations, watching_for_deaths_at_every_step_makes_none) {
  RunSpec run = small_run();
  run.record.deaths = DeathWatch::kEveryStep;
  const auto pack = pack_of<float>({run, run}, make_examples<float>(30));
  Trainer<float> trainer(pack);
  Evaluation<float> probed(pack, false, true, 7);
  const Activations<float> activations(pack.network, 7);
  DeathRecord<float> record(pack, 7);
  const long before = allocation_count;
  for (std::uint64_t step = 0; step < 20; ++step) {
    trainer.compute_gradient(step);
    record.observe(pack, trainer.state(), probed, activations);
    if (step % 5 == 0) record.begin_window(trainer.state());
    trainer.update();
  }
  EXPECT_EQ(allocation_count, before);
}

}  // namespace
}  // namespace deadrelu
#endif
