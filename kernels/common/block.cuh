#pragma once

#include <cuda_runtime.h>

namespace meshcast {

// A thread block as a team (common/team.hpp): all its threads work on one problem, a row of a table is for a warp.
template <int kThreads>
struct Block {
  static constexpr int kWarp = 32;
  __device__ static int rank() { return static_cast<int>(threadIdx.x); }
  __device__ static int size() { return kThreads; }
  __device__ static int row() { return static_cast<int>(threadIdx.x) / kWarp; }
  __device__ static int rows() { return kThreads / kWarp; }
  __device__ static int column() { return static_cast<int>(threadIdx.x) % kWarp; }
  __device__ static int columns() { return kWarp; }
  __device__ static void sync() { __syncthreads(); }
};

}  // namespace meshcast
