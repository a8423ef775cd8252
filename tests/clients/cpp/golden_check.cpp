// golden_check show FILE...            what each message decodes to, as it is and in all four axes
// golden_check skin PARAMS MODEL       the skinned body in all four axes
// golden_check check < RECORDS         "ok" or "error TEXT" for each record: uint32 size, bytes
// golden_check delay < LINES           the delay for each line: session, sent s, received s
// golden_check inbox < LINES           "put SECONDS FILE" and "take": what an inbox hands out

#include <cinttypes>
#include <iostream>
#include <sstream>

#include "meshcast/axes.hpp"
#include "meshcast/inbox.hpp"
#include "meshcast/skinning.hpp"
#include "numbers.hpp"

namespace {

using namespace meshcast;
using namespace numbers;

constexpr Axes kAll[] = {Axes::opencv, Axes::unity, Axes::unreal, Axes::gltf};

std::string in(const char* word, Axes axes) {
  return std::string(word) + "@" + std::string(name(axes));
}

void show_header(const Header& head) {
  text("kind", name(head.kind));
  text("stream", head.stream);
  integer("seq", static_cast<long long>(head.seq));
  integer("t_publish_unix_ns", head.t_publish_unix_ns);
  integer("session", head.session);
  integer("model_id", head.model_id);
  text("model_name", head.model_name);
  text("axes", name(head.axes));
  text("unit", name(head.unit));
  text("space", name(head.space));
}

void show(const Frame& f) {
  show_header(f);
  integer("frame_index", static_cast<long long>(f.frame_index));
  integer("t_capture_unix_ns", f.t_capture_unix_ns);
  integer("t_capture_monotonic_ns", f.t_capture_monotonic_ns);
  integer("age_us", f.age_us);
  start("t_stream_s"), put(f.t_stream_s), end();
  start("size"), put(f.width), put(f.height), end();
  const Intrinsics& c = f.camera;
  start("camera");
  for (const float value : {c.fx, c.skew, c.cx, c.fy, c.cy, c.k1, c.k2, c.p1, c.p2, c.k3}) put(value);
  end();
  array("ids", f.ids);
  array("scores", f.scores);
  array("error_mm", f.error_mm);
  table("keypoints", f.people, f.keypoints, [&](auto n, auto k) { return f.keypoint(n, k); });
  table("shape", f.people, f.shapes, [&](auto n, auto b) { return f.shape(n, b); });
  table("translation", f.people, 1, [&](auto n, auto) { return f.translation(n); });
  table("joints", f.people, f.joints, [&](auto n, auto j) { return f.joint(n, j); });
  table("visibility", f.people, f.visibilities, [&](auto n, auto j) { return f.visibility(n, j); });
  table("contacts", f.people, f.contacts, [&](auto n, auto foot) { return f.contact(n, foot); });
  std::vector<Vec3> vertices(f.vertices);
  start("vertices");
  for (std::size_t n = 0; n < f.people; ++n) {
    f.copy_vertices(n, vertices.data());
    for (const Vec3& v : vertices) put(v);
  }
  end();
  for (const Axes axes : kAll) {
    const Conversion to = *conversion(f, axes);
    table(in("translation", axes), f.people, 1, [&](auto n, auto) { return to.point(f.translation(n)); });
    table(in("joints", axes), f.people, f.joints, [&](auto n, auto j) { return to.point(f.joint(n, j)); });
    table(in("vertices", axes), f.people, f.vertices, [&](auto n, auto v) { return to.point(f.vertex(n, v)); });
    table(in("matrices", axes), f.people, f.rotations, [&](auto n, auto j) { return local_rotation(f, n, j, to); });
    table(in("rotvecs", axes), f.people, f.rotations,
          [&](auto n, auto j) { return rotation_vector(quaternion(local_rotation(f, n, j, to))); });
  }
}

void show(const Model& m) {
  show_header(m);
  std::string_view names = m.names;
  for (std::size_t j = 0; j < m.joints; ++j) text("joint_name", Model::next_name(names));
  for (std::size_t k = 0; k < m.keypoints; ++k) text("keypoint_name", Model::next_name(names));
  array("faces", m.face_indices);
  array("parents", m.parents);
  array("uv.coordinates", m.uv_values);
  array("uv.faces", m.uv_faces);
  array("lod.vertices", m.lod_vertices);
  array("lod.faces", m.lod_face_indices);
  array("rig.joints", m.skin_joints);
  const std::size_t P = m.rest_joint_values.size() / 3, V = m.skin_joints.size() / 4, B = m.shape_steps.size();
  table("rig.weights", V, 4, [&](auto v, auto i) { return m.skin_weight(v, i); });
  for (const Axes axes : kAll) {
    const Conversion to = Conversion::between(m.axes, axes);
    table(in("rest_vertices", axes), m.vertices, 1, [&](auto v, auto) { return to.body_point(m.rest_vertex(v)); });
    table(in("rest_joints", axes), P, 1, [&](auto j, auto) { return to.body_point(m.rest_joint(j)); });
    table(in("shape_dirs", axes), V, B, [&](auto v, auto b) { return to.body_point(m.shape_dir(v, b)); });
    table(in("joint_shape_dirs", axes), P, B, [&](auto j, auto b) { return to.body_point(m.joint_shape_dir(j, b)); });
  }
}

void show(const Status& s) {
  show_header(s);
  text("state", name(s.state));
  text("reason", s.reason);
  integer("next_seq", static_cast<long long>(s.next_seq));
  integer("t_publish_monotonic_ns", s.t_publish_monotonic_ns);
}

void show(const Error& error) {
  text("error", error.text());
}

void skin(const char* params, const char* model) {
  const auto frame_bytes = read_file(params), model_bytes = read_file(model);
  const Message frame = decode(frame_bytes.data(), frame_bytes.size()),
                known = decode(model_bytes.data(), model_bytes.size());
  const auto* f = std::get_if<Frame>(&frame);
  const auto* m = std::get_if<Model>(&known);
  if (f == nullptr || m == nullptr) std::exit(2);
  for (const Axes axes : kAll) {
    Skinner skinner;
    if (const auto error = skinner.load(*m, axes)) return show(*error);
    std::vector<Vec3> vertices(f->people * skinner.vertices()), joints(f->people * skinner.joints());
    for (std::size_t n = 0; n < f->people; ++n)
      if (const auto error =
              skinner.skin(*f, n, vertices.data() + n * skinner.vertices(), joints.data() + n * skinner.joints()))
        return show(*error);
    table(in("skinned_vertices", axes), vertices.size(), 1, [&](auto i, auto) { return vertices[i]; });
    table(in("skinned_joints", axes), joints.size(), 1, [&](auto i, auto) { return joints[i]; });
  }
}

void check_records() {
  std::uint32_t size;
  while (std::cin.read(reinterpret_cast<char*>(&size), sizeof size)) {
    std::vector<std::uint8_t> bytes(size);
    std::cin.read(reinterpret_cast<char*>(bytes.data()), size);
    const Unaligned message(bytes);
    const Message found = decode(message.data(), size);
    const auto* error = std::get_if<Error>(&found);
    if (error != nullptr)
      show(*error);
    else
      std::printf("ok\n");
  }
}

void delay() {
  Delay delay;
  std::uint32_t session;
  double sent_s, received_s;
  while (std::cin >> session >> sent_s >> received_s) start("late"), put(delay.of(session, sent_s, received_s)), end();
}

void hand_out(const std::optional<Delivery>& delivery) {
  if (!delivery) return text("nothing", "");
  if (const Error* error = delivery->packet->error()) return show(*error);
  const Header& head = *delivery->packet->header();
  const auto& since = delivery->since;
  std::printf("%s #%llu lost %llu missing %llu%s model %d late %.3f\n", std::string(name(head.kind)).c_str(),
              static_cast<unsigned long long>(head.seq), static_cast<unsigned long long>(since.lost),
              static_cast<unsigned long long>(delivery->missing), since.restarted ? " restarted" : "",
              delivery->model != nullptr, delivery->late_s);
}

void inbox() {
  Inbox inbox;
  std::string line, word, path;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    double t_receive_s;
    words >> word;
    if (word == "take") {
      hand_out(inbox.take());
    } else if (words >> t_receive_s >> path) {
      const auto bytes = read_file(path.c_str());
      inbox.put(bytes.data(), bytes.size(), t_receive_s);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "show") {
    for (int i = 2; i < argc; ++i) {
      text("file", argv[i]);
      const auto bytes = read_file(argv[i]);
      const Unaligned message(bytes);
      const Message found = decode(message.data(), bytes.size());
      std::visit([](const auto& what) { show(what); }, found);
    }
  } else if (verb == "skin" && argc == 4) {
    skin(argv[2], argv[3]);
  } else if (verb == "check") {
    check_records();
  } else if (verb == "delay") {
    delay();
  } else if (verb == "inbox") {
    inbox();
  } else {
    return 2;
  }
  return 0;
}
