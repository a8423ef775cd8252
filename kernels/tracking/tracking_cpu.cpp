#include "tracking/tracking.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace meshcast {

void masked_median_cpu(const MaskedMedian& p) {
  std::array<float, kMostKeypoints> kept;
  for (std::int64_t n = 0; n < p.count; ++n) {
    for (std::int64_t d = 0; d < p.depth; ++d) {
      std::int64_t count = 0;
      for (std::int64_t k = 0; k < p.keypoints; ++k) {
        if (p.used[n * p.keypoints + k]) kept[count++] = p.values[(n * p.keypoints + k) * p.depth + d];
      }
      float middle = 0;
      if (count > 0) {
        const auto high = kept.begin() + count / 2;
        std::nth_element(kept.begin(), high, kept.begin() + count);
        const float low = count % 2 ? *high : *std::max_element(kept.begin(), high);
        middle = (low + *high) / 2;
      }
      p.out[n * p.depth + d] = middle;
    }
  }
}

namespace {

constexpr std::int64_t kLeastShared = 3;
constexpr float kAreaOfBox = 0.53f;
constexpr float kApart = 1.5f;  // distance of people, in square roots of their areas, who are not compared

struct Middle {
  float x, y;
};

// The mean of the visible keypoints.
Middle middle_of(const KeypointSimilarity& p, std::int64_t person) {
  Middle sum{0, 0};
  float visible = 0;
  for (std::int64_t k = person * p.keypoint_count; k < (person + 1) * p.keypoint_count; ++k) {
    if (!(p.scores[k] > p.min_score)) continue;
    sum.x += p.keypoints[2 * k];
    sum.y += p.keypoints[2 * k + 1];
    visible += 1;
  }
  visible = std::max(visible, 1.0f);
  return {sum.x / visible, sum.y / visible};
}

float similarity_of(const KeypointSimilarity& p, std::int64_t a, std::int64_t b) {
  const float area = kAreaOfBox * std::sqrt(p.areas[a]) * std::sqrt(p.areas[b]);
  float sum = 0;
  std::int64_t shared = 0;
  for (std::int64_t k = 0; k < p.keypoint_count; ++k) {
    const std::int64_t i = a * p.keypoint_count + k, j = b * p.keypoint_count + k;
    if (!(p.scores[i] > p.min_score && p.scores[j] > p.min_score)) continue;
    const float x = p.keypoints[2 * i] - p.keypoints[2 * j], y = p.keypoints[2 * i + 1] - p.keypoints[2 * j + 1];
    const float spread = 2 * p.sigmas[k];
    sum += std::exp(-(x * x + y * y) / std::max(2 * area * spread * spread, 1e-6f));
    ++shared;
  }
  return shared >= kLeastShared ? sum / static_cast<float>(shared) : 0.0f;
}

}  // namespace

void keypoint_similarity_cpu(const KeypointSimilarity& p) {
  for (std::int64_t a = 0; a < p.count; ++a) {
    const Middle at = middle_of(p, a);
    for (std::int64_t b = a; b < p.count; ++b) {
      const Middle other = middle_of(p, b);
      const float reach = kApart * std::sqrt(std::max(p.areas[a], p.areas[b]));
      const float value = std::hypot(at.x - other.x, at.y - other.y) < reach ? similarity_of(p, a, b) : 0.0f;
      p.out[a * p.count + b] = p.out[b * p.count + a] = value;
    }
  }
}

namespace {

float area_of(float width, float height) {
  return std::max(width, 0.0f) * std::max(height, 0.0f);
}

}  // namespace

void box_overlaps_cpu(const BoxOverlaps& p) {
  for (std::int64_t i = 0; i < p.rows; ++i) {
    const float* a = p.a + 4 * i;
    const float area = area_of(a[2] - a[0], a[3] - a[1]);
    for (std::int64_t j = 0; j < p.columns; ++j) {
      const float* b = p.b + 4 * j;
      const float common =
          area_of(std::min(a[2], b[2]) - std::max(a[0], b[0]), std::min(a[3], b[3]) - std::max(a[1], b[1]));
      const float of = p.of_first ? area : area + area_of(b[2] - b[0], b[3] - b[1]) - common;
      p.out[i * p.columns + j] = common / std::max(of, 1e-9f);
    }
  }
}

namespace {

// sRGB (IEC 61966-2-1) to linear light.
std::array<float, 256> linear_light() {
  std::array<float, 256> table;
  for (int code = 0; code < 256; ++code) {
    const double value = code / 255.0;
    table[code] = static_cast<float>(value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
  }
  return table;
}

using Samples = std::array<float, kMostSamples>;

// Cube root of 0..2 within 2e-6 of it: a third of the exponent, and two of Newton's steps. The loop over the samples is
// vectorized, which it is not with std::cbrt.
float cube_root(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits = bits / 3 + 0x2a514067u;
  float start;
  std::memcpy(&start, &bits, sizeof start);
  const float once = (2 * start + value / (start * start)) / 3;
  return (2 * once + value / (once * once)) / 3;
}

// CIE Lab in place of linear blue, green and red, in the channels L, a and b.
void to_lab(std::array<Samples, 3>& channels, std::int64_t count) {
  for (std::int64_t s = 0; s < count; ++s) {
    const float blue = channels[0][s], green = channels[1][s], red = channels[2][s];
    // XYZ relative to the white point D65
    const float x = cube_root((0.1805f * blue + 0.3576f * green + 0.4124f * red) / 0.9505f);
    const float y = cube_root(0.0722f * blue + 0.7152f * green + 0.2126f * red);
    const float z = cube_root((0.9505f * blue + 0.1192f * green + 0.0193f * red) / 1.089f);
    channels[0][s] = 2.55f * (116 * y - 16);
    channels[1][s] = 500 * (x - y) + 128;
    channels[2][s] = 200 * (y - z) + 128;
  }
}

}  // namespace

void median_colors_cpu(const MedianColors& p) {
  static const std::array<float, 256> linear = linear_light();
  std::array<Samples, 3> channels;
  for (std::int64_t n = 0; n < p.count; ++n) {
    for (std::int64_t s = 0; s < p.samples; ++s) {
      const std::uint8_t* bgr = p.colors + 3 * (n * p.samples + s);
      for (int c = 0; c < 3; ++c) channels[c][s] = linear[bgr[c]];
    }
    to_lab(channels, p.samples);
    for (int c = 0; c < 3; ++c) {
      const std::int64_t ends[3] = {0, p.first, p.samples};
      for (int group = 0; group < 2; ++group) {
        const auto begin = channels[c].begin() + ends[group], end = channels[c].begin() + ends[group + 1];
        const auto middle = begin + (end - begin) / 2;
        if (begin != end) std::nth_element(begin, middle, end);
        p.out[6 * n + 3 * group + c] = begin == end ? 0.0f : *middle;
      }
    }
  }
}

}  // namespace meshcast
