#pragma once

#include <cstdint>

#include "common/portable.hpp"

// Sparse matrix times dense matrices, the sparse one in ELLPACK form (K entries in every row):
//
//     out[n, r, c] = sum over k of values[r, k] * x[n, indices[r, k], c]
//
// indices (rows, width) int32 in 0..columns-1 (trusted), values (rows, width) float32, x (batch, columns, channels)
// float32, out (batch, rows, channels) float32; all C-contiguous; out must not overlap x. Rows with fewer than K
// entries are padded with value 0 and any valid index.
namespace meshcast {

struct EllMatmul {
  const std::int32_t* indices;
  const float* values;
  const float* x;
  float* out;
  std::int64_t batch;
  std::int64_t rows;
  std::int64_t width;
  std::int64_t columns;
  std::int64_t channels;
};

// `Tile` neighboring channels of one output row. `x` points at the first of them in row 0 of x, whose rows are
// `stride` apart. The sum runs over k in order, so every caller gets the same rounding but for fused multiply-adds.
template <int Tile>
MESHCAST_INLINE void ell_tile(const std::int32_t* indices, const float* values, std::int64_t width, const float* x,
                              std::int64_t stride, float* sum) {
  for (int c = 0; c < Tile; ++c) sum[c] = 0.0f;
  for (std::int64_t k = 0; k < width; ++k) {
    const float* source = x + indices[k] * stride;
    const float value = values[k];
    for (int c = 0; c < Tile; ++c) sum[c] += value * source[c];
  }
}

void ell_matmul_cpu(const EllMatmul& p);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once.
// Throws std::runtime_error with CUDA's message when the launch fails.
void ell_matmul_cuda(const EllMatmul& p, std::uintptr_t stream);

}  // namespace meshcast
