#pragma once

#include <cmath>
#include <cstdint>

#include "common/portable.hpp"

// Symmetric positive definite systems, by Cholesky's factors. Only the upper triangle (row <= column) of `a` (n, n) is
// read and written. Rows whose factor is zero are passed over: with children before their parents, the limbs of a body
// know little of each other and most of the matrix stays empty.
namespace meshcast {

// Factors `a` in place; false where it is not positive definite.
MESHCAST_INLINE bool factor_positive(double* __restrict a, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    double* row = a + i * n;
    if (!(row[i] > 0)) return false;
    const double scale = 1 / std::sqrt(row[i]);
    for (std::int64_t c = i; c < n; ++c) row[c] *= scale;
    for (std::int64_t r = i + 1; r < n; ++r) {
      const double factor = row[r];
      if (factor == 0) continue;
      double* below = a + r * n;
      for (std::int64_t c = r; c < n; ++c) below[c] -= factor * row[c];
    }
  }
  return true;
}

// With the factor U of a = U^T U: b (n, columns) becomes U^-T b, half of the solution.
MESHCAST_INLINE void solve_half(const double* __restrict u, double* __restrict b, std::int64_t n,
                                std::int64_t columns) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double* row = u + i * n;
    const double scale = 1 / row[i];
    for (std::int64_t c = 0; c < columns; ++c) b[i * columns + c] *= scale;
    for (std::int64_t r = i + 1; r < n; ++r) {
      if (row[r] == 0) continue;
      for (std::int64_t c = 0; c < columns; ++c) b[r * columns + c] -= row[r] * b[i * columns + c];
    }
  }
}

// The other half for one column: b becomes U^-1 b.
MESHCAST_INLINE void solve_rest(const double* __restrict u, double* __restrict b, std::int64_t n) {
  for (std::int64_t i = n - 1; i >= 0; --i) {
    const double* row = u + i * n;
    double value = b[i];
    for (std::int64_t c = i + 1; c < n; ++c) value -= row[c] * b[c];
    b[i] = value / row[i];
  }
}

}  // namespace meshcast
