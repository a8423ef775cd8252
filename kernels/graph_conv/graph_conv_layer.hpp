#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "graph_conv/graph_conv.hpp"
#ifdef MESHCAST_WITH_CUDA
#include "graph_conv/graph_conv_cuda.hpp"
#endif

namespace meshcast {

// A sparse matrix that owns its memory.
struct OwnedCsr {
  std::vector<std::int32_t> indptr, indices;
  std::vector<float> data;
  CsrView view() const { return {indptr.data(), indices.data(), data.data()}; }
};

// The constants of a layer as they are given: see graph_conv.hpp. weight (3 channels_in, channels_out), order by order.
struct GraphConvConstants {
  std::vector<std::int32_t> self, skip_row;  // skip_row is empty where nothing is added
  OwnedCsr one_hop, two_hops;
  const float* weight;
  const float* bias;
  std::int64_t sources, skip_sources;
  std::int64_t channels_in, channels_out, channels_skip;
  bool relu, bf16;
};

// A layer with its constants packed once, in host memory or on a CUDA device (device >= 0); running it allocates
// nothing.
class GraphConvLayer {
 public:
  // Indices must be in their ranges; another kernel than kVector is for bfloat16 in host memory. Throws std::bad_alloc,
  // and std::runtime_error with CUDA's message.
  GraphConvLayer(GraphConvConstants constants, MatrixKernel kernel, int device);

  std::int64_t rows() const { return p_.rows; }
  std::int64_t sources() const { return p_.sources; }
  std::int64_t skip_sources() const { return constants_.skip_sources; }
  std::int64_t channels_in() const { return p_.channels_in; }
  std::int64_t channels_out() const { return p_.channels_out; }
  std::int64_t channels_skip() const { return p_.channels_skip; }
  std::int64_t entries() const { return entries_; }  // of both graph operators
  std::int64_t constant_bytes() const {
    const std::int64_t weights = 3 * p_.channels_in * p_.channels_out * (constants_.bf16 ? 2 : 4);
    const std::int64_t graph = 8 * entries_ + 8 * (p_.rows + 1) + (p_.channels_skip ? 8 : 4) * p_.rows;
    return weights + 4 * p_.channels_out + graph;
  }
  bool bf16() const { return constants_.bf16; }
  int device() const { return device_; }

  // Contract as in graph_conv.hpp; on a device it is enqueued on `stream` (a cudaStream_t as an integer), and
  // output_permutation lies there.
  void run(const void* x, const void* skip, void* out, const std::int32_t* output_permutation, std::int64_t batch,
           std::uintptr_t stream) const;

 private:
  struct Aligned {
    void operator()(void* data) const { std::free(data); }
  };

  bool projecting_pays() const;
  void pack();
  void interpolate();

  GraphConv p_{};
  GraphConvConstants constants_;
  int device_;
  const GraphConvCpu* isa_;
  std::int64_t entries_;
  std::vector<std::int32_t> lerp_from0_, lerp_from1_;
  std::vector<float> bias_, lerp_weight_;
  std::unique_ptr<void, Aligned> weight_;
#ifdef MESHCAST_WITH_CUDA
  std::unique_ptr<GraphConvOnDevice> on_device_;
#endif
};

}  // namespace meshcast
