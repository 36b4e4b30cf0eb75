#include "simd/update.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lane_testing.h"

namespace deadrelu {
namespace {

template <class T>
class Updates : public ::testing::Test {};
TYPED_TEST_SUITE(Updates, Precisions);

constexpr auto kOptimizers = values_of<Optimizer>();

// One run's settings, as a user writes them.
struct Settings {
  double learning_rate = 0.1, weight_decay = 0, momentum = 0, dampening = 0;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double gradient_factor = 1;
  double inner_epsilon = 0;
  double clip_value = std::numeric_limits<double>::infinity();
};

// One parameter and its state under torch.optim's documented algorithms.
struct TorchParameter {
  long double value, first = 0, second = 0;

  void step(Optimizer optimizer, const Settings& s, long double g, int t) {
    g *= s.gradient_factor;
    g = std::clamp<long double>(g, -s.clip_value, s.clip_value);
    if (optimizer == Optimizer::kAdamw || optimizer == Optimizer::kLion) {
      value -= s.learning_rate * s.weight_decay * value;
    } else {
      g += s.weight_decay * value;
    }
    switch (optimizer) {
      case Optimizer::kSgd: return sgd(s, g, t);
      case Optimizer::kAdam:
      case Optimizer::kAdamw: return adam(s, g, t);
      case Optimizer::kRmsprop: return rmsprop(s, g);
      case Optimizer::kLion: return lion(s, g);
    }
    value = std::numeric_limits<long double>::quiet_NaN();  // no oracle
  }
  void lion(const Settings& s, long double g) {
    const long double direction = s.beta1 * first + (1 - static_cast<long double>(s.beta1)) * g;
    value -= s.learning_rate * static_cast<long double>((direction > 0) - (direction < 0));
    first = s.beta2 * first + (1 - static_cast<long double>(s.beta2)) * g;
  }
  void adam(const Settings& s, long double g, int t) {
    first = s.beta1 * first + (1 - static_cast<long double>(s.beta1)) * g;
    second = s.beta2 * second + (1 - static_cast<long double>(s.beta2)) * g * g;
    const long double mean = first / (1 - std::pow(static_cast<long double>(s.beta1), t));
    const long double square = second / (1 - std::pow(static_cast<long double>(s.beta2), t));
    value -= s.learning_rate * mean / (std::sqrt(square) + s.epsilon);
  }
  void sgd(const Settings& s, long double g, int t) {
    if (s.momentum != 0) {
      first = t == 1 ? g : s.momentum * first + (1 - s.dampening) * g;
      g = s.nesterov ? g + s.momentum * first : first;
    }
    value -= s.learning_rate * g;
  }
  void rmsprop(const Settings& s, long double g) {
    second = s.beta2 * second + (1 - static_cast<long double>(s.beta2)) * g * g;
    const long double direction = g / (std::sqrt(second + s.inner_epsilon) + s.epsilon);
    first = s.momentum * first + direction;
    value -= s.learning_rate * (s.momentum > 0 ? first : direction);
  }
};

// A pack under training: parameters, state, and the settings of every lane as the kernel wants them.
template <class T>
class TestPack {
 public:
  TestPack(const Kernels<T>& kernels, Optimizer optimizer, std::vector<Settings> settings, std::size_t count)
      : kernels_(kernels), optimizer_(optimizer), settings_(std::move(settings)), count_(count) {
    settings_.resize(kernels.lanes, settings_.back());
    for (Buffer<T>* buffer : {&parameters, &gradient, &first_, &second_})
      *buffer = Buffer<T>(count * lanes());
    poison = Buffer<T>(lanes());
  }
  std::size_t lanes() const { return kernels_.lanes; }
  const Settings& settings(std::size_t lane) const { return settings_[lane]; }

  bool clips = false, uses_momentum = false, uses_weight_decay = false;
  Buffer<T> parameters, gradient, poison;

