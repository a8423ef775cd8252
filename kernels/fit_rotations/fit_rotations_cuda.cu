#include <cuda_runtime.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "common/block.cuh"
#include "common/normal_equations.hpp"
#include "fit_rotations/fit_rotations.hpp"
#include "fit_rotations/rotations.hpp"

// The algorithm of fit_rotations_cpu.cpp and pose_energy_cpu.cpp, where a thread block works on a person. Every number
// is the sum of one thread, in a fixed order: where the CPU adds a vertex to the moments of its joints, here each
// moment looks for its vertices, so that nothing depends on the order of threads.
namespace meshcast {
namespace {

constexpr int kThreads = 128;
using Team = Block<kThreads>;

constexpr int kMoment = 12;     // numbers of M_k, 3 x 4, and of a transform
constexpr int kSymmetric = 10;  // of S_ij, the upper triangle of 4 x 4
constexpr int kBlock = 16;      // of T_i S_ij T_j^T, 4 x 4

__device__ constexpr int kRowOf[kSymmetric] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 3};
__device__ constexpr int kColumnOf[kSymmetric] = {0, 1, 2, 3, 1, 2, 3, 2, 3, 3};

__device__ int upper_index(int r, int c) {
  const int low = r < c ? r : c, high = r < c ? c : r;
  return low * 4 - low * (low - 1) / 2 + high - low;
}

__device__ Mat3 identity() {
  return {{1, 0, 0, 0, 1, 0, 0, 0, 1}};
}

// The same sum for all threads, in the order of the threads.
__device__ double sum_of_all(double own) {
  __shared__ double parts[kThreads];
  Team::sync();
  parts[Team::rank()] = own;
  Team::sync();
  double sum = 0;
  for (int i = 0; i < kThreads; ++i) sum += parts[i];
  return sum;
}

// A pose and what follows from it, in the workspace; P joints.
struct State {
  Mat3* local;        // P
  Mat3* world;        // P
  double* place;      // P x 3
  double* transform;  // P x 3 x 4, from resting to posed points
  double* along;      // M_k T_k^T, P x 3 x 4
  double* away;       // twice the sine of the angle to the prior, times its axis, P x 3
  double* paired;     // T_i S_ij T_j^T of the pairs, 4 x 4
  double energy;
};

struct Person {
  const RiggedBody* body;
  std::int64_t joints, pair_count;
  const float *rest, *rest_joints, *vertices;
  double stiffness, squares;
  Mat3* before;                                                         // P
  double *moments, *pair_moments;                                       // M_k (P, 3, 4), S_ij (pairs, 10)
  int* pairs;                                                           // i and j of each, i <= j
  double *blocks, *pull, *normal, *factors, *torque, *step, *diagonal;  // Gauss-Newton's equations
};

struct Layout {
  double* at;

