#include <cuda_runtime.h>

#include "common/cuda_device.hpp"
#include "paint/paint.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 256;

__global__ void paint_kernel(Paint p) {
  const std::int64_t pixel = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (pixel < p.pixels) paint_pixel(p, blockIdx.y, pixel);
}

}  // namespace

void paint_cuda(const Paint& p, std::uintptr_t stream) {
  if (p.masks == 0 || p.pixels == 0) return;
  const dim3 grid(static_cast<unsigned>((p.pixels + kThreads - 1) / kThreads), static_cast<unsigned>(p.masks));
  paint_kernel<<<grid, kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(p);
  cuda_check(cudaGetLastError(), "paint");
}

}  // namespace meshcast
