#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "common/cuda_device.hpp"
#include "graph_conv/graph_conv_cuda.hpp"
#include "graph_conv/graph_conv_tensor.cuh"
#include "graph_conv/graph_conv_tiles.cuh"

namespace meshcast {
namespace {

constexpr int kPlainRows = 32, kPlainChannels = 256;  // a tile of gathered features

// Without tensor cores: a thread keeps kPlainRows / Groups sums of one column.
template <typename T, int Groups>
__global__ void __launch_bounds__(kThreads) plain_kernel(GraphConv p) {
  constexpr int kColumns = kThreads / Groups, kSums = kPlainRows / Groups;
  __shared__ TileRow rows[kPlainRows];
  __shared__ __align__(16) T t[kPlainRows * kPlainChannels];
  const T* weight = static_cast<const T*>(p.weight);
  const std::int64_t column = std::int64_t(blockIdx.y) * kColumns + threadIdx.x % kColumns;
  const int group = threadIdx.x / kColumns, channels = int(p.channels_in);
  find_rows<kPlainRows>(p, rows);
  float sum[kSums] = {};
  for (int order = 0; order < 3; ++order)
    for (int from = 0; from < channels; from += kPlainChannels) {
      const int count = channels - from < kPlainChannels ? channels - from : kPlainChannels;
      __syncthreads();  // rows are known; the tile of before has been read
      gather<kPlainRows>(p, rows, order, from, channels, count, t, kPlainChannels);
      __syncthreads();
      if (column < p.channels_out) {
        const T* w = weight + (order * p.channels_in + from) * p.channels_out + column;
        for (int k = 0; k < count; ++k) {
          const float share = load(w + k * p.channels_out);
#pragma unroll
          for (int i = 0; i < kSums; ++i) sum[i] += load(t + (group + i * Groups) * kPlainChannels + k) * share;
        }
      }
    }
  if (column >= p.channels_out) return;
#pragma unroll
  for (int i = 0; i < kSums; ++i) {
    const TileRow row = rows[group + i * Groups];
    if (row.real) finish<T>(p, row, column, sum[i]);
  }
}

unsigned parts(std::int64_t whole, std::int64_t part) {
  return static_cast<unsigned>((whole + part - 1) / part);
}

template <typename T>
void launch_plain(const GraphConv& p, cudaStream_t stream) {
  // Narrow results share a block between groups of rows, so that no thread is idle.
  const unsigned tiles = parts(p.rows * p.batch, kPlainRows);
  if (p.channels_out > 128)
    plain_kernel<T, 1><<<dim3(tiles, parts(p.channels_out, 256)), kThreads, 0, stream>>>(p);
  else if (p.channels_out > 32)
    plain_kernel<T, 2><<<dim3(tiles, 1), kThreads, 0, stream>>>(p);
  else
    plain_kernel<T, 8><<<dim3(tiles, 1), kThreads, 0, stream>>>(p);
}

template <int Rows, int Columns>
void launch_many(const GraphConv& p, cudaStream_t stream) {
  const dim3 tiles(parts(p.rows * p.batch, Rows), parts(p.channels_out, Columns));
  many_rows_kernel<Rows, Columns><<<tiles, kThreads, 0, stream>>>(p);
}

void launch_tensor(const GraphConv& p, std::int64_t processors, cudaStream_t stream) {
  const std::int64_t total = p.rows * p.batch, depth = 3 * stored_channels(p.channels_in);
  const dim3 few(parts(total, kFewRows), parts(p.channels_out, kFewColumns));
  if (depth <= kFewDepth && std::int64_t(few.x) * few.y <= 4 * processors) {
    few_rows_kernel<<<few, kThreads, few_bytes(depth), stream>>>(p);
    return;
  }
  const bool wide = stored_columns(p.channels_out) % 128 == 0;
  const bool tall = std::int64_t(parts(total, 64)) * parts(p.channels_out, wide ? 128 : 64) >= 2 * processors;
  if (wide)
    tall ? launch_many<64, 128>(p, stream) : launch_many<32, 128>(p, stream);
  else
    tall ? launch_many<64, 64>(p, stream) : launch_many<32, 64>(p, stream);
}

// Lays constants one after the other, each aligned for any type, in one piece of memory.
class Packer {
 public:
  std::size_t add(const void* data, std::size_t bytes) {
    const std::size_t at = (host_.size() + 255) / 256 * 256;
    host_.resize(at + bytes);
    if (bytes) std::memcpy(host_.data() + at, data, bytes);
    return at;
  }
  const std::vector<char>& host() const { return host_; }

