#pragma once

#include <cmath>
#include <cstdint>

#include "common/portable.hpp"
#include "common/team.hpp"

// Symmetric positive definite systems, by Cholesky's factors. Only the upper triangle (row <= column) of `a` (n, n) is
// read and written. Rows whose factor is zero are passed over: with children before their parents, the limbs of a body
// know little of each other and most of the matrix stays empty. All threads of a team call with the same arguments,
// after a sync() of what they wrote.
namespace meshcast {

// Factors `a` in place; false where it is not positive definite.
template <typename Team>
MESHCAST_INLINE bool factor_positive(const Team& team, double* __restrict a, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    double* row = a + i * n;
    const double pivot = row[i];
    if (!(pivot > 0)) return false;
    const double scale = 1 / std::sqrt(pivot);
    team.sync();
    for (std::int64_t c = i + team.rank(); c < n; c += team.size()) row[c] *= scale;
    team.sync();
    for (std::int64_t r = i + 1 + team.row(); r < n; r += team.rows()) {
      const double factor = row[r];
      if (factor == 0) continue;
      double* below = a + r * n;
      for (std::int64_t c = r + team.column(); c < n; c += team.columns()) below[c] -= factor * row[c];
    }
    team.sync();
  }
  return true;
}

// With the factor U of a = U^T U: b (n, columns) becomes U^-T b, half of the solution.
template <typename Team>
MESHCAST_INLINE void solve_half(const Team& team, const double* __restrict u, double* __restrict b, std::int64_t n,
                                std::int64_t columns) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double* row = u + i * n;
    const double scale = 1 / row[i];
    for (std::int64_t c = team.rank(); c < columns; c += team.size()) b[i * columns + c] *= scale;
    team.sync();
    for (std::int64_t r = i + 1 + team.rank(); r < n; r += team.size()) {
      if (row[r] == 0) continue;
      for (std::int64_t c = 0; c < columns; ++c) b[r * columns + c] -= row[r] * b[i * columns + c];
    }
    team.sync();
  }
}

// The other half for one column: b becomes U^-1 b.
template <typename Team>
MESHCAST_INLINE void solve_rest(const Team& team, const double* __restrict u, double* __restrict b, std::int64_t n) {
  for (std::int64_t i = n - 1; i >= 0; --i) {
    const double value = b[i] / u[i * n + i];
    team.sync();
    if (team.rank() == 0) b[i] = value;
    for (std::int64_t r = team.rank(); r < i; r += team.size()) b[r] -= u[r * n + i] * value;
    team.sync();
  }
}

}  // namespace meshcast
