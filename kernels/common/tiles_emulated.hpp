#pragma once

#include <string.h>

#include "common/tiles.hpp"

namespace meshcast {
namespace {

// Tiles in memory, with the results of the instructions bit by bit as Intel's manual defines them ("TDPBF16PS" and
// others in the Software Developer's Manual, volume 2): the even and the odd numbers of a row are summed apart in fused
// multiply-adds from zero on, both sums are added, then the tile; denormal numbers count as zero throughout. What the
// instructions refuse (an exception of the processor) ends the program.
class EmulatedTiles {
 public:
  explicit EmulatedTiles(const TileShapes& shapes) : shapes_(shapes) {
    require(shapes.palette == 1 && shapes.start_row == 0);
    for (int tile = 0; tile < kTileCount; ++tile)
      require(shapes.rows[tile] <= kTileRows && shapes.row_bytes[tile] <= kTileBytes);
  }
  EmulatedTiles(const EmulatedTiles&) = delete;
  EmulatedTiles& operator=(const EmulatedTiles&) = delete;

  template <int N>
  void zero() {
    zero(N);
  }
  template <int N>
  void load(const void* from, int64_t stride) {
    load(N, from, stride);
  }
  template <int N>
  void store(void* to, int64_t stride) {
    store(N, to, stride);
  }
  template <int C, int A, int B>
  void dot_bf16() {
    dot_bf16(C, A, B);
  }

  void zero(int tile) { memset(tiles_[tile], 0, sizeof tiles_[tile]); }

  void load(int tile, const void* from, int64_t stride) {
    zero(tile);
    require(shapes_.rows[tile] && shapes_.row_bytes[tile]);
    for (int row = 0; row < shapes_.rows[tile]; ++row)
      memcpy(tiles_[tile][row], static_cast<const char*>(from) + row * stride, shapes_.row_bytes[tile]);
  }

  void store(int tile, void* to, int64_t stride) const {
    require(shapes_.rows[tile] && shapes_.row_bytes[tile]);
    for (int row = 0; row < shapes_.rows[tile]; ++row)
      memcpy(static_cast<char*>(to) + row * stride, tiles_[tile][row], shapes_.row_bytes[tile]);
  }

  void dot_bf16(int c, int a, int b) {
    require(c != a && c != b && a != b);
    require(shapes_.rows[a] == shapes_.rows[c] && shapes_.row_bytes[a] == 4 * shapes_.rows[b] &&
            shapes_.row_bytes[b] == shapes_.row_bytes[c] && shapes_.row_bytes[c] % 4 == 0);
    const int columns = shapes_.row_bytes[c] / 4, pairs = shapes_.rows[b];
    float left[kTileRows][kTileDepth], right[kTileRows][kTileDepth];
    const bool ordinary = static_cast<int>(numbers(a, left)) & static_cast<int>(numbers(b, right));
    for (int m = 0; m < shapes_.rows[c]; ++m) {
      float sums[kTileDepth] = {};  // of even and odd numbers, side by side
      for (int k = 0; k < pairs; ++k) {
        const float even = left[m][2 * k], odd = left[m][2 * k + 1];
        if (ordinary)
          for (int n = 0; n < kTileColumns; ++n) {
            sums[2 * n] += even * right[k][2 * n];
            sums[2 * n + 1] += odd * right[k][2 * n + 1];
          }
        else
          for (int n = 0; n < columns; ++n) {
            sums[2 * n] = fused(even, right[k][2 * n], sums[2 * n]);
            sums[2 * n + 1] = fused(odd, right[k][2 * n + 1], sums[2 * n + 1]);
          }
      }
      for (int n = 0; n < columns; ++n) {
        float sum;
        memcpy(&sum, tiles_[c][m] + 4 * n, sizeof sum);
        sum = flushed(flushed(sum) + flushed(sums[2 * n] + sums[2 * n + 1]));
        memcpy(tiles_[c][m] + 4 * n, &sum, sizeof sum);
      }
    }
  }

 private:
  static void require(bool valid) {
    if (!valid) __builtin_trap();
  }
  static float flushed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7f800000u) == 0) bits &= 0x80000000u;
    memcpy(&value, &bits, sizeof bits);
    return value;
  }
  static float fused(float a, float b, float sum) { return flushed(__builtin_fmaf(a, b, sum)); }

  // All numbers of a tile, denormal ones as zeros. Returns whether all are zeros or so far from the limits that
  // products are exact and no sum of them can be denormal: multiplication and addition are then the fused operation.
  bool numbers(int tile, float (&to)[kTileRows][kTileDepth]) const {
    uint32_t extreme = 0;
    for (int row = 0; row < kTileRows; ++row)
      for (int at = 0; at < kTileDepth; ++at) {
        uint16_t half;
        memcpy(&half, tiles_[tile][row] + 2 * at, sizeof half);
        const uint32_t exponent = half >> 7 & 0xffu;
        const uint32_t bits = exponent ? uint32_t(half) << 16 : (half & 0x8000u) << 16;
        extreme |= exponent != 0 && exponent - 77 > 110;
        memcpy(&to[row][at], &bits, sizeof bits);
      }
    return !extreme;
  }

  TileShapes shapes_;
  alignas(64) unsigned char tiles_[kTileCount][kTileRows][kTileBytes] = {};
};

}  // namespace
}  // namespace meshcast
