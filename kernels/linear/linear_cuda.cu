#include <cuda_runtime.h>

#include <cstring>
#include <vector>

#include "common/cuda_device.hpp"
#include "linear/linear_cuda.hpp"

namespace meshcast {
namespace {

constexpr int kWarps = 4, kThreads = 32 * kWarps;
constexpr int kPiece = 8;             // numbers that a lane takes at a time: 16 bytes of bfloat16
constexpr std::int64_t kMany = 1024;  // outputs from which on a block takes several: there are blocks enough

// A number, or kPiece neighboring ones in accesses of 16 bytes, as float32.
template <int Count>
__device__ void take(const float* from, float (&to)[Count]) {
  if constexpr (Count == 1) {
    to[0] = *from;
  } else {
#pragma unroll
    for (int i = 0; i < Count; i += 4) {
      const float4 four = *reinterpret_cast<const float4*>(from + i);
      to[i] = four.x, to[i + 1] = four.y, to[i + 2] = four.z, to[i + 3] = four.w;
    }
  }
}
template <int Count>
__device__ void take(const std::uint16_t* from, float (&to)[Count]) {
  if constexpr (Count == 1) {
    to[0] = from_bf16(*from);
  } else {
    const uint4 words = *reinterpret_cast<const uint4*>(from);
    const std::uint32_t pairs[4] = {words.x, words.y, words.z, words.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      to[2 * i] = __uint_as_float(pairs[i] << 16);
      to[2 * i + 1] = __uint_as_float(pairs[i] & 0xffff0000u);
    }
  }
}

// Row n of u, numbers k..k + Count - 1.
template <int Count>
__device__ void load_preactivated(const Linear& p, std::int64_t n, std::int64_t k, float (&to)[Count]) {
  const std::int64_t at = offset_of(p.x_layout, p.batch, n, k);
  if (p.x_layout.bf16)
    take(static_cast<const std::uint16_t*>(p.x) + at, to);
  else
    take(static_cast<const float*>(p.x) + at, to);
  if (!p.scale) return;
#pragma unroll
  for (int i = 0; i < Count; ++i) to[i] = preactivate(p, k + i, to[i]);
}

// A block makes Outputs outputs of Rows rows: its threads share the numbers of a row between them, each reading Count
// neighboring weights of every output, so that a number of x serves all of them and a weight all rows.
template <typename T, int Outputs, int Rows, int Count>
__global__ void __launch_bounds__(kThreads) linear_kernel(Linear p) {
  const std::int64_t output = std::int64_t(blockIdx.x) * Outputs, row = std::int64_t(blockIdx.y) * Rows;
  const int outputs = p.outputs - output < Outputs ? int(p.outputs - output) : Outputs;
  const int rows = p.batch - row < Rows ? int(p.batch - row) : Rows;
  const T* weight = static_cast<const T*>(p.weight) + output * p.inputs;
  float sum[Outputs][Rows] = {};
  for (std::int64_t k = threadIdx.x * Count; k < p.inputs; k += kThreads * Count) {
    float share[Outputs][Count];
#pragma unroll
    for (int m = 0; m < Outputs; ++m) take(weight + (m < outputs ? m : 0) * p.inputs + k, share[m]);
#pragma unroll
    for (int n = 0; n < Rows; ++n) {
      if (n >= rows) break;
      float u[Count];
      load_preactivated(p, row + n, k, u);
#pragma unroll
      for (int m = 0; m < Outputs; ++m)
#pragma unroll
        for (int i = 0; i < Count; ++i) sum[m][n] += share[m][i] * u[i];
    }
  }

  __shared__ float parts[kWarps][Outputs * Rows];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
#pragma unroll
  for (int m = 0; m < Outputs; ++m)
#pragma unroll
    for (int n = 0; n < Rows; ++n) {
      for (int reach = 16; reach > 0; reach /= 2) sum[m][n] += __shfl_down_sync(0xffffffffu, sum[m][n], reach);
      if (lane == 0) parts[warp][m * Rows + n] = sum[m][n];
    }
  __syncthreads();
  if (threadIdx.x >= Outputs * Rows) return;
  const int m = threadIdx.x / Rows, n = threadIdx.x % Rows;
  if (m >= outputs || n >= rows) return;
  float total = 0;
  for (int w = 0; w < kWarps; ++w) total += parts[w][threadIdx.x];
  store_output(p, row + n, output + m, total);
}

template <typename T, int Outputs, int Rows>
void launch(const Linear& p, cudaStream_t stream) {
  const dim3 blocks(static_cast<unsigned>((p.outputs + Outputs - 1) / Outputs),
                    static_cast<unsigned>((p.batch + Rows - 1) / Rows));
  const Layout& x = p.x_layout;
  const bool pieces = p.inputs % kPiece == 0 && x.width % kPiece == 0 && x.stride % kPiece == 0 &&
                      x.first % kPiece == 0 && reinterpret_cast<std::uintptr_t>(p.x) % 16 == 0;
  if (pieces)
    linear_kernel<T, Outputs, Rows, kPiece><<<blocks, kThreads, 0, stream>>>(p);
  else
    linear_kernel<T, Outputs, Rows, 1><<<blocks, kThreads, 0, stream>>>(p);
}

template <typename T>
void launch(const Linear& p, cudaStream_t stream) {
  const bool many = p.outputs >= kMany;
  if (p.batch == 1)
    many ? launch<T, 4, 1>(p, stream) : launch<T, 1, 1>(p, stream);
  else if (p.batch <= 4)
    many ? launch<T, 4, 4>(p, stream) : launch<T, 1, 4>(p, stream);
  else
    many ? launch<T, 4, 8>(p, stream) : launch<T, 1, 8>(p, stream);
}

}  // namespace

LinearOnDevice::LinearOnDevice(const Linear& p, int device) : constants_(p), device_(device) {
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
  constants_.weight = memory_;
  constants_.bias = there;
  if (p.scale) constants_.scale = there + outputs, constants_.shift = there + outputs + inputs;
}

LinearOnDevice::~LinearOnDevice() {
  cudaFree(memory_);
}

void LinearOnDevice::run(const Linear& p, std::uintptr_t stream) const {
  if (p.batch * p.outputs == 0) return;
  Linear q = p;
  q.weight = constants_.weight;
  q.bias = constants_.bias;
  q.scale = constants_.scale;
  q.shift = constants_.shift;
  const DeviceGuard guard(device_);
  const auto on = reinterpret_cast<cudaStream_t>(stream);
  q.bf16 ? launch<std::uint16_t>(q, on) : launch<float>(q, on);
  cuda_check(cudaGetLastError(), "linear: launch");
}

}  // namespace meshcast
