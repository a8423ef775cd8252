#include "fit_rotations/fit_rotations.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "common/pool.hpp"
#include "fit_rotations/normal_equations.hpp"
#include "fit_rotations/rotations.hpp"

namespace meshcast {
namespace {

constexpr int kSteps = 12;           // tried at most; two or three do from the frame before
constexpr double kTolerance = 1e-4;  // of the energy: a step that gains less is the last one
constexpr double kEnough = 1e-12;    // m^2, mean square distance at which nothing is left to gain
constexpr double kTrust = 1e-3;      // of a bone's spread: how strongly it follows its parent in the first guess
constexpr double kFloor = 1e-12;     // m^2, damping that keeps joints which move no vertex solvable
constexpr double kRounding = 1e-10;  // of the mean diagonal: damping that outweighs rounding
constexpr int kSymmetric = 10;       // numbers of a symmetric 4 x 4 matrix
constexpr int kPadded = 12;          // the same as whole vectors
constexpr std::int16_t kNone = -1;

// Row-major upper triangle, as in kUpper[row][column].
constexpr int kUpper[4][4] = {{0, 1, 2, 3}, {1, 4, 5, 6}, {2, 5, 7, 8}, {3, 6, 8, 9}};

struct Pair {
  std::uint8_t i, j;  // i <= j
  double s[kPadded];  // S_ij, upper triangle
};

// What the energy needs of the vertices; pairs are those of joints that share vertices.
struct Moments {
  double m[kMaxJoints][kPadded];  // M_k, 3 x 4
  double squares;
  std::vector<Pair> pairs;
  std::int16_t slot[kMaxJoints][kMaxJoints];

