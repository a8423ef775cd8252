#include <cuda_runtime.h>

#include "common/cuda_device.hpp"
#include "follow/follow.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 32;  // a thread a person: there are few of them, and each has little to do

__global__ void follow_kernel(Follow p) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (row < p.count) follow_person(p, row);
}

}  // namespace

void follow_cuda(const Follow& p, std::uintptr_t stream) {
  if (p.count == 0) return;
  const auto blocks = static_cast<unsigned>((p.count + kThreads - 1) / kThreads);
  follow_kernel<<<blocks, kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(p);
  cuda_check(cudaGetLastError(), "follow");
}

}  // namespace meshcast
