#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <mma.h>

#include <cstring>
#include <vector>

#include "common/cuda_device.hpp"
#include "graph_conv/graph_conv_cuda.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;
constexpr int kTileRows = 32;      // rows of (rows x batch) that a block works on
constexpr int kMaxColumns = 256;   // of one pass; wider results take several blocks in y
constexpr int kMaxChannels = 256;  // of x that shared memory holds at a time
constexpr int kFragment = 16;

__device__ inline float load(const float* at) {
  return *at;
}
__device__ inline float load(const __nv_bfloat16* at) {
  return __bfloat162float(*at);
}
__device__ inline void store(float value, float* at) {
  *at = value;
}
__device__ inline void store(float value, __nv_bfloat16* at) {
  *at = __float2bfloat16(value);
}

// Order `order` of the polynomials for the block's rows, channels from..from + count - 1, into t (kTileRows, stride).
// Neighbouring lanes read neighbouring channels of the same gathered row.
template <typename T>
__device__ void gather(const GraphConv& p, int order, std::int64_t begin, int from, int count, int padded, T* t,
                       int stride) {
  const T* x = static_cast<const T*>(p.x);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  for (int i = warp; i < kTileRows; i += kWarps) {
    const std::int64_t at = begin + i;
    const bool real = at < p.rows * p.batch;
    const std::int64_t v = real ? at / p.batch : 0, b = real ? at % p.batch : 0;
    const T* body = x + b * p.channels_in + from;
    const std::int64_t step = p.batch * p.channels_in;
    for (int c = lane; c < padded; c += 32) {
      float sum = 0;
      if (real && c < count) {
        if (order == 0) {
          sum = load(body + p.self[v] * step + c);
        } else {
          const GraphRows& graph = order == 1 ? p.one_hop : p.two_hops;
          for (std::int32_t e = graph.start[v]; e < graph.start[v + 1]; ++e)
            sum += graph.value[e] * load(body + graph.near[e] * step + c);
        }
      }
      store(sum, t + i * stride + c);
    }
  }
}

template <typename T>
__device__ void finish(const GraphConv& p, std::int64_t at, std::int64_t c, float sum) {
  const T* skips = static_cast<const T*>(p.skip);
  T* out = static_cast<T*>(p.out);
  const std::int64_t v = at / p.batch, b = at % p.batch;
  float value = activated(p, sum + p.bias[c]);
  if (skips) {
    const T* skip = skips + (p.skip_row[v] * p.batch + b) * p.channels_skip;
    value += p.from0 ? mixed(p, c, load(skip + p.from0[c]), load(skip + p.from1[c])) : load(skip + c);
  }
  store(value, out + at * p.channels_out + c);
}

// Without tensor cores: a thread keeps kTileRows / Groups sums of one column.
template <typename T, int Groups>
__global__ void __launch_bounds__(kThreads) plain_kernel(GraphConv p, std::int64_t stored_columns) {
  constexpr int kColumns = kThreads / Groups, kSums = kTileRows / Groups;
  __shared__ T t[kTileRows * kMaxChannels];
  const T* weight = static_cast<const T*>(p.weight);
  const std::int64_t begin = std::int64_t(blockIdx.x) * kTileRows;
  const std::int64_t column = std::int64_t(blockIdx.y) * kColumns + threadIdx.x % kColumns;
  const int group = threadIdx.x / kColumns;
  float sum[kSums] = {};
  for (int order = 0; order < 3; ++order)
    for (int from = 0; from < p.channels_in; from += kMaxChannels) {
      const int count = p.channels_in - from < kMaxChannels ? int(p.channels_in - from) : kMaxChannels;
      __syncthreads();  // the tile of before is still being read
      gather(p, order, begin, from, count, count, t, kMaxChannels);
      __syncthreads();
      if (column < p.channels_out) {
        const T* w = weight + (order * p.channels_in + from) * stored_columns + column;
        for (int k = 0; k < count; ++k) {
          const float share = load(w + k * stored_columns);
#pragma unroll
          for (int i = 0; i < kSums; ++i) sum[i] += load(t + (group + i * Groups) * kMaxChannels + k) * share;
        }
      }
    }
  if (column >= p.channels_out) return;
#pragma unroll
  for (int i = 0; i < kSums; ++i) {
    const std::int64_t at = begin + group + i * Groups;
    if (at < p.rows * p.batch) finish<T>(p, at, column, sum[i]);
  }
}

