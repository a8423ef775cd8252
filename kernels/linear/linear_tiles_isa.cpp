// Compiled once for each class of tiles, which MESHCAST_TILES names, in the namespace MESHCAST_ISA. No standard
// templates and no functions of linear.hpp in here: see graph_conv_isa.cpp.
#include "common/tiles_emulated.hpp"
#ifdef __x86_64__
#include "common/tiles_hardware.hpp"
#endif
#include "linear/linear_tiles.hpp"

namespace meshcast {
namespace MESHCAST_ISA {
namespace {

static_assert(kStep == kTileDepth && kBlock == 2 * kTileRows && kSums <= kTileColumns, "shapes of tiles");

void multiply(const uint16_t* block, const uint16_t* digits, int64_t steps, int columns, float* sums) {
  TileShapes shapes = full_tiles();
  for (int tile = 0; tile < kTileCount; ++tile)
    if (tile != 4 && tile != 5) shapes.set(tile, kTileRows, 4 * columns);
  MESHCAST_TILES tiles(shapes);
  constexpr int64_t kTileNumbers = kTileRows * kTileDepth;
  const int64_t digit_stride = 4 * columns, digit_numbers = kTileRows * 2 * columns;
  // Even and odd steps have sums of their own, because a product takes several times as long as the next one has to
  // wait for.
  tiles.template zero<0>();
  tiles.template zero<1>();
  tiles.template zero<2>();
  tiles.template zero<3>();
  int64_t step = 0;
  for (; step + 2 <= steps; step += 2, block += 4 * kTileNumbers, digits += 2 * digit_numbers) {
    tiles.template load<6>(digits, digit_stride);
    tiles.template load<4>(block, kTileBytes);
    tiles.template dot_bf16<0, 4, 6>();
    tiles.template load<5>(block + kTileNumbers, kTileBytes);
    tiles.template dot_bf16<1, 5, 6>();
    tiles.template load<7>(digits + digit_numbers, digit_stride);
    tiles.template load<4>(block + 2 * kTileNumbers, kTileBytes);
    tiles.template dot_bf16<2, 4, 7>();
    tiles.template load<5>(block + 3 * kTileNumbers, kTileBytes);
    tiles.template dot_bf16<3, 5, 7>();
  }
  if (step < steps) {
    tiles.template load<6>(digits, digit_stride);
    tiles.template load<4>(block, kTileBytes);
    tiles.template dot_bf16<0, 4, 6>();
    tiles.template load<5>(block + kTileNumbers, kTileBytes);
    tiles.template dot_bf16<1, 5, 6>();
  }
  alignas(64) float odd[kBlock * kTileColumns];
  tiles.template store<0>(sums, kTileBytes);
  tiles.template store<1>(sums + kTileRows * kTileColumns, kTileBytes);
  tiles.template store<2>(odd, kTileBytes);
  tiles.template store<3>(odd + kTileRows * kTileColumns, kTileBytes);
  for (int m = 0; m < kBlock; ++m)
    for (int n = 0; n < columns; ++n) sums[m * kTileColumns + n] += odd[m * kTileColumns + n];
}

}  // namespace

extern const LinearTiles linear_tiles;
const LinearTiles linear_tiles{multiply};

}  // namespace MESHCAST_ISA
}  // namespace meshcast
