#pragma once

#include <cstdint>

#include "common/portable.hpp"

// Greedy non-maximum suppression: of boxes that overlap by more than `iou`, the one with the higher score stays.
//
// boxes (count, 4) float32 xyxy, scores (count,) float32, kept (count,) int32: the rows that stay, best score first and
// of equal scores the first row first, then -1; all C-contiguous. Boxes and scores are finite (trusted). The overlap is
// intersection over union, 0 where both are empty.
namespace meshcast {

struct Nms {
  const float* boxes;
  const float* scores;
  std::int32_t* kept;
  std::int32_t count;
  float iou;
};

MESHCAST_HD float box_area(const float* box) {
  const float width = box[2] - box[0], height = box[3] - box[1];
  return (width > 0 ? width : 0.0f) * (height > 0 ? height : 0.0f);
}

MESHCAST_HD float box_overlap(const float* a, const float* b) {
  const float common_box[4] = {a[0] > b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1], a[2] < b[2] ? a[2] : b[2],
                               a[3] < b[3] ? a[3] : b[3]};
  const float common = box_area(common_box), both = box_area(a) + box_area(b) - common;
  return common / (both > 1e-9f ? both : 1e-9f);
}

// Whether row a is before row b: a total order whatever the scores are, those that are NaN last.
MESHCAST_HD bool better(const float* scores, std::int32_t a, std::int32_t b) {
  const float x = scores[a], y = scores[b];
  const bool x_nan = x != x, y_nan = y != y;
  if (x_nan != y_nan) return y_nan;
  return x > y || (!(x < y) && a < b);
}

void nms_cpu(const Nms& p);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once.
// Throws std::runtime_error with CUDA's message when the launch fails.
void nms_cuda(const Nms& p, std::uintptr_t stream);

}  // namespace meshcast