// With tensor cores: eight warps share the columns in fragments of 16; every warp has both fragments of rows.
__global__ void __launch_bounds__(kThreads) tensor_kernel(GraphConv p, std::int64_t stored_columns) {
#if __CUDA_ARCH__ >= 800
  namespace mma = nvcuda::wmma;
  using Brain = __nv_bfloat16;
  constexpr int kPad = 8;  // keeps the rows of a fragment on different banks
  constexpr int kStride = kMaxChannels + kPad, kPerWarp = kMaxColumns / kFragment / kWarps;
  __shared__ __align__(32) Brain t[kTileRows * kStride];
  __shared__ __align__(32) float sums[kWarps][kFragment * kFragment];
  const Brain* weight = static_cast<const Brain*>(p.weight);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const std::int64_t begin = std::int64_t(blockIdx.x) * kTileRows, first = std::int64_t(blockIdx.y) * kMaxColumns;
  mma::fragment<mma::accumulator, kFragment, kFragment, kFragment, float> sum[2][kPerWarp];
  for (auto& row : sum)
    for (auto& fragment : row) mma::fill_fragment(fragment, 0.0f);
  const std::int64_t stored_channels = (p.channels_in + kFragment - 1) / kFragment * kFragment;
  for (int order = 0; order < 3; ++order)
    for (int from = 0; from < p.channels_in; from += kMaxChannels) {
      const int count = p.channels_in - from < kMaxChannels ? int(p.channels_in - from) : kMaxChannels;
      const int padded = (count + kFragment - 1) / kFragment * kFragment;
      __syncthreads();  // the tile of before is still being read
      gather(p, order, begin, from, count, padded, t, kStride);
      __syncthreads();
      for (int k = 0; k < padded; k += kFragment) {
        mma::fragment<mma::matrix_a, kFragment, kFragment, kFragment, Brain, mma::row_major> a[2];
        for (int i = 0; i < 2; ++i) mma::load_matrix_sync(a[i], t + i * kFragment * kStride + k, kStride);
        for (int j = 0; j < kPerWarp; ++j) {
          const std::int64_t column = first + (warp + j * kWarps) * kFragment;
          if (column >= stored_columns) continue;  // the whole warp agrees
          mma::fragment<mma::matrix_b, kFragment, kFragment, kFragment, Brain, mma::row_major> b;
          mma::load_matrix_sync(b, weight + (order * stored_channels + from + k) * stored_columns + column,
                                static_cast<unsigned>(stored_columns));
          for (int i = 0; i < 2; ++i) mma::mma_sync(sum[i][j], a[i], b, sum[i][j]);
        }
      }
    }
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < kPerWarp; ++j) {
      const std::int64_t column = first + (warp + j * kWarps) * kFragment;
      if (column >= stored_columns) continue;
      mma::store_matrix_sync(sums[warp], sum[i][j], kFragment, mma::mem_row_major);
      __syncwarp();
      for (int cell = lane; cell < kFragment * kFragment; cell += 32) {
        const std::int64_t at = begin + i * kFragment + cell / kFragment, c = column + cell % kFragment;
        if (at < p.rows * p.batch && c < p.channels_out) finish<Brain>(p, at, c, sums[warp][cell]);
      }
      __syncwarp();  // before the next fragment overwrites it
    }
#endif
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

