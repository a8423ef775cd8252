#pragma once

#include <cstdint>
#include <cstring>

#include "common/portable.hpp"

namespace meshcast {

// The upper half of a float32, rounded to the nearest, ties to even; what is not a number stays one.
MESHCAST_INLINE std::uint16_t to_bf16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

MESHCAST_INLINE float from_bf16(std::uint16_t half) {
  const std::uint32_t bits = std::uint32_t(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace meshcast
