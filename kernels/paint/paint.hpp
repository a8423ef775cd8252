#pragma once

#include <cstdint>

#include "common/portable.hpp"

// Paints over parts of a batch of images: out[rows[m], c, v, u] = fill[c] where mask[m, v, u] is not 0.
//
// mask (masks, height, width) uint8, rows (masks,) int32 (a row outside of the batch is left out), out
// (count, 3, height, width) float32; all C-contiguous.
namespace meshcast {

struct Paint {
  float fill[3];
  const std::uint8_t* mask;
  const std::int32_t* rows;
  float* out;
  std::int64_t masks;
  std::int64_t count;
  std::int64_t pixels;  // of one image
};

MESHCAST_HD void paint_pixel(const Paint& p, std::int64_t mask, std::int64_t pixel) {
  const std::int32_t row = p.rows[mask];
  if (row < 0 || row >= p.count || p.mask[mask * p.pixels + pixel] == 0) return;
  float* image = p.out + row * 3 * p.pixels;
  for (int c = 0; c < 3; ++c) image[c * p.pixels + pixel] = p.fill[c];
}

void paint_cpu(const Paint& p);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once.
// Throws std::runtime_error with CUDA's message when the launch fails.
void paint_cuda(const Paint& p, std::uintptr_t stream);

}  // namespace meshcast
