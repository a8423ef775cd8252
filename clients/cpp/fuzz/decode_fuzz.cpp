// For libFuzzer: whatever decodes is read to its last number, converted to all axes and skinned. `make fuzz`.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <variant>
#include <vector>

#include "meshcast/axes.hpp"
#include "meshcast/decode.hpp"
#include "meshcast/skinning.hpp"

namespace {

using namespace meshcast;

double sum = 0;  // what was read goes somewhere, so that reading it is not left out

void touch(Vec3 v) {
  sum += double(v.x) + v.y + v.z;
}

template <typename T>
void touch(const Array<T>& values) {
  std::vector<T> copy(values.size());
  values.copy_to(copy.data());
  for (std::size_t i = 0; i < values.size(); ++i) sum += double(values[i]);
}

void touch(std::string_view text) {
  for (const char c : text) sum += c;
}

void touch(const Header& head) {
  touch(head.stream);
  touch(head.model_name);
  touch(name(head.axes));
  touch(name(head.unit));
  touch(name(head.space));
  touch(name(head.kind));
}

void read(const Frame& f) {
  touch(f);
  touch(f.ids);
  touch(f.scores);
  touch(f.keypoint_values);
  touch(f.error_mm);
  std::vector<Vec3> vertices(f.vertices);
  for (std::size_t n = 0; n < f.people; ++n) {
    f.copy_vertices(n, vertices.data());
    for (const Vec3& v : vertices) touch(v);
  }
  for (std::size_t a = 0; a < 4; ++a) {
    const auto to = conversion(f, static_cast<Axes>(a));
    if (!to) continue;
    for (std::size_t n = 0; n < f.people; ++n) {
      touch(to->point(f.translation(n)));
      for (std::size_t j = 0; j < f.joints; ++j) touch(to->point(f.joint(n, j)));
      for (std::size_t v = 0; v < f.vertices; ++v) touch(to->point(f.vertex(n, v)));
      for (std::size_t j = 0; j < f.rotations; ++j) touch(rotation_vector(quaternion(local_rotation(f, n, j, *to))));
      for (std::size_t b = 0; b < f.shapes; ++b) sum += f.shape(n, b);
    }
  }
}

void read(const Status& status) {
  touch(status);
  touch(name(status.state));
  touch(status.reason);
}

/// A params message with two people that fits the model, so that what a foreign model says is skinned too.
std::vector<std::uint8_t> params_for(const Model& model) {
  const std::size_t P = model.parents_count, B = model.shapes, N = 2;
  const auto padded = [](std::size_t bytes) { return (bytes + 3) / 4 * 4; };
  std::vector<std::uint8_t> bytes(kFrameHeader + N * 20 + padded(N * P * 6) + padded(N * B * 2) + (P > 0 ? N * 4 : 0));
  const auto put = [&bytes](std::size_t at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
  std::memcpy(bytes.data(), "params/fuzz", 11);
  std::memcpy(bytes.data() + 40, "MCST", 4);
  put(44, kVersion);
  put(46, Kind::params);
  put(48, static_cast<std::uint32_t>(kFrameHeader));
  put(52, static_cast<std::uint32_t>(bytes.size()));
  put(76, model.model_id);
  bytes[80] = 'm';
  put(192, static_cast<std::uint32_t>(N));
  put(204, static_cast<std::uint16_t>(P));
  put(206, static_cast<std::uint16_t>(B));
  for (std::size_t i = kFrameHeader + N * 20; i + (P > 0 ? N * 4 : 0) < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 37);
  return bytes;
}

void read(const Model& m) {
  touch(m);
  std::string_view names = m.names;
  for (std::size_t i = 0; i < m.joints + m.keypoints; ++i) touch(Model::next_name(names));
  touch(m.face_indices);
  touch(m.parents);
  touch(m.uv_values);
  touch(m.uv_faces);
  for (std::size_t i = 0; i < m.lod_vertices.size(); ++i)
    touch(m.rest_vertex(static_cast<std::size_t>(m.lod_vertices[i])));
  touch(m.lod_face_indices);
  const auto bytes = params_for(m);
  const Message params = decode(bytes.data(), bytes.size());
  const Frame* frame = std::get_if<Frame>(&params);
  if (frame == nullptr) __builtin_trap();
  for (std::size_t a = 0; a < 4; ++a) {
    Skinner skinner;
    if (skinner.load(m, static_cast<Axes>(a))) return;
    std::vector<Vec3> vertices(skinner.vertices()), joints(skinner.joints());
    for (std::size_t n = 0; n < frame->people; ++n) {
      if (skinner.skin(*frame, n, vertices.data(), joints.data())) __builtin_trap();
      for (const Vec3& v : vertices) touch(v);
      for (const Vec3& v : joints) touch(v);
    }
  }
}

void read(const Error& error) {
  if (error.text()[0] == '\0') __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto judge = [](const std::uint8_t* bytes, std::size_t count) {
    const Message message = decode(bytes, count);
    std::visit([](const auto& what) { read(what); }, message);
  };
  judge(data, size);
  if (size >= kCommonHeader) {
    // The length is right more often than chance would have it, so that what lies behind that check is reached; and the
    // address is odd, as those of messages may be.
    std::vector<std::uint8_t> whole(size + 1);
    std::memcpy(whole.data() + 1, data, size);
    const auto length = static_cast<std::uint32_t>(size);
    std::memcpy(whole.data() + 53, &length, sizeof length);
    judge(whole.data() + 1, size);
  }
  volatile double kept = sum;
  static_cast<void>(kept);
  sum = 0;
  return 0;
}
