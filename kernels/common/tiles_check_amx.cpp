// Compiled for processors with AMX: only amx_refusal() calls it, where there is one.
#include "common/tiles_check.hpp"
#include "common/tiles_hardware.hpp"

namespace meshcast {

void check_hardware_tiles(float* sums);
void check_hardware_tiles(float* sums) {
  check_products<HardwareTiles>(sums);
}

}  // namespace meshcast
