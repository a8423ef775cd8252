#pragma once

#include <cstdint>
#include <cstring>

#include "common/portable.hpp"

namespace meshcast {

// IEEE 754 binary16, as stored in arrays.
struct Half {
  std::uint16_t bits;
};

// The nearest half, ties to even; overflow becomes infinity, NaN stays NaN. Without branches, so that loops vectorise.
MESHCAST_INLINE Half to_half(float value) {
  constexpr std::uint32_t kInfinity = 255u << 23, kOverflow = (127u + 16) << 23, kNormal = (127u - 14) << 23;
  constexpr float kSubnormal = 0.5f;  // added to a small number, it leaves its rounded bits at the end of the mantissa
  std::uint32_t bits, shifted;
  std::memcpy(&bits, &value, sizeof bits);
  const std::uint32_t sign = bits & 0x80000000u;
  bits ^= sign;
  float magnitude;
  std::memcpy(&magnitude, &bits, sizeof bits);
  magnitude += kSubnormal;
  std::memcpy(&shifted, &magnitude, sizeof shifted);
  const std::uint32_t small = shifted - (126u << 23);
  const std::uint32_t normal = (bits - ((127u - 15) << 23) + 0xfffu + ((bits >> 13) & 1u)) >> 13;
  const std::uint32_t special = bits > kInfinity ? 0x7e00u : 0x7c00u;
  const std::uint32_t result = bits >= kOverflow ? special : (bits < kNormal ? small : normal);
  return Half{static_cast<std::uint16_t>(result | (sign >> 16))};
}

}  // namespace meshcast