  __device__ double* take(std::int64_t numbers) {
    double* start = at;
    at += numbers;
    return start;
  }
  __device__ State state(std::int64_t joints, std::int64_t pairs) {
    State made{};
    made.local = reinterpret_cast<Mat3*>(take(9 * joints));
    made.world = reinterpret_cast<Mat3*>(take(9 * joints));
    made.place = take(3 * joints);
    made.transform = take(kMoment * joints);
    made.along = take(kMoment * joints);
    made.away = take(3 * joints);
    made.paired = take(kBlock * pairs);
    return made;
  }
};

// Which joints share vertices, in the order of i and j; their number.
__device__ std::int64_t find_pairs(const RiggedBody& body, int* pairs) {
  __shared__ bool share[kMaxJoints][kMaxJoints];
  __shared__ int found;
  for (int i = Team::rank(); i < kMaxJoints * kMaxJoints; i += Team::size())
    share[i / kMaxJoints][i % kMaxJoints] = false;
  Team::sync();
  for (std::int64_t v = Team::rank(); v < body.vertex_count; v += Team::size()) {
    for (int a = 0; a < kInfluences; ++a) {
      for (int b = a; b < kInfluences; ++b) {
        if (body.weights[kInfluences * v + a] == 0 || body.weights[kInfluences * v + b] == 0) continue;
        const int i = body.joints[kInfluences * v + a], j = body.joints[kInfluences * v + b];
        share[i < j ? i : j][i < j ? j : i] = true;
      }
    }
  }
  Team::sync();
  if (Team::rank() == 0) {
    int count = 0;
    for (int i = 0; i < body.joint_count; ++i) {
      for (int j = i; j < body.joint_count; ++j) {
        if (!share[i][j]) continue;
        pairs[2 * count] = i, pairs[2 * count + 1] = j;
        ++count;
      }
    }
    found = count;
  }
  Team::sync();
  return found;
}

// The moments of the vertices: each thread looks for the vertices of its joint, or of its pair of joints.
__device__ void measure(Person& person) {
  const RiggedBody& body = *person.body;
  const double share = 1.0 / static_cast<double>(body.vertex_count);
  for (std::int64_t item = Team::rank(); item < person.joints + person.pair_count; item += Team::size()) {
    const bool single = item < person.joints;
    const int* pair = person.pairs + 2 * (item - person.joints);
    const int i = single ? static_cast<int>(item) : pair[0], j = single ? -1 : pair[1];
    double sums[kMoment] = {};
    for (std::int64_t v = 0; v < body.vertex_count; ++v) {
      const std::uint8_t* joints = body.joints + kInfluences * v;
      const float* weights = body.weights + kInfluences * v;
      double weight = 0;
      for (int a = 0; a < kInfluences; ++a) {
        if (single) {
          if (joints[a] == i) weight += share * weights[a];
          continue;
        }
        for (int b = a; b < kInfluences; ++b) {
          const int low = joints[a] < joints[b] ? joints[a] : joints[b];
          const int high = joints[a] < joints[b] ? joints[b] : joints[a];
          if (low == i && high == j) weight += (a != b && i == j ? 2 : 1) * (share * weights[a]) * weights[b];
        }
      }
      if (weight == 0) continue;
      const double h[4] = {person.rest[3 * v], person.rest[3 * v + 1], person.rest[3 * v + 2], 1};
      if (single) {
        for (int e = 0; e < kMoment; ++e) sums[e] += weight * (person.vertices[3 * v + e / 4] * h[e % 4]);
      } else {
        for (int e = 0; e < kSymmetric; ++e) sums[e] += weight * (h[kRowOf[e]] * h[kColumnOf[e]]);
      }
    }
    double* to = single ? person.moments + kMoment * item : person.pair_moments + kSymmetric * (item - person.joints);
    for (int e = 0; e < (single ? kMoment : kSymmetric); ++e) to[e] = sums[e];
  }
  double squares = 0;
  for (std::int64_t i = Team::rank(); i < 3 * body.vertex_count; i += Team::size()) {
    squares += share * (static_cast<double>(person.vertices[i]) * person.vertices[i]);
  }
  person.squares = sum_of_all(squares);
}

// Calls work(k) for every joint after it has been called for its parent.
template <typename Work>
__device__ void down_the_tree(const RiggedBody& body, const Work& work) {
  for (int level = 0;; ++level) {
    bool deeper = false;
    for (std::int64_t k = Team::rank(); k < body.joint_count; k += Team::size()) {
      int depth = 0;
      for (std::int64_t above = k; above > 0; above = body.parents[above]) ++depth;
      if (depth == level) work(k);
      deeper |= depth > level;
    }
    if (!__syncthreads_or(deeper)) return;
  }
}

__device__ void set_pose(const Person& person, State& now) {
  const RiggedBody& body = *person.body;
  down_the_tree(body, [&](std::int64_t k) {
    const float* origin = person.rest_joints + 3 * k;
    const std::int64_t parent = body.parents[k];
    const float* above = person.rest_joints + 3 * (k == 0 ? 0 : parent);
    const Mat3 world = k == 0 ? now.local[0] : multiply(now.world[parent], now.local[k]);
    now.world[k] = world;
    for (int a = 0; a < 3; ++a) {
      double place = k == 0 ? 0 : now.place[3 * parent + a];
      for (int b = 0; k > 0 && b < 3; ++b) place += now.world[parent](a, b) * (double(origin[b]) - above[b]);
      now.place[3 * k + a] = place;
      double offset = place;
      for (int b = 0; b < 3; ++b) {
        now.transform[kMoment * k + 4 * a + b] = world(a, b);
        offset -= world(a, b) * origin[b];
      }
      now.transform[kMoment * k + 4 * a + 3] = offset;
    }
  });
}

// Completes now.local.
__device__ void evaluate(const Person& person, State& now) {
  set_pose(person, now);
  double data = 0, bent = 0;
  for (std::int64_t k = Team::rank(); k < person.joints; k += Team::size()) {
    const double *t = now.transform + kMoment * k, *m = person.moments + kMoment * k;
    for (int a = 0; a < 3; ++a) {
      double* row = now.along + kMoment * k + 4 * a;
      for (int c = 0; c < 3; ++c) {
        row[c] = m[4 * a] * t[4 * c] + m[4 * a + 1] * t[4 * c + 1] + m[4 * a + 2] * t[4 * c + 2] +
                 m[4 * a + 3] * t[4 * c + 3];
      }
      row[3] = m[4 * a + 3];
      data -= 2 * row[a];
    }
    const Mat3 &r = now.local[k], &q = person.before[k];
    for (int a = 0; a < 3; ++a) {
      const int b = (a + 1) % 3, c = (a + 2) % 3;
      double turned = 0, first = 0, second = 0;  // of R_k prior_k^T
      for (int e = 0; e < 3; ++e) {
        turned += r(a, e) * q(a, e);
        first += r(c, e) * q(b, e);
        second += r(b, e) * q(c, e);
      }
      now.away[3 * k + a] = first - second;
      bent += 1 - turned;
    }
  }
  for (std::int64_t n = Team::rank(); n < person.pair_count; n += Team::size()) {
    const int i = person.pairs[2 * n], j = person.pairs[2 * n + 1];
    const double *left = now.transform + kMoment * i, *right = now.transform + kMoment * j;
    const double* s = person.pair_moments + kSymmetric * n;
    double* out = now.paired + kBlock * n;
    for (int a = 0; a < 4; ++a) {
      double half[4];  // a row of T_i S
      for (int c = 0; c < 4; ++c) {
        half[c] = s[upper_index(3, c)];
        if (a == 3) continue;
        half[c] *= left[4 * a + 3];
        for (int e = 0; e < 3; ++e) half[c] += left[4 * a + e] * s[upper_index(e, c)];
      }
      for (int c = 0; c < 3; ++c) {
        out[4 * a + c] = half[0] * right[4 * c] + half[1] * right[4 * c + 1] + half[2] * right[4 * c + 2] +
                         half[3] * right[4 * c + 3];
      }
      out[4 * a + 3] = half[3];
    }
    data += (i == j ? 1 : 2) * (out[0] + out[5] + out[10]);
  }
  now.energy = person.squares + sum_of_all(data) + person.stiffness * sum_of_all(bent);
}

// Gauss-Newton's equations at a pose; the mean of their diagonal.
__device__ double linearise(const Person& person, const State& now) {
  const RiggedBody& body = *person.body;
  const std::int64_t count = person.joints, row = kBlock * count, unknowns = 3 * count;
  double* blocks = person.blocks;
  for (std::int64_t i = Team::rank(); i < count * row; i += Team::size()) blocks[i] = 0;
  for (std::int64_t item = Team::rank(); item < kMoment * count; item += Team::size()) {
    const std::int64_t k = item / kMoment;
    const int a = static_cast<int>(item % kMoment) / 4, c = static_cast<int>(item % 4);
    double pull = now.along[item];
    for (std::int64_t n = 0; n < person.pair_count; ++n) {
      const double* from = now.paired + kBlock * n;
      const int i = person.pairs[2 * n], j = person.pairs[2 * n + 1];
      if (j == k) pull -= from[4 * a + c];
      if (i != j && i == k) pull -= from[4 * c + a];
    }
    person.pull[item] = pull;
  }
  Team::sync();
  for (std::int64_t item = Team::rank(); item < kBlock * person.pair_count; item += Team::size()) {
    const std::int64_t n = item / kBlock, i = person.pairs[2 * n], j = person.pairs[2 * n + 1];
    const std::int64_t a = item % kBlock / 4, c = item % 4;
    blocks[i * row + kBlock * j + 4 * a + c] = now.paired[item];
    if (i != j) blocks[j * row + kBlock * i + 4 * c + a] = now.paired[item];
  }
  Team::sync();
  for (std::int64_t item = Team::rank(); item < row + kMoment;
       item += Team::size()) {  // a column of sums over children
    const bool pulls = item >= row;
    double* column = pulls ? person.pull + (item - row) : blocks + item;
    const std::int64_t stride = pulls ? kMoment : row;
    for (std::int64_t child = count - 1; child > 0; --child)
      column[body.parents[child] * stride] += column[child * stride];
  }
  Team::sync();
  for (std::int64_t item = Team::rank(); item < row; item += Team::size()) {
    double* column = blocks + item / kBlock * row + item % kBlock;
    for (std::int64_t child = count - 1; child > 0; --child)
      column[kBlock * body.parents[child]] += column[kBlock * child];
  }
  Team::sync();
  for (std::int64_t item = Team::rank(); item < count * count; item += Team::size()) {
    const std::int64_t k = item / count, l = item % count, first = 3 * (count - 1 - k);
    if (l > k) continue;
    const double *p = now.place + 3 * k, *q = now.place + 3 * l, *u = blocks + k * row + kBlock * l;
    double spread[3][3];  // mean of y_k y_l^T, y what the joint moves, about the joint
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b)
        spread[a][b] = u[4 * a + b] - p[a] * u[12 + b] - u[4 * a + 3] * q[b] + p[a] * q[b] * u[15];
    }
    const double sum = spread[0][0] + spread[1][1] + spread[2][2];
    for (int a = 0; a < 3; ++a) {
      double* to = person.normal + (first + a) * unknowns + 3 * (count - 1 - l);
      for (int b = 0; b < 3; ++b) to[b] = (a == b ? sum : 0.0) - spread[b][a];
      if (k == l) person.diagonal[first + a] = to[a] += person.stiffness;
    }
    if (k != l) continue;
    for (int a = 0; a < 3; ++a) {
      const int b = (a + 1) % 3, c = (a + 2) % 3;
      const double* z = person.pull + kMoment * k;
      double torque = (z[4 * c + b] - z[4 * c + 3] * p[b]) - (z[4 * b + c] - z[4 * b + 3] * p[c]);
      const Mat3 up = k == 0 ? identity() : now.world[body.parents[k]];
      for (int i = 0; i < 3; ++i) torque -= 0.5 * person.stiffness * up(a, i) * now.away[3 * k + i];
      person.torque[first + a] = torque;
    }
  }
  Team::sync();
  double trace = 0;
  for (std::int64_t i = 0; i < unknowns; ++i) trace += person.diagonal[i];
  return trace / static_cast<double>(unknowns);
}

