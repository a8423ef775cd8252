#pragma once

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace meshcast {

inline void cuda_check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

// Makes a device the current one as long as it lives: the caller's own choice is put back.
class DeviceGuard {
 public:
  explicit DeviceGuard(int device) {
    cuda_check(cudaGetDevice(&before_), "CUDA device");
    if (device != before_) cuda_check(cudaSetDevice(device), "CUDA device");
  }
  ~DeviceGuard() { cudaSetDevice(before_); }
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  int before_ = 0;
};

#ifdef __CUDACC__
// The shared memory whose size the launch gave, aligned for vectors and fragments.
__device__ inline char* block_memory() {
  extern __shared__ __align__(128) char memory[];
  return memory;
}
#endif

}  // namespace meshcast
