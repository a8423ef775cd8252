#include <algorithm>

#include "fit_rotations/pose_energy.hpp"

namespace meshcast {

MESHCAST_CLONES void measure(const RiggedBody& body, const float* rest, const float* vertices, Moments& moments) {
  moments.pairs.clear();
  moments.squares = 0;
  for (std::int64_t i = 0; i < body.joint_count; ++i) {
    std::fill_n(moments.m[i], kPadded, 0.0);
    std::fill_n(moments.slot[i], body.joint_count, kNone);
  }
  const double share = 1.0 / static_cast<double>(body.vertex_count);
  for (std::int64_t v = 0; v < body.vertex_count; ++v) {
    const double x[3] = {vertices[3 * v], vertices[3 * v + 1], vertices[3 * v + 2]};
    const double h[4] = {rest[3 * v], rest[3 * v + 1], rest[3 * v + 2], 1};
    double outer[kPadded], cross[kPadded] = {};
    for (int r = 0; r < 4; ++r) {
      for (int c = r; c < 4; ++c) cross[kUpper[r][c]] = h[r] * h[c];
    }
    for (int i = 0; i < 12; ++i) outer[i] = x[i / 4] * h[i % 4];
    moments.squares += share * (x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
    for (int a = 0; a < kInfluences; ++a) {
      const std::uint8_t joint = body.joints[kInfluences * v + a];
      const double weight = share * body.weights[kInfluences * v + a];
      if (weight == 0) continue;
      for (int i = 0; i < kPadded; ++i) moments.m[joint][i] += weight * outer[i];
      for (int b = a; b < kInfluences; ++b) {
        const std::uint8_t other = body.joints[kInfluences * v + b];
        double both = weight * body.weights[kInfluences * v + b];
        if (both == 0) continue;
        if (a != b && joint == other) both *= 2;
        double* s = moments.pair(joint, other).s;
        for (int i = 0; i < kPadded; ++i) s[i] += both * cross[i];
      }
    }
  }
}

MESHCAST_CLONES void evaluate(const RiggedBody& body, const float* rest_joints, const Moments& moments,
                              const Mat3* before, double stiffness, Posed& now) {
  const std::int64_t count = body.joint_count;
  now.pose.set(now.local, body.parents, rest_joints, count);
  double data = moments.squares, bent = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto& t = now.pose.transform[k];
    for (int a = 0; a < 3; ++a) {
      const double* m = moments.m[k] + 4 * a;
      for (int c = 0; c < 4; ++c)
        now.along[k][4 * a + c] = m[0] * t[c][0] + m[1] * t[c][1] + m[2] * t[c][2] + m[3] * t[c][3];
      data -= 2 * now.along[k][5 * a];
    }
    Mat3 turned;  // R_k prior_k^T
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) {
        const Mat3 &r = now.local[k], &q = before[k];
        turned.at[3 * a + b] = r(a, 0) * q(b, 0) + r(a, 1) * q(b, 1) + r(a, 2) * q(b, 2);
      }
    }
    for (int a = 0; a < 3; ++a) {
      const int b = (a + 1) % 3, c = (a + 2) % 3;
      now.away[k][a] = turned(c, b) - turned(b, c);
      bent += 1 - turned(a, a);
    }
  }
  now.paired.resize(16 * moments.pairs.size());
  double* out = now.paired.data();
  for (const Pair& pair : moments.pairs) {
    const auto &left = now.pose.transform[pair.i], &right = now.pose.transform[pair.j];
    double half[4][4];  // T_i S
    for (int a = 0; a < 4; ++a) {
      for (int c = 0; c < 4; ++c) {
        half[a][c] = left[a][0] * pair.s[kUpper[0][c]] + left[a][1] * pair.s[kUpper[1][c]] +
                     left[a][2] * pair.s[kUpper[2][c]] + left[a][3] * pair.s[kUpper[3][c]];
      }
    }
    for (int a = 0; a < 4; ++a) {
      for (int c = 0; c < 4; ++c) {
        out[4 * a + c] =
            half[a][0] * right[c][0] + half[a][1] * right[c][1] + half[a][2] * right[c][2] + half[a][3] * right[c][3];
      }
    }
    data += (pair.i == pair.j ? 1 : 2) * (out[0] + out[5] + out[10]);
    out += 16;
  }
  now.energy = data + stiffness * bent;
}

