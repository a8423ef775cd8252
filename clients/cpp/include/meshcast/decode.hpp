// From bytes to views, without allocating and without exceptions; every number is looked at before it is believed.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "meshcast/bytes.hpp"
#include "meshcast/error.hpp"
#include "meshcast/layout.hpp"
#include "meshcast/messages.hpp"
#include "meshcast/utf8.hpp"

namespace meshcast {

/// What a message is: `if (const auto* frame = std::get_if<meshcast::Frame>(&message)) ...`.
using Message = std::variant<Error, Frame, Model, Status>;

namespace detail {

/// Takes the arrays of one message in their order. After the first that does not fit, `failed` and `error` say so.
class ArrayReader {
 public:
  ArrayReader(const std::uint8_t* data, std::uint64_t size, std::uint64_t offset) noexcept
      : data_(data), size_(size), offset_(offset) {}

  bool failed = false;
  Error error;

  /// The next `count` numbers; all products of the protocol's counts fit in 64 bits.
  template <typename T>
  Array<T> take(const char* what, std::uint64_t count) noexcept {
    if (failed) return {};
    const std::uint64_t bytes = count * sizeof(T);
    if (bytes > size_ || offset_ > size_ - bytes) {
      fail(Error::format("damaged message: %s would end at byte %llu of %llu", what, wide(offset_ + bytes),
                         wide(size_)));
      return {};
    }
    if (count == 0) return {};
    const Array<T> array(data_ + offset_, static_cast<std::size_t>(count));
    offset_ += (bytes + 3) / 4 * 4;
    if constexpr (std::is_floating_point_v<T>)
      demand(
          array, [](T value) { return std::fabs(value) < kLimit; },
          Error::format("damaged message: %s holds a value that is not a finite number", what));
    return array;
  }

  std::string_view take_text(const char* what, std::uint64_t bytes) noexcept {
    const auto array = take<std::uint8_t>(what, bytes);
    if (failed || array.empty()) return {};
    const std::uint64_t start = offset_ - (bytes + 3) / 4 * 4;
    return {reinterpret_cast<const char*>(data_ + start), array.size()};
  }

  /// Refuses the message when `good` of a number does not hold.
  template <typename T, typename Good>
  void demand(const Array<T>& array, Good good, const char* what) noexcept {
    demand(array, good, Error::format("damaged message: %s out of range", what));
  }

  void fail(const Error& why) noexcept {
    if (failed) return;
    failed = true;
    error = why;
  }

  /// Refuses bytes that are left over, unless a longer header announced further arrays.
  void close(bool extended) noexcept {
    if (offset_ > size_ || (offset_ < size_ && !extended))
      fail(Error::format("damaged message: its arrays need %llu bytes, %llu arrived", wide(offset_), wide(size_)));
  }

 private:
  static unsigned long long wide(std::uint64_t value) noexcept { return value; }

  template <typename T, typename Good>
  void demand(const Array<T>& array, Good good, const Error& why) noexcept {
    if (failed) return;
    for (std::size_t i = 0; i < array.size(); ++i)
      if (!good(array[i])) return fail(why);
  }

