#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "common/block.cuh"
#include "refine_pose/refine_person.hpp"
#include "refine_pose/refine_pose.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 128;  // a thread block works on a person

__global__ void __launch_bounds__(kThreads) refine_kernel(RefinePose p) {
  refine_person(Block<kThreads>{}, p, blockIdx.x);
}

}  // namespace

void refine_pose_cuda(const RefinePose& p, std::uintptr_t stream) {
  if (p.people == 0) return;
  refine_kernel<<<static_cast<unsigned>(p.people), kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(p);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw std::runtime_error(std::string("refine_pose: ") + cudaGetErrorString(status));
}

}  // namespace meshcast