  void step(int t) { step(t, 0, count_); }
  // Of a range of parameters alone.
  void step(int t, std::size_t from, std::size_t count) {
    Buffer<T> numbers(kUpdateNumbers * lanes());
    for (std::size_t lane = 0; lane < lanes(); ++lane) {
      const Settings& s = settings_[lane];
      const auto set = [&](UpdateNumber number, double value) {
        numbers[static_cast<std::size_t>(number) * lanes() + lane] = static_cast<T>(value);
      };
      set(UpdateNumber::kLearningRate, s.learning_rate);
      set(UpdateNumber::kWeightDecay, s.weight_decay);
      set(UpdateNumber::kGradientFactor, s.gradient_factor);
      set(UpdateNumber::kClipValue, s.clip_value);
      set(UpdateNumber::kMomentum, s.momentum);
      set(UpdateNumber::kDampening, s.dampening);
      set(UpdateNumber::kNesterov, s.nesterov);
      set(UpdateNumber::kBeta1, s.beta1);
      set(UpdateNumber::kBeta2, s.beta2);
      set(UpdateNumber::kEpsilon, s.epsilon);
      set(UpdateNumber::kInnerEpsilon, s.inner_epsilon);
      set(UpdateNumber::kComplement1, 1 - s.beta1);
      set(UpdateNumber::kComplement2, 1 - s.beta2);
      set(UpdateNumber::kStepSize,
          static_cast<T>(s.learning_rate) / static_cast<T>(1 - std::pow(s.beta1, t)));
      set(UpdateNumber::kCorrection2Root, std::sqrt(1 - std::pow(s.beta2, t)));
    }
    UpdateParameters<T> p;
    p.numbers = numbers.data();
    p.first_step = t == 1;
    p.clips = clips;
    p.uses_momentum = uses_momentum;
    p.uses_weight_decay = uses_weight_decay;
    const bool has_first =
        uses_momentum || (optimizer_ != Optimizer::kSgd && optimizer_ != Optimizer::kRmsprop);
    const std::size_t at = from * lanes();
    kernels_.update->update(optimizer_, p, count, parameters.data() + at, gradient.data() + at,
                            has_first ? first_.data() + at : nullptr,
                            optimizer_ == Optimizer::kSgd ? nullptr : second_.data() + at, poison.data());
  }
  void fill(TestRandom& random) {
    for (T& p : parameters.span()) p = static_cast<T>(random.uniform(-2, 2));
    fill_gradient(random);
  }
  void fill_gradient(TestRandom& random) {
    for (T& g : gradient.span()) g = static_cast<T>(random.uniform(-1, 1));
  }

 private:
  Kernels<T> kernels_;
  Optimizer optimizer_;
  std::vector<Settings> settings_;
  std::size_t count_;
  Buffer<T> first_, second_;
};

template <class T>
void expect_same_parameters(const TestPack<T>& a, const TestPack<T>& b) {
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    ASSERT_TRUE(same_bits(a.parameters[i], b.parameters[i])) << i;
  }
}

std::vector<Settings> varied_settings() {
  std::vector<Settings> all(16);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double x = double(i);
    all[i] = {0.01 * (x + 1), 0.02 * (i % 3),  0.3 * (i % 4),  0.1 * (i % 2),          i % 5 == 1,
              0.8 + 0.01 * x, 0.9 + 0.006 * x, 1e-8 * (x + 1), i % 4 == 2 ? 0.5 : 1.0, 0.01 * (i % 2)};
    if (i % 5 == 2) all[i].clip_value = 0.3;
  }
  return all;
}

TYPED_TEST(Updates, five_steps_are_torchs_algorithms_in_every_lane) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const Optimizer optimizer : kOptimizers) {
      std::vector<Settings> settings = varied_settings();
      settings.resize(kernels.lanes);
      TestPack<T> pack(kernels, optimizer, settings, 21);
      pack.clips = pack.uses_momentum = pack.uses_weight_decay = true;
      TestRandom random(1);
      pack.fill(random);
      std::vector<TorchParameter> torch;
      for (const T p : pack.parameters.span()) torch.push_back({p});
      for (int t = 1; t <= 5; ++t) {
        pack.fill_gradient(random);
        pack.step(t);
        for (std::size_t i = 0; i < torch.size(); ++i) {
          torch[i].step(optimizer, pack.settings(i % kernels.lanes), pack.gradient[i], t);
          EXPECT_NEAR(pack.parameters[i], torch[i].value, sizeof(T) == 4 ? 3e-6 : 1e-14)
              << "optimizer " << int(optimizer) << " step " << t << " lane " << i % kernels.lanes;
        }
      }
      for (const T p : pack.poison.span()) EXPECT_EQ(p, 0);
    }
  });
}

