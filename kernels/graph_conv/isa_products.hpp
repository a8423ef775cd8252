#pragma once

// Products of gathered rows with packed weights for graph_conv_isa.cpp: kRows rows times a panel of kPanel columns, in
// vector registers or, where MESHCAST_TILES names a class of tiles, in a matrix unit.
#include "graph_conv/isa_vectors.hpp"
#ifdef MESHCAST_TILES
#include "common/tiles_emulated.hpp"
#ifdef __x86_64__
#include "common/tiles_hardware.hpp"
#endif
#endif

namespace meshcast {
namespace MESHCAST_ISA {
namespace {

#if defined(MESHCAST_TILES)
constexpr int kLanes = 16, kVectors = 2, kRows = 2 * kTileRows;  // two by two tiles of sums
constexpr int kTiles = 2;
constexpr int kDepthStep = kTileDepth;
#elif defined(__AVX512F__)
constexpr int kLanes = 16, kVectors = 2, kRows = 12;  // 24 of 32 registers hold sums
#elif defined(__AVX__)
constexpr int kLanes = 8, kVectors = 2, kRows = 6;  // 12 of 16
#else
constexpr int kLanes = 4, kVectors = 4, kRows = 6;  // 24 of aarch64's 32
#endif
#ifndef MESHCAST_TILES
constexpr int kTiles = 4;      // of kRows rows: what one pass over the weights serves
constexpr int kDepthStep = 2;  // bfloat16 numbers that are multiplied together
#endif
constexpr int kPanel = kLanes * kVectors;
static_assert(kPanel % kChunk == 0, "a panel is finished in whole chunks");

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef Vec Sums[kRows][kVectors];

// The depth with the zeros that fill it up, and the distance of rows of that depth in memory.
INLINE int64_t padded(int64_t depth, const float*) {
  return depth;
}
INLINE int64_t padded(int64_t depth, const uint16_t*) {
  return (depth + kDepthStep - 1) / kDepthStep * kDepthStep;
}

#ifdef MESHCAST_TILES

using Tiles = MESHCAST_TILES;
struct Unit {
  Tiles tiles{full_tiles()};
};

// An odd number of cache lines: the rows of a tile then lie in different sets of the cache.
INLINE int64_t stride_of(int64_t depth, const uint16_t*) {
  return depth + (depth / kTileDepth % 2 ? 0 : kTileDepth);
}

// Tiles 0 to 3 hold the sums, row by row; 4 and 5 rows of t, 6 and 7 weights. `Columns` of the panel's two tiles.
template <int Columns>
INLINE void multiply_tiles(Tiles& tiles, const uint16_t* t, int64_t stride, int64_t depth, const uint16_t* panel,
                           float* sums) {
  constexpr int64_t kWeightStride = 2 * kPanel * sizeof(uint16_t), kSumStride = kPanel * sizeof(float);
  const int64_t row_stride = stride * int64_t(sizeof(uint16_t));
  tiles.template zero<0>();
  tiles.template zero<2>();
  if (Columns == 2) {
    tiles.template zero<1>();
    tiles.template zero<3>();
  }
  for (int64_t k = 0; k < depth; k += kTileDepth) {
    const uint16_t* weights = panel + k * kPanel;
    tiles.template load<6>(weights, kWeightStride);
    tiles.template load<4>(t + k, row_stride);
    tiles.template dot_bf16<0, 4, 6>();
    tiles.template load<5>(t + kTileRows * stride + k, row_stride);
    tiles.template dot_bf16<2, 5, 6>();
    if (Columns == 2) {
      tiles.template load<7>(weights + kTileDepth, kWeightStride);
      tiles.template dot_bf16<1, 4, 7>();
      tiles.template dot_bf16<3, 5, 7>();
    }
  }
  tiles.template store<0>(sums, kSumStride);
  tiles.template store<2>(sums + kTileRows * kPanel, kSumStride);
  if (Columns == 2) {
    tiles.template store<1>(sums + kTileColumns, kSumStride);
    tiles.template store<3>(sums + kTileRows * kPanel + kTileColumns, kSumStride);
  }
}

// kRows rows of t (stride apart) times one panel of weights, of which `wide` columns are real.
INLINE void multiply(Unit& unit, const uint16_t* t, int64_t stride, int64_t depth, const uint16_t* panel, int64_t wide,
                     Sums& sum) {
  float* sums = reinterpret_cast<float*>(&sum[0][0]);
  if (wide > kTileColumns)
    multiply_tiles<2>(unit.tiles, t, stride, depth, panel, sums);
  else
    multiply_tiles<1>(unit.tiles, t, stride, depth, panel, sums);
}

#else

struct Unit {};

template <typename T>
INLINE int64_t stride_of(int64_t depth, const T*) {
  return depth;
}

INLINE void clear(Sums& sum) {
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sum[r][j] = Vec{};
}

// kRows rows of t (stride apart) times one panel of weights.
INLINE void multiply(Unit&, const float* t, int64_t stride, int64_t depth, const float* panel, int64_t, Sums& sum) {
  clear(sum);
  for (int64_t k = 0; k < depth; ++k) {
    Vec w[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) w[j] = load<Vec>(panel + k * kPanel + j * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const float a = t[r * stride + k];
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[r][j] += a * w[j];
    }
  }
}

INLINE void multiply(Unit&, const uint16_t* t, int64_t stride, int64_t depth, const uint16_t* panel, int64_t,
                     Sums& sum) {
#ifdef __AVX512BF16__
  __m512 acc[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) acc[r][j] = _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; k += 2) {
    __m512i w[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) w[j] = _mm512_loadu_si512(panel + k * kPanel + 2 * j * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      memcpy(&pair, t + r * stride + k, 4);
      const __m512i a = _mm512_set1_epi32(pair);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) acc[r][j] = _mm512_dpbf16_ps(acc[r][j], (__m512bh)a, (__m512bh)w[j]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) memcpy(&sum[r][j], &acc[r][j], sizeof(Vec));
#elif defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
  float32x4_t acc[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) acc[r][j] = vdupq_n_f32(0);
  for (int64_t k = 0; k < depth; k += 2) {
    bfloat16x8_t w[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) w[j] = vreinterpretq_bf16_u16(vld1q_u16(panel + k * kPanel + 2 * j * kLanes));
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      uint32_t pair;
      memcpy(&pair, t + r * stride + k, 4);
      const bfloat16x8_t a = vreinterpretq_bf16_u32(vdupq_n_u32(pair));
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) acc[r][j] = vbfdotq_f32(acc[r][j], a, w[j]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) memcpy(&sum[r][j], &acc[r][j], sizeof(Vec));
#else
  clear(sum);
  typedef uint32_t Bits __attribute__((vector_size(4 * kLanes)));
  for (int64_t k = 0; k < depth; k += 2) {
    Vec even_rows[kVectors], odd_rows[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) {
      const Bits pair = load<Bits>(panel + k * kPanel + 2 * j * kLanes);
      const Bits low = pair << 16, high = pair & 0xffff0000u;
      memcpy(&even_rows[j], &low, sizeof(Vec));
      memcpy(&odd_rows[j], &high, sizeof(Vec));
    }
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const float a = to_float(t[r * stride + k]), b = to_float(t[r * stride + k + 1]);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[r][j] += a * even_rows[j] + b * odd_rows[j];
    }
  }
#endif
}

#endif  // MESHCAST_TILES

}  // namespace
}  // namespace MESHCAST_ISA
}  // namespace meshcast