GraphConvOnDevice::GraphConvOnDevice(const GraphConv& p, const float* weight, std::int64_t entries1,
                                     std::int64_t entries2, bool bf16, int device)
    : p_(p), bf16_(bf16), device_(device) {
  const DeviceGuard guard(device);
  int major = 0;
  cuda_check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "graph_conv: device");
  tensor_cores_ = bf16 && major >= 8;

  // bfloat16 weights are padded with zeros to whole fragments.
  const std::int64_t unit = tensor_cores_ ? kFragment : 1;
  const std::int64_t channels = (p.channels_in + unit - 1) / unit * unit;
  const std::int64_t columns = (p.channels_out + unit - 1) / unit * unit;
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
  const std::size_t at_start1 = add(p.one_hop.start, rows + 1), at_start2 = add(p.two_hops.start, rows + 1);
  const std::size_t at_near1 = add(p.one_hop.near, entries1), at_near2 = add(p.two_hops.near, entries2);
  const std::size_t at_value1 = add(p.one_hop.value, entries1), at_value2 = add(p.two_hops.value, entries2);
  const std::size_t at_from0 = add(p.from0, wide), at_from1 = add(p.from1, wide), at_share = add(p.share0, wide);
  cuda_check(cudaMalloc(&memory_, pack.host().size()), "graph_conv: memory");
  const cudaError_t copied = cudaMemcpy(memory_, pack.host().data(), pack.host().size(), cudaMemcpyHostToDevice);
  if (copied != cudaSuccess) cudaFree(memory_);
  cuda_check(copied, "graph_conv: copy");

  const char* base = static_cast<const char*>(memory_);
  auto floats = [&](std::size_t at) { return reinterpret_cast<const float*>(base + at); };
  auto whole = [&](std::size_t at) { return reinterpret_cast<const std::int32_t*>(base + at); };
  p_.weight = base + at_weight;
  p_.bias = floats(at_bias);
  p_.self = whole(at_self);
  p_.skip_row = whole(at_skip);
  p_.one_hop = {whole(at_start1), whole(at_near1), floats(at_value1)};
  p_.two_hops = {whole(at_start2), whole(at_near2), floats(at_value2)};
  if (p.from0) p_.from0 = whole(at_from0), p_.from1 = whole(at_from1), p_.share0 = floats(at_share);
}

GraphConvOnDevice::~GraphConvOnDevice() {
  cudaFree(memory_);
}

void GraphConvOnDevice::run(const void* x, const void* skip, void* out, std::int64_t batch,
                            std::uintptr_t stream) const {
  GraphConv p = p_;
  p.x = x;
  p.skip = skip;
  p.out = out;
  p.batch = batch;
  const std::int64_t total = p.rows * batch;
  if (total == 0) return;
  const DeviceGuard guard(device_);
  const auto on = reinterpret_cast<cudaStream_t>(stream);
  const auto blocks = static_cast<unsigned>((total + kTileRows - 1) / kTileRows);
  auto passes = [&](std::int64_t columns) { return static_cast<unsigned>((p.channels_out + columns - 1) / columns); };
  if (tensor_cores_) {
    const std::int64_t stored = (p.channels_out + kFragment - 1) / kFragment * kFragment;
    tensor_kernel<<<dim3(blocks, passes(kMaxColumns)), kThreads, 0, on>>>(p, stored);
  } else {
    // Narrow results share a block between groups of rows, so that no thread is idle.
    auto launch = [&](auto kernel, int columns) {
      kernel<<<dim3(blocks, passes(columns)), kThreads, 0, on>>>(p, p.channels_out);
    };
    const bool wide = p.channels_out > 128, narrow = p.channels_out <= 32;
    if (bf16_)
      wide     ? launch(plain_kernel<__nv_bfloat16, 1>, 256)
      : narrow ? launch(plain_kernel<__nv_bfloat16, 8>, 32)
               : launch(plain_kernel<__nv_bfloat16, 2>, 128);
    else
      wide     ? launch(plain_kernel<float, 1>, 256)
      : narrow ? launch(plain_kernel<float, 8>, 32)
               : launch(plain_kernel<float, 2>, 128);
  }
  cuda_check(cudaGetLastError(), "graph_conv: launch");
}

}  // namespace meshcast
