#pragma once

#include <cstddef>
#include <cstdint>

#include "graph_conv/graph_conv.hpp"

namespace meshcast {

// A layer's constants on a CUDA device. weight (3 channels_in, channels_out) float32, order by order, in host memory,
// as all that p points at. Throws std::runtime_error with CUDA's message.
class GraphConvOnDevice {
 public:
  GraphConvOnDevice(const GraphConv& p, const float* weight, std::size_t entries1, std::size_t entries2, bool bf16,
                    int device);
  ~GraphConvOnDevice();
  GraphConvOnDevice(const GraphConvOnDevice&) = delete;
  GraphConvOnDevice& operator=(const GraphConvOnDevice&) = delete;

  // Takes batch, x, skip, out and output_permutation from p. Launches on `stream` (a cudaStream_t as an integer) and
  // returns at once; allocates nothing, so a CUDA graph can capture it.
  void run(const GraphConv& p, std::uintptr_t stream) const;

 private:
  GraphConv constants_;
  bool bf16_;
  int device_;
  bool tensor_cores_;
  std::int64_t processors_;
  void* memory_ = nullptr;
};

}  // namespace meshcast
