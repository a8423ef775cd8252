#pragma once

#include <stdint.h>

#include "common/portable.hpp"

// Matrix units as x86 has them (AMX): eight tiles, registers of up to 16 rows of up to 64 bytes, and products of them.
// Kernels are templates over the class of the tiles: HardwareTiles executes the instructions, EmulatedTiles follows
// their definition in plain C++, so that all but the instructions themselves is tested on every processor.
//
// Both classes have the same members; N, C, A and B are numbers of tiles:
//     constructor(const TileShapes&), destructor          sets the shapes of all tiles; returns the unit to its rest
//     zero<N>()
//     load<N>(from, stride), store<N>(to, stride)         rows of memory, `stride` bytes apart
//     dot_bf16<C, A, B>()                                 C[m][n] += sum over k of A[m][2k] B[k][2n] + A[m][2k+1]
//                                                         B[k][2n+1], sums in float32, A and B in bfloat16
//
// Files that include this are compiled for an instruction set of their own: nothing in here may become a symbol that
// the linker shares between them.
namespace meshcast {

constexpr int kTileCount = 8, kTileRows = 16, kTileBytes = 64;
constexpr int kTileDepth = kTileBytes / 2;    // bfloat16 numbers in a row of A
constexpr int kTileColumns = kTileBytes / 4;  // sums in a row of C, and pairs in a row of B

// The shapes of all tiles, laid out as the instruction LDTILECFG reads them.
struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};

  MESHCAST_MEMBER constexpr void set(int tile, int tile_rows, int bytes) {
    rows[tile] = static_cast<uint8_t>(tile_rows);
    row_bytes[tile] = static_cast<uint16_t>(bytes);
  }
};
static_assert(sizeof(TileShapes) == 64, "as the instruction reads it");

// All tiles as large as they can be.
MESHCAST_INLINE constexpr TileShapes full_tiles() {
  TileShapes shapes;
  for (int tile = 0; tile < kTileCount; ++tile) shapes.set(tile, kTileRows, kTileBytes);
  return shapes;
}

}  // namespace meshcast
