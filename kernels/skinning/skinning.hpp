#pragma once

#include <cstdint>

#include "common/half.hpp"
#include "common/portable.hpp"
#include "common/simd.hpp"

// Linear blend skinning with blend shapes (Loper et al., SMPL, 2015, eq. 2 to 4, 8 and 9), for any body of that format:
//
//     rest[n, v]  = template[v] + shape_dirs[v] shape[n] + pose_scale[v] (pose_dirs[v] feature[n])
//     feature[n]  = the row-major R - I of the rotations of joints 1 to J - 1
//     joint[n, j] = joint_template[j] + joint_dirs[j] shape[n], then along the chain of `parents`
//     out[n, v]   = sum over j of weights[v, j] (world[n, j] (rest[n, v] - joint_rest[n, j]) + joint[n, j])
//                   + translation[n]
//
// Vertices come in blocks of kBlock, so that every constant is read once, in order, as whole vectors; the last block is
// padded with zeros. C = ceil(V / kBlock) blocks; all arrays are C-contiguous.
//
// Constants, trusted: template (C, 3, kBlock), shape_dirs (C, B, 3, kBlock), pose_scale (C, 3, kBlock) float32;
// pose_dirs (C, P, 3, kBlock) float32 or int16 with P = 9 (J - 1), or 0 for a body without pose blend shapes. Skinning
// weights are block-sparse: block c has the joints bones[starts[c]..starts[c + 1]] only, starts (C + 1), bones
// (E) int32 in 0..J-1, weights (E, kBlock) float32. joint_template (J, 3), joint_dirs (J, 3, B) float32; parents (J)
// int32, each before its joint, the root's is ignored.
//
// Inputs: rotations (N, J, 3, 3) float32, local, row-major; shape (N, B) float32; translation (N, 3) float32 or none.
//
// Outputs: workspace (N, at least workspace_floats) float32, unspecified afterwards; vertices (N, V, 3) float32,
// float16 or uint16; joints (N, J, 3) float32; bounds (N, 2, 3) float32 with uint16 vertices only: the lowest
// coordinates and the step, vertex = low + step * level. Numbers that are not finite pass through; as uint16, the
// bounds of such a person are not-a-number and the levels 0. Outputs overlap neither each other nor an input.
namespace meshcast {

inline constexpr int kBlock = 32;           // vertices: a warp, and two of the widest CPU vectors
inline constexpr int kRow = 3 * kBlock;     // one number for every coordinate of a block
inline constexpr int kTransform = 16;       // a 3 x 4 transform as four columns, each padded to four rows
inline constexpr float kLevels = 65535.0f;  // steps between the lowest and the highest coordinate

enum class VertexType { kFloat, kHalf, kLevel };

struct Skinning {
  const float* v_template;
  const float* shape_dirs;
  const float* pose_dirs;  // one of these two, the other is null
  const std::int16_t* pose_dirs_16;
  const float* pose_scale;
  const std::int32_t* starts;
  const std::int32_t* bones;
  const float* weights;
  const float* joint_template;
  const float* joint_dirs;
  const std::int32_t* parents;
  const float* rotations;
  const float* shape;
  const float* translation;  // may be null
  float* workspace;
  void* vertices;
  float* joints;
  float* bounds;  // null unless the vertices are levels
  VertexType type;
  std::int64_t people;
  std::int64_t vertex_count;
  std::int64_t joint_count;
  std::int64_t shape_count;
  std::int64_t pose_count;
  std::int64_t workspace_stride;  // floats from one person's workspace to the next

  MESHCAST_MEMBER std::int64_t blocks() const { return (vertex_count + kBlock - 1) / kBlock; }

