// Times the training of the reference networks, and the elementwise functions, on this machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "simd/activation.h"
#include "simd/engine.h"
#include "simd/target.h"

namespace deadrelu {

// A dense ReLU network trained with mean squared error and SGD on random examples in memory.
struct ReferenceNetwork {
  std::string name;
  std::size_t inputs, outputs;
  std::vector<std::size_t> hidden;
  std::size_t batch_size;
  std::size_t examples;

  // Multiplications and additions of one step of one network: forward, weight gradients, and the gradients
  // that go back, which stop above the inputs.
  double flops_a_step() const;
};

// tiny 1-2×10-1 (batch 128), small 2-16-16-1 (32), medium 64-64-64-64-10 (64), large 784-256-256-256-10
// (128), and online 20-5-1 (1).
std::vector<ReferenceNetwork> reference_networks();

struct NetworkTiming {
  Engine engine = Engine::kLanes;
  std::size_t runs = 1;       // side by side in a pack
  std::size_t threads = 1;    // with as many packs
  double seconds_a_step = 0;  // of one network: a pack's step divided by the runs of all packs
};

// The shortest of several trials of `threads` full packs (lanes) or single networks (wide) on a thread each.
NetworkTiming time_network(const ReferenceNetwork& network, SimdTarget simd, Engine engine,
                           std::size_t threads);

// The engine that the runner chooses for `runs` runs of the network.
Engine chosen_engine(const ReferenceNetwork& network, SimdTarget simd, std::size_t runs);

struct ElementwiseTiming {
  double forward, backward;  // values a second, from the L1 cache
};
ElementwiseTiming time_activation(Activation activation, SimdTarget simd);

}  // namespace deadrelu
