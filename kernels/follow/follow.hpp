#pragma once

#include <cmath>
#include <cstdint>

#include "common/portable.hpp"

// Where the crops of the next frame are cut: the box of each person follows the keypoints that a pose network found in
// this frame, as edge.stages.track moves it, and then its velocity until the next frame.
//
// Every operation rounds as NumPy's in edge.stages does, so that the places are equal to the tracker's bit for bit:
// small differences of a crop change what a network finds in it, and so the next crop.
//
// found (count, keypoints, 3) float32: places and scores as the network gives them; centers (count, 2) px and scales
// (count,): of the crops of this frame; tracks (count, kTrackFields + kKeypointFields * keypoints) float32: center,
// size and velocity of the box, and the seconds for which it moves on; of each keypoint x, y, score, offset in x and y,
// and whether that is known; times (count, 2) float64: seconds since the track was seen, and the gain of its velocity;
// out_centers (count, 2) px and out_scales (count,) of the next crops. All C-contiguous.
namespace meshcast {

constexpr std::int64_t kMaxKeypoints = 64, kTrackFields = 7, kKeypointFields = 6;

struct FollowMotion {
  float min_keypoint_score, min_keypoints, left, top, right, bottom, size_gain, min_moving_keypoints;
};

struct FollowCrops {
  float width, height;             // px of a crop
  float margin;                    // of the crop around a box
  float x_unit, y_unit;            // of a network's place, in crops
  float x_shift, y_shift;          // added to it then
  float swapped;                   // 1: y comes before x
  float image_height, lower_edge;  // px; where boxes begin to be cut
  float max_aspect, extension;     // of boxes that the lower edge of the image cuts; extension 0: of none
};

struct Follow {
  FollowMotion motion;
  FollowCrops crops;
  const float *found, *centers, *scales, *tracks;
  const double* times;
  float *out_centers, *out_scales;
  std::int64_t count, keypoints;
};

// Products and sums that no compiler joins to one operation with one rounding.
#ifdef __CUDA_ARCH__
MESHCAST_HD float times_plus(float a, float b, float c) {
  return __fadd_rn(__fmul_rn(a, b), c);
}
MESHCAST_HD float minus_times(float a, float b, float c) {
  return __fsub_rn(a, __fmul_rn(b, c));
}
MESHCAST_HD double times_plus(double a, double b, double c) {
  return __dadd_rn(__dmul_rn(a, b), c);
}
#else
// This file is compiled with -ffp-contract=off.
MESHCAST_HD float times_plus(float a, float b, float c) {
  return a * b + c;
}
MESHCAST_HD float minus_times(float a, float b, float c) {
  return a - b * c;
}
MESHCAST_HD double times_plus(double a, double b, double c) {
  return a * b + c;
}
#endif

// Median of values, which are sorted; 0 of none.
MESHCAST_HD float median_of(float* values, int count) {
  for (int i = 1; i < count; ++i) {
    const float value = values[i];
    int at = i;
    for (; at > 0 && values[at - 1] > value; --at) values[at] = values[at - 1];
    values[at] = value;
  }
  return count == 0 ? 0.0f : (values[(count - 1) / 2] + values[count / 2]) / 2.0f;
}

MESHCAST_HD void follow_person(const Follow& p, std::int64_t row) {
  const FollowMotion& m = p.motion;
  const FollowCrops& c = p.crops;
  const int K = static_cast<int>(p.keypoints);
  const float* track = p.tracks + row * (kTrackFields + kKeypointFields * K);
  const float* before = track + kTrackFields;
  const double elapsed_s = p.times[row * 2], gain = p.times[row * 2 + 1];
  float center[2] = {track[0], track[1]}, size[2] = {track[2], track[3]}, velocity[2] = {track[4], track[5]};
  const float unit[2] = {c.x_unit, c.y_unit}, shift[2] = {c.x_shift, c.y_shift}, side[2] = {c.width, c.height};

  // keypoints in the image, and the box around those that are visible
  float at[kMaxKeypoints][2], low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  bool seen[kMaxKeypoints];
  int visible = 0;
  for (int k = 0; k < K; ++k) {
    const float* given = p.found + (row * K + k) * 3;
    seen[k] = given[2] > m.min_keypoint_score;
    visible += seen[k];
    for (int a = 0; a < 2; ++a) {
      const float half = side[a] / (2.0f * p.scales[row]), middle = p.centers[row * 2 + a];
      const float from = middle - half, extent = middle + half - from;
      at[k][a] = times_plus(given[c.swapped != 0.0f ? 1 - a : a] / unit[a] + shift[a], extent, from);
      if (seen[k]) low[a] = fminf(low[a], at[k][a]), high[a] = fmaxf(high[a], at[k][a]);
    }
  }

  float values[kMaxKeypoints];
  for (int a = 0; a < 2; ++a) {
    int used = 0;
    for (int k = 0; k < K; ++k)
      if (seen[k] && before[k * kKeypointFields + 2] > m.min_keypoint_score)
        values[used++] = at[k][a] - before[k * kKeypointFields + a];
    if (used == 0) continue;
    const double old = velocity[a];
    velocity[a] = static_cast<float>(times_plus(gain, median_of(values, used) / elapsed_s - old, old));
  }

  if (static_cast<float>(visible) >= m.min_keypoints) {
    int both = 0;
    bool hidden = false;
    for (int k = 0; k < K; ++k) {
      const bool known = before[k * kKeypointFields + 5] != 0.0f;
      both += known && seen[k];
      hidden = hidden || (known && !seen[k]);
    }
    const bool partial = hidden && static_cast<float>(both) >= m.min_moving_keypoints;
    const float length = fmaxf(fmaxf(high[0] - low[0], high[1] - low[1]), 1.0f);
    const float margins[2][2] = {{m.left, m.top}, {m.right, m.bottom}};
    for (int a = 0; a < 2; ++a) {
      if (partial) {
        int used = 0;
        for (int k = 0; k < K; ++k)
          if (seen[k] && before[k * kKeypointFields + 5] != 0.0f)
            values[used++] = at[k][a] + before[k * kKeypointFields + 3 + a];
        center[a] = median_of(values, used);
      } else {
        const float from = minus_times(low[a], length, margins[0][a]), to = times_plus(length, margins[1][a], high[a]);
        center[a] = (from + to) / 2.0f;
        size[a] = times_plus(m.size_gain, to - from - size[a], size[a]);
      }
    }
  }
  for (int a = 0; a < 2; ++a) center[a] = times_plus(velocity[a], track[6], center[a]);

  // edge.stages.crops: complete_boxes, then the crop around the box
  const float left = center[0] - size[0] / 2.0f, right = center[0] + size[0] / 2.0f;
  const float top = center[1] - size[1] / 2.0f;
  float bottom = center[1] + size[1] / 2.0f;
  if (c.extension > 0.0f) {
    const float inside = fminf(bottom, c.image_height) - top;
    if (bottom >= c.lower_edge && inside < c.max_aspect * (right - left))
      bottom = times_plus(c.extension, inside, fminf(bottom, c.image_height));
  }
  p.out_centers[row * 2] = (left + right) / 2.0f;
  p.out_centers[row * 2 + 1] = (top + bottom) / 2.0f;
  p.out_scales[row] =
      fminf(c.width / (c.margin * fmaxf(right - left, 1.0f)), c.height / (c.margin * fmaxf(bottom - top, 1.0f)));
}

void follow_cpu(const Follow& p);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once.
// Throws std::runtime_error with CUDA's message when the launch fails.
void follow_cuda(const Follow& p, std::uintptr_t stream);

}  // namespace meshcast
