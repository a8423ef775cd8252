#pragma once

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace meshcast {

inline void cuda_check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

// Makes a device the current one for its lifetime, then restores the caller's.
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

}  // namespace meshcast
