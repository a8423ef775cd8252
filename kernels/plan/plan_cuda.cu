#include "plan/plan_cuda.hpp"

#include <cuda_runtime.h>

#include "common/cuda_device.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads) copy_kernel(Copy p) {
  const std::int64_t at = std::int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (at < p.batch * p.numbers) copy_one(p, at);
}

}  // namespace

void copy_cuda(const Copy& p, int device, std::uintptr_t stream) {
  if (p.batch * p.numbers == 0) return;
  const DeviceGuard guard(device);
  const auto blocks = static_cast<unsigned>((p.batch * p.numbers + kThreads - 1) / kThreads);
  copy_kernel<<<blocks, kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(p);
  cuda_check(cudaGetLastError(), "plan: launch");
}

void copy_to_device(void* to, const void* pinned, std::size_t bytes, int device, std::uintptr_t stream) {
  const DeviceGuard guard(device);
  const auto on = reinterpret_cast<cudaStream_t>(stream);
  cuda_check(cudaMemcpyAsync(to, pinned, bytes, cudaMemcpyHostToDevice, on), "plan: copy");
}

void copy_to_host(void* pinned, const void* from, std::size_t bytes, int device, std::uintptr_t stream) {
  const DeviceGuard guard(device);
  const auto on = reinterpret_cast<cudaStream_t>(stream);
  cuda_check(cudaMemcpyAsync(pinned, from, bytes, cudaMemcpyDeviceToHost, on), "plan: copy");
  cuda_check(cudaStreamSynchronize(on), "plan: wait");
}

}  // namespace meshcast
