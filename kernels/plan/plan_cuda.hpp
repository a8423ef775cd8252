#pragma once

#include <cstddef>
#include <cstdint>

#include "plan/copy.hpp"

// Enqueued on `stream` (a cudaStream_t as an integer). Throw std::runtime_error with CUDA's message.
namespace meshcast {

void copy_cuda(const Copy& p, int device, std::uintptr_t stream);

void copy_to_device(void* to, const void* pinned, std::size_t bytes, int device, std::uintptr_t stream);
// Waits until the bytes are there.
void copy_to_host(void* pinned, const void* from, std::size_t bytes, int device, std::uintptr_t stream);

}  // namespace meshcast
