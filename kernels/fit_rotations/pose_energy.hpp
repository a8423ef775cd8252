#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "fit_rotations/fit_rotations.hpp"
#include "fit_rotations/rotations.hpp"

// The energy of a pose from moments of the vertices, and Gauss-Newton's equations for a step from it: fit_rotations.hpp
// has the formulas.
namespace meshcast {

inline constexpr int kPadded = 12;  // the 10 numbers of a symmetric 4 x 4 matrix, or a 3 x 4 one, as whole vectors
inline constexpr std::int16_t kNone = -1;

// Row-major upper triangle, as in kUpper[row][column].
inline constexpr int kUpper[4][4] = {{0, 1, 2, 3}, {1, 4, 5, 6}, {2, 5, 7, 8}, {3, 6, 8, 9}};

struct Pair {
  std::uint8_t i, j;  // i <= j
  double s[kPadded];  // S_ij, upper triangle
};

// Moments of the vertices that the energy is computed from; pairs are those of joints that share vertices.
struct Moments {
  double m[kMaxJoints][kPadded];  // M_k, 3 x 4
  double squares;
  std::vector<Pair> pairs;
  std::int16_t slot[kMaxJoints][kMaxJoints];

  Pair& pair(std::uint8_t i, std::uint8_t j) {
    if (i > j) std::swap(i, j);
    if (slot[i][j] == kNone) {
      slot[i][j] = static_cast<std::int16_t>(pairs.size());
      pairs.push_back({i, j, {}});
    }
    return pairs[slot[i][j]];
  }
};

// M and S of one person; rest and vertices are (V, 3).
void measure(const RiggedBody& body, const float* rest, const float* vertices, Moments& moments);

// A pose, its energy and what a step from it needs.
struct Posed {
  Mat3 local[kMaxJoints];
  Pose pose;
  std::vector<double> paired;    // T_i S_ij T_j^T, 16 numbers for each of the moments' pairs
  double along[kMaxJoints][12];  // M_k T_k^T, 3 x 4
  double away[kMaxJoints][3];    // twice the sine of the angle to the prior, times its axis
  double energy;
};

// Completes now.local: with these rest joints (P, 3), and before the prior of `stiffness`.
void evaluate(const RiggedBody& body, const float* rest_joints, const Moments& moments, const Mat3* before,
              double stiffness, Posed& now);

// Gauss-Newton's equations for turning every joint's subtree about the joint, in the axes of the vertices. The last
// joint comes first, so that children are eliminated before their parents.
struct System {
  std::vector<double> pairs;  // (P, P, 4, 4): sums over both subtrees
  std::vector<double> normal, factors;
  std::vector<double> torque, step;
  double scale;

  void resize(std::int64_t count) {
    pairs.resize(16 * count * count);
    normal.resize(9 * count * count);
    factors.resize(normal.size());
    torque.resize(3 * count);
    step.resize(torque.size());
  }
};

// System at a pose; resizes where it must.
void linearise(const RiggedBody& body, const Moments& moments, const Posed& now, double stiffness, System& system);

}  // namespace meshcast
