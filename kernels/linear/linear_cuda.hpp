#pragma once

#include <cstdint>

#include "linear/linear.hpp"

namespace meshcast {

// A layer's constants on a CUDA device; p points at them in host memory. Throws std::runtime_error with CUDA's message.
class LinearOnDevice {
 public:
  LinearOnDevice(const Linear& p, int device);
  ~LinearOnDevice();
  LinearOnDevice(const LinearOnDevice&) = delete;
  LinearOnDevice& operator=(const LinearOnDevice&) = delete;

  // Launches on `stream` (a cudaStream_t as an integer) and returns at once; allocates nothing.
  void run(const float* x, const float* residual, float* out, std::int64_t batch, std::uintptr_t stream) const;

 private:
  Linear p_;
  int device_;
  void* memory_ = nullptr;
};

}  // namespace meshcast
