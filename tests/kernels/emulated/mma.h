#pragma once

#include "cuda_bf16.h"

// Fragments of 16 x 16, of which a lane has the sums of half a row and what it needs for them.
namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
enum layout_t { mem_row_major };

template <typename Use, int, int, int, typename T, typename Layout = void>
struct fragment {
  static constexpr int kNumbers = std::is_same_v<Use, matrix_a> ? 16 : std::is_same_v<Use, matrix_b> ? 128 : 8;
  float x[kNumbers];
};
template <int M, int N, int K, typename T>
using A = fragment<matrix_a, M, N, K, T, row_major>;
template <int M, int N, int K, typename T>
using B = fragment<matrix_b, M, N, K, T, row_major>;
template <int M, int N, int K>
using Sum = fragment<accumulator, M, N, K, float>;

inline unsigned half_row() {
  return emulated::lane() / 2;
}
inline unsigned half_column() {
  return emulated::lane() % 2 * 8;
}
inline void require_aligned(const void* at, unsigned stride, unsigned size) {
  if (reinterpret_cast<std::size_t>(at) % 32 || stride * size % 16) emulated::fail("a fragment that is not aligned");
  emulated::warp_barrier();
}

template <int M, int N, int K>
void fill_fragment(Sum<M, N, K>& sum, float value) {
  for (float& x : sum.x) x = value;
}
template <int M, int N, int K, typename T>
void load_matrix_sync(A<M, N, K, T>& a, const T* from, unsigned stride) {
  require_aligned(from, stride, sizeof(T));
  for (int k = 0; k < 16; ++k) a.x[k] = __bfloat162float(from[half_row() * stride + k]);
}
template <int M, int N, int K, typename T>
void load_matrix_sync(B<M, N, K, T>& b, const T* from, unsigned stride) {
  require_aligned(from, stride, sizeof(T));
  for (int k = 0; k < 16; ++k)
    for (int j = 0; j < 8; ++j) b.x[k * 8 + j] = __bfloat162float(from[k * stride + half_column() + j]);
}
template <int M, int N, int K, typename T>
void mma_sync(Sum<M, N, K>& d, const A<M, N, K, T>& a, const B<M, N, K, T>& b, const Sum<M, N, K>& c) {
  for (int j = 0; j < 8; ++j) {
    float sum = c.x[j];
    for (int k = 0; k < 16; ++k) sum += a.x[k] * b.x[k * 8 + j];
    d.x[j] = sum;
  }
}
template <int M, int N, int K>
void store_matrix_sync(float* to, const Sum<M, N, K>& sum, unsigned stride, layout_t) {
  require_aligned(to, stride, sizeof(float));
  for (int j = 0; j < 8; ++j) to[half_row() * stride + half_column() + j] = sum.x[j];
}

}  // namespace nvcuda::wmma
