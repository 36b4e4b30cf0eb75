// Times the training of the reference networks, and the elementwise functions, on this machine.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "simd/target.h"

namespace deadrelu {

struct NetworkTiming {
  std::string network;
  Engine engine = Engine::kLanes;
  std::size_t runs = 1;       // side by side in a pack
  std::size_t threads = 1;    // with as many packs
  double seconds_a_step = 0;  // of one network: a pack's step divided by the runs of all packs
  double gflops = 0;          // multiplications and additions, of all threads
  double peak_share = 0;      // of the peak of as many cores
  bool chosen = false;        // the engine is what --engine auto takes for that many runs
};

struct ActivationTiming {
  std::string name;
  double forward, backward;  // values a second, from the L1 cache
};

// What a feature costs: its steps against those of the same network without it.
struct FeatureTiming {
  std::string name;
  double lanes, wide;  // the ratio in either engine
};

struct Benchmark {
  SimdTarget simd;
  double peak_gflops = 0;  // of one core: fused multiply-adds without memory
  std::vector<NetworkTiming> networks;
  std::vector<ActivationTiming> activations;
  std::vector<FeatureTiming> features;  // of medium; "recording, NAME" (by default, every 100 steps) of NAME
};

// Dense ReLU networks, trained with mean squared error and SGD on random examples in memory: tiny 1-2×10-1
// (batch 128), small 2-16-16-1 (32), medium 64-64-64-64-10 (64), large 784-256-256-256-10 (128) and online 20-5-1
// (1), each a full pack in lanes, one network in wide, and the better of the two on all processors.
// whole: also the activations, and what features add to medium, one after the other, and
// among the networks slow-regression, that experiment's training as a whole: online on its stream.
Benchmark run_benchmark(SimdTarget simd, bool whole);

}  // namespace deadrelu