// The damped step; false where the equations cannot be solved.
__device__ bool solve(const Person& person, double damping, double scale) {
  const std::int64_t unknowns = 3 * person.joints;
  Team::sync();
  for (std::int64_t i = Team::rank(); i < unknowns * unknowns; i += Team::size()) {
    const std::int64_t r = i / unknowns, c = i % unknowns;
    if (c < r) continue;
    person.factors[i] = person.normal[i] + (r == c ? (damping + kRounding) * scale + kFloor : 0.0);
    if (r == c) person.step[r] = person.torque[r];
  }
  Team::sync();
  if (!factor_positive(Team{}, person.factors, unknowns)) return false;
  solve_half(Team{}, person.factors, person.step, unknowns, 1);
  solve_rest(Team{}, person.factors, person.step, unknowns);
  return true;
}

__device__ void turn(const Person& person, const State& from, State& to) {
  for (std::int64_t k = Team::rank(); k < person.joints; k += Team::size()) {
    const double* step = person.step + 3 * (person.joints - 1 - k);
    const Mat3 up = k == 0 ? identity() : from.world[person.body->parents[k]];
    double own[3];
    for (int a = 0; a < 3; ++a) own[a] = up(0, a) * step[0] + up(1, a) * step[1] + up(2, a) * step[2];
    to.local[k] = multiply(exponential(own), from.local[k]);
  }
  Team::sync();
}

