#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "graph_conv/graph_conv.hpp"

// What the blocks of graph_conv's CUDA kernels have in common: each works on a tile of rows of (batch x rows), the
// vertices of one body after the other, so that neighbors in a tile have common neighbors in the graph.
namespace meshcast {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;
constexpr int kPiece = 8;  // channels that a thread gathers at a time: 16 bytes of bfloat16

struct TileRow {
  int v, b;
  bool real;  // else beyond the last one
};

__device__ inline float load(const float* at) {
  return *at;
}
__device__ inline float load(const __nv_bfloat16* at) {
  return __bfloat162float(*at);
}
__device__ inline void store(float value, float* at) {
  *at = value;
}
__device__ inline void store(float value, __nv_bfloat16* at) {
  *at = __float2bfloat16(value);
}

// The block's rows. In 32 bits, because a division in 64 takes a GPU a hundred steps; the caller checks that they fit.
template <int Rows>
__device__ void find_rows(const GraphConv& p, TileRow* rows) {
  for (int i = threadIdx.x; i < Rows; i += kThreads) {
    const unsigned at = blockIdx.x * Rows + i, count = static_cast<unsigned>(p.rows), b = at / count;
    rows[i] = {static_cast<int>(at - b * count), static_cast<int>(b), b < p.batch};
  }
}

// Adds `share` times kPiece neighboring channels.
__device__ inline void add(float share, const __nv_bfloat16* from, float (&sum)[kPiece]) {
  const uint4 words = *reinterpret_cast<const uint4*>(from);
  const unsigned pairs[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    sum[2 * i] += share * __uint_as_float(pairs[i] << 16);
    sum[2 * i + 1] += share * __uint_as_float(pairs[i] & 0xffff0000u);
  }
}
__device__ inline void add(float share, const float* from, float (&sum)[kPiece]) {
#pragma unroll
  for (int i = 0; i < kPiece; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(from + i);
    sum[i] += share * four.x, sum[i + 1] += share * four.y;
    sum[i + 2] += share * four.z, sum[i + 3] += share * four.w;
  }
}
__device__ inline void store(const float (&sum)[kPiece], __nv_bfloat16* to) {
  __nv_bfloat162 pairs[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) pairs[i] = __floats2bfloat162_rn(sum[2 * i], sum[2 * i + 1]);
  *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(pairs);
}
__device__ inline void store(const float (&sum)[kPiece], float* to) {
#pragma unroll
  for (int i = 0; i < kPiece; i += 4)
    *reinterpret_cast<float4*>(to + i) = make_float4(sum[i], sum[i + 1], sum[i + 2], sum[i + 3]);
}

template <typename T>
__device__ const T* body_of(const GraphConv& p, const TileRow& row) {
  return static_cast<const T*>(p.x) + row.b * p.channels_in;
}

// Order `order` of the polynomials for the block's rows, channels from..from + padded - 1 of `channels`, zeros beyond
// them, into t (Rows, stride). Neighboring threads read neighboring channels of the same gathered row.
template <int Rows, typename T>
__device__ void gather(const GraphConv& p, const TileRow* rows, int order, int from, int channels, int padded, T* t,
                       int stride) {
  const CsrView& graph = order == 1 ? p.one_hop : p.two_hops;
  const std::int64_t step = p.batch * p.channels_in;
  if (channels % kPiece == 0 && reinterpret_cast<std::uintptr_t>(p.x) % 16 == 0) {
    const int pieces = padded / kPiece;
    for (int at = threadIdx.x; at < Rows * pieces; at += kThreads) {
      const int i = at / pieces, c = at % pieces * kPiece;
      const TileRow row = rows[i];
      float sum[kPiece] = {};
      if (row.real && from + c < channels) {
        const T* body = body_of<T>(p, row) + from + c;
        if (order == 0) {
          add(1.0f, body + p.self[row.v] * step, sum);
        } else {
          const int last = graph.indptr[row.v + 1];
#pragma unroll 4
          for (int e = graph.indptr[row.v]; e < last; ++e) add(graph.data[e], body + graph.indices[e] * step, sum);
        }
      }
      store(sum, t + i * stride + c);
    }
    return;
  }
  for (int at = threadIdx.x; at < Rows * padded; at += kThreads) {
    const int i = at / padded, c = at % padded;
    const TileRow row = rows[i];
    float sum = 0;
    if (row.real && from + c < channels) {
      const T* body = body_of<T>(p, row) + from + c;
      if (order == 0) {
        sum = load(body + p.self[row.v] * step);
      } else {
        for (int e = graph.indptr[row.v]; e < graph.indptr[row.v + 1]; ++e)
          sum += graph.data[e] * load(body + graph.indices[e] * step);
      }
    }
    store(sum, t + i * stride + c);
  }
}

// Bias, activation and residual of one number.
template <typename T>
__device__ void finish(const GraphConv& p, const TileRow& row, std::int64_t c, float sum) {
  float value = activate(p, sum + p.bias[c]);
  if (p.skip) {
    const T* skip = static_cast<const T*>(p.skip) + (p.skip_row[row.v] * p.batch + row.b) * p.channels_skip;
    value += p.lerp_from0 ? interpolate_skip(p, c, load(skip + p.lerp_from0[c]), load(skip + p.lerp_from1[c]))
                          : load(skip + c);
  }
  const std::int64_t at = output_offset(p, row.v, row.b) + c;
  if (p.output_permutation)
    static_cast<float*>(p.out)[at] = value;
  else
    store(value, static_cast<T*>(p.out) + at);
}

}  // namespace
}  // namespace meshcast