  const std::uint8_t* data_;
  std::uint64_t size_, offset_;
};

inline std::string_view text_field(const std::uint8_t* at, std::size_t size) noexcept {
  while (size > 0 && at[size - 1] == 0) --size;
  return {reinterpret_cast<const char*>(at), size};
}

/// Fills in what all messages have. `fixed`: bytes of this version's header. Returns false and says why when it is
/// wrong.
inline bool read_header(const std::uint8_t* data, std::size_t size, std::size_t fixed, Header& head,
                        std::uint32_t& header_size, Error& error) noexcept {
  const char* word = kKindNames[static_cast<std::size_t>(head.kind)].data();
  header_size = size < fixed ? 0 : load<std::uint32_t>(data + 48);
  if (size < fixed)
    error = Error::format("damaged message: %zu bytes are too few for a %s header", size, word);
  else if (header_size < fixed || header_size > size || header_size % 4 != 0)
    error = Error::format("damaged message: header size %u in a %s message", header_size, word);
  else if (data[104] > 3 || data[105] > 1 || data[106] > 2)
    error = Error::format("message with unknown axes %u, unit %u or space %u: update this side", data[104], data[105],
                          data[106]);
  else {
    const std::string_view topic = text_field(data, kTopicSize);
    const std::size_t slash = topic.find('/');
    head.stream = slash == std::string_view::npos ? std::string_view{} : topic.substr(slash + 1);
    head.model_name = text_field(data + 80, kModelNameSize);
    if (topic.substr(0, slash) == name(head.kind) && head.stream.size() <= kMaxStream && is_name(head.stream) &&
        is_name(head.model_name)) {
      head.seq = load<std::uint64_t>(data + 56);
      head.t_publish_unix_ns = load<std::int64_t>(data + 64);
      head.session = load<std::uint32_t>(data + 72);
      head.model_id = load<std::uint32_t>(data + 76);
      head.axes = static_cast<Axes>(data[104]);
      head.unit = static_cast<Unit>(data[105]);
      head.space = static_cast<Space>(data[106]);
      return true;
    }
    error = Error::format("damaged message: its topic or the name of its body model is not one");
  }
  return false;
}

inline bool read_camera(const std::uint8_t* data, Intrinsics& camera) noexcept {
  float* const fields[] = {&camera.fx, &camera.fy, &camera.cx, &camera.cy, &camera.skew,
                           &camera.k1, &camera.k2, &camera.p1, &camera.p2, &camera.k3};
  for (std::size_t i = 0; i < 10; ++i) {
    *fields[i] = load<float>(data + 152 + 4 * i);
    if (!std::isfinite(*fields[i])) return false;
  }
  return camera.fx >= 0 && camera.fy >= 0;
}

/// The counts of visibilities and contacts; false and why when they do not go with the header.
inline bool read_observed(const std::uint8_t* data, std::uint32_t header_size, Frame& frame, Error& error) noexcept {
  if ((data[107] & kObserved) == 0) return true;
  if (header_size < kObservedHeader) {
    error = Error::format("damaged message: header size %u has no room for visibilities", header_size);
    return false;
  }
  frame.visibilities = load<std::uint16_t>(data + 208);
  frame.contacts = load<std::uint16_t>(data + 210);
  const bool of_joints = frame.joints == 0 || frame.visibilities == 0 || frame.visibilities == frame.joints;
  if (of_joints && (frame.contacts == 0 || frame.contacts == kFeet)) return true;
  error = Error::format("damaged message: %zu visibilities of %zu joints, %zu contacts of %zu feet", frame.visibilities,
                        frame.joints, frame.contacts, kFeet);
  return false;
}

inline Message decode_frame(const std::uint8_t* data, std::size_t size, Kind kind) noexcept {
  Frame frame;
  frame.kind = kind;
  std::uint32_t start = 0;
  Error error;
  if (!read_header(data, size, kFrameHeader, frame, start, error)) return error;
  frame.age_us = load<std::uint32_t>(data + 108);
  frame.frame_index = load<std::uint64_t>(data + 112);
  frame.t_capture_unix_ns = load<std::int64_t>(data + 120);
  frame.t_capture_monotonic_ns = load<std::int64_t>(data + 128);
  frame.t_stream_s = load<double>(data + 136);
  frame.width = load<std::uint32_t>(data + 144);
  frame.height = load<std::uint32_t>(data + 148);
  const std::uint64_t N = frame.people = load<std::uint32_t>(data + 192);
  const std::uint64_t V = frame.vertices = load<std::uint32_t>(data + 196);
  const std::uint64_t J = frame.joints = load<std::uint16_t>(data + 200);
  const std::uint64_t K = frame.keypoints = load<std::uint16_t>(data + 202);
  const std::uint64_t P = frame.rotations = load<std::uint16_t>(data + 204);
  const std::uint64_t B = frame.shapes = load<std::uint16_t>(data + 206);
  if (N > kMaxPeople || V > kMaxVertices)
    return Error::format("message of %zu people of %zu vertices: at most %u of %u", frame.people, frame.vertices,
                         kMaxPeople, kMaxVertices);
  if (!std::isfinite(frame.t_stream_s)) return Error::format("damaged message: the stream time is not a finite number");
  if (!read_camera(data, frame.camera)) return Error::format("damaged message: its camera is not one");
  if (!read_observed(data, start, frame, error)) return error;
  const auto not_negative = [](float value) { return value >= 0; };
  ArrayReader arrays(data, size, start);
  frame.ids = arrays.take<std::int32_t>("ids", N);
  frame.scores = arrays.take<float>("scores", N);
  frame.translation_values = arrays.take<float>("translation", N * 3);
  frame.joint_values = arrays.take<float>("joints", N * J * 3);
  frame.keypoint_values = arrays.take<float>("keypoints", N * K * 3);
  frame.low = arrays.take<float>("low", V ? N * 3 : 0);
  frame.step = arrays.take<float>("step", V ? N * 3 : 0);
  arrays.demand(frame.step, not_negative, "step");
  frame.levels = arrays.take<std::uint16_t>("vertices", N * V * 3);
  frame.rotation_levels = arrays.take<std::int16_t>("rotations", N * P * 3);
  frame.shape_levels = arrays.take<std::int16_t>("shape", N * B);
  frame.error_mm = arrays.take<float>("error_mm", P ? N : 0);
  arrays.demand(frame.error_mm, not_negative, "error_mm");
  frame.visibility_levels = arrays.take<std::uint8_t>("visibility", N * frame.visibilities);
  frame.contact_levels = arrays.take<std::uint8_t>("contacts", N * frame.contacts);
  arrays.close(start > ((data[107] & kObserved) != 0 ? kObservedHeader : kFrameHeader));
  if (arrays.failed) return arrays.error;
  return frame;
}

/// Whether `names` is so many texts, each closed by a NUL.
inline bool holds(std::string_view names, std::size_t count) noexcept {
  std::size_t found = 0;
  for (const char c : names) found += c == '\0';
  return found == count && (names.empty() || names.back() == '\0');
}

inline void take_rig(ArrayReader& arrays, Model& model) noexcept {
  const std::uint64_t V = model.vertices, P = model.parents_count, B = model.shapes;
  model.rest_joint_values = arrays.take<float>("rest_joints", P * 3);
  model.skin_joints = arrays.take<std::uint8_t>("skin_joints", V * kInfluences);
  arrays.demand(model.skin_joints, [P](std::uint8_t joint) { return joint < P; }, "skin_joints");
  model.skin_weights = arrays.take<std::uint16_t>("skin_weights", V * kInfluences);
  model.shape_dir_levels = arrays.take<std::int16_t>("shape_dirs", V * 3 * B);
  model.shape_steps = arrays.take<float>("shape_steps", B);
  arrays.demand(model.shape_steps, [](float value) { return value >= 0; }, "shape_steps");
  model.joint_shape_dirs = arrays.take<float>("joint_shape_dirs", P * 3 * B);
}

inline Message decode_model(const std::uint8_t* data, std::size_t size) noexcept {
  Model model;
  model.kind = Kind::model;
  std::uint32_t start = 0;
  Error error;
  if (!read_header(data, size, kModelHeader, model, start, error)) return error;
  const std::uint64_t V = model.vertices = load<std::uint32_t>(data + 108);
  const std::uint64_t F = model.faces = load<std::uint32_t>(data + 112);
  model.joints = load<std::uint16_t>(data + 116);
  model.keypoints = load<std::uint16_t>(data + 118);
  const std::uint64_t P = model.parents_count = load<std::uint16_t>(data + 120);
  const std::uint32_t names_size = load<std::uint32_t>(data + 124);
  model.influences = load<std::uint16_t>(data + 128);
  model.shapes = load<std::uint16_t>(data + 130);
  const std::uint64_t T = model.uvs = load<std::uint32_t>(data + 132);
  const std::uint64_t L = model.lod_vertices_count = load<std::uint32_t>(data + 136);
  model.lod_faces_count = load<std::uint32_t>(data + 140);
  if (V > kMaxVertices)
    return Error::format("model message with %zu vertices, more than the %u of the protocol", model.vertices,
                         kMaxVertices);
  if (model.influences != 0 && model.influences != kInfluences)
    return Error::format("model message with %zu joints a vertex: only %zu are known, update this side",
                         model.influences, kInfluences);
  const auto below = [](std::uint64_t count) {
    return [count](std::int32_t i) { return i >= 0 && static_cast<std::uint64_t>(i) < count; };
  };
  ArrayReader arrays(data, size, start);
  model.rest_values = arrays.take<float>("rest_vertices", V * 3);
  model.face_indices = arrays.take<std::int32_t>("faces", F * 3);
  arrays.demand(model.face_indices, below(V), "faces");
  model.parents = arrays.take<std::int32_t>("parents", P);
  std::int64_t child = 0;  // a parent comes before its children, so that the skeleton can be walked in one pass
  arrays.demand(model.parents, [&child](std::int32_t parent) { return parent >= -1 && parent < child++; }, "parents");
  model.names = arrays.take_text("names", names_size);
  if (!arrays.failed && !is_utf8(model.names)) arrays.fail(Error::format("damaged message: the names are not UTF-8"));
  if (!arrays.failed && (!holds(model.names, model.joints + model.keypoints) || model.parents_count > model.joints))
    arrays.fail(
        Error::format("damaged message: its names do not go with %zu joints, %zu of them with parents, and %zu "
                      "keypoints",
                      model.joints, model.parents_count, model.keypoints));
  if (model.influences > 0) take_rig(arrays, model);
  if (T > 0) {
    model.uv_values = arrays.take<float>("uvs", T * 2);
    model.uv_faces = arrays.take<std::int32_t>("uv_faces", F * 3);
    arrays.demand(model.uv_faces, below(T), "uv_faces");
  }
  if (L > 0) {
    model.lod_vertices = arrays.take<std::int32_t>("lod_vertices", L);
    arrays.demand(model.lod_vertices, below(V), "lod_vertices");
    std::int64_t last = -1;
    const auto rising = [&last](std::int32_t i) {
      const bool good = i > last;
      last = i;
      return good;
    };
    arrays.demand(model.lod_vertices, rising, "lod_vertices");
    model.lod_face_indices = arrays.take<std::int32_t>("lod_faces", std::uint64_t{model.lod_faces_count} * 3);
    arrays.demand(model.lod_face_indices, below(L), "lod_faces");
  } else {
    model.lod_faces_count = 0;
  }
  arrays.close(start > kModelHeader);
  if (arrays.failed) return arrays.error;
  return model;
}

inline Message decode_status(const std::uint8_t* data, std::size_t size) noexcept {
  Status status;
  status.kind = Kind::status;
  std::uint32_t start = 0;
  Error error;
  if (!read_header(data, size, kStatusHeader, status, start, error)) return error;
  if (data[108] > 2) return Error::format("message with unknown state code %u: update this side", data[108]);
  status.state = static_cast<State>(data[108]);
  status.next_seq = load<std::uint64_t>(data + 112);
  status.t_publish_monotonic_ns = load<std::int64_t>(data + 120);
  ArrayReader arrays(data, size, start);
  status.reason = arrays.take_text("reason", load<std::uint32_t>(data + 128));
  if (!arrays.failed && !is_utf8(status.reason)) arrays.fail(Error::format("damaged message: the reason is not UTF-8"));
  arrays.close(start > kStatusHeader);
  if (arrays.failed) return arrays.error;
  return status;
}

}  // namespace detail

/// What the message in data[0..size) holds, as views of these bytes, or why it is refused: it is foreign, not whole, of
/// another version or of an unknown kind, or a number in it is out of range. `data` may start at any address.
inline Message decode(const std::uint8_t* data, std::size_t size) noexcept {
  if (size < kCommonHeader || std::memcmp(data + kTopicSize, "MCST", 4) != 0)
    return Error::format("not a Meshcast message (%zu bytes): is something else publishing at this address?", size);
  const std::uint16_t version = load<std::uint16_t>(data + 44), kind = load<std::uint16_t>(data + 46);
  const std::uint32_t message_size = load<std::uint32_t>(data + 52);
  if (version != kVersion)
    return Error::format("message of wire version %u, this side speaks %u: update the older", version, kVersion);
  if (message_size != size) return Error::format("damaged message: %zu bytes arrived of %u", size, message_size);
  switch (static_cast<Kind>(kind)) {
    case Kind::mesh:
    case Kind::params:
    case Kind::joints:
    case Kind::mesh_lod:
      return detail::decode_frame(data, size, static_cast<Kind>(kind));
    case Kind::model:
      return detail::decode_model(data, size);
    case Kind::status:
      return detail::decode_status(data, size);
  }
  return Error::format("message of unknown kind %u: subscribe to known topics only, or update", kind);
}

}  // namespace meshcast
