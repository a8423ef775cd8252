#pragma once

#include <cmath>
#include <cstdint>

#include "common/normal_equations.hpp"
#include "refine_pose/linearize.hpp"

namespace meshcast {

inline constexpr int kTries = 4;            // dampings that a step tries
inline constexpr double kDamping = 1e-4;    // of the diagonal, at first
inline constexpr double kMoreDamping = 10;  // where a step does not lower the energy; a good one divides by it
inline constexpr double kFailed = 1e-2;     // least damping after a step that does not
inline constexpr double kLeast = 1e-9;      // added to the diagonal: keeps what nothing determines solvable
inline constexpr double kGain = 1e-9;       // of the energy, or of a squared standard deviation: less is rounding

// Keypoints with finite numbers and a weight that, if they are on rays, are in front of the camera at the prior.
template <typename Team>
MESHCAST_INLINE std::uint64_t keypoints_in_use(const Team& team, const RefinePose& p, std::int64_t person,
                                               const RefinedState& state) {
  const float* rest = p.rest_joints + 3 * p.joint_count * person;
  for (std::int64_t k = team.rank(); k < p.keypoint_count; k += team.size()) {
    const std::int64_t at = p.keypoint_count * person + k;
    const int numbers = p.precision_count();
    const float* a = p.precision + numbers * at;
    bool weighted = false;
    for (int i = 0; i < numbers; ++i) weighted = weighted || a[i] != 0;
    weighted = weighted && finite_all(p.rays + p.dimensions * at, p.dimensions) && finite_all(a, numbers);
    state.terms[k] = weighted ? keypoint_term(p, person, rest, state, k) : INFINITY;
  }
  team.sync();
  std::uint64_t used = 0;
  for (std::int64_t k = 0; k < p.keypoint_count; ++k)
    used |= finite_number(state.terms[k]) ? std::uint64_t(1) << k : std::uint64_t(0);
  team.sync();
  return used;
}

// The damped step; false where the equations cannot be solved.
template <typename Team>
MESHCAST_INLINE bool solve_step(const Team& team, const RefinePose& p, const RefineScratch& scratch, double damping) {
  const std::int64_t n = p.unknowns();
  for (std::int64_t r = team.row(); r < n; r += team.rows()) {
    for (std::int64_t c = r + team.column(); c < n; c += team.columns()) {
      const double value = scratch.normal[r * n + c];
      scratch.factors[r * n + c] = r == c ? value * (1 + damping) + kLeast : value;
    }
  }
  for (std::int64_t i = team.rank(); i < n; i += team.size()) scratch.step[i] = -scratch.gradient[i];
  team.sync();
  if (!factor_positive(team, scratch.factors, n)) return false;
  solve_half(team, scratch.factors, scratch.step, n, 1);
  solve_rest(team, scratch.factors, scratch.step, n);
  return true;
}

// The pose after the step.
template <typename Team>
MESHCAST_INLINE void take_step(const Team& team, const RefinePose& p, const RefineScratch& scratch,
                               const RefinedState& from, const RefinedState& to) {
  for (std::int64_t j = team.rank(); j < p.joint_count; j += team.size()) {
    const double *turn = scratch.step + first_unknown(p, j), *up = from.world + 9 * (j == 0 ? 0 : p.parents[j]);
    double own[3];  // in the axes of the joint's parent
    for (int a = 0; a < 3; ++a) own[a] = j == 0 ? turn[a] : up[a] * turn[0] + up[3 + a] * turn[1] + up[6 + a] * turn[2];
    turned_quaternion(own, from.quaternions + 4 * j, to.quaternions + 4 * j);
  }
  for (int a = team.rank(); a < 3; a += team.size())
    to.root[a] = from.root[a] + scratch.step[first_unknown(p, p.joint_count) + a];
  team.sync();
}

// All of one person; all threads of a team call it.
template <typename Team>
MESHCAST_INLINE void refine_person(const Team& team, const RefinePose& p, std::int64_t person) {
  const RefineScratch scratch(p, person);
  const std::int64_t joints = p.joint_count;
  const float *prior = p.prior + 9 * joints * person, *root = p.root + 3 * person;
  const float* rest = p.rest_joints + 3 * joints * person;
  const bool good = finite_all(prior, 9 * joints) && finite_all(root, 3) && finite_all(rest, 3 * joints) &&
                    finite_all(p.stiffness + 3 * joints * person, 3 * joints) &&
                    finite_all(p.root_stiffness + 2 * person, 2);
  int now = 0;
  bool moved = false;
  double before = NAN, energy = NAN;
  if (good) {
    for (std::int64_t j = team.rank(); j < joints; j += team.size()) {
      quaternion_of(prior + 9 * j, scratch.prior + 4 * j);
      for (int i = 0; i < 4; ++i) scratch.states[0].quaternions[4 * j + i] = scratch.prior[4 * j + i];
    }
    for (int a = team.rank(); a < 3; a += team.size()) scratch.states[0].root[a] = root[a];
    team.sync();
    set_pose(team, p, rest, scratch.states[0]);
    const std::uint64_t used = keypoints_in_use(team, p, person, scratch.states[0]);
    set_masks(team, p, person, scratch, used);
    before = energy = energy_of(team, p, person, scratch, scratch.states[0], used);

    double damping = kDamping;
    bool better = true;
    for (int step = 0; step < p.steps && better; ++step) {
      linearize(team, p, person, scratch, scratch.states[now], used);
      better = false;
      for (int attempt = 0; attempt < kTries && !better; ++attempt) {
        double tried = INFINITY;
        if (solve_step(team, p, scratch, damping)) {
          const RefinedState& to = scratch.states[1 - now];
          take_step(team, p, scratch, scratch.states[now], to);
          set_pose(team, p, rest, to);
          tried = energy_of(team, p, person, scratch, to, used);
        }
        better = tried < energy - kGain * (1 + energy);
        damping = better ? damping / kMoreDamping : std::fmax(damping * kMoreDamping, kFailed);
        team.sync();  // before the next attempt writes what this one has read
        if (better) {
          energy = tried;
          now = 1 - now;
          moved = true;
        }
      }
    }
  }
  const RefinedState& result = scratch.states[now];
  for (std::int64_t i = team.rank(); i < 9 * joints; i += team.size())
    p.rotations[9 * joints * person + i] = moved ? static_cast<float>(result.local[i]) : prior[i];
  for (int a = team.rank(); a < 3; a += team.size())
    p.translation[3 * person + a] = moved ? static_cast<float>(result.root[a]) : root[a];
  if (team.rank() == 0) {
    p.energy[2 * person] = static_cast<float>(before);
    p.energy[2 * person + 1] = static_cast<float>(energy);
  }
}

}  // namespace meshcast
