#include <algorithm>
#include <vector>

#include "common/normal_equations.hpp"
#include "common/pool.hpp"
#include "fit_rotations/fit_rotations.hpp"
#include "fit_rotations/pose_energy.hpp"
#include "fit_rotations/rotations.hpp"

namespace meshcast {
namespace {

// Columns: the shapes and the residual, padded to a multiple of the vector width, as few shapes are usual.
constexpr int kWide = kMaxShapes + 4;
constexpr int kNarrow = 12;

// Rows of one number for every column.
using Row = double[kWide];

struct Workspace {
  Moments moments;
  Posed now;
  System system;
  Row offset[kMaxJoints][3];  // how a unit of shape moves what a joint moves, beside the vertex itself
  Row lever[kMaxJoints][12];  // mean of w_vk d h^T, d a column of J or r: 3 x 4
  Row turns[3 * kMaxJoints];  // W^T of all columns, in the system's order
  Row square[kMaxShapes];     // J^T of all columns
};

void joint_motion(const ShapeEvidence& p, const Pose& pose, Row (*offset)[3]) {
  Row place[kMaxJoints][3];
  const std::int64_t shapes = p.shape_count;
  for (std::int64_t k = 0; k < p.body.joint_count; ++k) {
    const std::int64_t parent = k == 0 ? 0 : p.body.parents[k];
    const float *own = p.joint_shape_dirs + 3 * shapes * k, *above = p.joint_shape_dirs + 3 * shapes * parent;
    for (int a = 0; a < 3; ++a) {
      for (std::int64_t s = 0; s < shapes; ++s) {
        double moved = k == 0 ? 0 : place[parent][a][s], turned = 0;
        for (int b = 0; b < 3; ++b) {
          moved += pose.world[parent](a, b) * (double(own[b * shapes + s]) - above[b * shapes + s]);
          turned += pose.world[k](a, b) * own[b * shapes + s];
        }
        place[k][a][s] = moved;
        offset[k][a][s] = moved - turned;
      }
      for (std::int64_t s = shapes; s < kWide; ++s) offset[k][a][s] = 0;
    }
  }
}

template <int Width>
MESHCAST_INLINE void add_vertices(const ShapeEvidence& p, std::int64_t person, Workspace& work) {
  const RiggedBody& body = p.body;
  const std::int64_t shapes = p.shape_count;
  const double share = 1.0 / static_cast<double>(body.vertex_count);
  for (std::int64_t v = 0; v < body.vertex_count; ++v) {
    const std::uint8_t* joints = body.joints + kInfluences * v;
    const float* weights = body.weights + kInfluences * v;
    const float* rest = body.rest + 3 * (body.vertex_count * person + v);
    const float* vertex = body.vertices + 3 * (body.vertex_count * person + v);
    const float* dirs = p.shape_dirs + 3 * shapes * v;
    double skinned[3], turn[9] = {}, own[3][Width] = {}, moved[3][Width] = {};
    work.now.pose.skin(joints, weights, rest, skinned);
    for (int b = 0; b < 3; ++b) {
      for (std::int64_t s = 0; s < shapes; ++s) own[b][s] = dirs[b * shapes + s];
    }
    for (int e = 0; e < kInfluences; ++e) {
      if (weights[e] == 0) continue;
      for (int i = 0; i < 9; ++i) turn[i] += weights[e] * work.now.pose.world[joints[e]].at[i];
      for (int a = 0; a < 3; ++a) {
        const double* offset = work.offset[joints[e]][a];
        for (int s = 0; s < Width; ++s) moved[a][s] += weights[e] * offset[s];
      }
    }
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) {
        for (int s = 0; s < Width; ++s) moved[a][s] += turn[3 * a + b] * own[b][s];
      }
      moved[a][shapes] = vertex[a] - skinned[a];
    }
    for (std::int64_t s = 0; s < shapes; ++s) {
      const double x = share * moved[0][s], y = share * moved[1][s], z = share * moved[2][s];
      double* square = work.square[s];
      for (int t = 0; t < Width; ++t) square[t] += x * moved[0][t] + y * moved[1][t] + z * moved[2][t];
    }
    const double h[4] = {rest[0], rest[1], rest[2], 1};
    for (int e = 0; e < kInfluences; ++e) {
      if (weights[e] == 0) continue;
      for (int i = 0; i < 12; ++i) {
        const double arm = share * weights[e] * h[i % 4];
        double* lever = work.lever[joints[e]][i];
        for (int t = 0; t < Width; ++t) lever[t] += arm * moved[i / 4][t];
      }
    }
  }
}

