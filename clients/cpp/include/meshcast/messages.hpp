// What a message holds. Everything here is a view of the message's bytes: keep them as long as the view is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "meshcast/bytes.hpp"
#include "meshcast/layout.hpp"
#include "meshcast/math.hpp"

namespace meshcast {

/// What all messages say about themselves.
struct Header {
  Kind kind = Kind::mesh;
  std::string_view stream;
  std::uint64_t seq = 0;  // of frames: the same at every level; of models and states: counted by themselves
  std::int64_t t_publish_unix_ns = 0;  // wall clock
  std::uint32_t session = 0;           // drawn once per run of the publisher
  std::uint32_t model_id = 0;
  std::string_view model_name;
  Axes axes = Axes::opencv;
  Unit unit = Unit::metre;
  Space space = Space::camera;
};

/// A pinhole camera in px, K = [[fx, skew, cx], [0, fy, cy], [0, 0, 1]], with Brown-Conrady distortion in OpenCV's
/// order.
struct Intrinsics {
  float fx = 0, fy = 0, cx = 0, cy = 0, skew = 0;
  float k1 = 0, k2 = 0, p1 = 0, p2 = 0, k3 = 0;
  bool known() const noexcept { return fx > 0 && fy > 0; }
};

/// The bodies of one frame. What the frame's level leaves out has a count of zero. Lengths are in `unit`.
struct Frame : Header {
  std::uint64_t frame_index = 0;
  std::int64_t t_capture_unix_ns = 0;
  std::int64_t t_capture_monotonic_ns = 0;
  double t_stream_s = 0;
  std::uint32_t age_us = 0;  // from capture to sending
  std::uint32_t width = 0, height = 0;
  Intrinsics camera;
  std::size_t people = 0;
  std::size_t vertices = 0, joints = 0, keypoints = 0, rotations = 0, shapes = 0;  // of each person

  Array<std::int32_t> ids;
  Array<float> scores;
  Array<float> translation_values;  // people, 3
  Array<float> joint_values;        // people, joints, 3
  Array<float> keypoint_values;     // people, keypoints, 3
  Array<float> low, step;           // people, 3
  Array<std::uint16_t> levels;      // people, vertices, 3
  Array<std::int16_t> rotation_levels, shape_levels;
  Array<float> error_mm;                       // people, or nothing where there are no rotations
  std::size_t visibilities = 0, contacts = 0;  // of each person; 0: the publisher does not know
  Array<std::uint8_t> visibility_levels, contact_levels;

  /// When it was sent, on the publisher's monotonic clock, s.
  double t_publish_s() const noexcept { return double(t_capture_monotonic_ns) / 1e9 + double(age_us) / 1e6; }

  Vec3 translation(std::size_t person) const noexcept { return point(translation_values, person); }
  Vec3 joint(std::size_t person, std::size_t j) const noexcept { return point(joint_values, person * joints + j); }
  /// x px, y px, score.
  Vec3 keypoint(std::size_t person, std::size_t k) const noexcept {
    return point(keypoint_values, person * keypoints + k);
  }
  Vec3 vertex(std::size_t person, std::size_t v) const noexcept {
    return dequantised(point(low, person), point(step, person), (person * vertices + v) * 3);
  }
  /// A person's vertices into `out`, which has room for them.
  void copy_vertices(std::size_t person, Vec3* out) const noexcept {
    if (vertices == 0) return;  // then there are no bounds either
    const Vec3 from = point(low, person), by = point(step, person);
    for (std::size_t v = 0; v < vertices; ++v) out[v] = dequantised(from, by, (person * vertices + v) * 3);
  }
  /// Radians, local to the parent joint.
  Vec3 rotvec(std::size_t person, std::size_t joint) const noexcept {
    const std::size_t i = (person * rotations + joint) * 3;
    return kRotationStep *
           Vec3{float(rotation_levels[i]), float(rotation_levels[i + 1]), float(rotation_levels[i + 2])};
  }
  /// 1 where a joint of the model was observed, 0 where its position is assumed, for j < visibilities.
  float visibility(std::size_t person, std::size_t j) const noexcept {
    return float(visibility_levels[person * visibilities + j]) / kObservedLevels;
  }
  /// Whether the left (0) or right (1) foot stands still on something, 0 to 1, for foot < contacts.
  float contact(std::size_t person, std::size_t foot) const noexcept {
    return float(contact_levels[person * contacts + foot]) / kObservedLevels;
  }
  /// Standard deviations.
  float shape(std::size_t person, std::size_t b) const noexcept {
    return kShapeStep * float(shape_levels[person * shapes + b]);
  }

