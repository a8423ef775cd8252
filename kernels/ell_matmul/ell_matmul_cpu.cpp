#include "ell_matmul/ell_matmul.hpp"

#include <cstring>
#include <vector>

namespace meshcast {
namespace {

constexpr int kNarrow = 4;  // coordinates: one 128-bit vector
constexpr int kWide = 16;   // feature maps: a compiler keeps this many sums in registers, and spills 32 of them

// Up to four channels: x is padded to four, so that a row is one vector load; its copy stays in the first-level cache.
MESHCAST_CLONES void multiply_narrow(const EllMatmul& p, const float* x, float* padded, float* out) {
  const std::int64_t channels = p.channels;
  for (std::int64_t i = 0; i < p.columns; ++i)
    for (std::int64_t c = 0; c < kNarrow; ++c) padded[i * kNarrow + c] = c < channels ? x[i * channels + c] : 0.0f;
  for (std::int64_t r = 0; r < p.rows; ++r) {
    float sum[kNarrow];
    ell_tile<kNarrow>(p.indices + r * p.width, p.values + r * p.width, p.width, padded, kNarrow, sum);
    for (std::int64_t c = 0; c < channels; ++c) out[r * channels + c] = sum[c];
  }
}

MESHCAST_CLONES void multiply_wide(const EllMatmul& p, const float* x, float* out) {
  const std::int64_t channels = p.channels;
  for (std::int64_t r = 0; r < p.rows; ++r) {
    const std::int32_t* indices = p.indices + r * p.width;
    const float* values = p.values + r * p.width;
    float* row = out + r * channels;
    float sum[kWide];
    std::int64_t c = 0;
    for (; c + kWide <= channels; c += kWide) {
      ell_tile<kWide>(indices, values, p.width, x + c, channels, sum);
      std::memcpy(row + c, sum, sizeof(float) * kWide);
    }
    for (; c < channels; ++c) ell_tile<1>(indices, values, p.width, x + c, channels, row + c);
  }
}

}  // namespace

void ell_matmul_cpu(const EllMatmul& p) {
  std::vector<float> padded(p.channels <= kNarrow ? p.columns * kNarrow : 0);
  for (std::int64_t n = 0; n < p.batch; ++n) {
    const float* x = p.x + n * p.columns * p.channels;
    float* out = p.out + n * p.rows * p.channels;
    if (p.channels <= kNarrow) {
      multiply_narrow(p, x, padded.data(), out);
    } else {
      multiply_wide(p, x, out);
    }
  }
}

}  // namespace meshcast
