#pragma once

#include "common/portable.hpp"

namespace meshcast {

// Threads that work on one problem together, as algorithms see them that are the same on every processor: a loop over
// independent items starts at rank() and advances by size(), one over the items of a table starts at row() and
// column(); sync() makes what all have written visible to all. This is the team of one, on the CPU.
struct Alone {
  MESHCAST_MEMBER static constexpr int rank() { return 0; }
  MESHCAST_MEMBER static constexpr int size() { return 1; }
  MESHCAST_MEMBER static constexpr int row() { return 0; }
  MESHCAST_MEMBER static constexpr int rows() { return 1; }
  MESHCAST_MEMBER static constexpr int column() { return 0; }
  MESHCAST_MEMBER static constexpr int columns() { return 1; }
  MESHCAST_MEMBER static void sync() {}
};

}  // namespace meshcast
