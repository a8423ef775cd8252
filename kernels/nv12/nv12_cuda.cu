#include <cuda_runtime.h>

#include "common/cuda_device.hpp"
#include "nv12/nv12.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 256;

__global__ void nv12_kernel(Nv12 p) {
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const Matrix matrix = yuv_matrix(p.image.bt709);
  if (column >= p.image.width) return;
  for (std::int64_t row = blockIdx.y; row < p.image.height; row += gridDim.y) bgr_pixel(p, matrix, row, column);
}

}  // namespace

void nv12_cuda(const Nv12& p, std::uintptr_t stream) {
  constexpr std::int32_t kMostRows = 65535;
  const dim3 grid(static_cast<unsigned>((p.image.width + kThreads - 1) / kThreads),
                  static_cast<unsigned>(p.image.height < kMostRows ? p.image.height : kMostRows));
  nv12_kernel<<<grid, kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(p);
  cuda_check(cudaGetLastError(), "nv12_to_bgr");
}

}  // namespace meshcast
