#pragma once

#include <cstdint>

#include "common/portable.hpp"

// Poses of a rig, moved towards the 2D keypoints that a camera saw of it.
//
// Keypoint k of a body is linear in the posed vertices, and so in the world rotations G_j and places p_j of its joints
// (fit_rotations.hpp has the chain; places are relative to the root joint, which is at t):
//
//     x_k = t + sum over j of G_j (first[k, j] - zeroth[k, j] rest_j) + zeroth[k, j] p_j.
//
// refine_pose looks for the local rotations R and the translation t that make the least of
//
//     sum over k of rho(|A_k (x_k / z_k - ray_k)|^2)                                       rho(s) = s / (1 + s /
//     robust^2)
//     + sum over j of |v(R_j prior_j^T)|^2, its components weighted by stiffness[j]    v = 2 sin(angle / 2) axis
//     + |t - root|^2, across the ray to the root and along it weighted by root_stiffness
//     + limit_stiffness sum over limits of (the angle beyond the limit)^2,
//
// starting from the prior, by `steps` damped Gauss-Newton steps (Levenberg-Marquardt; rho by re-weighting), of which
// each makes it less. A_k is the upper triangular root of a keypoint's information matrix, `precision` (a, b, c):
// A_k = [[a, b], [0, c]] in standard deviations per unit of the ray, which is (x / z, y / z). The axes of v and of
// limits are those of a joint's parent; a limit holds the turn of R about its axis (the twist of the swing-twist
// decomposition, -pi to pi) between low and high, rad. Stiffness is in 1 / rad^2, root_stiffness in 1 / m^2.
//
// Several calibrated cameras give points in space instead of rays: with `dimensions` 3, the first sum is that of
// rho(|A_k (x_k - point_k)|^2), where `precision` (a, b, c, d, e, f) is A_k = [[a, b, c], [0, d, e], [0, 0, f]] in
// standard deviations per meter. A direction in which a point is not known has no weight: the matrix is then singular.
//
// Arrays are C-contiguous. Constants: parents (J) int32, each before its joint, the root's is not looked at; zeroth
// (K, J) float32; limit_joints (L) int32 in 0..J-1, limit_axes (L, 3), unit vectors, limit_ranges (L, 2) float32.
// Inputs, float32: first (N, K, J, 3), rest_joints (N, J, 3), prior (N, J, 3, 3) proper rotations, row-major, root
// (N, 3), stiffness (N, J, 3), root_stiffness (N, 2) across and along, rays (N, K, 2), precision (N, K, 3), or in
// three dimensions the points (N, K, 3) as rays, and precision (N, K, 6). At most kMaxRefinedJoints joints and
// kMaxKeypoints keypoints.
//
// Outputs: workspace (N, at least workspace_numbers) float64, unspecified afterwards; rotations (N, J, 3, 3) and
// translation (N, 3) float32; energy (N, 2) float32, of the prior and of the result. A keypoint has no weight where its
// precision is zero, one of its numbers is not finite, or, on a ray, it is less than kNear in front of the camera at the
// prior. A person with another number that is not finite gets the prior and the root as they are, and not-a-number as energy.
namespace meshcast {

inline constexpr int kMaxRefinedJoints = 64;
inline constexpr int kMaxKeypoints = 64;
inline constexpr double kNear = 0.05;  // m

struct RefinePose {
  const std::int32_t* parents;
  const float* zeroth;
  const std::int32_t* limit_joints;
  const float* limit_axes;
  const float* limit_ranges;
  const float* first;
  const float* rest_joints;
  const float* prior;
  const float* root;
  const float* stiffness;
  const float* root_stiffness;
  const float* rays;
  const float* precision;
  double* workspace;
  float* rotations;
  float* translation;
  float* energy;
  std::int64_t people;
  std::int64_t joint_count;
  std::int64_t keypoint_count;
  std::int64_t limit_count;
  std::int64_t workspace_stride;  // numbers from one person's workspace to the next
  double robust;
  double limit_stiffness;
  int steps;
  int dimensions;  // of an observed keypoint: 2 on a ray, 3 in space

  MESHCAST_MEMBER int precision_count() const { return dimensions == 3 ? 6 : 3; }

  MESHCAST_MEMBER std::int64_t unknowns() const { return 3 * joint_count + 3; }
  MESHCAST_MEMBER std::int64_t term_count() const { return keypoint_count + joint_count + limit_count + 1; }
  // A pose: quaternions, local and world rotations, places, root, residuals and the terms of the energy.
  MESHCAST_MEMBER std::int64_t state_numbers() const {
    return (4 + 9 + 9 + 3) * joint_count + 3 + 7 * keypoint_count + term_count();
  }
  // Two poses; the prior's quaternions; masks; arms and Jacobians of keypoints; the system, its factors and two sides.
  MESHCAST_MEMBER std::int64_t workspace_numbers() const {
    return 2 * state_numbers() + 5 * joint_count + 1 + 4 * keypoint_count * joint_count +
           9 * keypoint_count * (joint_count + 1) + 2 * unknowns() * unknowns() + 2 * unknowns();
  }
};

void refine_pose_cpu(const RefinePose& p);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once: it can be captured in a
// graph. Throws std::runtime_error with CUDA's message when the launch fails.
void refine_pose_cuda(const RefinePose& p, std::uintptr_t stream);

}  // namespace meshcast
