#pragma once

#include <cstdint>

#include "graph_conv/graph_conv.hpp"

namespace meshcast {

// A layer's constants on a CUDA device. weight (3 channels_in, channels_out) float32, order by order, in host memory,
// as all that p points at is; p.x, p.skip and p.out are not used. Throws std::runtime_error with CUDA's message.
class GraphConvOnDevice {
 public:
  GraphConvOnDevice(const GraphConv& p, const float* weight, std::int64_t entries1, std::int64_t entries2, bool bf16,
                    int device);
  ~GraphConvOnDevice();
  GraphConvOnDevice(const GraphConvOnDevice&) = delete;
  GraphConvOnDevice& operator=(const GraphConvOnDevice&) = delete;

  int device() const { return device_; }
  // Launches on `stream` (a cudaStream_t as an integer) and returns at once; allocates nothing, so a CUDA graph can
  // capture it.
  void run(const void* x, const void* skip, void* out, std::int64_t batch, std::uintptr_t stream) const;

 private:
  GraphConv p_;
  bool bf16_;
  int device_;
  bool tensor_cores_;
  void* memory_ = nullptr;
};

}  // namespace meshcast
