#pragma once

#include <cmath>
#include <cstdint>

#include "refine_pose/quaternions.hpp"
#include "refine_pose/scratch.hpp"

// The energy of a pose. All functions are called by all threads of a team.
namespace meshcast {

MESHCAST_INLINE bool finite_all(const float* numbers, std::int64_t count) {
  bool all = true;
  for (std::int64_t i = 0; i < count; ++i) all = all && finite_number(numbers[i]);
  return all;
}

// Completes the state from its quaternions and root.
template <typename Team>
MESHCAST_INLINE void set_pose(const Team& team, const RefinePose& p, const float* rest, const RefinedState& state) {
  for (std::int64_t j = team.rank(); j < p.joint_count; j += team.size())
    matrix_of(state.quaternions + 4 * j, state.local + 9 * j);
  team.sync();
  for (std::int64_t j = 0; j < p.joint_count; ++j) {
    const std::int64_t parent = j == 0 ? 0 : p.parents[j];
    const double *up = state.world + 9 * parent, *own = state.local + 9 * j;
    for (int e = team.rank(); e < 12; e += team.size()) {
      if (e < 9) {
        const int a = e / 3, b = e % 3;
        state.world[9 * j + e] =
            j == 0 ? own[e] : up[3 * a] * own[b] + up[3 * a + 1] * own[3 + b] + up[3 * a + 2] * own[6 + b];
      } else {
        const int a = e - 9;
        double place = j == 0 ? 0.0 : state.places[3 * parent + a];
        for (int b = 0; b < 3 && j > 0; ++b) place += up[3 * a + b] * (double(rest[3 * j + b]) - rest[3 * parent + b]);
        state.places[3 * j + a] = place;
      }
    }
    team.sync();
  }
}

// What joint j alone moves of a keypoint, relative to the root, and its mass; false where it moves nothing.
MESHCAST_INLINE bool own_arm(const RefinePose& p, const float* first, const float* rest, const RefinedState& state,
                             std::int64_t k, std::int64_t j, double arm[4]) {
  const float* m = first + 3 * (k * p.joint_count + j);
  const double mass = p.zeroth[k * p.joint_count + j];
  if (mass == 0 && m[0] == 0 && m[1] == 0 && m[2] == 0) return false;
  const double* g = state.world + 9 * j;
  const double from[3] = {m[0] - mass * rest[3 * j], m[1] - mass * rest[3 * j + 1], m[2] - mass * rest[3 * j + 2]};
  for (int a = 0; a < 3; ++a)
    arm[a] = g[3 * a] * from[0] + g[3 * a + 1] * from[1] + g[3 * a + 2] * from[2] + mass * state.places[3 * j + a];
  arm[3] = mass;
  return true;
}

MESHCAST_INLINE double keypoint_term(const RefinePose& p, std::int64_t person, const float* rest,
                                     const RefinedState& state, std::int64_t k) {
  const float* first = p.first + 3 * p.keypoint_count * p.joint_count * person;
  const std::int64_t at = p.keypoint_count * person + k;
  const float *observed = p.rays + p.dimensions * at, *a = p.precision + p.precision_count() * at;
  double *seen = state.seen + 7 * k, arm[4];
  for (int i = 0; i < 3; ++i) seen[i] = state.root[i];
  for (std::int64_t j = 0; j < p.joint_count; ++j) {
    if (!own_arm(p, first, rest, state, k, j, arm)) continue;
    for (int i = 0; i < 3; ++i) seen[i] += arm[i];
  }
  double square;
  if (p.dimensions == 3) {
    const double away[3] = {seen[0] - observed[0], seen[1] - observed[1], seen[2] - observed[2]};
    seen[3] = a[0] * away[0] + a[1] * away[1] + a[2] * away[2];
    seen[4] = a[3] * away[1] + a[4] * away[2];
    seen[5] = a[5] * away[2];
    square = seen[3] * seen[3] + seen[4] * seen[4] + seen[5] * seen[5];
  } else {
    if (!(seen[2] >= kNear)) return INFINITY;
    const double u = seen[0] / seen[2] - observed[0], v = seen[1] / seen[2] - observed[1];
    seen[3] = a[0] * u + a[1] * v;
    seen[4] = a[2] * v;
    square = seen[3] * seen[3] + seen[4] * seen[4];
  }
  const double ratio = 1 / (1 + square / (p.robust * p.robust));
  seen[6] = ratio;  // the weight is its square
  return square * ratio;
}

MESHCAST_INLINE double joint_term(const RefinePose& p, std::int64_t person, const double* prior,
                                  const RefinedState& state, std::int64_t j) {
  const float* stiffness = p.stiffness + 3 * (p.joint_count * person + j);
  double away[4], sum = 0;
  relative_quaternion(state.quaternions + 4 * j, prior + 4 * j, away);
  for (int a = 0; a < 3; ++a) sum += stiffness[a] * 4 * away[a + 1] * away[a + 1];
  return sum;
}

// The angle beyond the limit, signed, and its slope.
MESHCAST_INLINE double beyond_limit(const RefinePose& p, const RefinedState& state, std::int64_t limit,
                                    double slope[3]) {
  const double angle = twist(state.quaternions + 4 * p.limit_joints[limit], p.limit_axes + 3 * limit, slope);
  const double low = p.limit_ranges[2 * limit], high = p.limit_ranges[2 * limit + 1];
  return angle < low ? angle - low : angle > high ? angle - high : 0.0;
}

// Stiffness of the root, a symmetric matrix, times its way from where it was given.
MESHCAST_INLINE void root_pull(const RefinePose& p, std::int64_t person, const RefinedState& state, double away[3],
                               double matrix[9], double pull[3]) {
  const float *root = p.root + 3 * person, *stiffness = p.root_stiffness + 2 * person;
  double ray[3] = {root[0], root[1], root[2]};
  const double length = std::sqrt(ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2]);
  for (int a = 0; a < 3; ++a) {
    ray[a] = length > 0 ? ray[a] / length : a == 2 ? 1.0 : 0.0;
    away[a] = state.root[a] - root[a];
  }
  for (int a = 0; a < 3; ++a) {
    pull[a] = 0;
    for (int b = 0; b < 3; ++b) {
      const double outer = ray[a] * ray[b];
      matrix[3 * a + b] = stiffness[1] * outer + stiffness[0] * ((a == b ? 1.0 : 0.0) - outer);
      pull[a] += matrix[3 * a + b] * away[b];
    }
  }
}

