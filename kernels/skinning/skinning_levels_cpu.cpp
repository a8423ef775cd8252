#include <algorithm>
#include <cmath>
#include <limits>

#include "skinning/skinning.hpp"

// A file of its own, compiled without fused multiply-adds: levels equal those of the wire format's encoder bit by bit.
namespace meshcast {
namespace {

// Lowest and highest coordinates of `count` numbers, three a vertex; not-a-number in all where one is not finite.
MESHCAST_CLONES void bounds_of(const float* staged, std::int64_t count, float* low, float* high) {
  float lows[kRow], highs[kRow], bad[kRow];
  for (int i = 0; i < kRow; ++i) lows[i] = highs[i] = staged[i % 3], bad[i] = 0.0f;
  const auto take = [&](float value, int i) {
    lows[i] = value < lows[i] ? value : lows[i];
    highs[i] = value > highs[i] ? value : highs[i];
    bad[i] += value * 0.0f;
  };
  std::int64_t at = 0;
  for (; at + kRow <= count; at += kRow)
    for (int i = 0; i < kRow; ++i) take(staged[at + i], i);
  for (int i = 0; at + i < count; ++i) take(staged[at + i], i);
  float any = 0.0f;
  for (int i = 0; i < kRow; ++i) any += bad[i];
  for (int a = 0; a < 3; ++a) {
    low[a] = lows[a], high[a] = highs[a];
    for (int i = a; i < kRow; i += 3) low[a] = std::min(low[a], lows[i]), high[a] = std::max(high[a], highs[i]);
    low[a] += any, high[a] += any;
  }
}

MESHCAST_CLONES void levels_of(const float* staged, std::int64_t count, const float* low, const float* inverse,
                               std::uint16_t* out) {
  float lows[kRow], inverses[kRow];
  for (int i = 0; i < kRow; ++i) lows[i] = low[i % 3], inverses[i] = inverse[i % 3];
  std::int64_t at = 0;
  for (; at + kRow <= count; at += kRow)
    for (int i = 0; i < kRow; ++i) out[at + i] = to_level(staged[at + i], lows[i], inverses[i]);
  for (int i = 0; at + i < count; ++i) out[at + i] = to_level(staged[at + i], lows[i], inverses[i]);
}

}  // namespace

void skinning_levels_cpu(const Skinning& p, std::int64_t person) {
  const std::int64_t count = 3 * p.vertex_count;
  auto* out = static_cast<std::uint16_t*>(p.vertices) + person * count;
  float *low = p.bounds + person * 6, *step = low + 3;
  float high[3], inverse[3];
  bounds_of(p.staged(person), count, low, high);
  bool finite = true;
  for (int a = 0; a < 3; ++a) {
    level_scale(low[a], high[a], step + a, inverse + a);
    finite = finite && std::isfinite(step[a]);
  }
  if (finite) {
    levels_of(p.staged(person), count, low, inverse, out);
  } else {
    std::fill(low, low + 6, std::numeric_limits<float>::quiet_NaN());
    std::fill(out, out + count, std::uint16_t{0});
  }
}

}  // namespace meshcast
