#pragma once

#include <cuda_bf16.h>
#include <cuda_pipeline.h>
#include <cuda_runtime.h>
#include <mma.h>

#include "graph_conv/graph_conv_tiles.cuh"

// graph_conv on tensor cores: bfloat16 features and weights, float32 sums. The weights lie as (3 channels, columns),
// both filled up with zeros to whole tiles: see stored_channels and stored_columns.
namespace meshcast {
namespace {

namespace mma = nvcuda::wmma;
using Brain = __nv_bfloat16;

constexpr int kFragment = 16;
constexpr int kDepth = 32;       // rows of the weights that are fetched together
constexpr int kColumnUnit = 64;  // what the stored columns are a multiple of
constexpr int kPad = 8;          // numbers between rows in shared memory, so that neighboring rows use other banks

MESHCAST_HD std::int64_t stored_channels(std::int64_t channels) {
  return (channels + kDepth - 1) / kDepth * kDepth;
}
MESHCAST_HD std::int64_t stored_columns(std::int64_t columns) {
  return (columns + kColumnUnit - 1) / kColumnUnit * kColumnUnit;
}

// Fetches `rows` rows of `Columns` columns into shared memory, without waiting; both ends are aligned to 16 bytes.
template <int Columns>
__device__ void fetch(const Brain* weight, std::int64_t columns, int rows, Brain* to) {
  constexpr int kPieces = Columns / 8;
  for (int piece = threadIdx.x; piece < rows * kPieces; piece += kThreads) {
    const int row = piece / kPieces, at = piece % kPieces * 8;
    __pipeline_memcpy_async(to + row * (Columns + kPad) + at, weight + row * columns + at, 16);
  }
}

// For few rows, where latency counts: a block makes 16 rows of 32 columns. All weights are on their way while all three
// orders are gathered; then the depth is shared between the warps, two fragments of columns times four parts of it.
constexpr int kFewRows = 16, kFewColumns = 32, kFewParts = kWarps / (kFewColumns / kFragment);
constexpr int kFewDepth = 3 * 256;  // at most

MESHCAST_HD std::size_t few_bytes(std::int64_t depth) {
  return static_cast<std::size_t>(kFewRows * (depth + kPad) + depth * (kFewColumns + kPad)) * sizeof(Brain);
}

__global__ void __launch_bounds__(kThreads) few_rows_kernel(GraphConv p) {
#if __CUDA_ARCH__ >= 800
  __shared__ TileRow rows[kFewRows];
  __shared__ __align__(32) float sums[kFewParts][kFewRows * kFewColumns];
  const int channels = int(stored_channels(p.channels_in)), depth = 3 * channels, stride = depth + kPad;
  extern __shared__ __align__(128) char memory[];
  Brain* t = reinterpret_cast<Brain*>(memory);
  Brain* w = t + kFewRows * stride;
  const std::int64_t columns = stored_columns(p.channels_out), column = std::int64_t(blockIdx.y) * kFewColumns;
  fetch<kFewColumns>(static_cast<const Brain*>(p.weight) + column, columns, depth, w);
  __pipeline_commit();
  find_rows<kFewRows>(p, rows);
  __syncthreads();
  for (int order = 0; order < 3; ++order)
    gather<kFewRows>(p, rows, order, 0, int(p.channels_in), channels, t + order * channels, stride);
  __pipeline_wait_prior(0);
  __syncthreads();

  const int warp = threadIdx.x / 32, part = warp / 2, fragment = warp % 2 * kFragment;
  mma::fragment<mma::accumulator, kFragment, kFragment, kFragment, float> sum;
  mma::fill_fragment(sum, 0.0f);
  for (int k = part * kFragment; k < depth; k += kFewParts * kFragment) {
    mma::fragment<mma::matrix_a, kFragment, kFragment, kFragment, Brain, mma::row_major> a;
    mma::fragment<mma::matrix_b, kFragment, kFragment, kFragment, Brain, mma::row_major> b;
    mma::load_matrix_sync(a, t + k, stride);
    mma::load_matrix_sync(b, w + k * (kFewColumns + kPad) + fragment, kFewColumns + kPad);
    mma::mma_sync(sum, a, b, sum);
  }
  mma::store_matrix_sync(sums[part] + fragment, sum, kFewColumns, mma::mem_row_major);
  __syncthreads();
  for (int cell = threadIdx.x; cell < kFewRows * kFewColumns; cell += kThreads) {
    const TileRow row = rows[cell / kFewColumns];
    const std::int64_t c = column + cell % kFewColumns;
    float total = 0;
    for (int i = 0; i < kFewParts; ++i) total += sums[i][cell];
    if (row.real && c < p.channels_out) finish<Brain>(p, row, c, total);
  }
#endif
}

// For many rows: a block makes Rows rows of Columns columns. Some channels of one order are gathered, then multiplied,
// while a ring of three tiles in shared memory brings the weights two steps ahead.
constexpr int kManyChannels = 128, kRing = 3;
constexpr int kWarpRows = 2, kWarpColumns = kWarps / kWarpRows;

template <int Rows, int Columns>
struct ManyTile {
  static constexpr int kStride = kManyChannels + kPad, kSlot = kDepth * (Columns + kPad);
  union {
    struct {
      Brain t[Rows * kStride];
      Brain w[kRing * kSlot];
    };
    float sums[Rows * Columns];  // when the products are done
  };
};

template <int Rows, int Columns>
__global__ void __launch_bounds__(kThreads) many_rows_kernel(GraphConv p) {
#if __CUDA_ARCH__ >= 800
  using Tile = ManyTile<Rows, Columns>;
  constexpr int kDown = Rows / kWarpRows / kFragment, kAcross = Columns / kWarpColumns / kFragment;
  __shared__ TileRow rows[Rows];
  __shared__ __align__(32) char memory[sizeof(Tile)];
  Tile& tile = *reinterpret_cast<Tile*>(memory);
  const std::int64_t columns = stored_columns(p.channels_out), column = std::int64_t(blockIdx.y) * Columns;
  const int channels = int(stored_channels(p.channels_in)), steps = 3 * channels / kDepth;
  const Brain* weight = static_cast<const Brain*>(p.weight) + column;
  auto bring = [&](int step) {
    if (step < steps)
      fetch<Columns>(weight + std::int64_t(step) * kDepth * columns, columns, kDepth,
                     tile.w + step % kRing * Tile::kSlot);
    __pipeline_commit();  // an empty one too: waiting counts them
  };
  bring(0);
  bring(1);
  find_rows<Rows>(p, rows);

  const int warp = threadIdx.x / 32;
  const int top = warp / kWarpColumns * kDown * kFragment, left = warp % kWarpColumns * kAcross * kFragment;
  mma::fragment<mma::accumulator, kFragment, kFragment, kFragment, float> sum[kDown][kAcross];
  for (auto& row : sum)
    for (auto& fragment : row) mma::fill_fragment(fragment, 0.0f);
  int step = 0;
  for (int order = 0; order < 3; ++order)
    for (int from = 0; from < channels; from += kManyChannels) {
      const int padded = channels - from < kManyChannels ? channels - from : kManyChannels;
      __syncthreads();  // rows are known; the tile of before has been read
      gather<Rows>(p, rows, order, from, int(p.channels_in), padded, tile.t, Tile::kStride);
      for (int k = 0; k < padded; k += kDepth, ++step) {
        __pipeline_wait_prior(1);
        __syncthreads();  // all threads have loaded this step, and the previous step's slot is free
        bring(step + 2);
        const Brain* w = tile.w + step % kRing * Tile::kSlot;
        for (int half = 0; half < kDepth; half += kFragment) {
          mma::fragment<mma::matrix_a, kFragment, kFragment, kFragment, Brain, mma::row_major> a[kDown];
          for (int i = 0; i < kDown; ++i)
            mma::load_matrix_sync(a[i], tile.t + (top + i * kFragment) * Tile::kStride + k + half, Tile::kStride);
          for (int j = 0; j < kAcross; ++j) {
            mma::fragment<mma::matrix_b, kFragment, kFragment, kFragment, Brain, mma::row_major> b;
            mma::load_matrix_sync(b, w + half * (Columns + kPad) + left + j * kFragment, Columns + kPad);
            for (int i = 0; i < kDown; ++i) mma::mma_sync(sum[i][j], a[i], b, sum[i][j]);
          }
        }
      }
    }
  __syncthreads();  // the sums take the place of the tiles
  for (int i = 0; i < kDown; ++i)
    for (int j = 0; j < kAcross; ++j)
      mma::store_matrix_sync(tile.sums + (top + i * kFragment) * Columns + left + j * kFragment, sum[i][j], Columns,
                             mma::mem_row_major);
  __syncthreads();
  for (int cell = threadIdx.x; cell < Rows * Columns; cell += kThreads) {
    const TileRow row = rows[cell / Columns];
    const std::int64_t c = column + cell % Columns;
    if (row.real && c < p.channels_out) finish<Brain>(p, row, c, tile.sums[cell]);
  }
#endif
}

}  // namespace
}  // namespace meshcast
