// The body's bones and their transforms, in Unreal's axes and centimetres.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meshcast/axes.hpp"
#include "meshcast/messages.hpp"

namespace meshcast::unreal {

/// A bone's place: relative to its parent, or to the whole, as the name of the variable says.
struct Transform {
  Quat rotation;
  Vec3 position;
};

/// `child`, given relative to `parent`, relative to what the parent is relative to.
inline Transform operator*(const Transform& parent, const Transform& child) {
  return {parent.rotation * child.rotation, parent.position + rotate(parent.rotation, child.position)};
}

/// Transforms relative to the whole from those relative to the parents, which come before their children.
inline std::vector<Transform> chained(const std::vector<std::int32_t>& parents, const std::vector<Transform>& local) {
  std::vector<Transform> whole(local);
  for (std::size_t i = 0; i < local.size(); ++i)
    if (parents[i] >= 0) whole[i] = whole[static_cast<std::size_t>(parents[i])] * local[i];
  return whole;
}

/// Between two poses of one skeleton; t above 1 continues the motion.
inline std::vector<Transform> blended(const std::vector<Transform>& from, const std::vector<Transform>& to, float t) {
  std::vector<Transform> pose(to.size());
  for (std::size_t i = 0; i < to.size(); ++i)
    pose[i] = {slerp(from[i].rotation, to[i].rotation, t), lerp(from[i].position, to[i].position, t)};
  return pose;
}

/// The bones of a model message: what Live Link calls static data.
struct Skeleton {
  std::uint32_t model_id = 0;
  std::vector<std::string> names;
  std::vector<std::int32_t> parents;  // -1 at the root
  std::vector<Vec3> rest;             // the joints of the resting body, which faces +x
  std::vector<Vec3> shape_dirs;       // bones, shapes
  std::size_t shapes = 0;

  /// Nothing when the model has no rig.
  static std::optional<Skeleton> of(const Model& model) {
    if (model.influences == 0) return std::nullopt;
    Skeleton made;
    const Conversion to = Conversion::between(model.axes, Axes::unreal);
    const std::size_t P = model.parents_count;
    made.model_id = model.model_id;
    made.shapes = model.shapes;
    std::string_view names = model.names;
    for (std::size_t j = 0; j < P; ++j) {
      made.names.emplace_back(Model::next_name(names));
      made.parents.push_back(model.parents[j]);
      made.rest.push_back(to.body_point(model.rest_joint(j)));
      for (std::size_t b = 0; b < model.shapes; ++b)
        made.shape_dirs.push_back(to.body_point(model.joint_shape_dir(j, b)));
    }
    return made;
  }

  /// A person's bones relative to their parents, the root to the camera's frame: what Live Link calls frame data.
  /// Nothing when the frame does not fit.
  std::optional<std::vector<Transform>> pose(const Frame& frame, std::size_t person) const {
    const auto to = conversion(frame, Axes::unreal);
    if (!to || frame.model_id != model_id || frame.rotations != parents.size() || frame.shapes != shapes)
      return std::nullopt;
    std::vector<Vec3> joints(rest);
    for (std::size_t j = 0; j < joints.size(); ++j)
      for (std::size_t b = 0; b < shapes; ++b)
        joints[j] = joints[j] + frame.shape(person, b) * shape_dirs[j * shapes + b];
    std::vector<Transform> local(parents.size());
    for (std::size_t j = 0; j < local.size(); ++j) {
      local[j].rotation = quaternion(local_rotation(frame, person, j, *to));
      local[j].position = parents[j] < 0 ? to->point(frame.translation(person))
                                         : joints[j] - joints[static_cast<std::size_t>(parents[j])];
    }
    return local;
  }
};

}  // namespace meshcast::unreal
