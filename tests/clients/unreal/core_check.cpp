// core_check bones PARAMS MODEL      each person's local bones, and what they chain to
// core_check surface MODEL FRAME...  a surface followed through frames: vertices half-way between them and beyond
// core_check topology MODEL          triangles, sources and texture coordinates
// core_check lie MODEL FRAME LIE FRAME   what a surface says to a second model of the same number
// core_check retarget PARAMS MODEL   where the bones of a made-up character come to lie
// core_check rules                   checks of the rest; says what fails

#include <cmath>

#include "../cpp/numbers.hpp"
#include "Retarget.hpp"
#include "Skeleton.hpp"
#include "Slots.hpp"
#include "Surface.hpp"
#include "Timeline.hpp"
#include "Topology.hpp"

namespace {

using namespace meshcast;
using namespace meshcast::unreal;
using namespace numbers;

int failures = 0;

void demand(bool good, const char* what) {
  if (good) return;
  std::printf("wrong: %s\n", what);
  ++failures;
}

bool near_to(Vec3 a, Vec3 b, float tolerance = 1e-4f) {
  return dot(a - b, a - b) < tolerance * tolerance;
}

PacketPtr packet(const char* path) {
  const auto bytes = read_file(path);
  return std::make_shared<const Packet>(bytes.data(), bytes.size());
}

void bones(const char* params, const char* model) {
  const PacketPtr known = packet(model), moved = packet(params);
  const Skeleton skeleton = *Skeleton::of(*known->model());
  for (std::size_t n = 0; n < moved->frame()->people; ++n) {
    const auto local = *skeleton.pose(*moved->frame(), n);
    const auto whole = chained(skeleton.parents, local);
    table("local", local.size(), 1, [&](auto i, auto) { return local[i].position; });
    table("joints", whole.size(), 1, [&](auto i, auto) { return whole[i].position; });
    start("quaternions");
    for (const auto& bone : local)
      put(bone.rotation.x), put(bone.rotation.y), put(bone.rotation.z), put(bone.rotation.w);
    end();
  }
}

/// Frames as if they had come one a second from second 10 on, 0.1 s old.
void surface(int count, char** paths) {
  const PacketPtr model = packet(paths[0]);
  Surface followed(1);
  std::vector<Vec3> vertices;
  demand(!followed.sample(10, 0, 0, vertices), "nothing is drawn before a frame");
  double now_s = 10;
  for (int i = 1; i < count; ++i, now_s += 0.25) {
    Delivery delivery;
    delivery.packet = packet(paths[i]);
    delivery.model = model;
    delivery.t_capture_s = now_s - 0.1;
    if (const auto error = followed.hear(delivery, now_s)) return text("error", error->text());
  }
  const double newest_s = now_s - 0.25;
  for (const double at_s : {newest_s - 0.125, newest_s, newest_s + 0.05, newest_s + 0.3}) {
    demand(followed.sample(at_s, 0, 0.1, vertices), "a person is drawn");
    table("vertices", vertices.size(), 1, [&](auto v, auto) { return vertices[v]; });
  }
  demand(!followed.sample(newest_s + 1, 0, 0.1, vertices), "who is gone is not drawn");
}

void lie(char** paths) {
  Surface followed(1);
  for (int i = 0; i < 4; i += 2) {
    Delivery delivery;
    delivery.model = packet(paths[i]);
    delivery.packet = packet(paths[i + 1]);
    if (const auto error = followed.hear(delivery, i)) text("error", error->text());
  }
}

void topology(const char* path) {
  const PacketPtr model = packet(path);
  for (const bool lod : {false, true}) {
    const Topology made = Topology::of(*model->model(), lod);
    table("triangles", made.triangles.size(), 1, [&](auto i, auto) { return double(made.triangles[i]); });
    table("sources", made.sources.size(), 1, [&](auto i, auto) { return double(made.sources[i]); });
    table("uvs", made.uvs.size(), 1, [&](auto i, auto) { return double(made.uvs[i]); });
  }
}

/// A character with the body's proportions that faces +y, lets its arms hang, has bones with axes of their own, and one
/// bone more in the middle of each forearm, which follows nothing.
void retarget(const char* params, const char* model) {
  const PacketPtr known = packet(model), moved = packet(params);
  const Skeleton skeleton = *Skeleton::of(*known->model());
  const auto body = *skeleton.pose(*moved->frame(), 0);
  const Quat facing = yaw(90);
  std::map<std::string, std::string> names;
  for (const BonePair& pair : kMannequin) names[pair.character] = pair.body;
  std::vector<std::string> character_names;
  std::vector<std::int32_t> parents, place;
  std::vector<Transform> whole;
  std::vector<Transform> straight(body);
  for (auto& bone : straight) bone.rotation = {};
  const auto rest = chained(skeleton.parents, straight);
  for (std::size_t j = 0; j < skeleton.names.size(); ++j) {
    Vec3 at = rotate(facing, rest[j].position);
    for (const char* side : {"left_", "right_"}) {
      const bool arm = skeleton.names[j] == std::string(side) + "elbow" ||
                       skeleton.names[j] == std::string(side) + "wrist" ||
                       skeleton.names[j] == std::string(side) + "hand";
      if (!arm) continue;
      std::size_t shoulder = 0;
      while (skeleton.names[shoulder] != std::string(side) + "shoulder") ++shoulder;
      const Vec3 from = rotate(facing, rest[shoulder].position);
      const Quat hang = normalized({0, side[0] == 'l' ? 0.4f : -0.4f, 0, 1});
      at = from + rotate(hang, at - from);
    }
    const auto i = static_cast<float>(j);
    const Quat own = normalized({std::sin(i), std::cos(2 * i), std::sin(3 * i + 1), 0.5f});
    std::string name = "missing" + std::to_string(j);
    for (const BonePair& pair : kMannequin)
      if (pair.body == skeleton.names[j]) name = pair.character;
    std::int32_t parent = skeleton.parents[j] < 0 ? -1 : place[static_cast<std::size_t>(skeleton.parents[j])];
    if (name == "hand_l" || name == "hand_r") {
      const auto elbow = static_cast<std::size_t>(parent);
      character_names.push_back("twist");
      parents.push_back(parent);
      whole.push_back({own, lerp(whole[elbow].position, at, 0.5f)});
      parent = static_cast<std::int32_t>(whole.size() - 1);
    }
    place.push_back(static_cast<std::int32_t>(whole.size()));
    character_names.push_back(name);
    parents.push_back(parent);
    whole.push_back({own, at});
  }
  std::vector<Transform> local(whole);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (parents[i] < 0) continue;
    const Transform& parent = whole[static_cast<std::size_t>(parents[i])];
    const Quat back = conjugate(parent.rotation);
    local[i] = {back * whole[i].rotation, rotate(back, whole[i].position - parent.position)};
  }
  const Retarget follow(parents, local, skeleton.parents, straight, limbs(skeleton.names),
                        Retarget::match(character_names, skeleton.names, names), facing);
  const auto posed = chained(parents, follow(body));
  table("character", place.size(), 1, [&](auto j, auto) { return posed[static_cast<std::size_t>(place[j])].position; });
  const auto scaled = chained(parents, follow(body, 2));
  table("root", 1, 1, [&](auto, auto) { return scaled[0].position; });
}

