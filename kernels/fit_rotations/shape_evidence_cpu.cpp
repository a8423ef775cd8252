#include <algorithm>
#include <vector>

#include "common/pool.hpp"
#include "fit_rotations/fit_rotations.hpp"
#include "fit_rotations/rotations.hpp"

namespace meshcast {
namespace {

constexpr int kWide = kMaxShapes;  // numbers of a row of derivatives in the scratch

// How a unit of shape moves what a joint moves, beside its own vertex: (3, B) a joint, place less rotated rest joint.
void joint_motion(const ShapeEvidence& p, const Pose& pose, double (*offset)[3][kWide]) {
  double place[kMaxJoints][3][kWide];
  const std::int64_t shapes = p.shape_count;
  for (std::int64_t k = 0; k < p.body.joint_count; ++k) {
    const std::int64_t parent = k == 0 ? 0 : p.body.parents[k];
    const float *own = p.joint_shape_dirs + 3 * shapes * k, *above = p.joint_shape_dirs + 3 * shapes * parent;
    for (int a = 0; a < 3; ++a) {
      for (std::int64_t s = 0; s < shapes; ++s) {
        double moved = 0, turned = 0;
        if (k > 0) {
          moved = place[parent][a][s];
          for (int b = 0; b < 3; ++b)
            moved += pose.world[parent](a, b) * (double(own[b * shapes + s]) - above[b * shapes + s]);
        }
        for (int b = 0; b < 3; ++b) turned += pose.world[k](a, b) * own[b * shapes + s];
        place[k][a][s] = moved;
        offset[k][a][s] = moved - turned;
      }
    }
  }
}

MESHCAST_CLONES void add_up(const ShapeEvidence& p, std::int64_t person, const Pose& pose,
                            const double (*offset)[3][kWide], double* __restrict evidence) {
  const RiggedBody& body = p.body;
  const std::int64_t shapes = p.shape_count, columns = shapes + 1;
  const double share = 1.0 / static_cast<double>(body.vertex_count);
  for (std::int64_t v = 0; v < body.vertex_count; ++v) {
    const std::uint8_t* joints = body.joints + kInfluences * v;
    const float* weights = body.weights + kInfluences * v;
    const float* rest = body.rest + 3 * (body.vertex_count * person + v);
    const float* vertex = body.vertices + 3 * (body.vertex_count * person + v);
    const float* dirs = p.shape_dirs + 3 * shapes * v;
    double skinned[3], turn[9] = {}, moved[3][kWide + 1] = {};
    pose.skin(joints, weights, rest, skinned);
    for (int e = 0; e < kInfluences; ++e) {
      if (weights[e] == 0) continue;
      for (int i = 0; i < 9; ++i) turn[i] += weights[e] * pose.world[joints[e]].at[i];
      for (int a = 0; a < 3; ++a) {
        for (std::int64_t s = 0; s < shapes; ++s) moved[a][s] += weights[e] * offset[joints[e]][a][s];
      }
    }
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) {
        for (std::int64_t s = 0; s < shapes; ++s) moved[a][s] += turn[3 * a + b] * dirs[b * shapes + s];
      }
      moved[a][shapes] = vertex[a] - skinned[a];
    }
    for (std::int64_t s = 0; s < shapes; ++s) {
      for (int a = 0; a < 3; ++a) {
        const double left = share * moved[a][s];
        for (std::int64_t t = 0; t < columns; ++t) evidence[s * columns + t] += left * moved[a][t];
      }
    }
  }
}

void of_person(const ShapeEvidence& p, std::int64_t person) {
  const RiggedBody& body = p.body;
  Mat3 local[kMaxJoints];
  for (std::int64_t i = 0; i < 9 * body.joint_count; ++i)
    local[i / 9].at[i % 9] = p.rotations[9 * body.joint_count * person + i];
  Pose pose;
  pose.set(local, body.parents, body.rest_joints + 3 * body.joint_count * person, body.joint_count);
  double offset[kMaxJoints][3][kWide];
  joint_motion(p, pose, offset);
  double* evidence = p.evidence + p.shape_count * (p.shape_count + 1) * person;
  std::fill_n(evidence, p.shape_count * (p.shape_count + 1), 0.0);
  add_up(p, person, pose, offset, evidence);
}

}  // namespace

void shape_evidence_cpu(const ShapeEvidence& p) {
  auto task = [&p](std::int64_t person) { of_person(p, person); };
  parallel_for(p.body.people, task);
}

}  // namespace meshcast
