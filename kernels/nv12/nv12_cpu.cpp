#include "nv12/nv12.hpp"

namespace meshcast {

void nv12_cpu(const Nv12& p) {
  const Matrix matrix = yuv_matrix(p.image.bt709);
  for (std::int64_t row = 0; row < p.image.height; ++row)
    for (std::int64_t column = 0; column < p.image.width; ++column) bgr_pixel(p, matrix, row, column);
}

}  // namespace meshcast