// The squares, and the levers.
MESHCAST_CLONES void add_up(const ShapeEvidence& p, std::int64_t person, Workspace& work) {
  if (p.shape_count < kNarrow) {
    add_vertices<kNarrow>(p, person, work);
  } else {
    add_vertices<kWide>(p, person, work);
  }
}

// W^T of all columns: the torque about every joint of what its subtree moves.
MESHCAST_CLONES void turns_of(const ShapeEvidence& p, Workspace& work) {
  const std::int64_t count = p.body.joint_count, columns = p.shape_count + 1;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto& t = work.now.pose.transform[k];
    for (int a = 0; a < 3; ++a) {
      Row* lever = work.lever[k] + 4 * a;
      for (std::int64_t s = 0; s < columns; ++s) {
        const double h[4] = {lever[0][s], lever[1][s], lever[2][s], lever[3][s]};
        for (int c = 0; c < 4; ++c) lever[c][s] = t[c][0] * h[0] + t[c][1] * h[1] + t[c][2] * h[2] + t[c][3] * h[3];
      }
    }
  }
  for (std::int64_t child = count - 1; child > 0; --child) {
    double *to = work.lever[p.body.parents[child]][0], *from = work.lever[child][0];
    for (int i = 0; i < 12 * kWide; ++i) to[i] += from[i];
  }
  for (std::int64_t k = 0; k < count; ++k) {
    const double* place = work.now.pose.place[k];
    const Row* z = work.lever[k];
    for (int a = 0; a < 3; ++a) {
      const int b = (a + 1) % 3, c = (a + 2) % 3;
      double* to = work.turns[0] + (3 * (count - 1 - k) + a) * columns;
      for (std::int64_t s = 0; s < columns; ++s) {
        to[s] = (z[4 * c + b][s] - z[4 * c + 3][s] * place[b]) - (z[4 * b + c][s] - z[4 * b + 3][s] * place[c]);
      }
    }
  }
}

// Takes away what turning the joints could explain as well.
MESHCAST_CLONES void project(const ShapeEvidence& p, Workspace& work) {
  const std::int64_t unknowns = 3 * p.body.joint_count, shapes = p.shape_count, columns = shapes + 1;
  double* normal = work.system.normal.data();
  double* turns = work.turns[0];
  if (!factor_positive(Alone{}, normal, unknowns)) return;
  solve_half(Alone{}, normal, turns, unknowns, columns);
  for (std::int64_t i = 0; i < unknowns; ++i) {
    const double* row = turns + i * columns;
    for (std::int64_t s = 0; s < shapes; ++s) {
      for (std::int64_t t = 0; t < columns; ++t) work.square[s][t] -= row[s] * row[t];
    }
  }
}

void of_person(const ShapeEvidence& p, std::int64_t person) {
  thread_local Workspace work;  // kept: some hundred kilobytes
  const RiggedBody& body = p.body;
  const std::int64_t joints = body.joint_count, numbers = 3 * body.vertex_count;
  const float *rest = body.rest + numbers * person, *vertices = body.vertices + numbers * person;
  for (std::int64_t i = 0; i < 9 * joints; ++i) work.now.local[i / 9].at[i % 9] = p.rotations[9 * joints * person + i];
  measure(body, rest, vertices, work.moments);
  evaluate(body, body.rest_joints + 3 * joints * person, work.moments, work.now.local, 0, work.now);
  linearise(body, work.moments, work.now, kLoose, work.system);
  joint_motion(p, work.now.pose, work.offset);
  for (std::int64_t k = 0; k < joints; ++k) std::fill_n(work.lever[k][0], 12 * kWide, 0.0);
  std::fill_n(work.square[0], p.shape_count * kWide, 0.0);
  add_up(p, person, work);
  turns_of(p, work);
  project(p, work);
  double* evidence = p.evidence + p.shape_count * (p.shape_count + 1) * person;
  for (std::int64_t s = 0; s < p.shape_count; ++s) evidence = std::copy_n(work.square[s], p.shape_count + 1, evidence);
}

}  // namespace

void shape_evidence_cpu(const ShapeEvidence& p) {
  auto task = [&p](std::int64_t person) { of_person(p, person); };
  parallel_for(p.body.people, task);
}

}  // namespace meshcast
