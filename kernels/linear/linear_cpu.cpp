#include "linear/linear.hpp"

#include <cstring>
#include <vector>

#include "common/pool.hpp"
#include "common/portable.hpp"
#include "common/simd.hpp"

namespace meshcast {
namespace {

constexpr int kBatch = 4;                    // rows of x for which the weights are read once
constexpr std::int64_t kOutputs = 32;        // of a task
constexpr std::int64_t kStripBytes = 16384;  // of u: half of the first cache

// The vector that the bits of as many bfloat16 numbers fit into, and that of their float32 bits.
template <typename Vector>
struct Bits;
#define MESHCAST_BITS(vector, lanes)                                        \
  template <>                                                               \
  struct Bits<vector> {                                                     \
    typedef std::uint16_t Half __attribute__((vector_size(2 * (lanes))));   \
    typedef std::uint32_t Single __attribute__((vector_size(4 * (lanes)))); \
  }
MESHCAST_BITS(Vector4, 4);
MESHCAST_BITS(Vector8, 8);
MESHCAST_BITS(Vector16, 16);

template <typename Vector>
MESHCAST_INLINE void widen(const float* from, typename Vector::Number& to) {
  Vector::load(from, to);
}
template <typename Vector>
MESHCAST_INLINE void widen(const std::uint16_t* from, typename Vector::Number& to) {
  typename Bits<Vector>::Half half;
  std::memcpy(&half, from, sizeof half);
  const auto bits = __builtin_convertvector(half, typename Bits<Vector>::Single) << 16;
  std::memcpy(&to, &bits, sizeof to);
}

MESHCAST_INLINE float load_one(const float* from) {
  return *from;
}
MESHCAST_INLINE float load_one(const std::uint16_t* from) {
  return from_bf16(*from);
}

// How many outputs are computed together, so that a number of u is loaded once for them, and how many steps of the loop
// have sums of their own: as many sums as there are registers for.
template <typename Vector, int Rows>
struct Shape {
  static constexpr int kTogether = Rows > 1 && Vector::kLanes == 16 ? 4 : 2;
  static constexpr int kUnroll = Rows == 1 ? 2 : 1;
  static constexpr int kStep = kUnroll * Vector::kLanes;
  static constexpr std::int64_t kStrip = kStripBytes / 4 / Rows / kStep * kStep;
};

// `Rows` rows of u times the weights of `Together` outputs over `count` inputs, added to part. Meanwhile the weights
// from `next` on are loaded into the cache: the processor does not foresee that a strip of another output follows.
template <typename Vector, typename T, int Rows, int Together>
MESHCAST_INLINE void add_strip(const float* u, const T* weight, const T* next, std::int64_t inputs, std::int64_t count,
                               typename Vector::Number (*part)[Rows]) {
  using Number = typename Vector::Number;
  constexpr int kUnroll = Shape<Vector, Rows>::kUnroll;
  Number sum[kUnroll][Together][Rows] = {};
  for (std::int64_t k = 0; k < count; k += Shape<Vector, Rows>::kStep) {
    MESHCAST_UNROLL
    for (int i = 0; i < kUnroll; ++i) {
      const std::int64_t at = k + i * Vector::kLanes;
      Number w[Together];
      MESHCAST_UNROLL
      for (int m = 0; m < Together; ++m) {
        __builtin_prefetch(next + m * inputs + at);
        widen<Vector>(weight + m * inputs + at, w[m]);
      }
      MESHCAST_UNROLL
      for (int n = 0; n < Rows; ++n) {
        Number a;
        Vector::load(u + n * inputs + at, a);
        MESHCAST_UNROLL
        for (int m = 0; m < Together; ++m) sum[i][m][n] += a * w[m];
      }
    }
  }
  MESHCAST_UNROLL
  for (int m = 0; m < Together; ++m) {
    MESHCAST_UNROLL
    for (int n = 0; n < Rows; ++n) part[m][n] += kUnroll == 2 ? sum[0][m][n] + sum[kUnroll - 1][m][n] : sum[0][m][n];
  }
}

// `Rows` rows of u times the weights of outputs first..last - 1. A strip of the inputs at a time, so that the rows of u
// stay in the first cache for all outputs.
template <typename Vector, typename T, int Rows>
MESHCAST_INLINE void dots(const Linear& p, const float* u, std::int64_t row, std::int64_t first, std::int64_t last) {
  using Shaped = Shape<Vector, Rows>;
  constexpr int kTogether = Shaped::kTogether;
  const std::int64_t inputs = p.inputs, whole = inputs / Shaped::kStep * Shaped::kStep, count = last - first;
  const T* weight = static_cast<const T*>(p.weight) + first * inputs;
  typename Vector::Number part[kOutputs][Rows] = {};
  for (std::int64_t begin = 0; begin < whole; begin += Shaped::kStrip) {
    const std::int64_t width = begin + Shaped::kStrip < whole ? Shaped::kStrip : whole - begin;
    std::int64_t m = 0;
    for (; m + kTogether <= count; m += kTogether) {
      const T* from = weight + m * inputs + begin;
      // Behind the last outputs follow the next strip of the first ones, or those of the next task.
      const bool last_outputs = m + 2 * kTogether > count, last_strip = begin + Shaped::kStrip >= whole;
      const T* next = last_outputs && !last_strip ? weight + begin + Shaped::kStrip : from + kTogether * inputs;
      add_strip<Vector, T, Rows, kTogether>(u + begin, from, next, inputs, width, part + m);
    }
    for (; m < count; ++m) {
      const T* from = weight + m * inputs + begin;
      add_strip<Vector, T, Rows, 1>(u + begin, from, from + inputs, inputs, width, part + m);
    }
  }
  for (std::int64_t m = 0; m < count; ++m)
    for (int n = 0; n < Rows; ++n) {
      float total = 0;
      for (int i = 0; i < Vector::kLanes; ++i) total += part[m][n][i];
      for (std::int64_t k = whole; k < inputs; ++k) total += u[n * inputs + k] * load_one(weight + m * inputs + k);
      store_output(p, row + n, first + m, total);
    }
}

template <typename Vector, typename T>
MESHCAST_INLINE void rows(const Linear& p, const float* u, std::int64_t row, std::int64_t count, std::int64_t first,
                          std::int64_t last) {
  switch (count) {
    case 1:
      return dots<Vector, T, 1>(p, u, row, first, last);
    case 2:
      return dots<Vector, T, 2>(p, u, row, first, last);
    case 3:
      return dots<Vector, T, 3>(p, u, row, first, last);
    default:
      return dots<Vector, T, 4>(p, u, row, first, last);
  }
}

template <typename Vector>
MESHCAST_INLINE void rows_f32(const Linear& p, const float* u, std::int64_t row, std::int64_t count, std::int64_t first,
                              std::int64_t last) {
  rows<Vector, float>(p, u, row, count, first, last);
}
template <typename Vector>
MESHCAST_INLINE void rows_bf16(const Linear& p, const float* u, std::int64_t row, std::int64_t count,
                               std::int64_t first, std::int64_t last) {
  rows<Vector, std::uint16_t>(p, u, row, count, first, last);
}

MESHCAST_DISPATCH(run_f32, rows_f32,
                  (const Linear& p, const float* u, std::int64_t row, std::int64_t count, std::int64_t first,
                   std::int64_t last),
                  (p, u, row, count, first, last))
MESHCAST_DISPATCH(run_bf16, rows_bf16,
                  (const Linear& p, const float* u, std::int64_t row, std::int64_t count, std::int64_t first,
                   std::int64_t last),
                  (p, u, row, count, first, last))

}  // namespace

const float* activated_input(const Linear& p) {
  if (!p.scale && is_plain(p.x_layout, p.inputs)) return static_cast<const float*>(p.x);
  thread_local std::vector<float> input;  // grows once
  input.resize(static_cast<std::size_t>(p.batch * p.inputs));
  for (std::int64_t n = 0; n < p.batch; ++n)
    for (std::int64_t k = 0; k < p.inputs; ++k)
      input[static_cast<std::size_t>(n * p.inputs + k)] =
          preactivate(p, k, load(p.x_layout, p.x, offset_of(p.x_layout, p.batch, n, k)));
  return input.data();
}

void linear_cpu(const Linear& p) {
  if (p.batch * p.outputs == 0) return;
  const float* u = activated_input(p);
  auto share = [&](std::int64_t task) {
    const std::int64_t first = task * kOutputs, last = first + kOutputs < p.outputs ? first + kOutputs : p.outputs;
    for (std::int64_t row = 0; row < p.batch; row += kBatch) {
      const std::int64_t count = p.batch - row < kBatch ? p.batch - row : kBatch;
      (p.bf16 ? run_bf16 : run_f32)(p, u + row * p.inputs, row, count, first, last);
    }
  };
  parallel_for((p.outputs + kOutputs - 1) / kOutputs, share);
}

}  // namespace meshcast
