#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "ell_matmul/ell_matmul.hpp"

namespace meshcast {
namespace {

// One thread an output value: neighboring threads read neighboring channels of the same gathered rows.
__global__ void ell_matmul_kernel(EllMatmul p) {
  const std::int64_t total = p.batch * p.rows * p.channels;
  const std::int64_t step = std::int64_t(gridDim.x) * blockDim.x;
  for (std::int64_t i = std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < total; i += step) {
    const std::int64_t c = i % p.channels;
    const std::int64_t r = i / p.channels % p.rows;
    const std::int64_t n = i / (p.channels * p.rows);
    ell_tile<1>(p.indices + r * p.width, p.values + r * p.width, p.width, p.x + n * p.columns * p.channels + c,
                p.channels, p.out + i);
  }
}

}  // namespace

void ell_matmul_cuda(const EllMatmul& p, std::uintptr_t stream) {
  const std::int64_t total = p.batch * p.rows * p.channels;
  if (total == 0) return;
  constexpr int kThreads = 256;
  constexpr std::int64_t kMaxBlocks = 65535;
  const std::int64_t blocks = (total + kThreads - 1) / kThreads;
  ell_matmul_kernel<<<static_cast<unsigned>(blocks < kMaxBlocks ? blocks : kMaxBlocks), kThreads, 0,
                      reinterpret_cast<cudaStream_t>(stream)>>>(p);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw std::runtime_error(std::string("ell_matmul: ") + cudaGetErrorString(status));
}

}  // namespace meshcast
