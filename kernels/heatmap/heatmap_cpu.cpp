#include "heatmap/heatmap.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "common/pool.hpp"

namespace meshcast {
namespace {

constexpr std::int64_t kGrain = 1 << 20;  // values that one thread goes through sooner than another one wakes
constexpr std::int64_t kChunk = 512;      // values between two looks at which of them is the first

// Integers in the order of the floats, NaN above all: compilers make vectors of maxima of integers only.
MESHCAST_INLINE std::int32_t order(float x) {
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max(), kInfinity = 255 << 23;
  std::int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const std::int32_t nan = (kInfinity - (bits & kMost)) >> 31;  // all bits or none
  bits ^= (bits >> 31) & kMost;
  return (bits & ~nan) | (nan & kMost);
}

MESHCAST_INLINE std::int32_t highest(const float* x, std::int64_t n) {
  std::int32_t best = std::numeric_limits<std::int32_t>::min();
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int32_t value = order(x[i]);
    best = value > best ? value : best;
  }
  return best;
}

// The first maximum of n >= 1 values: its index.
MESHCAST_CLONES std::int64_t find_peak(const float* x, std::int64_t n) {
  std::int32_t best = std::numeric_limits<std::int32_t>::min();
  std::int64_t peak = 0;
  for (std::int64_t i = 0; i < n; i += kChunk) {
    const std::int32_t value = highest(x + i, std::min(kChunk, n - i));
    if (value > best) {
      best = value;
      peak = i;
    }
  }
  while (order(x[peak]) != best) ++peak;
  return peak;
}

// Column sums of the rows around row y, weighted: line[i] is that of column `left` + i.
MESHCAST_INLINE void blur_column(const Heatmap& p, const float* map, std::int32_t y, std::int32_t left, std::int32_t n,
                                 float* __restrict__ line) {
  const std::int32_t radius = p.blur / 2;
  const std::int32_t top = std::max(0, radius - y), bottom = std::min(p.blur, p.height - y + radius);
  for (std::int32_t i = 0; i < n; ++i) line[i] = 0.0f;
  for (std::int32_t j = top; j < bottom; ++j) {
    const float weight = p.weights[j];
    const float* row = map + std::int64_t(y + j - radius) * p.width + left;
    for (std::int32_t i = 0; i < n; ++i) line[i] += weight * row[i];
  }
}

// The blurred values around a peak.
MESHCAST_CLONES void blur_around(const Heatmap& p, const float* map, std::int32_t x, std::int32_t y,
                                 float around[kAround][kAround]) {
  const std::int32_t radius = p.blur / 2, first = x - kReach - radius;
  const std::int32_t left = std::max(0, first), right = std::min(p.width, x + kReach + radius + 1);
  for (int j = 0; j < kAround; ++j) {
    float line[kMaxBlur + kAround - 1] = {};
    blur_column(p, map, y + j - kReach, left, right - left, line + left - first);
    for (int i = 0; i < kAround; ++i) {
      around[j][i] = 0.0f;
      for (std::int32_t k = 0; k < p.blur; ++k) around[j][i] += p.weights[k] * line[i + k];
    }
  }
}

// The maximum of the whole blurred map. `line` and `row` are kept by their thread.
MESHCAST_CLONES float blurred_maximum(const Heatmap& p, const float* map, float* __restrict__ line,
                                      float* __restrict__ row) {
  const std::int32_t radius = p.blur / 2;
  float best = 0.0f;  // a lower one counts for nothing
  for (std::int32_t i = 0; i < radius; ++i) line[i] = line[radius + p.width + i] = 0.0f;
  for (std::int32_t y = 0; y < p.height; ++y) {
    blur_column(p, map, y, 0, p.width, line + radius);
    for (std::int32_t x = 0; x < p.width; ++x) row[x] = 0.0f;
    for (std::int32_t k = 0; k < p.blur; ++k) {
      const float weight = p.weights[k];
      for (std::int32_t x = 0; x < p.width; ++x) row[x] += weight * line[x + k];
    }
    for (std::int32_t x = 0; x < p.width; ++x) best = std::max(best, row[x]);
  }
  return best;
}

Offset dark(const Heatmap& p, const float* map, std::int32_t x, std::int32_t y, float score) {
  if (!dark_applies(p.height, p.width, x, y)) return {0.0f, 0.0f};
  float around[kAround][kAround], scale = 1.0f;
  blur_around(p, map, x, y, around);
  if (needs_scale(around)) {
    thread_local std::vector<float> line, row;
    line.resize(p.width + p.blur);
    row.resize(p.width);
    scale = score / std::max(blurred_maximum(p, map, line.data(), row.data()), kLogFloor);
  }
  return newton(around, scale);
}

void find(const Heatmap& p, std::int64_t n) {
  const std::int64_t size = std::int64_t(p.height) * p.width;
  const float* map = p.maps + n * size;
  std::int64_t index = find_peak(map, size);
  const float score = map[index];
  if (!(score > 0.0f)) index = 0;
  const auto y = static_cast<std::int32_t>(index / p.width), x = static_cast<std::int32_t>(index % p.width);
  Offset offset{0.0f, 0.0f};
  if (p.refine == Refine::kQuarter) offset = quarter(map, p.height, p.width, x, y);
  if (p.refine == Refine::kDark) offset = dark(p, map, x, y, score);
  p.keypoints[2 * n] = (static_cast<float>(x) + offset.x) / static_cast<float>(p.width);
  p.keypoints[2 * n + 1] = (static_cast<float>(y) + offset.y) / static_cast<float>(p.height);
  p.scores[n] = score;
}

}  // namespace

void heatmap_cpu(const Heatmap& p) {
  const std::int64_t together = std::max<std::int64_t>(1, kGrain / (std::int64_t(p.height) * p.width));
  auto task = [&](std::int64_t index) {
    const std::int64_t begin = index * together;
    for (std::int64_t n = begin; n < std::min(begin + together, p.count); ++n) find(p, n);
  };
  parallel_for((p.count + together - 1) / together, task);
}

}  // namespace meshcast
