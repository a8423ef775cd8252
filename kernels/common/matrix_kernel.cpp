#include "common/matrix_kernel.hpp"

#include <cmath>
#include <stdexcept>

#ifdef MESHCAST_AMX
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/tiles_check.hpp"
#include "common/tiles_emulated.hpp"
#endif

namespace meshcast {

#ifdef MESHCAST_AMX
void check_hardware_tiles(float* sums);

namespace {

constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM of asm/prctl.h
constexpr int kTileData = 18;               // its state component
constexpr std::uint64_t kTileStates = 3u << 17;

bool processor_has_amx() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
  std::uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & kTileStates) != kTileStates) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const bool tile = d >> 24 & 1, bf16 = d >> 22 & 1;
  return tile && bf16 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

// The largest difference, in comparison with the largest sum.
float difference_of_tiles() {
  constexpr int kSums = kCheckCount * kTileRows * kTileColumns;
  float hardware[kSums], emulated[kSums], worst = 0, largest = 0;
  check_hardware_tiles(hardware);
  check_products<EmulatedTiles>(emulated);
  for (int i = 0; i < kSums; ++i) {
    if (!std::isfinite(hardware[i])) return INFINITY;
    worst = std::fmax(worst, std::fabs(hardware[i] - emulated[i]));
    largest = std::fmax(largest, std::fabs(emulated[i]));
  }
  return worst / largest;
}

std::string find_refusal() {
  if (!processor_has_amx()) return "the processor or the system has no AMX with bfloat16";
  if (syscall(SYS_arch_prctl, kRequestPermission, kTileData) != 0)
    return std::string("the system does not permit AMX (") + std::strerror(errno) + ")";
  const float difference = difference_of_tiles();
  if (!(difference < 1e-5f)) return "products of tiles are wrong by " + std::to_string(difference) + " of the largest";
  return "";
}

}  // namespace
#else
namespace {
std::string find_refusal() {
  return "this build has no code for AMX";
}
}  // namespace
#endif

const std::string& amx_refusal() {
  static const std::string refusal = find_refusal();
  return refusal;
}

MatrixKernel matrix_kernel(const std::string& name) {
  if (name == "vector") return MatrixKernel::kVector;
  if (name == "amx_emulated") return MatrixKernel::kEmulated;
  if (name != "amx") throw std::invalid_argument("kernel must be vector, amx or amx_emulated, not " + name);
  if (!amx_refusal().empty()) throw std::invalid_argument("kernel: amx cannot be used; " + amx_refusal());
  return MatrixKernel::kAmx;
}

}  // namespace meshcast
