// A character's skeleton follows the body's: names, other bone axes, another rest pose, other proportions.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "Skeleton.hpp"

namespace meshcast::unreal {

/// Which bone of a character follows which of the body's, by name.
struct BonePair {
  const char* body;
  const char* character;
};

/// For the engine's own mannequins, both generations.
constexpr BonePair kMannequin[] = {
    {"pelvis", "pelvis"},
    {"spine1", "spine_01"},
    {"spine2", "spine_02"},
    {"spine3", "spine_03"},
    {"neck", "neck_01"},
    {"head", "head"},
    {"left_collar", "clavicle_l"},
    {"right_collar", "clavicle_r"},
    {"left_shoulder", "upperarm_l"},
    {"right_shoulder", "upperarm_r"},
    {"left_elbow", "lowerarm_l"},
    {"right_elbow", "lowerarm_r"},
    {"left_wrist", "hand_l"},
    {"right_wrist", "hand_r"},
    {"left_hip", "thigh_l"},
    {"right_hip", "thigh_r"},
    {"left_knee", "calf_l"},
    {"right_knee", "calf_r"},
    {"left_ankle", "foot_l"},
    {"right_ankle", "foot_r"},
    {"left_foot", "ball_l"},
    {"right_foot", "ball_r"},
};

/// Which bones may be brought from the character's rest pose to the body's: arms and legs hang differently from one
/// character to the next, where the joints of trunk and feet lie says little about how these are turned.
inline std::vector<bool> limbs(const std::vector<std::string>& body) {
  std::vector<bool> found;
  for (const std::string& bone : body) {
    bool limb = false;
    for (const char* part : {"_collar", "_shoulder", "_elbow", "_wrist", "_hip", "_knee"})
      limb = limb || bone.find(part) != std::string::npos;
    found.push_back(limb);
  }
  return found;
}

/// The rotation by the smallest angle that turns a's direction into b's.
inline Quat between(Vec3 a, Vec3 b) {
  const float lengths = std::sqrt(dot(a, a) * dot(b, b));
  if (!(lengths > 1e-12f)) return {};
  const float cosine = dot(a, b) / lengths;
  if (cosine < -0.99999f) {  // opposite: any axis across will do
    const Vec3 across = std::fabs(a.x) < std::fabs(a.y) ? cross(a, {1, 0, 0}) : cross(a, {0, 1, 0});
    return normalized({across.x, across.y, across.z, 0});
  }
  const Vec3 axis = cross(a, b);
  return normalized({axis.x / lengths, axis.y / lengths, axis.z / lengths, 1 + cosine});
}

/// Half of what a rotation about the vertical turns, degrees: x towards y.
inline Quat yaw(float degrees) {
  const float half = degrees * 3.14159265358979f / 360;
  return {0, 0, std::sin(half), std::cos(half)};
}

/// How a character's bones move. Made once for a pair of skeletons; the constants are those of the resting character.
///
/// The body's rest pose has all rotations zero, so that a bone's rotation relative to the whole is its turn from rest.
/// The same turn is given to the character's bone, after its rest pose has been brought to the body's: limbs that hang
/// are lifted to where the body's are, by the smallest rotation.
class Retarget {
 public:
  /// parents, rest: of the character, relative to the parents; body: by the same rules, its positions only.
  /// body_limbs: see limbs(). follows: for each of the character's bones the body's, or -1. facing: how the character
  /// is turned against the body, which faces +x.
  Retarget(std::vector<std::int32_t> parents, std::vector<Transform> rest,
           const std::vector<std::int32_t>& body_parents, const std::vector<Transform>& body_rest,
           const std::vector<bool>& body_limbs, std::vector<std::int32_t> follows, Quat facing)
      : parents_(std::move(parents)),
        rest_(std::move(rest)),
        body_parents_(body_parents),
        follows_(std::move(follows)),
        facing_(facing),
        bound_(rest_.size()) {
    std::vector<Transform> straight(body_rest);
    for (Transform& bone : straight) bone.rotation = {};
    const std::vector<Transform> character = chained(parents_, rest_), body = chained(body_parents_, straight);
    std::vector<Quat> lifts(rest_.size());
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const bool limb = follows_[i] < 0 || body_limbs[static_cast<std::size_t>(follows_[i])];
      if (limb && parents_[i] >= 0) lifts[i] = lifts[static_cast<std::size_t>(parents_[i])];
      if (const auto next = only_follower(i); limb && next && follows_[i] >= 0) {
        const auto from = static_cast<std::size_t>(follows_[i]), to = static_cast<std::size_t>(follows_[*next]);
        lifts[i] = between(character[*next].position - character[i].position,
                           rotate(facing_, body[to].position - body[from].position));
      }
      bound_[i] = lifts[i] * character[i].rotation;
    }
  }

  /// The body's bone that each of the character's follows, by a table of names; -1 for none.
  static std::vector<std::int32_t> match(const std::vector<std::string>& character,
                                         const std::vector<std::string>& body,
                                         const std::map<std::string, std::string>& body_name_of) {
    std::vector<std::int32_t> found(character.size(), -1);
    for (std::size_t i = 0; i < character.size(); ++i) {
      const auto pair = body_name_of.find(character[i]);
      if (pair == body_name_of.end()) continue;
      for (std::size_t j = 0; j < body.size(); ++j)
        if (body[j] == pair->second) found[i] = static_cast<std::int32_t>(j);
    }
    return found;
  }

  /// The character's pose, relative to the parents, from the body's. scale: of the root's way from the camera.
  std::vector<Transform> operator()(const std::vector<Transform>& body_local, float scale = 1) const {
    const std::vector<Transform> body = chained(body_parents_, body_local);
    std::vector<Transform> local(rest_), whole(rest_.size());
    bool placed = false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const Transform parent = parents_[i] >= 0 ? whole[static_cast<std::size_t>(parents_[i])] : Transform{};
      if (follows_[i] >= 0) {
        const Transform& leader = body[static_cast<std::size_t>(follows_[i])];
        const Quat turn = facing_ * leader.rotation * conjugate(facing_);
        local[i].rotation = normalized(conjugate(parent.rotation) * (turn * bound_[i]));
        if (!placed) {
          const Vec3 at = scale * rotate(facing_, leader.position);
          local[i].position = rotate(conjugate(parent.rotation), at - parent.position);
          placed = true;
        }
      }
      whole[i] = parent * local[i];
    }
    return local;
  }

 private:
  /// Whether j hangs from i with no bone between them that follows the body.
  bool hangs(std::size_t j, std::size_t i) const {
    for (std::int32_t p = parents_[j]; p >= 0; p = parents_[static_cast<std::size_t>(p)]) {
      if (static_cast<std::size_t>(p) == i) return true;
      if (follows_[static_cast<std::size_t>(p)] >= 0) return false;
    }
    return false;
  }

  std::optional<std::size_t> only_follower(std::size_t i) const {
    std::optional<std::size_t> found;
    for (std::size_t j = i + 1; j < rest_.size(); ++j) {
      if (follows_[j] < 0 || !hangs(j, i)) continue;
      if (found) return std::nullopt;
      found = j;
    }
    return found;
  }

  std::vector<std::int32_t> parents_;
  std::vector<Transform> rest_;
  std::vector<std::int32_t> body_parents_, follows_;
  Quat facing_;
  std::vector<Quat> bound_;  // relative to the whole, when the body rests
};

}  // namespace meshcast::unreal
