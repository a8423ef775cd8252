#include "paint/paint.hpp"

namespace meshcast {

void paint_cpu(const Paint& p) {
  for (std::int64_t mask = 0; mask < p.masks; ++mask)
    for (std::int64_t pixel = 0; pixel < p.pixels; ++pixel) paint_pixel(p, mask, pixel);
}

}  // namespace meshcast
