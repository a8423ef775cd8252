// The numbers that the protocol fixes: docs/wire.md of Meshcast has them as tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace meshcast {

constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kTopicSize = 40;
constexpr std::size_t kModelNameSize = 24;
constexpr std::size_t kMaxStream = 30;
constexpr std::uint32_t kMaxPeople = 4096;
constexpr std::uint32_t kMaxVertices = 1u << 20;
constexpr std::size_t kMaxMessage = std::size_t{64} << 20;        // bytes: more is not received
constexpr std::size_t kInfluences = 4;                            // joints that move a vertex
constexpr float kLimit = 1e30f;                                   // every float of an array is smaller
constexpr float kRotationStep = 3.14159265358979323846f / 32767;  // radians a level of a rotation vector
constexpr float kShapeStep = 1e-3f;                               // standard deviations a level
constexpr float kObservedLevels = 255;                            // of visibilities and contacts from 0 to 1
constexpr std::size_t kFeet = 2;                                  // contacts of a person: left, right
constexpr std::uint8_t kObserved = 2;   // bit of the flags of a frame: visibilities and contacts follow
constexpr float kWeightLevels = 65535;  // of a vertex's share in a joint

constexpr std::size_t kCommonHeader = 108, kFrameHeader = 208, kObservedHeader = 212, kModelHeader = 144,
                      kStatusHeader = 136;

enum class Kind : std::uint16_t { mesh = 1, model = 2, params = 3, joints = 4, mesh_lod = 5, status = 6 };
enum class Axes : std::uint8_t { opencv = 0, unity = 1, unreal = 2, gltf = 3 };
enum class Unit : std::uint8_t { metre = 0, centimetre = 1 };
enum class Space : std::uint8_t { camera = 0, world = 1, body = 2 };
enum class State : std::uint8_t { live = 0, idle = 1, ended = 2 };

constexpr std::string_view kAxesNames[] = {"opencv", "unity", "unreal", "gltf"};
constexpr std::string_view kUnitNames[] = {"m", "cm"};
constexpr std::string_view kSpaceNames[] = {"camera", "world", "body"};
constexpr std::string_view kStateNames[] = {"live", "idle", "ended"};
constexpr std::string_view kKindNames[] = {"", "mesh", "model", "params", "joints", "mesh-lod", "status"};

constexpr std::string_view name(Axes axes) noexcept {
  return kAxesNames[static_cast<std::size_t>(axes)];
}
constexpr std::string_view name(Unit unit) noexcept {
  return kUnitNames[static_cast<std::size_t>(unit)];
}
constexpr std::string_view name(Space space) noexcept {
  return kSpaceNames[static_cast<std::size_t>(space)];
}
constexpr std::string_view name(State state) noexcept {
  return kStateNames[static_cast<std::size_t>(state)];
}

/// The first part of the topic.
constexpr std::string_view name(Kind kind) noexcept {
  return kKindNames[static_cast<std::size_t>(kind)];
}

/// Whether `text` is 1 or more letters, digits, '.', '_' and '-'.
constexpr bool is_name(std::string_view text) noexcept {
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '.' && c != '_' && c != '-') return false;
  }
  return !text.empty();
}

}  // namespace meshcast
