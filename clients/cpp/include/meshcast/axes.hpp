// Coordinate systems: the same body in the axes of another program. docs/wire.md, "Coordinates".
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "meshcast/layout.hpp"
#include "meshcast/math.hpp"
#include "meshcast/messages.hpp"

namespace meshcast {

/// A signed permutation: component i of the result is sign[i] times component from[i].
struct Permutation {
  int from[3] = {0, 1, 2};
  float sign[3] = {1, 1, 1};

  constexpr Permutation inverse() const noexcept {
    Permutation result;
    for (int i = 0; i < 3; ++i) {
      result.from[from[i]] = i;
      result.sign[from[i]] = sign[i];
    }
    return result;
  }

  /// First `before`, then this.
  constexpr Permutation after(const Permutation& before) const noexcept {
    Permutation result;
    for (int i = 0; i < 3; ++i) {
      result.from[i] = before.from[from[i]];
      result.sign[i] = sign[i] * before.sign[from[i]];
    }
    return result;
  }

  Vec3 operator()(Vec3 v) const noexcept {
    const float values[3] = {v.x, v.y, v.z};
    return {sign[0] * values[from[0]], sign[1] * values[from[1]], sign[2] * values[from[2]]};
  }

  /// This times r times the inverse of `right`.
  Mat3 around(const Mat3& r, const Permutation& right) const noexcept {
    Mat3 result;
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) result.m[i][j] = sign[i] * right.sign[j] * r.m[from[i]][right.from[j]];
    return result;
  }
};

/// What sets a system apart. camera: from the camera's frame in opencv axes; body: from the body's own in gltf axes.
struct System {
  Permutation camera, body;
  Unit unit;
  float units_per_metre;
};

constexpr System kSystems[] = {
    {{{0, 1, 2}, {1, 1, 1}}, {{0, 1, 2}, {1, 1, 1}}, Unit::metre, 1},
    {{{0, 1, 2}, {1, -1, 1}}, {{0, 1, 2}, {-1, 1, 1}}, Unit::metre, 1},
    {{{2, 0, 1}, {1, 1, -1}}, {{2, 0, 1}, {1, -1, 1}}, Unit::centimetre, 100},
    {{{0, 1, 2}, {1, -1, -1}}, {{0, 1, 2}, {1, 1, 1}}, Unit::metre, 1},
};

constexpr const System& system(Axes axes) noexcept {
  return kSystems[static_cast<std::size_t>(axes)];
}

/// Whether x, y and z go like thumb, index and middle finger of the left hand.
constexpr bool left_handed(Axes axes) noexcept {
  return axes == Axes::unity || axes == Axes::unreal;
}

/// The system of that name.
constexpr std::optional<Axes> axes_named(std::string_view text) noexcept {
  for (std::size_t i = 0; i < 4; ++i)
    if (kAxesNames[i] == text) return static_cast<Axes>(i);
  return std::nullopt;
}

/// From one system to another.
struct Conversion {
  Permutation camera, body;
  float scale = 1;

  static constexpr Conversion between(Axes source, Axes target) noexcept {
    const System &from = system(source), &to = system(target);
    return {to.camera.after(from.camera.inverse()), to.body.after(from.body.inverse()),
            to.units_per_metre / from.units_per_metre};
  }

  /// A point of the camera's frame.
  Vec3 point(Vec3 p) const noexcept { return scale * camera(p); }
  /// A point or an offset of the body's own frame.
  Vec3 body_point(Vec3 p) const noexcept { return scale * body(p); }
  /// The root's rotation: from the body's frame to the camera's.
  Mat3 root_rotation(const Mat3& r) const noexcept { return camera.around(r, body); }
  /// Any other joint's rotation, within the body's frame.
  Mat3 joint_rotation(const Mat3& r) const noexcept { return body.around(r, body); }
};

/// From a frame's axes to `target`; nothing when its coordinates are not the camera's, for which alone both are known.
inline std::optional<Conversion> conversion(const Frame& frame, Axes target) noexcept {
  if (frame.axes == target) return Conversion{};
  if (frame.space != Space::camera) return std::nullopt;
  return Conversion::between(frame.axes, target);
}

/// The rotation of a person's skeleton joint, local to its parent, after the conversion.
inline Mat3 local_rotation(const Frame& frame, std::size_t person, std::size_t joint,
                           const Conversion& conversion) noexcept {
  const Mat3 r = rotation_matrix(frame.rotvec(person, joint));
  return joint == 0 ? conversion.root_rotation(r) : conversion.joint_rotation(r);
}

}  // namespace meshcast
