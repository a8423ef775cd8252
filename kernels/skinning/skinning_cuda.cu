#include <cuda_runtime.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "skinning/skinning.hpp"

namespace meshcast {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = kWarps * kBlock;  // kBlock is a warp: a thread has one vertex of each block
constexpr int kPacked = 12;                // a transform in shared memory: four columns of three rows
constexpr std::size_t kShared = 44 << 10;  // bytes of dynamic shared memory that every GPU gives without asking
constexpr unsigned kAll = 0xffffffffu;
constexpr int kManyPeople = 64;
constexpr int kLevelBlocks = 8;  // thread blocks that quantize one person

// Joints, transforms and pose feature: a thread block a person, a warp along the chain, a lane an element.
__global__ void pose_kernel(Skinning p) {
  extern __shared__ float shared[];
  float *worlds = shared, *locals = worlds + kTransform * p.joint_count, *rests = locals + 9 * p.joint_count;
  const std::int64_t n = blockIdx.x;
  const float* rotations = p.rotations + n * p.joint_count * 9;
  for (std::int64_t i = threadIdx.x; i < 9 * p.joint_count; i += blockDim.x) {
    const float value = rotations[i];
    locals[i] = value;
    if (i >= 9 && i - 9 < p.pose_count) p.feature(n)[i - 9] = value - (i % 9 % 4 == 0 ? 1.0f : 0.0f);
  }
  for (std::int64_t a = threadIdx.x; a < 3 * p.joint_count; a += blockDim.x)
    rests[a] = rest_joint(p.joint_template, p.joint_dirs, p.shape + n * p.shape_count, p.shape_count, a);
  __syncthreads();

  if (threadIdx.x < 32) {
    const int column = threadIdx.x / 4, row = threadIdx.x % 4;
    for (std::int64_t j = 0; j < p.joint_count; ++j) {
      if (column < 4) {
        const float *own = locals + 9 * j, *rest = rests + 3 * j;
        float value = 0.0f;
        if (row < 3 && j == 0) {
          value = column < 3 ? own[3 * row + column] : rest[row];
        } else if (row < 3) {
          const float* parent = worlds + kTransform * p.parents[j];
          const float* from = rests + 3 * p.parents[j];
          value = column < 3 ? world_rotation(parent, own, row, column)
                             : parent[12 + row] +
                                   rotated(parent, rest[0] - from[0], rest[1] - from[1], rest[2] - from[2], row);
        }
        worlds[kTransform * j + threadIdx.x] = value;
      }
      __syncwarp();
    }
  }
  __syncthreads();

  for (std::int64_t i = threadIdx.x; i < kTransform * p.joint_count; i += blockDim.x) {
    const std::int64_t j = i / kTransform;
    const int element = static_cast<int>(i % kTransform), row = element - 12;
    float value = worlds[i];
    if (row >= 0 && row < 3) {
      p.joints[(n * p.joint_count + j) * 3 + row] = value + (p.translation ? p.translation[n * 3 + row] : 0.0f);
      const float* rest = rests + 3 * j;
      value -= rotated(worlds + kTransform * j, rest[0], rest[1], rest[2], row);
    }
    p.transforms(n)[i] = value;
  }
}

// Lowest and highest of a warp's values, in every lane.
__device__ void warp_bounds(float& low, float& high) {
  for (int step = 16; step > 0; step /= 2) {
    low = fminf(low, __shfl_xor_sync(kAll, low, step));
    high = fmaxf(high, __shfl_xor_sync(kAll, high, step));
  }
}

// A warp poses one person's block, a lane a vertex, and writes it; `stage` is room for a row of its own.
__device__ void finish(const Skinning& p, std::int64_t block, std::int64_t n, const float* transforms,
                       const float (&rest)[3], float* stage) {
  const int lane = threadIdx.x % 32;
  const std::int64_t left = p.vertex_count - block * kBlock;
  const int count = left < kBlock ? static_cast<int>(left) : kBlock;
  const std::int32_t begin = p.starts[block];
  const float coordinate[4][1] = {{rest[0]}, {rest[1]}, {rest[2]}, {1.0f}};
  float out[3][1];
  for (int a = 0; a < 3; ++a) out[a][0] = p.translation ? p.translation[n * 3 + a] : 0.0f;
  add_columns<Scalar>(transforms, kPacked, 3, p.bones + begin, p.weights + std::int64_t(begin) * kBlock + lane,
                      p.starts[block + 1] - begin, coordinate, out);

  for (int a = 0; a < 3; ++a) stage[3 * lane + a] = out[a][0];
  __syncwarp();
  const std::int64_t at = (n * p.vertex_count + block * kBlock) * 3;
  for (int i = lane; i < kRow; i += 32) {
    if (p.type == VertexType::kLevel) {
      p.staged(n)[block * kRow + i] = stage[i];
    } else if (i < 3 * count) {
      if (p.type == VertexType::kFloat) {
        static_cast<float*>(p.vertices)[at + i] = stage[i];
      } else {
        static_cast<Half*>(p.vertices)[at + i] = to_half(stage[i]);
      }
    }
  }
  __syncwarp();  // the stage may be written again
  if (p.type != VertexType::kLevel) return;

  const bool real = lane < count;
  const bool bad = __any_sync(kAll, real && !(isfinite(out[0][0]) && isfinite(out[1][0]) && isfinite(out[2][0])));
  for (int a = 0; a < 3; ++a) {
    float low = real ? out[a][0] : INFINITY, high = real ? out[a][0] : -INFINITY;
    warp_bounds(low, high);
    if (lane == 0) {
      p.block_bounds(n)[block * 6 + a] = bad ? NAN : low;
      p.block_bounds(n)[block * 6 + 3 + a] = bad ? NAN : high;
    }
  }
}

// Blend shapes and skinning of `People` people at a time. With Slices = kWarps all warps share one block of vertices,
// each with a part of the directions, for latency; with Slices = 1 each warp has a block of its own, for throughput.
template <typename Dir, int People, int Slices>
__global__ void __launch_bounds__(kThreads) blend_kernel(Skinning p, const Dir* pose_dirs) {
  static_assert(Slices == 1 || (Slices == kWarps && People <= kWarps), "see the two ends of the loop");
  extern __shared__ float4 aligned[];
  __shared__ float stages[kWarps][kRow];
  const std::int64_t packed = kPacked * p.joint_count, directions = p.shape_count + p.pose_count;
  float* transforms = reinterpret_cast<float*>(aligned);  // (People, J, kPacked)
  float* features = transforms + People * packed;         // (shape, then pose, People)
  float* partial = features + directions * People;        // (Slices, People * 3, kBlock), with slices only
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, slice = warp % Slices;
  const std::int64_t block = std::int64_t(blockIdx.x) * (kWarps / Slices) + warp / Slices;
  const bool exists = block < p.blocks();

  for (std::int64_t first = std::int64_t(blockIdx.y) * People; first < p.people;
       first += std::int64_t(gridDim.y) * People) {
    const int people = static_cast<int>(p.people - first < People ? p.people - first : People);
    for (std::int64_t i = threadIdx.x; i < People * packed; i += kThreads) {
      const std::int64_t person = i / packed, joint = i % packed / kPacked;
      const int element = static_cast<int>(i % kPacked);
      if (person < people)
        transforms[i] = p.transforms(first + person)[joint * kTransform + element / 3 * 4 + element % 3];
    }
    for (std::int64_t i = threadIdx.x; i < People * directions; i += kThreads) {
      const std::int64_t person = i / directions, f = i % directions, n = first + person;
      features[f * People + person] = person >= people    ? 0.0f
                                      : f < p.shape_count ? p.shape[n * p.shape_count + f]
                                                          : p.feature(n)[f - p.shape_count];
    }
    __syncthreads();

    float sum[People][3] = {};
    if (exists) {
      const std::int64_t at = block * kRow + lane;
      add_directions<Scalar>(pose_dirs + (block * p.pose_count + slice) * kRow + lane, Slices * kRow, kBlock,
                             features + (p.shape_count + slice) * People, Slices * People, 1,
                             (p.pose_count - slice + Slices - 1) / Slices, sum);
      for (int a = 0; a < 3; ++a) {
        const float scale = p.pose_scale[at + a * kBlock], base = slice ? 0.0f : p.v_template[at + a * kBlock];
        MESHCAST_UNROLL
        for (int person = 0; person < People; ++person) sum[person][a] = base + scale * sum[person][a];
      }
      add_directions<Scalar>(p.shape_dirs + (block * p.shape_count + slice) * kRow + lane, Slices * kRow, kBlock,
                             features + slice * People, Slices * People, 1,
                             (p.shape_count - slice + Slices - 1) / Slices, sum);
    }
    if constexpr (Slices == 1) {
      if (exists) {
        MESHCAST_UNROLL
        for (int person = 0; person < People; ++person)
          if (person < people)
            finish(p, block, first + person, transforms + person * packed, sum[person], stages[warp]);
      }
    } else {
      MESHCAST_UNROLL
      for (int person = 0; person < People; ++person)
        for (int a = 0; a < 3; ++a) partial[((slice * People + person) * 3 + a) * kBlock + lane] = sum[person][a];
      __syncthreads();
      if (warp < people) {
        float rest[3] = {};
        for (int s = 0; s < Slices; ++s)
          for (int a = 0; a < 3; ++a) rest[a] += partial[((s * People + warp) * 3 + a) * kBlock + lane];
        finish(p, block, first + warp, transforms + warp * packed, rest, stages[warp]);
      }
    }
    __syncthreads();  // the shared memory may be written again
  }
}

// Levels of one person's part of the vertices; every thread block finds the person's bounds for itself.
__global__ void __launch_bounds__(kThreads) level_kernel(Skinning p) {
  __shared__ float lows[3][kWarps], highs[3][kWarps];
  const std::int64_t n = blockIdx.x;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  bool bad = false;
  for (int a = 0; a < 3; ++a) {
    float low = INFINITY, high = -INFINITY;
    for (std::int64_t c = threadIdx.x; c < p.blocks(); c += kThreads) {
      const float* bounds = p.block_bounds(n) + c * 6 + a;
      bad = bad || isnan(bounds[0]);
      low = fminf(low, bounds[0]);
      high = fmaxf(high, bounds[3]);
    }
    warp_bounds(low, high);
    if (lane == 0) lows[a][warp] = low, highs[a][warp] = high;
  }
  bad = __syncthreads_or(bad);
  float low[3], step[3], inverse[3];
  for (int a = 0; a < 3; ++a) {
    low[a] = lows[a][0];
    float high = highs[a][0];
    for (int w = 1; w < kWarps; ++w) low[a] = fminf(low[a], lows[a][w]), high = fmaxf(high, highs[a][w]);
    level_scale(low[a], high, step + a, inverse + a);
    bad = bad || !isfinite(step[a]);
  }
  if (blockIdx.y == 0 && threadIdx.x == 0) {
    for (int a = 0; a < 3; ++a) {
      p.bounds[n * 6 + a] = bad ? NAN : low[a];
      p.bounds[n * 6 + 3 + a] = bad ? NAN : step[a];
    }
  }
  const std::int64_t total = 3 * p.vertex_count;
  auto* out = static_cast<std::uint16_t*>(p.vertices) + n * total;
  for (std::int64_t i = std::int64_t(blockIdx.y) * kThreads + threadIdx.x; i < total; i += gridDim.y * kThreads) {
    const int a = static_cast<int>(i % 3);
    const float from = a == 0 ? low[0] : a == 1 ? low[1] : low[2];
    const float factor = a == 0 ? inverse[0] : a == 1 ? inverse[1] : inverse[2];
    out[i] = bad ? 0 : to_level(p.staged(n)[i], from, factor);
  }
}

template <int People, int Slices>
std::size_t shared_bytes(const Skinning& p) {
  const std::int64_t partial = Slices > 1 ? Slices * kRow : 0;
  return sizeof(float) * People * (kPacked * p.joint_count + p.shape_count + p.pose_count + partial);
}

template <int People, int Slices>
void launch(const Skinning& p, cudaStream_t stream) {
  constexpr std::int64_t kBlocks = kWarps / Slices, kMaxTiles = 65535;
  const std::int64_t tiles = std::min<std::int64_t>((p.people + People - 1) / People, kMaxTiles);
  const dim3 grid(static_cast<unsigned>((p.blocks() + kBlocks - 1) / kBlocks), static_cast<unsigned>(tiles));
  const std::size_t bytes = shared_bytes<People, Slices>(p);
  if (p.pose_dirs_16) {
    blend_kernel<std::int16_t, People, Slices><<<grid, kThreads, bytes, stream>>>(p, p.pose_dirs_16);
  } else {
    blend_kernel<float, People, Slices><<<grid, kThreads, bytes, stream>>>(p, p.pose_dirs);
  }
}

}  // namespace

