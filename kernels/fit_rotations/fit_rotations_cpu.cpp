#include "fit_rotations/fit_rotations.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "common/normal_equations.hpp"
#include "common/pool.hpp"
#include "fit_rotations/pose_energy.hpp"
#include "fit_rotations/rotations.hpp"

namespace meshcast {
namespace {

constexpr int kSymmetric = 10;  // numbers of a symmetric 4 x 4 matrix

// The damped step; false where the equations cannot be solved.
MESHCAST_CLONES bool solve(System& system, double damping) {
  const auto unknowns = static_cast<std::int64_t>(system.torque.size());
  for (std::int64_t i = 0; i < unknowns; ++i) {
    const std::int64_t start = i * unknowns;
    for (std::int64_t c = i; c < unknowns; ++c) system.factors[start + c] = system.normal[start + c];
    system.factors[start + i] += (damping + kRounding) * system.scale + kFloor;
    system.step[i] = system.torque[i];
  }
  if (!factor_positive(Alone{}, system.factors.data(), unknowns)) return false;
  solve_half(Alone{}, system.factors.data(), system.step.data(), unknowns, 1);
  solve_rest(Alone{}, system.factors.data(), system.step.data(), unknowns);
  return true;
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
  const float* rest_joints = p.body.rest_joints + 3 * p.body.joint_count * person;
  System& system = work.system;
  std::copy_n(work.before, p.body.joint_count, work.now.local);
  guess(p.body, work.moments, work.tried.local);
  evaluate(p.body, rest_joints, work.moments, work.before, stiffness, work.now);
  evaluate(p.body, rest_joints, work.moments, work.before, stiffness, work.tried);
  if (work.tried.energy < work.now.energy) std::swap(work.now, work.tried);

  double damping = 0;
  linearise(p.body, work.moments, work.now, stiffness, system);
  for (int step = 0; step < kFitSteps; ++step) {
    bool better = solve(system, damping);
    if (better) {
      turn(p.body, work.now, system, work.tried);
      evaluate(p.body, rest_joints, work.moments, work.before, stiffness, work.tried);
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
    if (gain < kFitTolerance * work.now.energy || work.now.energy < kFitEnough) break;
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
