#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstring>
#include <vector>

#include "common/cuda_device.hpp"
#include "linear/linear_cuda.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;
constexpr int kBatch = 8;  // rows of x that share one reading of the weights

__device__ inline float load(const float* at) {
  return *at;
}
__device__ inline float load(const std::uint16_t* at) {
  return __uint_as_float(std::uint32_t(*at) << 16);
}

// A warp an output: its lanes read neighbouring weights, once for up to kBatch rows.
template <typename T>
__global__ void __launch_bounds__(kThreads) linear_kernel(Linear p) {
  const std::int64_t m = std::int64_t(blockIdx.x) * kWarps + threadIdx.x / 32,
                     first = std::int64_t(blockIdx.y) * kBatch;
  const int lane = threadIdx.x % 32;
  if (m >= p.outputs) return;
  const int count = p.batch - first < kBatch ? int(p.batch - first) : kBatch;
  const T* weight = static_cast<const T*>(p.weight) + m * p.inputs;
  float sum[kBatch] = {};
  for (std::int64_t k = lane; k < p.inputs; k += 32) {
    const float share = load(weight + k);
#pragma unroll
    for (int n = 0; n < kBatch; ++n)
      if (n < count) sum[n] += share * fed(p, k, p.x[(first + n) * p.inputs + k]);
  }
#pragma unroll
  for (int n = 0; n < kBatch; ++n) {
    for (int reach = 16; reach > 0; reach /= 2) sum[n] += __shfl_down_sync(0xffffffffu, sum[n], reach);
    if (lane == 0 && n < count) {
      const std::int64_t at = (first + n) * p.outputs + m;
      p.out[at] = given(p, sum[n] + p.bias[m]) + (p.residual ? p.residual[at] : 0.0f);
    }
  }
}

}  // namespace

LinearOnDevice::LinearOnDevice(const Linear& p, int device) : p_(p), device_(device) {
  const DeviceGuard guard(device);
  const auto inputs = static_cast<std::size_t>(p.inputs), outputs = static_cast<std::size_t>(p.outputs);
  const std::size_t weights = (inputs * outputs * (p.bf16 ? 2 : 4) + 255) / 256 * 256;
  const std::size_t bytes = weights + (outputs + 2 * inputs) * sizeof(float);
  std::vector<char> host(bytes, 0);
  auto* rest = reinterpret_cast<float*>(host.data() + weights);
  std::memcpy(host.data(), p.weight, inputs * outputs * (p.bf16 ? 2 : 4));
  std::memcpy(rest, p.bias, outputs * sizeof(float));
  if (p.scale) {
    std::memcpy(rest + outputs, p.scale, inputs * sizeof(float));
    std::memcpy(rest + outputs + inputs, p.shift, inputs * sizeof(float));
  }
  cuda_check(cudaMalloc(&memory_, bytes), "linear: memory");
  const cudaError_t copied = cudaMemcpy(memory_, host.data(), bytes, cudaMemcpyHostToDevice);
  if (copied != cudaSuccess) cudaFree(memory_);
  cuda_check(copied, "linear: copy");
  const auto* there = reinterpret_cast<const float*>(static_cast<const char*>(memory_) + weights);
  p_.weight = memory_;
  p_.bias = there;
  if (p.scale) p_.scale = there + outputs, p_.shift = there + outputs + inputs;
}

LinearOnDevice::~LinearOnDevice() {
  cudaFree(memory_);
}

void LinearOnDevice::run(const float* x, const float* residual, float* out, std::int64_t batch,
                         std::uintptr_t stream) const {
  if (batch * p_.outputs == 0) return;
  Linear p = p_;
  p.x = x;
  p.residual = residual;
  p.out = out;
  p.batch = batch;
  const DeviceGuard guard(device_);
  const dim3 blocks(static_cast<unsigned>((p.outputs + kWarps - 1) / kWarps),
                    static_cast<unsigned>((batch + kBatch - 1) / kBatch));
  const auto on = reinterpret_cast<cudaStream_t>(stream);
  if (p.bf16)
    linear_kernel<std::uint16_t><<<blocks, kThreads, 0, on>>>(p);
  else
    linear_kernel<float><<<blocks, kThreads, 0, on>>>(p);
  cuda_check(cudaGetLastError(), "linear: launch");
}

}  // namespace meshcast