  // A person's workspace: transforms, pose feature and, for levels, the vertices as float32 and each block's bounds.
  MESHCAST_MEMBER float* transforms(std::int64_t person) const { return workspace + person * workspace_stride; }
  MESHCAST_MEMBER float* feature(std::int64_t person) const { return transforms(person) + kTransform * joint_count; }
  MESHCAST_MEMBER float* staged(std::int64_t person) const { return feature(person) + pose_count; }
  MESHCAST_MEMBER float* block_bounds(std::int64_t person) const { return staged(person) + kRow * blocks(); }
  MESHCAST_MEMBER std::int64_t workspace_floats() const {
    return kTransform * joint_count + pose_count + (type == VertexType::kLevel ? (kRow + 6) * blocks() : 0);
  }
};

// ---- arithmetic of one number, the same on every processor --------------------------------------------------------

// Coordinate `a` of a joint of a body with this shape, unposed: joint_regressor (template + shape_dirs shape).
MESHCAST_INLINE float rest_joint(const float* joint_template, const float* joint_dirs, const float* shape,
                                 std::int64_t shape_count, std::int64_t a) {
  float sum = joint_template[a];
  for (std::int64_t b = 0; b < shape_count; ++b) sum += joint_dirs[a * shape_count + b] * shape[b];
  return sum;
}

// Element (a, b) of the product of a parent's world transform (columns of four) with a local rotation (row-major).
MESHCAST_INLINE float world_rotation(const float* parent, const float* local, int a, int b) {
  return parent[a] * local[b] + parent[4 + a] * local[3 + b] + parent[8 + a] * local[6 + b];
}

// Coordinate `a` of R x, R the first three columns of a transform.
MESHCAST_INLINE float rotated(const float* transform, float x, float y, float z, int a) {
  return transform[a] * x + transform[4 + a] * y + transform[8 + a] * z;
}

// Blend shapes: sum[person][i] += features[f, person] * dirs[f, i] over `count` directions f. Rows of dirs are
// dirs_step numbers apart, the `Width` pieces of a row `piece` apart; features of one person feature_step, those of
// neighboring people person_step.
template <typename Simd, int People, int Width, typename Dir>
MESHCAST_INLINE void add_directions(const Dir* dirs, std::int64_t dirs_step, int piece, const float* features,
                                    std::int64_t feature_step, std::int64_t person_step, std::int64_t count,
                                    typename Simd::Number (&sum)[People][Width]) {
  for (std::int64_t f = 0; f < count; ++f) {
    typename Simd::Number row[Width];
    MESHCAST_UNROLL
    for (int i = 0; i < Width; ++i) Simd::load(dirs + f * dirs_step + i * piece, row[i]);
    MESHCAST_UNROLL
    for (int person = 0; person < People; ++person) {
      const float weight = features[f * feature_step + person * person_step];
      MESHCAST_UNROLL
      for (int i = 0; i < Width; ++i) sum[person][i] += weight * row[i];
    }
  }
}

// Skinning: out[row][i] += the blended transforms' [column][row][i] * coordinate[column][i], summed over `Columns`
// columns, of which `transforms` points at the first one of joint 0. Columns are `column_step` floats apart, joints
// transform_step; `weights` points at the first vertex.
template <typename Simd, int Columns, int Width>
MESHCAST_INLINE void add_columns(const float* transforms, int transform_step, int column_step,
                                 const std::int32_t* bones, const float* weights, int count,
                                 const typename Simd::Number (&coordinate)[Columns][Width],
                                 typename Simd::Number (&out)[3][Width]) {
  typename Simd::Number blended[3 * Columns][Width] = {};
  for (int e = 0; e < count; ++e) {
    const float* from = Simd::aligned(transforms + bones[e] * transform_step);
    MESHCAST_UNROLL
    for (int i = 0; i < Width; ++i) {
      typename Simd::Number weight;
      Simd::load(weights + e * kBlock + i * Simd::kLanes, weight);
      MESHCAST_UNROLL
      for (int k = 0; k < 3 * Columns; ++k) blended[k][i] += from[k / 3 * column_step + k % 3] * weight;
    }
  }
  MESHCAST_UNROLL
  for (int k = 0; k < 3 * Columns; ++k) {
    MESHCAST_UNROLL
    for (int i = 0; i < Width; ++i) out[k % 3][i] += blended[k][i] * coordinate[k / 3][i];
  }
}

// The step between levels from the lowest to the highest coordinate, and the factor from meters to levels. Where the
// step is so small that its inverse would overflow, every vertex is at level 0 and the step is 0.
MESHCAST_INLINE void level_scale(float low, float high, float* step, float* inverse) {
  constexpr float kTiny = 1.17549435e-38f;  // the smallest normal number
  *step = (high - low) / kLevels;
  const bool flat = *step < kTiny;
  *inverse = flat ? 0.0f : 1.0f / *step;
  if (flat) *step = 0.0f;
}

// To the nearest level. The product is rounded before the sum: no fused multiply-add may be made of them.
MESHCAST_INLINE std::uint16_t to_level(float value, float low, float inverse) {
#ifdef __CUDA_ARCH__
  const float level = __fadd_rn(__fmul_rn(value - low, inverse), 0.5f);
#else
  const float level = (value - low) * inverse + 0.5f;
#endif
  return static_cast<std::uint16_t>(static_cast<std::int32_t>(level));
}

// ---- the operator -------------------------------------------------------------------------------------------------

void skinning_cpu(const Skinning& p);

// One person's vertices of the workspace as levels between their bounds, rounded as the wire format's encoder does.
void skinning_levels_cpu(const Skinning& p, std::int64_t person);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once: it can be captured in a
// graph. Throws std::runtime_error with CUDA's message when a launch fails.
void skinning_cuda(const Skinning& p, std::uintptr_t stream);

}  // namespace meshcast