 private:
  std::vector<char> host_;
};

}  // namespace

GraphConvOnDevice::GraphConvOnDevice(const GraphConv& p, const float* weight, std::size_t entries1,
                                     std::size_t entries2, bool bf16, int device)
    : constants_(p), bf16_(bf16), device_(device) {
  const DeviceGuard guard(device);
  int major = 0, processors = 0;
  cuda_check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "graph_conv: device");
  cuda_check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device), "graph_conv: device");
  tensor_cores_ = bf16 && major >= 8;
  processors_ = processors;
  if (tensor_cores_)
    cuda_check(cudaFuncSetAttribute(few_rows_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    static_cast<int>(few_bytes(kFewDepth))),
               "graph_conv: shared memory");

  const std::int64_t channels = tensor_cores_ ? stored_channels(p.channels_in) : p.channels_in;
  const std::int64_t columns = tensor_cores_ ? stored_columns(p.channels_out) : p.channels_out;
  std::vector<float> padded(static_cast<std::size_t>(3 * channels * columns), 0.0f);
  for (std::int64_t order = 0; order < 3; ++order)
    for (std::int64_t c = 0; c < p.channels_in; ++c)
      std::memcpy(padded.data() + (order * channels + c) * columns,
                  weight + (order * p.channels_in + c) * p.channels_out,
                  static_cast<std::size_t>(p.channels_out) * sizeof(float));
  std::vector<__nv_bfloat16> half;
  if (bf16) {
    half.reserve(padded.size());
    for (float value : padded) half.push_back(__float2bfloat16(value));
  }

  Packer pack;
  const auto rows = static_cast<std::size_t>(p.rows), wide = static_cast<std::size_t>(p.channels_out);
  auto add = [&](const auto* data, std::size_t count) { return pack.add(data, data ? count * sizeof(*data) : 0); };
  const std::size_t at_weight = bf16 ? add(half.data(), half.size()) : add(padded.data(), padded.size());
  const std::size_t at_bias = add(p.bias, wide), at_self = add(p.self, rows);
  const std::size_t at_skip = p.channels_skip ? add(p.skip_row, rows) : 0;
  const std::size_t at_indptr1 = add(p.one_hop.indptr, rows + 1), at_indptr2 = add(p.two_hops.indptr, rows + 1);
  const std::size_t at_indices1 = add(p.one_hop.indices, entries1), at_indices2 = add(p.two_hops.indices, entries2);
  const std::size_t at_data1 = add(p.one_hop.data, entries1), at_data2 = add(p.two_hops.data, entries2);
  const std::size_t at_lerp_from0 = add(p.lerp_from0, wide), at_lerp_from1 = add(p.lerp_from1, wide),
                    at_lerp = add(p.lerp_weight, wide);
  cuda_check(cudaMalloc(&memory_, pack.host().size()), "graph_conv: memory");
  const cudaError_t copied = cudaMemcpy(memory_, pack.host().data(), pack.host().size(), cudaMemcpyHostToDevice);
  if (copied != cudaSuccess) cudaFree(memory_);
  cuda_check(copied, "graph_conv: copy");

  const char* base = static_cast<const char*>(memory_);
  auto floats = [&](std::size_t at) { return reinterpret_cast<const float*>(base + at); };
  auto whole = [&](std::size_t at) { return reinterpret_cast<const std::int32_t*>(base + at); };
  constants_.weight = base + at_weight;
  constants_.bias = floats(at_bias);
  constants_.self = whole(at_self);
  constants_.skip_row = whole(at_skip);
  constants_.one_hop = {whole(at_indptr1), whole(at_indices1), floats(at_data1)};
  constants_.two_hops = {whole(at_indptr2), whole(at_indices2), floats(at_data2)};
  if (p.lerp_from0) {
    constants_.lerp_from0 = whole(at_lerp_from0);
    constants_.lerp_from1 = whole(at_lerp_from1);
    constants_.lerp_weight = floats(at_lerp);
  }
}

GraphConvOnDevice::~GraphConvOnDevice() {
  cudaFree(memory_);
}

void GraphConvOnDevice::run(const GraphConv& p, std::uintptr_t stream) const {
  const std::int64_t total = p.rows * p.batch;
  if (total == 0) return;
  if (total > std::numeric_limits<std::int32_t>::max())
    throw std::runtime_error("graph_conv: too many rows times batch");
  GraphConv q = constants_;
  q.x = p.x;
  q.skip = p.skip;
  q.out = p.out;
  q.output_permutation = p.output_permutation;
  q.batch = p.batch;
  const DeviceGuard guard(device_);
  const auto on = reinterpret_cast<cudaStream_t>(stream);
  if (tensor_cores_)
    launch_tensor(q, processors_, on);
  else if (bf16_)
    launch_plain<__nv_bfloat16>(q, on);
  else
    launch_plain<float>(q, on);
  cuda_check(cudaGetLastError(), "graph_conv: launch");
}

}  // namespace meshcast