void skinning_cuda(const Skinning& p, std::uintptr_t stream_number) {
  if (p.people == 0) return;
  const auto stream = reinterpret_cast<cudaStream_t>(stream_number);
  const std::size_t pose_bytes = sizeof(float) * (kTransform + 9 + 3) * p.joint_count;
  if (pose_bytes > kShared || shared_bytes<1, kWarps>(p) > kShared)
    throw std::runtime_error(
        "skinning: the joints and blend shapes of this body do not fit the shared memory of a GPU");
  constexpr int kPoseThreads = 128;
  pose_kernel<<<static_cast<unsigned>(p.people), kPoseThreads, pose_bytes, stream>>>(p);
  if (p.people > kManyPeople && shared_bytes<16, 1>(p) <= kShared) {
    launch<16, 1>(p, stream);
  } else if (p.people > kManyPeople && shared_bytes<8, 1>(p) <= kShared) {
    launch<8, 1>(p, stream);
  } else if (p.people > 1 && shared_bytes<4, kWarps>(p) <= kShared) {
    launch<4, kWarps>(p, stream);
  } else {
    launch<1, kWarps>(p, stream);
  }
  if (p.type == VertexType::kLevel)
    level_kernel<<<dim3(static_cast<unsigned>(p.people), kLevelBlocks), kThreads, 0, stream>>>(p);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw std::runtime_error(std::string("skinning: ") + cudaGetErrorString(status));
}

}  // namespace meshcast
