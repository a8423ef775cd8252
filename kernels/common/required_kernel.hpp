#pragma once

#include <stdexcept>
#include <string>

#include "common/matrix_kernel.hpp"

namespace meshcast {

// The kernel of a layer by name; std::invalid_argument where the layer cannot use it.
inline MatrixKernel required_kernel(const std::string& name, bool bf16, int device) {
  const MatrixKernel kernel = matrix_kernel(name);
  if (kernel != MatrixKernel::kVector && (!bf16 || device >= 0))
    throw std::invalid_argument("kernel: " + name + " is for bfloat16 on the CPU");
  return kernel;
}

}  // namespace meshcast
