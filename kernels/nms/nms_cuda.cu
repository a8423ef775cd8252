#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "nms/nms.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 1024;

// One block: there are some hundred boxes. `kept` holds the order first, in which a suppressed row is marked by its
// complement; as no more rows are kept than were looked at, the result is written over it.
__global__ void nms_kernel(Nms p) {
  for (std::int32_t i = threadIdx.x; i < p.count; i += kThreads) {
    std::int32_t rank = 0;
    for (std::int32_t j = 0; j < p.count; ++j) rank += better(p.scores, j, i);
    p.kept[rank] = i;
  }
  __syncthreads();
  std::int32_t count = 0;
  for (std::int32_t i = 0; i < p.count; ++i) {
    const std::int32_t row = p.kept[i];
    if (row < 0) continue;  // for all threads alike: nothing is written between two barriers that another one reads
    for (std::int32_t j = i + 1 + threadIdx.x; j < p.count; j += kThreads) {
      const std::int32_t other = p.kept[j];
      if (other >= 0 && !(box_overlap(p.boxes + 4 * row, p.boxes + 4 * other) <= p.iou)) p.kept[j] = ~other;
    }
    __syncthreads();
    if (threadIdx.x == 0) p.kept[count] = row;
    ++count;
  }
  __syncthreads();
  for (std::int32_t i = count + threadIdx.x; i < p.count; i += kThreads) p.kept[i] = -1;
}

}  // namespace

void nms_cuda(const Nms& p, std::uintptr_t stream) {
  if (p.count == 0) return;
  nms_kernel<<<1, kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(p);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw std::runtime_error(std::string("nms: ") + cudaGetErrorString(status));
}

}  // namespace meshcast