  Pair& pair(std::uint8_t i, std::uint8_t j) {
    if (i > j) std::swap(i, j);
    if (slot[i][j] == kNone) {
      slot[i][j] = static_cast<std::int16_t>(pairs.size());
      pairs.push_back({i, j, {}});
    }
    return pairs[slot[i][j]];
  }
};

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

// A pose, its energy and what a step from it needs.
struct Posed {
  Mat3 local[kMaxJoints];
  Pose pose;
  std::vector<double> paired;    // T_i S_ij T_j^T, 16 numbers for each of the moments' pairs
  double along[kMaxJoints][12];  // M_k T_k^T, 3 x 4
  double away[kMaxJoints][3];    // twice the sine of the angle to the prior, times its axis
  double energy;
};

MESHCAST_CLONES void evaluate(const FitRotations& p, std::int64_t person, const Moments& moments, const Mat3* before,
                              double stiffness, Posed& now) {
  const std::int64_t count = p.body.joint_count;
  now.pose.set(now.local, p.body.parents, p.body.rest_joints + 3 * count * person, count);
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

// Gauss-Newton's equations for turning every joint's subtree about the joint, in the axes of the vertices. The last
// joint comes first, so that children are eliminated before their parents.
struct System {
  std::vector<double> pairs;  // (P, P, 4, 4): sums over both subtrees
  std::vector<double> normal, factors;
  std::vector<double> torque, step;
  double scale;

  void resize(std::int64_t count) {
    pairs.resize(16 * count * count);
    normal.resize(9 * count * count);
    factors.resize(normal.size());
    torque.resize(3 * count);
    step.resize(torque.size());
  }
};

MESHCAST_CLONES void linearise(const RiggedBody& body, const Moments& moments, const Posed& now, double stiffness,
                               System& system) {
  const std::int64_t count = body.joint_count, row = 16 * count, unknowns = 3 * count;
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

// The damped step; false where the equations cannot be solved.
MESHCAST_CLONES bool solve(System& system, double damping) {
  const auto unknowns = static_cast<std::int64_t>(system.torque.size());
  for (std::int64_t i = 0; i < unknowns; ++i) {
    const std::int64_t start = i * unknowns;
    for (std::int64_t c = i; c < unknowns; ++c) system.factors[start + c] = system.normal[start + c];
    system.factors[start + i] += (damping + kRounding) * system.scale + kFloor;
    system.step[i] = system.torque[i];
  }
  return solve_positive(system.factors.data(), system.step.data(), unknowns);
}

void turn(const RiggedBody& body, const Posed& from, const System& system, Posed& to) {
  for (std::int64_t k = 0; k < body.joint_count; ++k) {
    const double* step = system.step.data() + 3 * (body.joint_count - 1 - k);
    const Mat3& up = k == 0 ? kIdentity : from.pose.world[body.parents[k]];
    double own[3];
    for (int a = 0; a < 3; ++a) own[a] = up(0, a) * step[0] + up(1, a) * step[1] + up(2, a) * step[2];
    to.local[k] = multiply(exponential(own), from.local[k]);
  }
}

// Local rotations, each bone's world rotation fitted to its own vertices alone.
void guess(const RiggedBody& body, const Moments& moments, Mat3* local) {
  double s[kMaxJoints][kSymmetric] = {};
  for (const Pair& pair : moments.pairs) {
    for (int i = 0; i < kSymmetric; ++i) {
      s[pair.i][i] += pair.s[i];
      if (pair.i != pair.j) s[pair.j][i] += pair.s[i];
    }
  }
  Mat3 world[kMaxJoints];
  for (std::int64_t k = 0; k < body.joint_count; ++k) {
    const Mat3& up = k == 0 ? kIdentity : world[body.parents[k]];
    const double mass = s[k][9], mean[3] = {s[k][3], s[k][6], s[k][8]};
    const double inverse = mass > 0 ? 1 / mass : 0;
    const double spread =
        s[k][0] + s[k][4] + s[k][7] - (mean[0] * mean[0] + mean[1] * mean[1] + mean[2] * mean[2]) * inverse;
    Mat3 wanted;
    for (int i = 0; i < 9; ++i) {
      const double* m = moments.m[k] + 4 * (i / 3);
      wanted.at[i] = m[i % 3] - m[3] * mean[i % 3] * inverse + (kTrust * spread + kFloor) * up.at[i];
    }
    world[k] = nearest_rotation(wanted);
    local[k] = multiply_transposed(up, world[k]);
  }
}

struct Workspace {
  Moments moments;
  Posed now, tried;
  System system;
  Mat3 before[kMaxJoints];
};

// Levenberg-Marquardt from the better of two starts; the result is in work.now.
void fit(const FitRotations& p, std::int64_t person, Workspace& work) {
  const double stiffness = p.stiffness[person];
  System& system = work.system;
  system.resize(p.body.joint_count);
  std::copy_n(work.before, p.body.joint_count, work.now.local);
  guess(p.body, work.moments, work.tried.local);
  evaluate(p, person, work.moments, work.before, stiffness, work.now);
  evaluate(p, person, work.moments, work.before, stiffness, work.tried);
  if (work.tried.energy < work.now.energy) std::swap(work.now, work.tried);

  double damping = 0;
  linearise(p.body, work.moments, work.now, stiffness, system);
  for (int step = 0; step < kSteps; ++step) {
    bool better = solve(system, damping);
    if (better) {
      turn(p.body, work.now, system, work.tried);
      evaluate(p, person, work.moments, work.before, stiffness, work.tried);
      better = work.tried.energy < work.now.energy;
    }
    if (!better) {
      if (damping > 1) break;
      damping = std::max(10 * damping, 1e-3);
      continue;
    }
    const double gain = work.now.energy - work.tried.energy;
    std::swap(work.now, work.tried);
    damping = damping > 1e-6 ? damping / 10 : 0;
    if (gain < kTolerance * work.now.energy || work.now.energy < kEnough) break;
    linearise(p.body, work.moments, work.now, stiffness, system);
  }
}

MESHCAST_CLONES double distance(const RiggedBody& body, const float* rest, const float* vertices, const Pose& pose) {
  double sum = 0;
  for (std::int64_t v = 0; v < body.vertex_count; ++v) {
    double x[3];
    pose.skin(body.joints + kInfluences * v, body.weights + kInfluences * v, rest + 3 * v, x);
    for (int a = 0; a < 3; ++a) sum += (vertices[3 * v + a] - x[a]) * (vertices[3 * v + a] - x[a]);
  }
  return std::sqrt(sum / static_cast<double>(body.vertex_count));
}

bool finite(const float* numbers, std::int64_t count) {
  return std::all_of(numbers, numbers + count, [](float x) { return std::isfinite(x); });
}

void fit_person(const FitRotations& p, std::int64_t person) {
  thread_local Workspace work;  // kept: some hundred kilobytes
  const RiggedBody& body = p.body;
  const std::int64_t joints = body.joint_count, numbers = 3 * body.vertex_count;
  const float *rest = body.rest + numbers * person, *vertices = body.vertices + numbers * person;
  const float* prior = p.prior + 9 * joints * person;
  const bool known = finite(prior, 9 * joints);
  for (std::int64_t k = 0; k < joints; ++k) {
    Mat3 matrix = kIdentity;
    if (known) std::copy_n(prior + 9 * k, 9, matrix.at);
    work.before[k] = nearest_rotation(matrix);
  }
  double error = std::numeric_limits<double>::quiet_NaN();
  const Mat3* local = work.before;
  if (known && finite(rest, numbers) && finite(vertices, numbers) && std::isfinite(p.stiffness[person]) &&
      finite(body.rest_joints + 3 * joints * person, 3 * joints)) {
    measure(body, rest, vertices, work.moments);
    fit(p, person, work);
    error = distance(body, rest, vertices, work.now.pose);
    local = work.now.local;
  }
  p.error[person] = static_cast<float>(error);
  for (std::int64_t i = 0; i < 9 * joints; ++i) {
    p.rotations[9 * joints * person + i] = static_cast<float>(local[i / 9].at[i % 9]);
  }
}

}  // namespace

void fit_rotations_cpu(const FitRotations& p) {
  auto task = [&p](std::int64_t person) { fit_person(p, person); };
  parallel_for(p.body.people, task);
}

}  // namespace meshcast