// One parameter of value 1, gradient 0.5 in every step.
template <class T>
double after_steps(const Kernels<T>& kernels, Optimizer optimizer, const Settings& settings, int steps) {
  TestPack<T> pack(kernels, optimizer, {settings}, 1);
  pack.uses_momentum = settings.momentum != 0;
  pack.uses_weight_decay = settings.weight_decay != 0;
  for (T& p : pack.parameters.span()) p = 1;
  for (T& g : pack.gradient.span()) g = T(0.5);
  for (int t = 1; t <= steps; ++t) pack.step(t);
  return pack.parameters[0];
}

TYPED_TEST(Updates, steps_worked_by_hand) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    const auto after = [&](Optimizer optimizer, const Settings& settings, int steps) {
      return after_steps(kernels, optimizer, settings, steps);
    };
    EXPECT_NEAR(after(Optimizer::kSgd, {}, 1), 0.95, 1e-6);
    EXPECT_NEAR(after(Optimizer::kSgd, {.weight_decay = 0.5}, 1), 0.9, 1e-6);
    EXPECT_NEAR(after(Optimizer::kSgd, {.momentum = 0.9}, 2), 0.855, 1e-6);
    EXPECT_NEAR(after(Optimizer::kSgd, {.momentum = 0.9, .dampening = 0.5}, 2), 0.88, 1e-6);
    EXPECT_NEAR(after(Optimizer::kSgd, {.momentum = 0.9, .nesterov = true}, 1), 0.905, 1e-6);
    EXPECT_NEAR(after(Optimizer::kAdam, {}, 1), 0.9, 1e-6);
    EXPECT_NEAR(after(Optimizer::kAdam, {}, 3), 0.7, 1e-6);
    EXPECT_NEAR(after(Optimizer::kAdamw, {.weight_decay = 0.01}, 1), 0.899, 1e-6);
    EXPECT_NEAR(after(Optimizer::kRmsprop, {.learning_rate = 0.01, .beta2 = 0.99}, 1), 0.9, 1e-6);
    EXPECT_NEAR(after(Optimizer::kRmsprop, {.learning_rate = 0.01, .momentum = 0.5, .beta2 = 0.75}, 1), 0.98,
                1e-6);
  });
}

TYPED_TEST(Updates, a_range_of_parameters_moves_as_in_the_whole_and_leaves_its_neighbours_alone) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    constexpr std::size_t kCount = 45;
    for (const Optimizer optimizer : kOptimizers) {
      for (const auto& [from, count] :
           {std::pair(0, 45), std::pair(0, 7), std::pair(3, 5), std::pair(5, 37)}) {
        const auto settings = varied_settings();
        TestPack<T> whole(kernels, optimizer, {settings[7]}, kCount),
            part(kernels, optimizer, {settings[7]}, kCount);
        for (TestPack<T>* pack : {&whole, &part}) {
          TestRandom random(3);
          pack->clips = pack->uses_momentum = pack->uses_weight_decay = true;
          pack->fill(random);
        }
        const std::vector<T> before(part.parameters.data(), part.parameters.data() + part.parameters.size());
        for (int t = 1; t <= 3; ++t) {
          whole.step(t);
          part.step(t, std::size_t(from), std::size_t(count));
        }
        for (std::size_t i = 0; i < before.size(); ++i) {
          const std::size_t parameter = i / kernels.lanes;
          const bool inside = parameter >= std::size_t(from) && parameter < std::size_t(from + count);
          ASSERT_TRUE(same_bits(part.parameters[i], inside ? whole.parameters[i] : before[i])) << i;
        }
      }
    }
  });
}

