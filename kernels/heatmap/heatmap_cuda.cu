#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "heatmap/heatmap.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 256;
constexpr float kLowest = -INFINITY;

struct Peak {
  float value;
  std::int64_t index;
};

__device__ bool is_nan(float x) {
  return x != x;
}

// NaN before numbers, high before low, early before late.
__device__ bool comes_first(const Peak& a, const Peak& b) {
  if (is_nan(a.value) || is_nan(b.value)) return is_nan(a.value) && (!is_nan(b.value) || a.index < b.index);
  return a.value > b.value || (a.value == b.value && a.index < b.index);
}

// The first of all threads' peaks, for every thread.
__device__ Peak reduce(Peak mine, Peak* shared) {
  __syncthreads();
  shared[threadIdx.x] = mine;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half && comes_first(shared[threadIdx.x + half], shared[threadIdx.x]))
      shared[threadIdx.x] = shared[threadIdx.x + half];
    __syncthreads();
  }
  return shared[0];
}

// A block of threads a map.
__global__ void heatmap_kernel(Heatmap p) {
  __shared__ Peak shared[kThreads];
  __shared__ float around[kAround][kAround];
  const std::int64_t size = std::int64_t(p.height) * p.width;
  for (std::int64_t n = blockIdx.x; n < p.count; n += gridDim.x) {
    const float* map = p.maps + n * size;
    Peak mine{kLowest, size};
    for (std::int64_t i = threadIdx.x; i < size; i += kThreads) {
      const Peak other{map[i], i};
      if (comes_first(other, mine)) mine = other;
    }
    const Peak peak = reduce(mine, shared);
    const std::int64_t index = peak.value > 0.0f ? peak.index : 0;
    const auto y = static_cast<std::int32_t>(index / p.width), x = static_cast<std::int32_t>(index % p.width);
    Offset offset{0.0f, 0.0f};
    if (p.refine == Refine::kQuarter) offset = quarter(map, p.height, p.width, x, y);
    if (p.refine == Refine::kDark && dark_applies(p.height, p.width, x, y)) {  // the same for all threads of the block
      if (threadIdx.x < kAround * kAround) {
        const int j = threadIdx.x / kAround, i = threadIdx.x % kAround;
        around[j][i] = blurred(p, map, x + i - kReach, y + j - kReach);
      }
      __syncthreads();
      float scale = 1.0f;
      if (needs_scale(around)) {
        Peak highest{kLowest, size};
        for (std::int64_t i = threadIdx.x; i < size; i += kThreads) {
          const float value =
              blurred(p, map, static_cast<std::int32_t>(i % p.width), static_cast<std::int32_t>(i / p.width));
          highest.value = fmaxf(highest.value, value);
        }
        scale = peak.value / fmaxf(reduce(highest, shared).value, kLogFloor);
      }
      offset = newton(around, scale);
    }
    if (threadIdx.x == 0) {
      p.keypoints[2 * n] = (static_cast<float>(x) + offset.x) / static_cast<float>(p.width);
      p.keypoints[2 * n + 1] = (static_cast<float>(y) + offset.y) / static_cast<float>(p.height);
      p.scores[n] = peak.value;
    }
    __syncthreads();  // before `around` is that of another map
  }
}

}  // namespace

void heatmap_cuda(const Heatmap& p, std::uintptr_t stream) {
  if (p.count == 0) return;
  constexpr std::int64_t kMaxBlocks = 65535;
  heatmap_kernel<<<static_cast<unsigned>(p.count < kMaxBlocks ? p.count : kMaxBlocks), kThreads, 0,
                   reinterpret_cast<cudaStream_t>(stream)>>>(p);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw std::runtime_error(std::string("heatmap: ") + cudaGetErrorString(status));
}

}  // namespace meshcast