// Local rotations, each bone's world rotation fitted to its own vertices alone.
__device__ void guess(const Person& person, State& to) {
  down_the_tree(*person.body, [&](std::int64_t k) {
    double s[kSymmetric] = {};
    for (std::int64_t n = 0; n < person.pair_count; ++n) {
      const int i = person.pairs[2 * n], j = person.pairs[2 * n + 1];
      if (i != k && j != k) continue;
      for (int e = 0; e < kSymmetric; ++e) s[e] += person.pair_moments[kSymmetric * n + e];
    }
    const Mat3 up = k == 0 ? identity() : to.world[person.body->parents[k]];
    const double mass = s[9], mean[3] = {s[3], s[6], s[8]};
    const double inverse = mass > 0 ? 1 / mass : 0;
    const double spread = s[0] + s[4] + s[7] - (mean[0] * mean[0] + mean[1] * mean[1] + mean[2] * mean[2]) * inverse;
    Mat3 wanted;
    for (int i = 0; i < 9; ++i) {
      const double* m = person.moments + kMoment * k + 4 * (i / 3);
      wanted.at[i] = m[i % 3] - m[3] * mean[i % 3] * inverse + (kTrust * spread + kFloor) * up.at[i];
    }
    to.world[k] = nearest_rotation(wanted);
    to.local[k] = multiply_transposed(up, to.world[k]);
  });
}

