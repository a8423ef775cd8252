#pragma once

#include <cmath>
#include <cstdint>

#include "common/half.hpp"
#include "common/portable.hpp"

// Parts of an image, resampled bilinearly, normalized and laid out for a network:
//
//     out[n, c, v, u] = (image at the position of (u, v) - mean[c]) / std[c]
//
// out (count, 3, height, width) float32 or float16, C-contiguous. The image is (H, W, 3) uint8, its rows any distance
// apart, with the channels in the order of `out` or (`swap`) the other way round; or NV12: luma (H, W) and chroma
// (H / 2, W / 2, 2) uint8, U before V, H and W even, converted to BGR as OpenCV's COLOR_YUV2BGR_NV12 does (limited
// range, each chroma sample for 2 x 2 pixels, rounded and clipped to uint8 before anything is resampled); or, in host
// memory, planar: luma (H, W), U and V (H / 2, W / 2) uint8 with six 16-bit coefficients, converted to BGR as FFmpeg's
// vector code does, so that crops are those of FFmpeg's BGR image (see planar_to_bgr).
//
// crop: a pixel p of the image lands on (p - center) * scale + size / 2, as cv2.warpAffine puts it with that matrix;
// centers (count, 2) float32 px, x first, scales (count,) float32. Whatever lies outside the image is `pad`, which
// bilinear sampling mixes in at the border. What shrinks a lot is averaged first: over blocks of k x k pixels with the
// power of two k that leaves a scale in (0.25, 0.5]; with k = 1 nothing is averaged. A scale that is not above 0, and a
// center that is not finite, show only `pad`.
//
// letterbox: the image fills the window of `out`, in cv2.resize's convention: pixel u shows (u + 0.5) * W / w - 0.5,
// the border goes on outside; the rest of `out` is `pad`. Averaged over blocks of the given size first, odd rows and
// columns at the end left out.
namespace meshcast {

// Of planar images: 8 times the luma of black, and in units of 2^-13 the factors of the luma, of U for blue and green,
// and of V for green and red.
struct Coefficients {
  std::int16_t black, luma, blue_u, green_u, green_v, red_v;
};

struct Image {
  const std::uint8_t* pixels;  // or luma
  const std::uint8_t* chroma;  // null unless NV12
  std::int64_t pitch;          // bytes from row to row
  std::int64_t chroma_pitch;
  std::int32_t width;
  std::int32_t height;
  bool bt709;  // else BT.601
  // Planar images: `chroma` is U.
  const std::uint8_t* v = nullptr;
  std::int64_t v_pitch = 0;
  Coefficients coefficients = {};
};

// How one axis of the output lies on one axis of the image. Positions are split into an integer and a fraction, so that
// float32 is exact enough on an image of any size.
struct Axis {
  std::int32_t low;         // first pixel of the first block
  std::int32_t count;       // blocks
  std::int32_t begin, end;  // output pixels that show the image; the others are padding
  std::int32_t whole;       // where output pixel `begin` lies, in blocks
  float fraction;
  float step;  // blocks from an output pixel to the next
  bool clamp;  // go on with the border outside the image, else with padding
};

struct SampleGrid {
  std::int32_t block;  // pixels a side, a power of two
  Axis x, y;
};

struct Crop {
  Image image;
  const float* centers;  // null: `grid` is that of every output
  const float* scales;
  SampleGrid grid;
  void* out;
  std::int64_t count;
  std::int32_t width, height;
  float gain[3], shift[3];  // of uint8 values, by output channel
  std::uint8_t pad;
  bool swap;
  bool half;
};

// ---- positions ------------------------------------------------------------------------------------------------------

constexpr std::int32_t kPadding = -1;

// The two blocks between which an output pixel lies, kPadding for what is outside, and the weight of the second.
struct Tap {
  std::int32_t first, second;
  float weight;
};

MESHCAST_INLINE std::int32_t block_at(std::int32_t i, const Axis& a) {
  if (i >= 0 && i < a.count) return i;
  return a.clamp ? (i < 0 ? 0 : a.count - 1) : kPadding;
}

MESHCAST_INLINE Tap tap(const Axis& a, std::int32_t i) {
  if (i < a.begin || i >= a.end) return {kPadding, kPadding, 0.0f};
  const float position = a.fraction + a.step * static_cast<float>(i - a.begin);
  const float below = floorf(position);
  const std::int32_t first = a.whole + static_cast<std::int32_t>(below);
  return {block_at(first, a), block_at(first + 1, a), position - below};
}

// `start` is the position of output pixel `begin`; where it is not finite, the axis is padding only.
MESHCAST_HD Axis make_axis(std::int32_t low, std::int32_t count, std::int32_t begin, std::int32_t end, double start,
                           double step, bool clamp) {
  constexpr double kFar = 1 << 30;
  if (count <= 0 || !(start > -kFar && start < kFar)) return {0, 0, 0, 0, 0, 0.0f, 0.0f, false};
  const double whole = floor(start);
  return {low,
          count,
          begin,
          end,
          static_cast<std::int32_t>(whole),
          static_cast<float>(start - whole),
          static_cast<float>(step),
          clamp};
}

MESHCAST_HD Axis crop_axis(std::int32_t length, std::int32_t size, double center, double scale, std::int32_t block) {
  double low = 0, high = length;
  if (block > 1) {  // the blocks begin with the crop
    const double reach = size / (2 * scale) + block;
    low = floor(center - reach);
    high = ceil(center + reach);
    low = low > 0 ? (low < length ? low : length) : 0;
    high = high > 0 ? (high < length ? high : length) : 0;
  }
  const double origin = low + (block - 1) / 2.0;  // the middle of the first block
  const auto first = static_cast<std::int32_t>(low);
  return make_axis(first, (static_cast<std::int32_t>(high) - first) / block, 0, size,
                   (center - origin - size / (2 * scale)) / block, 1 / (scale * block), false);
}

MESHCAST_HD SampleGrid crop_grid(const Image& p, std::int32_t width, std::int32_t height, const float* center,
                                 double scale) {
  const Axis nothing{0, 0, 0, 0, 0, 0.0f, 0.0f, false};
  if (!(scale > 0)) return {1, nothing, nothing};
  const std::int32_t longer = p.width > p.height ? p.width : p.height;
  std::int32_t block = 1;
  while (scale * block <= 0.25 && block <= longer) block *= 2;
  return {block, crop_axis(p.width, width, center[0], scale, block),
          crop_axis(p.height, height, center[1], scale, block)};
}

MESHCAST_HD Axis letterbox_axis(std::int32_t length, std::int32_t begin, std::int32_t size, std::int32_t block) {
  const double step = static_cast<double>(length / block) / size;
  return make_axis(0, length / block, begin, begin + size, step / 2 - 0.5, step, true);
}

// ---- values ------------------------------------------------------------------------------------------------------

MESHCAST_INLINE float lerp(float a, float b, float weight) {
  return a + (b - a) * weight;
}

// Coefficients of the luma and of what U and V add to blue, green and red, limited range, in units of 2^-20.
struct Matrix {
  std::int32_t luma, blue_u, green_u, green_v, red_v;
};

constexpr int kMatrixBits = 20;

MESHCAST_HD std::int32_t to_fixed(double x) {
  return static_cast<std::int32_t>(x * (1 << kMatrixBits) + (x < 0 ? -0.5 : 0.5));
}

MESHCAST_HD Matrix yuv_matrix(bool bt709) {
  if (bt709)
    return {to_fixed(1.164384), to_fixed(2.112402), to_fixed(-0.213249), to_fixed(-0.532909), to_fixed(1.792741)};
  return {to_fixed(1.164), to_fixed(2.018), to_fixed(-0.391), to_fixed(-0.813), to_fixed(1.596)};
}

MESHCAST_INLINE std::uint8_t clip(std::int32_t fixed) {
  const std::int32_t value = (fixed + (1 << (kMatrixBits - 1))) >> kMatrixBits;
  return static_cast<std::uint8_t>(value < 0 ? 0 : (value > 255 ? 255 : value));
}

MESHCAST_INLINE void yuv_to_bgr(const Matrix& m, std::int32_t y, std::int32_t u, std::int32_t v, std::uint8_t* bgr) {
  const std::int32_t luma = (y > 16 ? y - 16 : 0) * m.luma;
  bgr[0] = clip(luma + m.blue_u * (u - 128));
  bgr[1] = clip(luma + m.green_u * (u - 128) + m.green_v * (v - 128));
  bgr[2] = clip(luma + m.red_v * (v - 128));
}

// The high half of a product of 16-bit numbers.
MESHCAST_INLINE std::int16_t high_product(std::int16_t a, std::int16_t b) {
  return static_cast<std::int16_t>((static_cast<std::int32_t>(a) * b) >> 16);
}

MESHCAST_INLINE std::uint8_t saturated(std::int16_t value) {
  return static_cast<std::uint8_t>(value < 0 ? 0 : (value > 255 ? 255 : value));
}

void crop_cpu(const Crop& p);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once.
// Throws std::runtime_error with CUDA's message when the launch fails.
void crop_cuda(const Crop& p, std::uintptr_t stream);

}  // namespace meshcast
