#pragma once

#include <cstdint>

// Pose and shape of a rigged body from its vertices; the pose also on a device, where the vertices of a mesh network
// are.
//
// A body is what linear blend skinning (Loper et al., SMPL, 2015, eq. 2 to 4) makes of resting vertices v and joints j:
//
//     x_v = sum over k of weights[v, k] (G_k (v_v - j_k) + p_k),   G_k = G_parent R_k,   p_k = p_parent + G_parent (j_k
//     - j_parent), p_0 = 0: vertices are relative to the root joint.
//
// fit_rotations finds the local rotations R that make the least of
//
//     mean over v of |x_v - vertices_v|^2 + stiffness sum over k of (3 - tr(R_k^T prior_k)),
//
// by Levenberg-Marquardt. The energy is quadratic in the transforms T_k = [G_k, p_k - G_k j_k], so that all it needs of
// the vertices are the moments M_k = mean of w_vk x_v h^T (3 x 4) and S_ij = mean of w_vi w_vj h h^T (4 x 4), h = (v_v,
// 1): one pass over the vertices, then steps that do not know how many there are. The sum over k is stiffness times
// the square of the angle between R_k and prior_k, for small ones: stiffness is in m^2 / rad^2, and settles what the
// vertices do not.
//
// shape_evidence gives the linear least squares of the shape around a pose, whatever the pose then does about it (the
// variable projection of Golub and Pereyra, 1973). With J the derivatives of x_v by the shape, W those by the turns of
// all joints and r = vertices - x, all as means over v:
//
//     A = J^T J - J^T W (W^T W + kLoose)^-1 W^T J,    b = J^T r - J^T W (W^T W + kLoose)^-1 W^T r.
//
// Arrays are C-contiguous. The rig: joints (V, 4) uint8 and weights (V, 4) float32 whose rows sum to 1, parents (P)
// int32, each before its joint, the root's is not looked at; 1 to kMaxJoints joints. Inputs: rest (N, V, 3) and
// rest_joints (N, P, 3), vertices (N, V, 3), prior and rotations (N, P, 3, 3) row-major, stiffness (N), float32;
// shape_dirs (V, 3, B), joint_shape_dirs (P, 3, B) float32, at most kMaxShapes. Outputs: rotations (N, P, 3, 3), proper
// to float32's rounding, and error (N) float32, the root mean square distance in the unit of the vertices; evidence
// (N, B, B + 1) float64, A and in the last column b. A person with a number that is not finite gets the prior
// (or where that is not finite, the identity) and not-a-number as error.
//
// On a device, fit_rotations works in a part of `workspace` for each person, fit_workspace_numbers float64. Its sums
// run in another order than the CPU's, so that rotations differ by its tolerance at most: a step that one of them takes
// and the other does not gains less than kFitTolerance of the energy.
namespace meshcast {

inline constexpr int kInfluences = 4;
inline constexpr int kMaxJoints = 64;
inline constexpr int kMaxShapes = 32;
inline constexpr double kLoose = 1e-6;  // m^2 / rad^2, keeps joints which move no vertex solvable

// Of fit_rotations.
inline constexpr int kFitSteps = 12;           // tried at most; three or four do from the frame before
inline constexpr double kFitTolerance = 1e-4;  // of the energy: a step that gains less is the last one
inline constexpr double kFitEnough = 1e-12;    // m^2, mean square distance at which nothing is left to gain
inline constexpr double kTrust = 1e-3;      // of a bone's spread: how strongly it follows its parent in the first guess
inline constexpr double kFloor = 1e-12;     // m^2, damping that keeps joints which move no vertex solvable
inline constexpr double kRounding = 1e-10;  // of the mean diagonal: damping that outweighs rounding

// One body's rig and pose, shared by both operators.
struct RiggedBody {
  const std::uint8_t* joints;
  const float* weights;
  const std::int32_t* parents;
  const float* rest;
  const float* rest_joints;
  const float* vertices;
  std::int64_t people;
  std::int64_t vertex_count;
  std::int64_t joint_count;
};

struct FitRotations {
  RiggedBody body;
  const float* prior;
  const float* stiffness;
  float* rotations;
  float* error;
};

struct ShapeEvidence {
  RiggedBody body;
  const float* shape_dirs;
  const float* joint_shape_dirs;
  const float* rotations;
  double* evidence;
  std::int64_t shape_count;
};

// Numbers of float64 that a person needs in the workspace of fit_rotations_cuda.
constexpr std::int64_t fit_workspace_numbers(std::int64_t joints) {
  const std::int64_t pairs = joints * (joints + 1) / 2;
  return 138 * joints + 43 * pairs + 34 * joints * joints;
}

void fit_rotations_cpu(const FitRotations& p);
// stride: of a person's part of the workspace.
void fit_rotations_cuda(const FitRotations& p, double* workspace, std::int64_t stride, std::uintptr_t stream);
void shape_evidence_cpu(const ShapeEvidence& p);

}  // namespace meshcast
