#pragma once

// Vectors of channels for graph_conv_isa.cpp, which is compiled once for each instruction set: loads, stores and the
// conversions between float32 and bfloat16. Everything is inlined, so that no copy is shared between instruction sets.
#include <stdint.h>
#include <string.h>

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif
#ifdef __ARM_FEATURE_BF16_VECTOR_ARITHMETIC
#include <arm_neon.h>
#endif

#include "graph_conv/graph_conv.hpp"

namespace meshcast {
namespace MESHCAST_ISA {
namespace {

typedef float Wide __attribute__((vector_size(4 * kChunk)));
typedef uint32_t WideBits __attribute__((vector_size(4 * kChunk)));
typedef uint16_t WideHalf __attribute__((vector_size(2 * kChunk)));

#define INLINE static inline __attribute__((always_inline))

template <typename V>
INLINE V load(const void* from) {
  V v;
  memcpy(&v, from, sizeof v);
  return v;
}

template <typename V>
INLINE void store(void* to, V v) {
  memcpy(to, &v, sizeof v);
}

INLINE float to_float(uint16_t half) {
  uint32_t bits = uint32_t(half) << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

// Rounded to the nearest, ties to even; numbers that are not finite stay so.
INLINE uint16_t to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return uint16_t((bits >> 16) | 0x40u);
  return uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

INLINE Wide widen(const float* from) {
  return load<Wide>(from);
}
INLINE Wide widen(const uint16_t* from) {
  WideBits bits = __builtin_convertvector(load<WideHalf>(from), WideBits) << 16;
  Wide value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE void narrow(Wide value, float* to) {
  store(to, value);
}
INLINE void narrow(Wide value, uint16_t* to) {
#ifdef __AVX512BF16__
  __m512 v;
  memcpy(&v, &value, sizeof v);
  const __m256bh half = _mm512_cvtneps_pbh(v);
  memcpy(to, &half, sizeof half);
#else
  WideBits bits;
  memcpy(&bits, &value, sizeof bits);
  bits = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  store(to, __builtin_convertvector(bits, WideHalf));
#endif
}

INLINE float load_one(const float* from) {
  return *from;
}
INLINE float load_one(const uint16_t* from) {
  return to_float(*from);
}
INLINE void store(float* to, float value) {
  *to = value;
}
INLINE void store(uint16_t* to, float value) {
  *to = to_bf16(value);
}

// Two neighboring bfloat16 numbers in a word: the even channels and the odd ones, without moving anything across
// lanes.
struct Pairs {
  Wide even, odd;
};

INLINE Pairs split(const uint16_t* from) {
  const WideBits pair = load<WideBits>(from);
  const WideBits low = pair << 16, high = pair & 0xffff0000u;
  Pairs value;
  memcpy(&value.even, &low, sizeof low);
  memcpy(&value.odd, &high, sizeof high);
  return value;
}

INLINE WideBits rounded(Wide value) {
  WideBits bits;
  memcpy(&bits, &value, sizeof bits);
  return bits + 0x7fffu + ((bits >> 16) & 1u);
}

INLINE void merge(const Pairs& value, uint16_t* to) {
  store(to, (rounded(value.even) >> 16) | (rounded(value.odd) & 0xffff0000u));
}

// Even and odd channels back in their order: 2 kChunk numbers.
INLINE void interleave(const Pairs& value, float* to) {
#ifdef __clang__
  store(to, __builtin_shufflevector(value.even, value.odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  store(to + kChunk,
        __builtin_shufflevector(value.even, value.odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
#else
  const WideBits low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
  const WideBits high = {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  store(to, __builtin_shuffle(value.even, value.odd, low));
  store(to + kChunk, __builtin_shuffle(value.even, value.odd, high));
#endif
}

INLINE Pairs split(const float* from) {
  return {load<Wide>(from), load<Wide>(from + kChunk)};
}
INLINE void merge(const Pairs& value, float* to) {
  store(to, value.even);
  store(to + kChunk, value.odd);
}
INLINE void interleave(const Pairs& value, const float*, float* to) {
  merge(value, to);
}
INLINE void interleave(const Pairs& value, const uint16_t*, float* to) {
  interleave(value, to);
}

// The mean of neighboring channels: 2 kChunk of them give kChunk.
INLINE Wide mean_of_pairs(const uint16_t* from) {
  const Pairs pairs = split(from);
  return 0.5f * (pairs.even + pairs.odd);
}
INLINE Wide mean_of_pairs(const float* from) {
  const Wide a = load<Wide>(from), b = load<Wide>(from + kChunk);
#ifdef __clang__
  const Wide even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const Wide odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#else
  const WideBits evens = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
  const Wide even = __builtin_shuffle(a, b, evens), odd = __builtin_shuffle(a, b, evens + 1u);
#endif
  return 0.5f * (even + odd);
}

}  // namespace
}  // namespace MESHCAST_ISA
}  // namespace meshcast
