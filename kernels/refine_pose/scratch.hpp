#pragma once

#include <cstdint>

#include "refine_pose/refine_pose.hpp"

namespace meshcast {

// One pose of one person; arrays of the workspace.
struct RefinedState {
  double* quaternions;  // (J, 4), local
  double* local;        // (J, 3, 3)
  double* world;        // (J, 3, 3)
  double* places;       // (J, 3), relative to the root joint
  double* root;         // (3)
  double* seen;         // (K, 7): point, residuals (two of a ray), square root of the robust weight
  double* terms;        // of the energy: keypoints, joints, limits, root
};

// One person's part of the workspace.
struct RefineScratch {
  RefinedState states[2];
  double* prior;         // (J, 4) quaternions
  std::uint64_t* masks;  // (J + 1): the keypoints in use that a joint's subtree moves, at last the root
  double* arms;          // (K, J, 4): what a joint's subtree moves of a keypoint, relative to the root, and its mass
  double* jacobians;     // (K, J + 1, 3, 3): of the residuals by the turns of joints and the root
  double *normal, *factors, *gradient, *step;

  MESHCAST_MEMBER RefineScratch(const RefinePose& p, std::int64_t person) {
    double* at = p.workspace + person * p.workspace_stride;
    const std::int64_t joints = p.joint_count, keypoints = p.keypoint_count, unknowns = p.unknowns();
    for (RefinedState& state : states) {
      state.quaternions = take(at, 4 * joints);
      state.local = take(at, 9 * joints);
      state.world = take(at, 9 * joints);
      state.places = take(at, 3 * joints);
      state.root = take(at, 3);
      state.seen = take(at, 7 * keypoints);
      state.terms = take(at, p.term_count());
    }
    prior = take(at, 4 * joints);
    masks = reinterpret_cast<std::uint64_t*>(take(at, joints + 1));
    arms = take(at, 4 * keypoints * joints);
    jacobians = take(at, 9 * keypoints * (joints + 1));
    normal = take(at, unknowns * unknowns);
    factors = take(at, unknowns * unknowns);
    gradient = take(at, unknowns);
    step = take(at, unknowns);
  }

 private:
  MESHCAST_MEMBER static double* take(double*& at, std::int64_t count) {
    double* from = at;
    at += count;
    return from;
  }
};

// The rows of a joint's three unknowns; the last joint comes first, so that children are eliminated before their
// parents, and the root's translation (joint J) comes last.
MESHCAST_INLINE std::int64_t first_unknown(const RefinePose& p, std::int64_t joint) {
  return joint == p.joint_count ? 3 * joint : 3 * (p.joint_count - 1 - joint);
}

}  // namespace meshcast
