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

  // Takes batch, arrays and layouts from p. Launches on `stream` (a cudaStream_t as an integer) and returns at once;
  // allocates nothing, so a CUDA graph can capture it.
  void run(const Linear& p, std::uintptr_t stream) const;

 private:
  Linear constants_;
  int device_;
  void* memory_ = nullptr;
};

}  // namespace meshcast
