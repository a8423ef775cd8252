#pragma once

#include "common/bfloat16.hpp"
#include "cuda_runtime.h"

struct __nv_bfloat16 {
  std::uint16_t bits;
};
struct alignas(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;
};

inline float __bfloat162float(__nv_bfloat16 value) {
  return meshcast::from_bf16(value.bits);
}
inline __nv_bfloat16 __float2bfloat16(float value) {
  return {meshcast::to_bf16(value)};
}
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
  return {__float2bfloat16(x), __float2bfloat16(y)};
}
