#pragma once

#include "common/tiles.hpp"

namespace meshcast {
namespace {

// The tiles of the processor; see tiles.hpp. Assembly instead of a compiler's intrinsics, whose tile numbers cannot be
// template arguments, and which some compilers move across stores to the memory that they read.
class HardwareTiles {
 public:
  MESHCAST_MEMBER explicit HardwareTiles(const TileShapes& shapes) {
    asm volatile("ldtilecfg %0" : : "m"(shapes) : "memory");
  }
  MESHCAST_MEMBER ~HardwareTiles() { asm volatile("tilerelease" : : : "memory"); }
  HardwareTiles(const HardwareTiles&) = delete;
  HardwareTiles& operator=(const HardwareTiles&) = delete;

  template <int N>
  MESHCAST_MEMBER void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(N));
  }
  template <int N>
  MESHCAST_MEMBER void load(const void* from, int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(N) : "memory");
  }
  template <int N>
  MESHCAST_MEMBER void store(void* to, int64_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(N) : "memory");
  }
  template <int C, int A, int B>
  MESHCAST_MEMBER void dot_bf16() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(C), "i"(A), "i"(B));
  }
};

}  // namespace
}  // namespace meshcast
