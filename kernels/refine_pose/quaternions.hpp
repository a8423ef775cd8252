#pragma once

#include <cmath>

#include "common/portable.hpp"

// Unit quaternions (w, x, y, z) and row-major 3 x 3 matrices, in float64 and without branches that depend on memory:
// the same on the CPU and on the device.
namespace meshcast {

MESHCAST_INLINE bool finite_number(double x) {
  return x - x == 0;
}

// Of a matrix that is close to a rotation; the identity for one that is far from any.
MESHCAST_INLINE void quaternion_of(const float* m, double q[4]) {
  const double xx = m[0], yy = m[4], zz = m[8];
  const double squares[4] = {1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz};
  int largest = 0;
  for (int i = 1; i < 4; ++i) largest = squares[i] > squares[largest] ? i : largest;
  const double x = double(m[7]) - m[5], y = double(m[2]) - m[6], z = double(m[3]) - m[1];
  const double xy = double(m[1]) + m[3], xz = double(m[2]) + m[6], yz = double(m[5]) + m[7];
  const double rows[4][4] = {
      {squares[0], x, y, z}, {x, squares[1], xy, xz}, {y, xy, squares[2], yz}, {z, xz, yz, squares[3]}};
  double square = 0;
  for (int i = 0; i < 4; ++i) square += rows[largest][i] * rows[largest][i];
  const bool good = square > 1e-12 && finite_number(square);
  const double scale = good ? (rows[largest][0] < 0 ? -1 : 1) / std::sqrt(square) : 0;
  for (int i = 0; i < 4; ++i) q[i] = scale * rows[largest][i];
  if (!good) q[0] = 1;
}

MESHCAST_INLINE void matrix_of(const double q[4], double m[9]) {
  const double w = q[0], x = q[1], y = q[2], z = q[3];
  m[0] = 1 - 2 * (y * y + z * z), m[1] = 2 * (x * y - w * z), m[2] = 2 * (x * z + w * y);
  m[3] = 2 * (x * y + w * z), m[4] = 1 - 2 * (x * x + z * z), m[5] = 2 * (y * z - w * x);
  m[6] = 2 * (x * z - w * y), m[7] = 2 * (y * z + w * x), m[8] = 1 - 2 * (x * x + y * y);
}

MESHCAST_INLINE void quaternion_product(const double a[4], const double b[4], double out[4]) {
  out[0] = a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3];
  out[1] = a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2];
  out[2] = a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1];
  out[3] = a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0];
}

// The rotation vector v, then q, as one unit quaternion.
MESHCAST_INLINE void turned_quaternion(const double v[3], const double q[4], double out[4]) {
  const double angle = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  const double half = angle > 1e-8 ? std::sin(0.5 * angle) / angle : 0.5;
  const double turn[4] = {std::cos(0.5 * angle), half * v[0], half * v[1], half * v[2]};
  quaternion_product(turn, q, out);
  const double scale = 1 / std::sqrt(out[0] * out[0] + out[1] * out[1] + out[2] * out[2] + out[3] * out[3]);
  for (int i = 0; i < 4; ++i) out[i] *= scale;
}

// a b^-1 with w >= 0: the shorter way from b to a.
MESHCAST_INLINE void relative_quaternion(const double a[4], const double b[4], double out[4]) {
  const double inverse[4] = {b[0], -b[1], -b[2], -b[3]};
  quaternion_product(a, inverse, out);
  if (out[0] < 0) {
    for (int i = 0; i < 4; ++i) out[i] = -out[i];
  }
}

MESHCAST_INLINE void cross(const double a[3], const double b[3], double out[3]) {
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    out[i] = a[j] * b[k] - a[k] * b[j];
  }
}

// The turn about a unit axis, -pi to pi, and in `slope` how it changes with a small rotation before q.
MESHCAST_INLINE double twist(const double q[4], const float axis[3], double slope[3]) {
  const double sign = q[0] < 0 ? -1 : 1, w = sign * q[0], v[3] = {sign * q[1], sign * q[2], sign * q[3]};
  const double a[3] = {axis[0], axis[1], axis[2]};
  const double along = v[0] * a[0] + v[1] * a[1] + v[2] * a[2], square = w * w + along * along;
  double across[3];
  cross(v, a, across);
  for (int i = 0; i < 3; ++i) slope[i] = square > 1e-12 ? (w * (w * a[i] + across[i]) + along * v[i]) / square : 0.0;
  return 2 * std::atan2(along, w);
}

}  // namespace meshcast
