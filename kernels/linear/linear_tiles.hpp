#pragma once

#include <stddef.h>
#include <stdint.h>

#include "linear/linear.hpp"

// A fully connected layer with bfloat16 weights in a matrix unit, which multiplies bfloat16 only. Its products have
// room for sixteen columns where a handful of rows needs few, so that each number of u takes three of them: u = a + b +
// c, three bfloat16 numbers with the 24 bits of a float32 together. The result is as exact as that of linear_cpu(), and
// three products take as long as one, for the weights are what takes time.
namespace meshcast {

constexpr int kDigits = 3;                   // bfloat16 numbers for each number of u
constexpr int kTileBatch = 5;                // rows of u for which the weights are read once
constexpr int kBlock = 32;                   // outputs that are computed together: two tiles
constexpr int kSums = kTileBatch * kDigits;  // of an output
constexpr int kStep = 32;                    // inputs of a product

// Weights are packed block by block, each block step by step: two tiles of 16 outputs x 32 inputs, filled up with
// zeros.
static inline int64_t steps(int64_t inputs) {
  return (inputs + kStep - 1) / kStep;
}
static inline int64_t blocks(int64_t outputs) {
  return (outputs + kBlock - 1) / kBlock;
}

// The functions of one class of tiles: see common/tiles.hpp.
struct LinearTiles {
  // One block of weights times the digits of u, (steps, 16 pairs of inputs, columns, 2), to sums (kBlock, 16), of which
  // `columns` are written.
  void (*multiply)(const uint16_t* block, const uint16_t* digits, int64_t steps, int columns, float* sums);
};

// weight (outputs, inputs) as described above: blocks(outputs) * steps(inputs) * kBlock * kStep numbers.
void pack_linear_tiles(const float* weight, int64_t outputs, int64_t inputs, uint16_t* packed);

// Contract as in linear.hpp, with p.weight packed.
void linear_tiles_cpu(const LinearTiles& tiles, const Linear& p);

}  // namespace meshcast
