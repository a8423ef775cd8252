#pragma once

#include <string>

namespace meshcast {

// What computes the products of bfloat16 layers on the CPU.
enum class MatrixKernel {
  kVector,    // "vector": the best vector instructions of this processor
  kAmx,       // "amx": its matrix unit
  kEmulated,  // "amx_emulated": the code for the matrix unit over an emulation of it, for tests
};

// Throws std::invalid_argument for a name that is none, and for "amx" where amx_refusal() has a reason.
MatrixKernel matrix_kernel(const std::string& name);

// Why this process cannot use the matrix unit (AMX with bfloat16): "" where it can. Determined once, at the first call:
// the processor and the system must have it, the system must permit it, and products of tiles must equal the emulation.
const std::string& amx_refusal();

}  // namespace meshcast
