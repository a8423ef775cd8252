#include "nms/nms.hpp"

#include <algorithm>

namespace meshcast {

// `kept` holds the order first; as no more rows are kept than were looked at, the result is written over it.
void nms_cpu(const Nms& p) {
  for (std::int32_t i = 0; i < p.count; ++i) p.kept[i] = i;
  std::sort(p.kept, p.kept + p.count, [&](std::int32_t a, std::int32_t b) { return better(p.scores, a, b); });
  std::int32_t count = 0;
  for (std::int32_t i = 0; i < p.count; ++i) {
    const std::int32_t row = p.kept[i];
    bool stays = true;
    for (std::int32_t k = 0; k < count && stays; ++k)
      stays = box_overlap(p.boxes + 4 * p.kept[k], p.boxes + 4 * row) <= p.iou;
    if (stays) p.kept[count++] = row;
  }
  std::fill(p.kept + count, p.kept + p.count, -1);
}

}  // namespace meshcast