 private:
  static Vec3 point(const Array<float>& values, std::size_t i) noexcept {
    return {values[i * 3], values[i * 3 + 1], values[i * 3 + 2]};
  }
  Vec3 dequantised(Vec3 from, Vec3 by, std::size_t i) const noexcept {
    return {from.x + by.x * float(levels[i]), from.y + by.y * float(levels[i + 1]),
            from.z + by.z * float(levels[i + 2])};
  }
};

/// The constants of a stream's bodies, in the body's own axes. A frame with the same `model_id` is drawn with them.
struct Model : Header {
  std::size_t vertices = 0, faces = 0, joints = 0, keypoints = 0, parents_count = 0;
  std::size_t influences = 0;  // 4, or 0: no rig
  std::size_t shapes = 0, uvs = 0, lod_vertices_count = 0, lod_faces_count = 0;

  Array<float> rest_values;              // vertices, 3
  Array<std::int32_t> face_indices;      // faces, 3: counter-clockwise seen from outside
  Array<std::int32_t> parents;           // -1 at the root, else a joint that comes before
  std::string_view names;                // of the joints, then of the keypoints, each closed by a NUL
  Array<float> rest_joint_values;        // parents, 3
  Array<std::uint8_t> skin_joints;       // vertices, 4
  Array<std::uint16_t> skin_weights;     // vertices, 4
  Array<std::int16_t> shape_dir_levels;  // vertices, 3, shapes
  Array<float> shape_steps;              // shapes
  Array<float> joint_shape_dirs;         // parents, 3, shapes
  Array<float> uv_values;                // uvs, 2: v up
  Array<std::int32_t> uv_faces;          // faces, 3
  Array<std::int32_t> lod_vertices;      // rising
  Array<std::int32_t> lod_face_indices;  // lod_faces_count, 3: between positions in lod_vertices

  Vec3 rest_vertex(std::size_t v) const noexcept {
    return {rest_values[v * 3], rest_values[v * 3 + 1], rest_values[v * 3 + 2]};
  }
  Vec3 rest_joint(std::size_t j) const noexcept {
    return {rest_joint_values[j * 3], rest_joint_values[j * 3 + 1], rest_joint_values[j * 3 + 2]};
  }
  float skin_weight(std::size_t v, std::size_t i) const noexcept {
    return float(skin_weights[v * kInfluences + i]) / kWeightLevels;
  }
  /// How far a unit of shape b moves vertex v.
  Vec3 shape_dir(std::size_t v, std::size_t b) const noexcept {
    const std::size_t i = v * 3 * shapes + b;
    return shape_steps[b] * Vec3{float(shape_dir_levels[i]), float(shape_dir_levels[i + shapes]),
                                 float(shape_dir_levels[i + 2 * shapes])};
  }
  /// How far a unit of shape b moves a resting joint.
  Vec3 joint_shape_dir(std::size_t j, std::size_t b) const noexcept {
    const std::size_t i = j * 3 * shapes + b;
    return {joint_shape_dirs[i], joint_shape_dirs[i + shapes], joint_shape_dirs[i + 2 * shapes]};
  }
  /// The next name in `rest`, which starts as `names` and loses it: UTF-8.
  static std::string_view next_name(std::string_view& rest) noexcept {
    const std::size_t end = rest.find('\0');
    const std::string_view found = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return found;
  }
};

/// How a stream is doing, once a second.
struct Status : Header {
  State state = State::live;
  std::uint64_t next_seq = 0;  // of the stream's next frame: whoever has seen less has lost the rest
  std::int64_t t_publish_monotonic_ns = 0;
  std::string_view reason;  // UTF-8, for people
};

}  // namespace meshcast
