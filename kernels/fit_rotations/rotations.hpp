#pragma once

#include <cmath>
#include <cstdint>

#include "common/portable.hpp"
#include "fit_rotations/fit_rotations.hpp"

// Rotations and the kinematic chain, in float64: what both operators of this folder are made of. Matrices are
// row-major.
namespace meshcast {

struct Mat3 {
  double at[9];

  MESHCAST_MEMBER double operator()(int row, int column) const { return at[3 * row + column]; }
};

inline constexpr Mat3 kIdentity{{1, 0, 0, 0, 1, 0, 0, 0, 1}};

MESHCAST_INLINE Mat3 multiply(const Mat3& a, const Mat3& b) {
  Mat3 c;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) c.at[3 * i + j] = a(i, 0) * b(0, j) + a(i, 1) * b(1, j) + a(i, 2) * b(2, j);
  }
  return c;
}

// a^T b
MESHCAST_INLINE Mat3 multiply_transposed(const Mat3& a, const Mat3& b) {
  Mat3 c;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) c.at[3 * i + j] = a(0, i) * b(0, j) + a(1, i) * b(1, j) + a(2, i) * b(2, j);
  }
  return c;
}

// The rotation of a unit quaternion (w, x, y, z).
MESHCAST_INLINE Mat3 rotation_of_quaternion(double w, double x, double y, double z) {
  return {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z),
           1 - 2 * (x * x + z * z), 2 * (y * z - w * x), 2 * (x * z - w * y), 2 * (y * z + w * x),
           1 - 2 * (x * x + y * y)}};
}

// The rotation of a rotation vector.
MESHCAST_INLINE Mat3 exponential(const double v[3]) {
  const double angle = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  const double half = angle > 1e-8 ? std::sin(0.5 * angle) / angle : 0.5;
  return rotation_of_quaternion(std::cos(0.5 * angle), half * v[0], half * v[1], half * v[2]);
}

// The proper rotation R with the largest tr(R^T a), whatever a is (Horn, 1987): the quaternion is the eigenvector of
// the largest eigenvalue of a symmetric 4 x 4 matrix, found by Jacobi's rotations. The identity for a = 0.
MESHCAST_HD Mat3 nearest_rotation(const Mat3& a) {
  double k[4][4] = {{a(0, 0) + a(1, 1) + a(2, 2), a(2, 1) - a(1, 2), a(0, 2) - a(2, 0), a(1, 0) - a(0, 1)},
                    {0, a(0, 0) - a(1, 1) - a(2, 2), a(0, 1) + a(1, 0), a(0, 2) + a(2, 0)},
                    {0, 0, a(1, 1) - a(0, 0) - a(2, 2), a(1, 2) + a(2, 1)},
                    {0, 0, 0, a(2, 2) - a(0, 0) - a(1, 1)}};
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < i; ++j) k[i][j] = k[j][i];
  }
  double vectors[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
  for (int sweep = 0; sweep < 12; ++sweep) {
    double outside = 0, inside = 0;
    for (int i = 0; i < 4; ++i) {
      inside += std::abs(k[i][i]);
      for (int j = i + 1; j < 4; ++j) outside += std::abs(k[i][j]);
    }
    if (outside <= 1e-15 * inside) break;
    for (int i = 0; i < 3; ++i) {
      for (int j = i + 1; j < 4; ++j) {
        if (k[i][j] == 0) continue;
        const double theta = (k[j][j] - k[i][i]) / (2 * k[i][j]);
        const double t = (theta < 0 ? -1 : 1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (int r = 0; r < 4; ++r) {
          const double x = k[r][i], y = k[r][j];
          k[r][i] = c * x - s * y;
          k[r][j] = s * x + c * y;
        }
        for (int r = 0; r < 4; ++r) {
          const double x = k[i][r], y = k[j][r];
          k[i][r] = c * x - s * y;
          k[j][r] = s * x + c * y;
          const double u = vectors[r][i], v = vectors[r][j];
          vectors[r][i] = c * u - s * v;
          vectors[r][j] = s * u + c * v;
        }
      }
    }
  }
  int best = 0;
  for (int i = 1; i < 4; ++i) best = k[i][i] > k[best][best] ? i : best;
  const double w = vectors[0][best], x = vectors[1][best], y = vectors[2][best], z = vectors[3][best];
  const double scale = 1 / std::sqrt(w * w + x * x + y * y + z * z);
  return rotation_of_quaternion(scale * w, scale * x, scale * y, scale * z);
}

// World rotations, joints' places and the 4 x 4 transforms from resting to posed points; the root joint is at zero.
struct Pose {
  Mat3 world[kMaxJoints];
  double place[kMaxJoints][3];
  double transform[kMaxJoints][4][4];

  void set(const Mat3* local, const std::int32_t* parents, const float* rest_joints, std::int64_t joint_count) {
    for (std::int64_t k = 0; k < joint_count; ++k) {
      const float* origin = rest_joints + 3 * k;
      const std::int64_t parent = parents[k];
      world[k] = k == 0 ? local[0] : multiply(world[parent], local[k]);
      for (int a = 0; a < 3; ++a) {
        place[k][a] = 0;
        if (k > 0) {
          const float* above = rest_joints + 3 * parent;
          place[k][a] = place[parent][a];
          for (int b = 0; b < 3; ++b) place[k][a] += world[parent](a, b) * (double(origin[b]) - above[b]);
        }
        double offset = place[k][a];
        for (int b = 0; b < 3; ++b) {
          transform[k][a][b] = world[k](a, b);
          offset -= world[k](a, b) * origin[b];
        }
        transform[k][a][3] = offset;
        transform[k][3][a] = 0;
      }
      transform[k][3][3] = 1;
    }
  }

  // Where skinning puts a resting point that these joints move.
  MESHCAST_INLINE void skin(const std::uint8_t* joints, const float* weights, const float* rest, double out[3]) const {
    double blend[12] = {};
    for (int e = 0; e < kInfluences; ++e) {
      if (weights[e] == 0) continue;
      const double* from = transform[joints[e]][0];
      for (int i = 0; i < 12; ++i) blend[i] += weights[e] * from[i];
    }
    for (int a = 0; a < 3; ++a) {
      const double* row = blend + 4 * a;
      out[a] = row[0] * rest[0] + row[1] * rest[1] + row[2] * rest[2] + row[3];
    }
  }
};

}  // namespace meshcast
