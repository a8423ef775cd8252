#pragma once

#include <cmath>
#include <cstdint>

#include "refine_pose/energy.hpp"

// Gauss-Newton's equations for turning every joint's subtree about the joint, in the camera's axes, and moving the
// root. All functions are called by all threads of a team; every number has one thread that computes it.
namespace meshcast {

// Which keypoints each joint's subtree moves.
template <typename Team>
MESHCAST_INLINE void set_masks(const Team& team, const RefinePose& p, std::int64_t person, const RefineScratch& scratch,
                               std::uint64_t used) {
  const float* first = p.first + 3 * p.keypoint_count * p.joint_count * person;
  for (std::int64_t j = team.rank(); j < p.joint_count; j += team.size()) {
    std::uint64_t mask = 0;
    for (std::int64_t k = 0; k < p.keypoint_count; ++k) {
      const std::int64_t at = k * p.joint_count + j;
      const bool moved = p.zeroth[at] != 0 || first[3 * at] != 0 || first[3 * at + 1] != 0 || first[3 * at + 2] != 0;
      if (moved && (used >> k & 1)) mask |= std::uint64_t(1) << k;
    }
    scratch.masks[j] = mask;
  }
  team.sync();
  if (team.rank() == 0) {
    for (std::int64_t j = p.joint_count - 1; j > 0; --j) scratch.masks[p.parents[j]] |= scratch.masks[j];
    scratch.masks[p.joint_count] = used;
  }
  team.sync();
}

// Derivatives of one keypoint's residuals by its position, times the square root of its robust weight.
MESHCAST_INLINE void set_rows(const RefinePose& p, const double* seen, const float* a, double rows[3][3]) {
  for (int i = 0; i < 9; ++i) rows[i / 3][i % 3] = 0;
  if (p.dimensions == 3) {
    for (int i = 0; i < 3; ++i) rows[0][i] = seen[6] * a[i];
    for (int i = 0; i < 2; ++i) rows[1][1 + i] = seen[6] * a[3 + i];
    rows[2][2] = seen[6] * a[5];
    return;
  }
  const double scale = seen[6] / seen[2], u = seen[0] / seen[2], v = seen[1] / seen[2];
  rows[0][0] = scale * a[0];
  rows[0][1] = scale * a[1];
  rows[0][2] = -scale * (a[0] * u + a[1] * v);
  rows[1][1] = scale * a[2];
  rows[1][2] = -scale * a[2] * v;
}

// Derivatives of one keypoint's residuals by the turns of joints and the root, times the same.
MESHCAST_INLINE void set_jacobian(const RefinePose& p, std::int64_t person, const RefineScratch& scratch,
                                  const RefinedState& state, std::int64_t k) {
  const float* first = p.first + 3 * p.keypoint_count * p.joint_count * person;
  const float *rest = p.rest_joints + 3 * p.joint_count * person,
              *a = p.precision + p.precision_count() * (p.keypoint_count * person + k);
  double *arms = scratch.arms + 4 * p.joint_count * k, *jacobian = scratch.jacobians + 9 * (p.joint_count + 1) * k;
  double rows[3][3];
  set_rows(p, state.seen + 7 * k, a, rows);
  for (std::int64_t j = 0; j < p.joint_count; ++j) {
    double* arm = arms + 4 * j;
    if (!own_arm(p, first, rest, state, k, j, arm)) arm[0] = arm[1] = arm[2] = arm[3] = 0;
  }
  for (std::int64_t j = p.joint_count - 1; j >= 0; --j) {
    const double *arm = arms + 4 * j, *place = state.places + 3 * j;
    if (!(scratch.masks[j] >> k & 1)) continue;
    const double about[3] = {arm[0] - arm[3] * place[0], arm[1] - arm[3] * place[1], arm[2] - arm[3] * place[2]};
    for (int i = 0; i < p.dimensions; ++i) cross(about, rows[i], jacobian + 9 * j + 3 * i);
    for (int i = 0; i < 4 && j > 0; ++i) arms[4 * p.parents[j] + i] += arm[i];
  }
  for (int i = 0; i < 3 * p.dimensions; ++i) jacobian[9 * p.joint_count + i] = rows[i / 3][i % 3];
}

// J^T J of the prior of a joint, and J^T r, in the camera's axes; `up` is the world rotation of its parent or null.
MESHCAST_INLINE void add_joint_prior(const RefinePose& p, std::int64_t person, const RefineScratch& scratch,
                                     const RefinedState& state, std::int64_t j, double block[9], double side[3]) {
  const float* stiffness = p.stiffness + 3 * (p.joint_count * person + j);
  double away[4], turned[9], slope[3];  // rows: how each component of v changes with a turn about the camera's axes
  relative_quaternion(state.quaternions + 4 * j, scratch.prior + 4 * j, away);
  const double w = away[0], *v = away + 1;
  const double rate[9] = {w, v[2], -v[1], -v[2], w, v[0], v[1], -v[0], w};
  const double* up = j == 0 ? nullptr : state.world + 9 * p.parents[j];
  const auto to_camera = [up](const double own[3], double out[3]) {
    for (int a = 0; a < 3; ++a)
      out[a] = up ? up[3 * a] * own[0] + up[3 * a + 1] * own[1] + up[3 * a + 2] * own[2] : own[a];
  };
  for (int c = 0; c < 3; ++c) {
    to_camera(rate + 3 * c, turned + 3 * c);
    for (int a = 0; a < 3; ++a) {
      side[a] += stiffness[c] * turned[3 * c + a] * 2 * v[c];
      for (int b = 0; b < 3; ++b) block[3 * a + b] += stiffness[c] * turned[3 * c + a] * turned[3 * c + b];
    }
  }
  for (std::int64_t limit = 0; limit < p.limit_count; ++limit) {
    if (p.limit_joints[limit] != j) continue;
    const double beyond = beyond_limit(p, state, limit, slope);
    if (beyond == 0) continue;
    double world[3];
    to_camera(slope, world);
    for (int a = 0; a < 3; ++a) {
      side[a] += p.limit_stiffness * world[a] * beyond;
      for (int b = 0; b < 3; ++b) block[3 * a + b] += p.limit_stiffness * world[a] * world[b];
    }
  }
}

// The 3 x 3 block of the normal equations for two joints (or the root, joint J), and for equal ones the gradient.
MESHCAST_INLINE void set_block(const RefinePose& p, std::int64_t person, const RefineScratch& scratch,
                               const RefinedState& state, std::int64_t i, std::int64_t j) {
  double block[9] = {}, side[3] = {};
  const std::uint64_t both = scratch.masks[i] & scratch.masks[j];
  for (std::int64_t k = 0; k < p.keypoint_count && both >> k != 0; ++k) {
    if (!(both >> k & 1)) continue;
    const double* rows = scratch.jacobians + 9 * (p.joint_count + 1) * k;
    const double *left = rows + 9 * i, *right = rows + 9 * j, *seen = state.seen + 7 * k;
    const bool space = p.dimensions == 3;
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) {
        double sum = left[a] * right[b] + left[3 + a] * right[3 + b];
        if (space) sum += left[6 + a] * right[6 + b];
        block[3 * a + b] += sum;
      }
      if (i != j) continue;
      double slope = left[a] * seen[3] + left[3 + a] * seen[4];
      if (space) slope += left[6 + a] * seen[5];
      side[a] += seen[6] * slope;
    }
  }
  if (i == j && j < p.joint_count) {
    add_joint_prior(p, person, scratch, state, j, block, side);
  } else if (i == j) {
    double away[3], matrix[9], pull[3];
    root_pull(p, person, state, away, matrix, pull);
    for (int a = 0; a < 9; ++a) block[a] += matrix[a];
    for (int a = 0; a < 3; ++a) side[a] += pull[a];
  }
  const std::int64_t row = first_unknown(p, i), column = first_unknown(p, j);
  for (int a = 0; a < 3; ++a) {
    if (i == j) scratch.gradient[row + a] = side[a];
    double* to = scratch.normal + (row + a) * p.unknowns() + column;
    for (int b = 0; b < 3; ++b) to[b] = block[3 * a + b];
  }
}

template <typename Team>
MESHCAST_INLINE void linearize(const Team& team, const RefinePose& p, std::int64_t person, const RefineScratch& scratch,
                               const RefinedState& state, std::uint64_t used) {
  for (std::int64_t k = team.rank(); k < p.keypoint_count; k += team.size())
    if (used >> k & 1) set_jacobian(p, person, scratch, state, k);
  team.sync();
  const std::int64_t count = p.joint_count + 1;
  for (std::int64_t pair = team.rank(); pair < count * count; pair += team.size()) {
    const std::int64_t i = pair / count, j = pair % count;
    if (first_unknown(p, i) <= first_unknown(p, j)) set_block(p, person, scratch, state, i, j);
  }
  team.sync();
}

}  // namespace meshcast