__device__ void swap(State& a, State& b) {
  const State kept = a;
  a = b, b = kept;
}

// Levenberg-Marquardt from the better of two starts; the result is in `now`.
__device__ void fit(const Person& person, State& now, State& tried) {
  for (std::int64_t k = Team::rank(); k < person.joints; k += Team::size()) now.local[k] = person.before[k];
  guess(person, tried);
  Team::sync();
  evaluate(person, now);
  evaluate(person, tried);
  if (tried.energy < now.energy) swap(now, tried);
  double damping = 0, scale = linearise(person, now);
  for (int step = 0; step < kFitSteps; ++step) {
    bool better = solve(person, damping, scale);
    if (better) {
      turn(person, now, tried);
      evaluate(person, tried);
      better = tried.energy < now.energy;
    }
    if (!better) {
      if (damping > 1) break;
      damping = max(10 * damping, 1e-3);
      continue;
    }
    const double gain = now.energy - tried.energy;
    swap(now, tried);
    damping = damping > 1e-6 ? damping / 10 : 0;
    if (gain < kFitTolerance * now.energy || now.energy < kFitEnough) break;
    Team::sync();
    scale = linearise(person, now);
  }
  Team::sync();
}

__device__ double distance(const Person& person, const State& now) {
  const RiggedBody& body = *person.body;
  double own = 0;
  for (std::int64_t v = Team::rank(); v < body.vertex_count; v += Team::size()) {
    double blend[kMoment] = {};
    for (int e = 0; e < kInfluences; ++e) {
      const double weight = body.weights[kInfluences * v + e];
      const double* from = now.transform + kMoment * body.joints[kInfluences * v + e];
      if (weight == 0) continue;
      for (int i = 0; i < kMoment; ++i) blend[i] += weight * from[i];
    }
    for (int a = 0; a < 3; ++a) {
      const float* h = person.rest + 3 * v;
      const double x = blend[4 * a] * h[0] + blend[4 * a + 1] * h[1] + blend[4 * a + 2] * h[2] + blend[4 * a + 3];
      const double away = person.vertices[3 * v + a] - x;
      own += away * away;
    }
  }
  return sqrt(sum_of_all(own) / static_cast<double>(body.vertex_count));
}

