#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/matrix_kernel.hpp"
#include "linear/linear.hpp"
#include "linear/linear_tiles.hpp"
#ifdef MESHCAST_WITH_CUDA
#include "linear/linear_cuda.hpp"
#endif

namespace meshcast {

// A layer with its weights in the type that they are stored in, in host memory or on a CUDA device (device >= 0);
// running it allocates nothing.
class LinearLayer {
 public:
  // weight (outputs, inputs), bias (outputs), scale and shift (inputs) or both null: float32 in host memory. Another
  // kernel than kVector is for bfloat16 in host memory. Throws std::runtime_error with CUDA's message.
  LinearLayer(const float* weight, const float* bias, const float* scale, const float* shift, std::int64_t inputs,
              std::int64_t outputs, bool relu, bool bf16, MatrixKernel kernel, int device);

  std::int64_t inputs() const { return p_.inputs; }
  std::int64_t outputs() const { return p_.outputs; }
  int device() const { return device_; }
  std::int64_t constant_bytes() const {
    return p_.inputs * p_.outputs * (p_.bf16 ? 2 : 4) + 4 * p_.outputs + (p_.scale ? 8 * p_.inputs : 0);
  }

  // Contract as in linear.hpp; on a device it is enqueued on `stream` (a cudaStream_t as an integer).
  void run(const void* x, const Layout& x_layout, const float* residual, void* out, const Layout& out_layout,
           std::int64_t batch, std::uintptr_t stream) const;

 private:
  Linear p_{};
  int device_;
  const LinearTiles* tiles_;  // null without a matrix unit
  std::vector<float> weight_, bias_, scale_, shift_;
  std::vector<std::uint16_t> half_;
#ifdef MESHCAST_WITH_CUDA
  std::unique_ptr<LinearOnDevice> on_device_;
#endif
};

}  // namespace meshcast
