#pragma once

#include <stdint.h>

#include "common/tiles.hpp"

// Products of tiles of several shapes, for the comparison of two implementations of tiles.
namespace meshcast {
namespace {

constexpr int kCheckShapes[][3] = {
    {16, 16, 16}, {1, 1, 1}, {16, 3, 7}, {5, 16, 2}, {11, 12, 16}};  // rows, columns, pairs
constexpr int kCheckCount = sizeof kCheckShapes / sizeof kCheckShapes[0];

// Numbers with signs, many magnitudes, and some denormal ones, always the same.
class CheckNumbers {
 public:
  uint16_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    const auto bits = static_cast<uint32_t>(state_ >> 33);
    const uint32_t exponent = bits % 31 == 0 ? 0 : 115 + (bits >> 7) % 20;
    return static_cast<uint16_t>((bits & 0x8000u) | exponent << 7 | (bits & 0x7fu));
  }

 private:
  uint64_t state_ = 1;
};

// sums: (kCheckCount, 16, 16), each two products added up.
template <typename Tiles>
void check_products(float* sums) {
  CheckNumbers numbers;
  for (const auto& shape : kCheckShapes) {
    const int rows = shape[0], columns = shape[1], pairs = shape[2];
    TileShapes shapes;
    shapes.set(3, rows, 4 * columns);
    shapes.set(5, rows, 4 * pairs);
    shapes.set(6, pairs, 4 * columns);
    Tiles tiles(shapes);
    tiles.template zero<3>();
    for (int turn = 0; turn < 2; ++turn) {
      uint16_t a[16 * 40], b[16 * 34];
      for (auto& value : a) value = numbers.next();
      for (auto& value : b) value = numbers.next();
      tiles.template load<5>(a, 80);
      tiles.template load<6>(b, 68);
      tiles.template dot_bf16<3, 5, 6>();
    }
    for (int i = 0; i < 256; ++i) sums[i] = 0;
    tiles.template store<3>(sums, 64);
    sums += 256;
  }
}

}  // namespace
}  // namespace meshcast