__device__ bool all_finite(const float* numbers, std::int64_t count) {
  bool bad = false;
  for (std::int64_t i = Team::rank(); i < count; i += Team::size()) bad |= !isfinite(numbers[i]);
  return !__syncthreads_or(bad);
}

__global__ void __launch_bounds__(kThreads) fit_kernel(FitRotations p, double* workspace, std::int64_t stride) {
  const RiggedBody& body = p.body;
  const std::int64_t n = blockIdx.x, joints = body.joint_count, numbers = 3 * body.vertex_count;
  const std::int64_t most = joints * (joints + 1) / 2;
  const float* prior = p.prior + 9 * joints * n;
  Layout layout{workspace + stride * n};
  Person person{};
  person.body = &body;
  person.joints = joints;
  person.rest = body.rest + numbers * n, person.vertices = body.vertices + numbers * n;
  person.rest_joints = body.rest_joints + 3 * joints * n;
  person.stiffness = p.stiffness[n];
  State now = layout.state(joints, most), tried = layout.state(joints, most);
  person.before = reinterpret_cast<Mat3*>(layout.take(9 * joints));
  person.moments = layout.take(kMoment * joints), person.pair_moments = layout.take(kSymmetric * most);
  person.pairs = reinterpret_cast<int*>(layout.take(most));
  person.blocks = layout.take(kBlock * joints * joints), person.pull = layout.take(kMoment * joints);
  person.normal = layout.take(9 * joints * joints), person.factors = layout.take(9 * joints * joints);
  person.torque = layout.take(3 * joints), person.step = layout.take(3 * joints);
  person.diagonal = layout.take(3 * joints);

  const bool known = all_finite(prior, 9 * joints);
  for (std::int64_t k = Team::rank(); k < joints; k += Team::size()) {
    Mat3 matrix = identity();
    for (int i = 0; known && i < 9; ++i) matrix.at[i] = prior[9 * k + i];
    person.before[k] = nearest_rotation(matrix);
  }
  Team::sync();
  const Mat3* local = person.before;
  double error = nan("");
  const bool finite = all_finite(person.rest, numbers) && all_finite(person.vertices, numbers) &&
                      all_finite(person.rest_joints, 3 * joints) && isfinite(person.stiffness);
  if (known && finite) {
    person.pair_count = find_pairs(body, person.pairs);
    measure(person);
    fit(person, now, tried);
    error = distance(person, now);
    local = now.local;
  }
  if (Team::rank() == 0) p.error[n] = static_cast<float>(error);
  for (std::int64_t i = Team::rank(); i < 9 * joints; i += Team::size()) {
    p.rotations[9 * joints * n + i] = static_cast<float>(local[i / 9].at[i % 9]);
  }
}

}  // namespace

void fit_rotations_cuda(const FitRotations& p, double* workspace, std::int64_t stride, std::uintptr_t stream) {
  if (p.body.people == 0) return;
  fit_kernel<<<static_cast<unsigned>(p.body.people), kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(
      p, workspace, stride);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw std::runtime_error(std::string("fit_rotations: ") + cudaGetErrorString(status));
}

}  // namespace meshcast
