// Counter-based random numbers (Philox4x32-10; Salmon, Moraes, Dror, Shaw 2011): every draw is a function of
// (seed, purpose, stream, index) alone, so draws may be made in any order, on any thread, on any machine.
#pragma once

#include <array>
#include <cstdint>

namespace deadrelu {

// What a draw is for. Two purposes never share a number; the values enter the draws and never change.
enum class Purpose : std::uint32_t {
  kWeights = 1,  // stream: layer (0 is the first hidden layer), index: position in [out][in]
  kBiases = 2,   // stream: layer, index: unit
  kData = 3,     // inputs of a synthetic data set; stream: input (or what the generator says), index: sample
  kNoise = 4,    // noise added to targets or inputs
  kTeacher = 5,  // parameters of a teacher network; stream: layer
  kSplit = 6,    // which examples are test examples
  kProbe = 7,    // which examples are in the probe set
  kOrder = 8,    // order of the examples in an epoch; stream: low 32 bits of the epoch
  kReplacement = 9,  // examples drawn with replacement
  kSlope = 10,       // random slopes of rrelu; stream: layer
  kAsymmetric = 11,  // the entry that randomized asymmetric initialization replaces, and its value
  kStream = 12,      // inputs of an online stream; stream: 0 slow, 1 fast; index: see data/stream.cpp
  kTask = 13,        // orders of a task's inputs or labels, see data/tasks.h; stream: low 32 bits of the task
  kTaskLabels = 14,  // labels drawn anew in a task; stream: low 32 bits of the task, index: example
  kRamp = 15,        // whether an example comes from the task before; stream: low 32 bits of the task
  kDropout = 16,     // which activations are dropped; stream: layer
  kReset = 17,       // weights of a reset unit; stream: layer, index: see nn/init.h
  kPerturbation =
      18,  // noise of remedy.perturb; stream: layer + 2^16·block kind, index: event · block size + place;
           // draw init: the seed of the event's parameters, stream 2^32 − 1, index: event
  kAdjust = 19,  // examples and heights of init.adjust data_bias; stream: layer, index: 2 · unit, and + 1
  kResetChoice = 20,  // which units are reset; stream: layer, index: steps · units + unit
};

// The four 32-bit words of one Philox block: key = seed, counter = (index, stream, purpose).
std::array<std::uint32_t, 4> random_block(std::uint64_t seed, Purpose purpose, std::uint32_t stream,
                                          std::uint64_t index);

// Uniform in (0, 1): the midpoints of 2^52 equal cells, never 0 and never 1. Uses words 0 and 1 of the block.
double random_uniform(std::uint64_t seed, Purpose purpose, std::uint32_t stream, std::uint64_t index);

// Uniform integer in [0, bound), by multiply-shift of 64 random bits. REQUIRES: bound > 0.
std::uint64_t random_below(std::uint64_t seed, Purpose purpose, std::uint32_t stream, std::uint64_t index,
                           std::uint64_t bound);

}  // namespace deadrelu
