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
    for (int m = 0; m < shapes_.rows[c]; ++m)
      for (int n = 0; n < shapes_.row_bytes[c] / 4; ++n) {
        float even = 0, odd = 0;
        for (int k = 0; k < shapes_.row_bytes[a] / 4; ++k) {
          even = fused(number(a, m, 2 * k), number(b, k, 2 * n), even);
          odd = fused(number(a, m, 2 * k + 1), number(b, k, 2 * n + 1), odd);
        }
        float sum;
        memcpy(&sum, tiles_[c][m] + 4 * n, sizeof sum);
        sum = flushed(flushed(sum) + flushed(even + odd));
        memcpy(tiles_[c][m] + 4 * n, &sum, sizeof sum);
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

  float number(int tile, int row, int at) const {
    uint16_t half;
    memcpy(&half, tiles_[tile][row] + 2 * at, sizeof half);
    const uint32_t bits = uint32_t(half) << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return flushed(value);
  }

  TileShapes shapes_;
  alignas(64) unsigned char tiles_[kTileCount][kTileRows][kTileBytes] = {};
};

}  // namespace
}  // namespace meshcast
