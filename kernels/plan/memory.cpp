#include "plan/memory.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

#ifdef MESHCAST_WITH_CUDA
#include "common/cuda_device.hpp"
#endif

namespace meshcast {

Memory::Memory(std::size_t bytes, int device) : bytes_((bytes + 255) / 256 * 256), device_(device) {
  if (bytes_ == 0) return;
#ifdef MESHCAST_WITH_CUDA
  if (device_ >= 0) {
    const DeviceGuard guard(device_);
    void* data = nullptr;
    cuda_check(cudaMalloc(&data, bytes_), "plan: memory");
    data_ = static_cast<char*>(data);
    const cudaError_t zeroed = cudaMemset(data_, 0, bytes_);
    if (zeroed != cudaSuccess) cudaFree(data_);
    cuda_check(zeroed, "plan: memory");
    return;
  }
#endif
  data_ = static_cast<char*>(std::aligned_alloc(256, bytes_));
  if (!data_) throw std::bad_alloc();
  std::memset(data_, 0, bytes_);
}

Memory::~Memory() {
#ifdef MESHCAST_WITH_CUDA
  if (device_ >= 0) {
    cudaFree(data_);
    return;
  }
#endif
  std::free(data_);
}

void Memory::fill(const void* host, std::size_t bytes) {
  if (bytes == 0) return;
#ifdef MESHCAST_WITH_CUDA
  if (device_ >= 0) {
    const DeviceGuard guard(device_);
    return cuda_check(cudaMemcpy(data_, host, bytes, cudaMemcpyHostToDevice), "plan: copy");
  }
#endif
  std::memcpy(data_, host, bytes);
}

#ifdef MESHCAST_WITH_CUDA
Pinned::Pinned(std::size_t bytes) {
  void* data = nullptr;
  cuda_check(cudaMallocHost(&data, bytes), "plan: pinned memory");
  data_ = static_cast<char*>(data);
}
Pinned::~Pinned() {
  cudaFreeHost(data_);
}
#endif

}  // namespace meshcast
