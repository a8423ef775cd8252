#pragma once

#include <cmath>
#include <cstdint>

#include "common/portable.hpp"

// The peaks of heatmaps: maps (count, height, width) float32, keypoints (count, 2) float32, x first, in 0..1 of the map
// (pixel p of W is p / W), scores (count,) float32; all C-contiguous.
//
// The peak is the first maximum, row by row, and its value the score; a map whose maximum is not positive has its
// keypoint at 0. One that holds a NaN has the score NaN and its keypoint at 0.
//
// Quarter: a quarter of a pixel towards the higher neighbor (Sun et al., CVPR 2019); not in the first two rows and
// columns nor in the last. Dark: the Newton step -H^-1 g on the logarithm of the map (Zhang et al., CVPR 2020, eq. 6)
// after a Gaussian blur and scaling to the old maximum (section 3.2); not within two pixels of the border, and not when
// the step leaves the values that it was made from. Outside a map there is 0.
namespace meshcast {

enum class Refine { kNone, kQuarter, kDark };

constexpr int kMaxBlur = 255;  // taps
constexpr int kReach = 2;      // pixels around a peak that Dark reads
constexpr int kAround = 2 * kReach + 1;
constexpr float kLogFloor = 1e-10f;

struct Heatmap {
  const float* maps;
  float* keypoints;
  float* scores;
  std::int64_t count;
  std::int32_t height, width;
  Refine refine;
  std::int32_t blur;        // taps of `weights`, odd
  float weights[kMaxBlur];  // sum 1
};

// OpenCV's Gaussian of `blur` taps: up to nine it has rounded weights, else the standard deviation follows the size.
inline void gaussian(std::int32_t blur, float* weights) {
  constexpr int kRounded = 9;
  constexpr double rounded[kRounded / 2 + 1][kRounded] = {
      {256}, {64, 128, 64}, {16, 64, 96, 64, 16}, {8, 28, 56, 72, 56, 28, 8}, {4, 13, 30, 51, 60, 51, 30, 13, 4}};
  const double sigma = 0.3 * ((blur - 1) * 0.5 - 1) + 0.8;
  double value[kMaxBlur], sum = 0;
  for (std::int32_t i = 0; i < blur; ++i) {
    const double off = i - blur / 2;
    value[i] = blur <= kRounded ? rounded[blur / 2][i] : std::exp(-off * off / (2 * sigma * sigma));
    sum += value[i];
  }
  for (std::int32_t i = 0; i < blur; ++i) weights[i] = static_cast<float>(value[i] / sum);
}

struct Offset {
  float x, y;
};

MESHCAST_HD float quarter_towards(float before, float after) {
  return 0.25f * (static_cast<float>(after > before) - static_cast<float>(after < before));
}

MESHCAST_HD Offset quarter(const float* map, std::int32_t height, std::int32_t width, std::int32_t x, std::int32_t y) {
  if (x <= 1 || x >= width - 1 || y <= 1 || y >= height - 1) return {0.0f, 0.0f};
  const float* peak = map + std::int64_t(y) * width + x;
  return {quarter_towards(peak[-1], peak[1]), quarter_towards(peak[-width], peak[width])};
}

MESHCAST_HD bool dark_applies(std::int32_t height, std::int32_t width, std::int32_t x, std::int32_t y) {
  return x >= kReach && x < width - kReach && y >= kReach && y < height - kReach;
}

// One sample of the blurred map.
MESHCAST_HD float blurred(const Heatmap& p, const float* map, std::int32_t x, std::int32_t y) {
  const std::int32_t radius = p.blur / 2;
  const std::int32_t top = y < radius ? radius - y : 0, left = x < radius ? radius - x : 0;
  const std::int32_t bottom = y + radius >= p.height ? p.height - y + radius : p.blur;
  const std::int32_t right = x + radius >= p.width ? p.width - x + radius : p.blur;
  float sum = 0.0f;
  for (std::int32_t j = top; j < bottom; ++j) {
    const float* row = map + std::int64_t(y + j - radius) * p.width + x - radius;
    float line = 0.0f;
    for (std::int32_t i = left; i < right; ++i) line += p.weights[i] * row[i];
    sum += p.weights[j] * line;
  }
  return sum;
}

// Whether the Newton step uses this one of the (kAround, kAround) values: the middle row and column and the inner
// corners.
MESHCAST_HD bool newton_uses(int row, int column) {
  const int dy = row > kReach ? row - kReach : kReach - row, dx = column > kReach ? column - kReach : kReach - column;
  return dx == 0 || dy == 0 || (dx == 1 && dy == 1);
}

// A positive factor adds a constant to a logarithm, which no derivative sees. So the scaling to the old maximum only
// matters, and the maximum of the whole blurred map is only wanted, where a value is so low that it is raised to the
// floor.
MESHCAST_HD bool needs_scale(const float around[kAround][kAround]) {
  bool low = false;
  for (int j = 0; j < kAround; ++j)
    for (int i = 0; i < kAround; ++i) low |= newton_uses(j, i) && !(around[j][i] >= kLogFloor);
  return low;
}

MESHCAST_HD float log_above_floor(float value) {
  return logf(value > kLogFloor ? value : kLogFloor);
}

MESHCAST_HD Offset newton(const float around[kAround][kAround], float scale) {
  float at[kAround][kAround];
  for (int j = 0; j < kAround; ++j)
    for (int i = 0; i < kAround; ++i) at[j][i] = newton_uses(j, i) ? log_above_floor(around[j][i] * scale) : 0.0f;
  const float gx = (at[2][3] - at[2][1]) / 2, gy = (at[3][2] - at[1][2]) / 2;
  const float xx = (at[2][4] - 2 * at[2][2] + at[2][0]) / 4, yy = (at[4][2] - 2 * at[2][2] + at[0][2]) / 4;
  const float xy = (at[3][3] - at[1][3] - at[3][1] + at[1][1]) / 4;
  const float determinant = xx * yy - xy * xy;
  if (determinant == 0.0f) return {0.0f, 0.0f};
  const float x = (xy * gy - yy * gx) / determinant, y = (xy * gx - xx * gy) / determinant;
  if (!(fabsf(x) <= kReach && fabsf(y) <= kReach)) return {0.0f, 0.0f};
  return {x, y};
}

void heatmap_cpu(const Heatmap& p);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once.
// Throws std::runtime_error with CUDA's message when the launch fails.
void heatmap_cuda(const Heatmap& p, std::uintptr_t stream);

}  // namespace meshcast
