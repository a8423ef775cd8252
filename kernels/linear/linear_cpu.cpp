#include "linear/linear.hpp"

#include <cstring>
#include <vector>

#include "common/pool.hpp"
#include "common/portable.hpp"

namespace meshcast {
namespace {

constexpr int kLanes = 16;
constexpr int kBatch = 4;              // rows of x for which the weights are read once
constexpr std::int64_t kOutputs = 32;  // of a task

typedef float Wide __attribute__((vector_size(4 * kLanes)));
typedef std::uint32_t WideBits __attribute__((vector_size(4 * kLanes)));
typedef std::uint16_t WideHalf __attribute__((vector_size(2 * kLanes)));

MESHCAST_INLINE void widen(const float* from, Wide& to) {
  std::memcpy(&to, from, sizeof to);
}
MESHCAST_INLINE void widen(const std::uint16_t* from, Wide& to) {
  WideHalf half;
  std::memcpy(&half, from, sizeof half);
  const WideBits bits = __builtin_convertvector(half, WideBits) << 16;
  std::memcpy(&to, &bits, sizeof to);
}

MESHCAST_INLINE float load_one(const float* from) {
  return *from;
}
MESHCAST_INLINE float load_one(const std::uint16_t* from) {
  return from_bf16(*from);
}

// `Rows` rows of u times the weights of outputs first..last - 1.
template <typename T, int Rows>
MESHCAST_INLINE void dots(const Linear& p, const float* u, std::int64_t row, std::int64_t first, std::int64_t last) {
  for (std::int64_t m = first; m < last; ++m) {
    const T* weight = static_cast<const T*>(p.weight) + m * p.inputs;
    Wide sum[Rows][2] = {};
    std::int64_t k = 0;
    for (; k + 2 * kLanes <= p.inputs; k += 2 * kLanes) {
      Wide w0, w1;
      widen(weight + k, w0);
      widen(weight + k + kLanes, w1);
#pragma GCC unroll 4
      for (int n = 0; n < Rows; ++n) {
        Wide a, b;
        widen(u + n * p.inputs + k, a);
        widen(u + n * p.inputs + k + kLanes, b);
        sum[n][0] += a * w0;
        sum[n][1] += b * w1;
      }
    }
#pragma GCC unroll 4
    for (int n = 0; n < Rows; ++n) {
      const Wide both = sum[n][0] + sum[n][1];
      float total = 0;
      for (int i = 0; i < kLanes; ++i) total += both[i];
      for (std::int64_t rest = k; rest < p.inputs; ++rest) total += u[n * p.inputs + rest] * load_one(weight + rest);
      store_output(p, row + n, m, total);
    }
  }
}

template <typename T>
MESHCAST_INLINE void rows(const Linear& p, const float* u, std::int64_t row, std::int64_t count, std::int64_t first,
                          std::int64_t last) {
  switch (count) {
    case 1:
      return dots<T, 1>(p, u, row, first, last);
    case 2:
      return dots<T, 2>(p, u, row, first, last);
    case 3:
      return dots<T, 3>(p, u, row, first, last);
    default:
      return dots<T, 4>(p, u, row, first, last);
  }
}

MESHCAST_CLONES void run_f32(const Linear& p, const float* u, std::int64_t row, std::int64_t count, std::int64_t first,
                             std::int64_t last) {
  rows<float>(p, u, row, count, first, last);
}

MESHCAST_CLONES void run_bf16(const Linear& p, const float* u, std::int64_t row, std::int64_t count, std::int64_t first,
                              std::int64_t last) {
  rows<std::uint16_t>(p, u, row, count, first, last);
}

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
