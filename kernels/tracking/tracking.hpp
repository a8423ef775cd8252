#pragma once

#include <cstdint>

// Small sums over the keypoints of the people of a frame, for the tracker: each takes microseconds here, and in NumPy
// tens of them in calls alone. All arrays are C-contiguous unless said otherwise.
namespace meshcast {

constexpr std::int64_t kMostKeypoints = 256, kMostSamples = 256;

// Medians over the used entries: out[n, d] of values[n, k, d] where used[n, k] is not 0; the mean of the middle two for
// an even number, 0 without any. values (count, keypoints, depth) float32, used (count, keypoints) uint8, out (count,
// depth) float32. Bit for bit as NumPy's.
struct MaskedMedian {
  const float* values;
  const std::uint8_t* used;
  float* out;
  std::int64_t count, keypoints, depth;
};
void masked_median_cpu(const MaskedMedian& p);

// Object keypoint similarity (COCO) of all pairs, 0 to 1, with half the box as the area: keypoints (count, K, 2)
// float32 px, scores (count, K) and box areas (count,) float32, sigmas (K,) float32; compared are keypoints that both
// have with a score above min_score, and less than three of them are no similarity. out (count, count) float32.
struct KeypointSimilarity {
  const float* keypoints;
  const float* scores;
  const float* areas;
  const float* sigmas;
  float* out;
  std::int64_t count, keypoint_count;
  float min_score;
};
void keypoint_similarity_cpu(const KeypointSimilarity& p);

// How far boxes overlap: a (rows, 4) and b (columns, 4) float32 xyxy; out (rows, columns) float32 is the intersection
// over the union, or over the area of a's box; 0 for empty boxes.
struct BoxOverlaps {
  const float* a;
  const float* b;
  float* out;
  std::int64_t rows, columns;
  bool of_first;
};
void box_overlaps_cpu(const BoxOverlaps& p);

// Median CIE Lab colors (D65, each channel scaled to 0..255 as OpenCV does) of two groups of pixels: colors
// (count, samples, 3) uint8 BGR, of which the first `first` are the first group. out (count, 6) float32; of an even
// number of samples the upper one, and 0 without any.
struct MedianColors {
  const std::uint8_t* colors;
  float* out;
  std::int64_t count, samples, first;
};
void median_colors_cpu(const MedianColors& p);

}  // namespace meshcast