TYPED_TEST(Updates, switches_that_nothing_needs_change_no_bit) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    for (const Optimizer optimizer : kOptimizers) {
      for (int which = 0; which < 3; ++which) {
        TestPack<T> off(kernels, optimizer, {Settings{.dampening = 0.3}}, 9),
            on = TestPack<T>(kernels, optimizer, {Settings{.dampening = 0.3}}, 9);
        (which == 0 ? on.clips : which == 1 ? on.uses_momentum : on.uses_weight_decay) = true;
        TestRandom random(2), again(2);
        off.fill(random);
        on.fill(again);
        for (TestPack<T>* pack : {&off, &on}) {
          pack->parameters[0] = T(-0.0);
          pack->gradient[0] = T(-0.0);
          pack->gradient[1] = T(-0.0);
          pack->gradient[2] = T(0.0);
          pack->parameters[2] = T(-0.0);
        }
        for (int t = 1; t <= 4; ++t) {
          off.step(t);
          on.step(t);
        }
        SCOPED_TRACE(::testing::Message() << "optimizer " << int(optimizer) << " switch " << which);
        expect_same_parameters(on, off);
      }
    }
  });
}

TYPED_TEST(Updates, a_lane_beside_others_moves_as_it_does_alone) {
  using T = TypeParam;
  on_every_target_in_lanes<T>([](const Kernels<T>& kernels) {
    for (const Optimizer optimizer : kOptimizers) {
      const Settings plain{}, rich{.weight_decay = 0.1, .momentum = 0.9, .gradient_factor = 0.5};
      std::vector<Settings> both(kernels.lanes, rich);
      both[0] = plain;
      TestPack<T> mixed(kernels, optimizer, both, 6), alone(kernels, optimizer, {plain}, 6);
      mixed.clips = mixed.uses_momentum = mixed.uses_weight_decay = true;
      TestRandom random(3), again(3);
      mixed.fill(random);
      alone.fill(again);
      for (int t = 1; t <= 4; ++t) {
        mixed.step(t);
        alone.step(t);
      }
      for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_TRUE(same_bits(mixed.parameters[i * kernels.lanes], alone.parameters[i * kernels.lanes]));
        EXPECT_NE(mixed.parameters[i * kernels.lanes + 1], alone.parameters[i * kernels.lanes + 1]);
      }
    }
  });
}

TYPED_TEST(Updates, a_lane_that_leaves_the_finite_numbers_is_poisoned_alone) {
  using T = TypeParam;
  on_every_target_in_lanes<T>([](const Kernels<T>& kernels) {
    for (const Optimizer optimizer : kOptimizers) {
      for (const T bad : {kNan<T>, kInfinity<T>, -kInfinity<T>}) {
        TestPack<T> clean(kernels, optimizer, {Settings{}}, 5), sick(kernels, optimizer, {Settings{}}, 5);
        TestRandom random(4), again(4);
        clean.fill(random);
        sick.fill(again);
        sick.parameters[3 * kernels.lanes + 1] = bad;
        clean.step(1);
        sick.step(1);
        EXPECT_TRUE(std::isnan(sick.poison[1]));
        EXPECT_FALSE(std::isnan(clean.poison[1]));
        sick.poison[1] = 0;
        sick.parameters[3 * kernels.lanes + 1] = clean.parameters[3 * kernels.lanes + 1];
        expect_same_parameters(sick, clean);
        for (const T p : sick.poison.span()) EXPECT_EQ(p, 0);
      }
    }
  });
}

TYPED_TEST(Updates, a_poison_mark_stays) {
  using T = TypeParam;
  on_every_target<T>([](const Kernels<T>& kernels) {
    TestPack<T> pack(kernels, Optimizer::kSgd, {Settings{}}, 3);
    pack.poison[0] = kNan<T>;
    pack.step(1);
    EXPECT_TRUE(std::isnan(pack.poison[0]));
    EXPECT_EQ(pack.poison[1], 0);
  });
}

}  // namespace
}  // namespace deadrelu