MESHCAST_INLINE double root_term(const RefinePose& p, std::int64_t person, const RefinedState& state) {
  double away[3], matrix[9], pull[3];
  root_pull(p, person, state, away, matrix, pull);
  return away[0] * pull[0] + away[1] * pull[1] + away[2] * pull[2];
}

// The energy of a state whose pose is set; `used` are the keypoints that count.
template <typename Team>
MESHCAST_INLINE double energy_of(const Team& team, const RefinePose& p, std::int64_t person,
                                 const RefineScratch& scratch, const RefinedState& state, std::uint64_t used) {
  const float* rest = p.rest_joints + 3 * p.joint_count * person;
  const std::int64_t joints_end = p.keypoint_count + p.joint_count, limits_end = joints_end + p.limit_count;
  for (std::int64_t i = team.rank(); i < p.term_count(); i += team.size()) {
    double term = 0, slope[3];
    if (i < p.keypoint_count) {
      if (used >> i & 1) term = keypoint_term(p, person, rest, state, i);
    } else if (i < joints_end) {
      term = joint_term(p, person, scratch.prior, state, i - p.keypoint_count);
    } else if (i < limits_end) {
      const double beyond = beyond_limit(p, state, i - joints_end, slope);
      term = p.limit_stiffness * beyond * beyond;
    } else {
      term = root_term(p, person, state);
    }
    state.terms[i] = term;
  }
  team.sync();
  double sum = 0;
  for (std::int64_t i = 0; i < p.term_count(); ++i) sum += state.terms[i];
  return sum;
}

}  // namespace meshcast