MESHCAST_CLONES void linearise(const RiggedBody& body, const Moments& moments, const Posed& now, double stiffness,
                               System& system) {
  const std::int64_t count = body.joint_count, row = 16 * count, unknowns = 3 * count;
  system.resize(count);
  double pull[kMaxJoints][12];
  for (std::int64_t k = 0; k < count; ++k) std::copy_n(now.along[k], 12, pull[k]);
  std::fill(system.pairs.begin(), system.pairs.end(), 0.0);
  double* pairs = system.pairs.data();
  const double* from = now.paired.data();
  for (const Pair& pair : moments.pairs) {
    double *upper = pairs + pair.i * row + 16 * pair.j, *lower = pairs + pair.j * row + 16 * pair.i;
    for (int a = 0; a < 4; ++a) {
      for (int c = 0; c < 4; ++c) {
        upper[4 * a + c] = from[4 * a + c];
        lower[4 * c + a] = from[4 * a + c];
      }
    }
    for (int a = 0; a < 3; ++a) {
      for (int c = 0; c < 4; ++c) {
        pull[pair.j][4 * a + c] -= upper[4 * a + c];
        if (pair.i != pair.j) pull[pair.i][4 * a + c] -= lower[4 * a + c];
      }
    }
    from += 16;
  }
  for (std::int64_t child = count - 1; child > 0; --child) {
    const std::int64_t parent = body.parents[child];
    for (std::int64_t i = 0; i < row; ++i) pairs[parent * row + i] += pairs[child * row + i];
    for (int i = 0; i < 12; ++i) pull[parent][i] += pull[child][i];
  }
  for (std::int64_t k = 0; k < count; ++k) {
    for (std::int64_t child = count - 1; child > 0; --child) {
      double *to = pairs + k * row + 16 * body.parents[child], *sum = pairs + k * row + 16 * child;
      for (int i = 0; i < 16; ++i) to[i] += sum[i];
    }
  }
  double trace = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    const double* p = now.pose.place[k];
    const std::int64_t first = 3 * (count - 1 - k);
    for (std::int64_t l = 0; l <= k; ++l) {
      const double *u = pairs + k * row + 16 * l, *q = now.pose.place[l];
      double spread[3][3];  // mean of y_k y_l^T, y what the joint moves, about the joint
      for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b)
          spread[a][b] = u[4 * a + b] - p[a] * u[12 + b] - u[4 * a + 3] * q[b] + p[a] * q[b] * u[15];
      }
      const double sum = spread[0][0] + spread[1][1] + spread[2][2];
      for (int a = 0; a < 3; ++a) {
        double* to = system.normal.data() + (first + a) * unknowns + 3 * (count - 1 - l);
        for (int b = 0; b < 3; ++b) to[b] = (a == b ? sum : 0.0) - spread[b][a];
        if (k == l) trace += to[a] += stiffness;
      }
    }
    for (int a = 0; a < 3; ++a) {
      const int b = (a + 1) % 3, c = (a + 2) % 3;
      const double* z = pull[k];
      double torque = (z[4 * c + b] - z[4 * c + 3] * p[b]) - (z[4 * b + c] - z[4 * b + 3] * p[c]);
      const Mat3& up = k == 0 ? kIdentity : now.pose.world[body.parents[k]];
      for (int i = 0; i < 3; ++i) torque -= 0.5 * stiffness * up(a, i) * now.away[k][i];
      system.torque[first + a] = torque;
    }
  }
  system.scale = trace / static_cast<double>(unknowns);
}

}  // namespace meshcast
