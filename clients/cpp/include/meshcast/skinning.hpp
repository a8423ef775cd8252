// From params to a surface: linear blend skinning of the message's body (Loper et al., SMPL, 2015, eq. 2 to 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "meshcast/axes.hpp"
#include "meshcast/error.hpp"
#include "meshcast/math.hpp"
#include "meshcast/messages.hpp"

namespace meshcast {

/// Where a bone is: rotation and position in the camera's frame.
struct Bone {
  Mat3 rotation;
  Vec3 position;
};

/// Bones from rotations local to the parents and resting joints, `count` of each; the root is at `translation`.
inline void pose_skeleton(const std::int32_t* parents, const Mat3* local, const Vec3* rest, std::size_t count,
                          Vec3 translation, Bone* bones) noexcept {
  for (std::size_t child = 0; child < count; ++child) {
    if (parents[child] < 0) {
      bones[child] = {local[child], translation};
      continue;
    }
    const auto parent = static_cast<std::size_t>(parents[child]);
    bones[child].rotation = bones[parent].rotation * local[child];
    bones[child].position = bones[parent].position + bones[parent].rotation * (rest[child] - rest[parent]);
  }
}

/// A body that can be posed: the constants of a model message in the axes that are wanted. For one thread at a time.
class Skinner {
 public:
  /// Copies what it needs out of the message. Returns why it cannot: the model has no rig.
  std::optional<Error> load(const Model& model, Axes target) {
    if (model.influences == 0)
      return Error::format("body model %.*s has no rig: subscribe to mesh/ for its vertices",
                           static_cast<int>(model.model_name.size()), model.model_name.data());
    const Conversion to = Conversion::between(model.axes, target);
    const std::size_t V = model.vertices, P = model.parents_count, B = model.shapes;
    target_ = target;
    model_id_ = model.model_id;
    shapes_ = B;
    rest_.resize(V);
    shape_dirs_.resize(V * B);
    weights_.resize(V * kInfluences);
    joints_.resize(V * kInfluences);
    model.skin_joints.copy_to(joints_.data());
    for (std::size_t v = 0; v < V; ++v) {
      rest_[v] = to.body_point(model.rest_vertex(v));
      for (std::size_t b = 0; b < B; ++b) shape_dirs_[v * B + b] = to.body_point(model.shape_dir(v, b));
      for (std::size_t i = 0; i < kInfluences; ++i) weights_[v * kInfluences + i] = model.skin_weight(v, i);
    }
    parents_.resize(P);
    model.parents.copy_to(parents_.data());
    rest_joints_.resize(P);
    joint_dirs_.resize(P * B);
    for (std::size_t j = 0; j < P; ++j) {
      rest_joints_[j] = to.body_point(model.rest_joint(j));
      for (std::size_t b = 0; b < B; ++b) joint_dirs_[j * B + b] = to.body_point(model.joint_shape_dir(j, b));
    }
    shape_.resize(B);
    shaped_.resize(P);
    local_.resize(P);
    bones_.resize(P);
    return std::nullopt;
  }

  std::size_t vertices() const noexcept { return rest_.size(); }
  std::size_t joints() const noexcept { return parents_.size(); }
  std::uint32_t model_id() const noexcept { return model_id_; }

  /// A person of a params frame: vertices() points into `vertices` and joints() into `joints`, in the target's axes and
  /// unit; either may be null. Returns why it cannot: the frame belongs to another model, or has no rotations.
  std::optional<Error> skin(const Frame& frame, std::size_t person, Vec3* vertices, Vec3* joints) noexcept {
    const std::size_t P = parents_.size();
    if (frame.model_id != model_id_ || frame.rotations != P || frame.shapes != shapes_ || person >= frame.people)
      return Error::format("frame %llu has no rotations that fit the body model: %zu, %zu joints",
                           static_cast<unsigned long long>(frame.seq), frame.rotations, P);
    const std::optional<Conversion> to = conversion(frame, target_);
    if (!to) return Error::format("coordinates that are not in the camera's frame cannot be converted");
    for (std::size_t b = 0; b < shapes_; ++b) shape_[b] = frame.shape(person, b);
    for (std::size_t j = 0; j < P; ++j) {
      shaped_[j] = shaped(rest_joints_[j], joint_dirs_.data() + j * shapes_);
      local_[j] = local_rotation(frame, person, j, *to);
    }
    pose_skeleton(parents_.data(), local_.data(), shaped_.data(), P, to->point(frame.translation(person)),
                  bones_.data());
    if (joints != nullptr)
      for (std::size_t j = 0; j < P; ++j) joints[j] = bones_[j].position;
    if (vertices != nullptr) blend(vertices);
    return std::nullopt;
  }

 private:
  Vec3 shaped(Vec3 rest, const Vec3* dirs) const noexcept {
    for (std::size_t b = 0; b < shapes_; ++b) rest = rest + shape_[b] * dirs[b];
    return rest;
  }

  void blend(Vec3* vertices) noexcept {
    // From here on a bone says where the origin of the body's frame comes to lie.
    for (std::size_t j = 0; j < bones_.size(); ++j)
      bones_[j].position = bones_[j].position - bones_[j].rotation * shaped_[j];
    for (std::size_t v = 0; v < rest_.size(); ++v) {
      const Vec3 at = shaped(rest_[v], shape_dirs_.data() + v * shapes_);
      Vec3 sum;
      for (std::size_t i = v * kInfluences; i < (v + 1) * kInfluences; ++i) {
        if (weights_[i] == 0) continue;
        const Bone& bone = bones_[joints_[i]];
        sum = sum + weights_[i] * (bone.rotation * at + bone.position);
      }
      vertices[v] = sum;
    }
  }

  Axes target_ = Axes::opencv;
  std::uint32_t model_id_ = 0;
  std::size_t shapes_ = 0;
  std::vector<Vec3> rest_, shape_dirs_, rest_joints_, joint_dirs_, shaped_;
  std::vector<float> weights_, shape_;
  std::vector<std::uint8_t> joints_;
  std::vector<std::int32_t> parents_;
  std::vector<Mat3> local_;
  std::vector<Bone> bones_;
};

}  // namespace meshcast
