#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "refine_pose/refine_person.hpp"
#include "refine_pose/refine_pose.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 128;
constexpr int kWarp = 32;

// A thread block works on a person; a row of a matrix is for a warp.
struct Block {
  __device__ static int rank() { return static_cast<int>(threadIdx.x); }
  __device__ static int size() { return kThreads; }
  __device__ static int row() { return static_cast<int>(threadIdx.x) / kWarp; }
  __device__ static int rows() { return kThreads / kWarp; }
  __device__ static int column() { return static_cast<int>(threadIdx.x) % kWarp; }
  __device__ static int columns() { return kWarp; }
  __device__ static void sync() { __syncthreads(); }
};

__global__ void __launch_bounds__(kThreads) refine_kernel(RefinePose p) {
  refine_person(Block{}, p, blockIdx.x);
}

}  // namespace

void refine_pose_cuda(const RefinePose& p, std::uintptr_t stream) {
  if (p.people == 0) return;
  refine_kernel<<<static_cast<unsigned>(p.people), kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(p);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw std::runtime_error(std::string("refine_pose: ") + cudaGetErrorString(status));
}

}  // namespace meshcast