void rules() {
  Timeline<int> timeline;
  demand(!timeline.at(0, 1), "an empty timeline shows nothing");
  timeline.push(1, 10);
  demand(*timeline.at(5, 1)->to == 10, "one sample is shown at any time");
  timeline.push(2, 20);
  timeline.push(3, 30);
  auto blend = *timeline.at(2.25, 1);
  demand(*blend.from == 20 && *blend.to == 30 && blend.t == 0.25f, "between the two samples around it");
  demand(timeline.at(1.5, 1)->t == 0.5f && *timeline.at(1.5, 1)->to == 20, "between older ones, too");
  demand(*timeline.at(0, 1)->to == 10, "the oldest before all");
  demand(timeline.at(3.25, 0.5)->t == 1.25f, "beyond the newest");
  demand(timeline.at(9, 0.5)->t == 1.5f, "not far beyond the newest");
  demand(timeline.at(9, 100)->t == 4, "nor many steps");
  timeline.push(2.5, 40);
  demand(*timeline.at(9, 1)->to == 40 && timeline.at(9, 1)->from == timeline.at(9, 1)->to, "going back starts again");

  Playout playout;
  playout.heard(0.1);
  demand(std::fabs(playout.shown_s(5, 0.02) - 4.88) < 1e-9, "shown as old as frames are");
  playout.heard(0.3);
  demand(std::fabs(playout.shown_s(5, 0) - 4.89) < 1e-9, "one late frame hardly counts");
  playout.restart();
  playout.heard(0.3);
  demand(std::fabs(playout.shown_s(5, 0) - 4.7) < 1e-9, "after a restart it counts in full");

  using Ids = std::vector<std::int32_t>;
  using Numbers = std::vector<std::size_t>;
  Slots slots;
  demand(slots.update(Ids{7, 9}, 0) == Numbers{0, 1}, "numbers from 0 on");
  demand(slots.update(Ids{9}, 0.5) == Numbers{1}, "numbers stay");
  demand(slots.update(Ids{9, 12}, 0.9) == Numbers{1, 2}, "who has just gone keeps the number");
  demand(slots.update(Ids{13, 9}, 1.5) == Numbers{0, 1}, "who is gone loses it");
  demand(slots.size() == 3 && slots.taken(0) && !slots.taken(3), "how many there are");

  const Vec3 a{1, 2, -0.5f}, b{-3, 0.25f, 1};
  const float scale = std::sqrt(dot(b, b) / dot(a, a));
  demand(near_to(scale * rotate(unreal::between(a, b), a), b), "the smallest turn");
  demand(near_to(rotate(unreal::between(a, -1 * a), a), -1 * a), "half a turn");
  demand(near_to(rotate(yaw(90), {1, 0, 0}), {0, 1, 0}), "yaw turns x towards y");
  const Quat half = slerp({}, yaw(120), 0.5f), beyond = slerp({}, yaw(60), 1.5f);
  demand(near_to(rotate(half, a), rotate(yaw(60), a)), "slerp half-way");
  demand(near_to(rotate(beyond, a), rotate(yaw(90), a)), "slerp beyond");
  const Quat q = yaw(170), other{-yaw(190).x, -yaw(190).y, -yaw(190).z, -yaw(190).w};
  demand(near_to(rotate(slerp(q, other, 0.5f), a), rotate(yaw(180), a)), "slerp goes the shorter way");
  // A tetrahedron with its faces counter-clockwise seen from outside, in left-handed axes; its last vertex is unused.
  Topology solid;
  solid.sources = {0, 1, 2, 3, 4};
  solid.triangles = {0, 1, 2, 0, 3, 1, 0, 2, 3, 1, 3, 2};
  const std::vector<Vec3> corners{{0, 0, 0}, {2, 0, 0}, {0, 2, 0}, {0, 0, 2}, {9, 9, 9}};
  std::vector<Vec3> normals;
  solid.normals(corners, normals);
  const float third = 1 / std::sqrt(3.f);
  demand(near_to(normals[0], {-third, -third, -third}), "the normal of a corner points outwards");
  demand(normals[1].x > 0.5f && normals[2].y > 0.5f && normals[3].z > 0.5f, "and so do the others");
  demand(near_to(normals[4], {0, 0, 1}), "what belongs to no triangle has a normal, too");

  const auto pose = blended({{{}, {0, 0, 0}}}, {{yaw(90), {2, 4, 6}}}, 0.5f);
  demand(near_to(pose[0].position, {1, 2, 3}) && near_to(rotate(pose[0].rotation, a), rotate(yaw(45), a)), "poses");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "bones" && argc == 4)
    bones(argv[2], argv[3]);
  else if (verb == "surface" && argc > 3)
    surface(argc - 2, argv + 2);
  else if (verb == "lie" && argc == 6)
    lie(argv + 2);
  else if (verb == "topology" && argc == 3)
    topology(argv[2]);
  else if (verb == "retarget" && argc == 4)
    retarget(argv[2], argv[3]);
  else if (verb == "rules")
    rules();
  else
    return 2;
  return failures > 0;
}
