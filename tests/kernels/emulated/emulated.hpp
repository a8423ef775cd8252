#pragma once

// CUDA on a CPU, as far as these kernels use it: a thread of a block is a fiber, blocks run one after the other, and
// device memory is host memory, so that address and undefined-behavior sanitizers see what the kernels do. A barrier
// that not every thread reaches ends the program. No measure of speed.
#include <cstddef>
#include <functional>

namespace emulated {

struct Index {
  unsigned x = 0, y = 0, z = 0;
};

// Of the thread that is running.
extern Index thread_index, block_index, block_size, grid_size;

// Runs now, or is kept while a graph is captured.
void enqueue(std::function<void()> work);
// What waits or allocates must not happen then.
void forbid_in_capture(const char* what);
void launch(Index grid, Index block, std::size_t shared_bytes, std::function<void()> thread);
char* dynamic_shared();

void block_barrier();
void warp_barrier();
bool block_any(bool value);
// The value that another lane of the warp has given at the same time.
unsigned exchange(unsigned value, unsigned lane);
unsigned lane();

// Copies that take place at once or when they are waited for, at random.
void copy_later(void* to, const void* from, std::size_t bytes);
void commit_copies();
void wait_copies(unsigned left);

[[noreturn]] void fail(const char* what);
constexpr int kProcessors = 4;

}  // namespace emulated
