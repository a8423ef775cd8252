#pragma once

#include <cstddef>

namespace meshcast {

// A piece of memory, zeroed and aligned to 256 bytes, on the host (device -1) or a CUDA device. Throws std::bad_alloc,
// and std::runtime_error with CUDA's message.
class Memory {
 public:
  Memory(std::size_t bytes, int device);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  char* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  // Copies from host memory, and waits.
  void fill(const void* host, std::size_t bytes);

 private:
  std::size_t bytes_;
  int device_;
  char* data_ = nullptr;
};

#ifdef MESHCAST_WITH_CUDA
// Host memory that CUDA copies from and to without a copy of its own.
class Pinned {
 public:
  explicit Pinned(std::size_t bytes);
  ~Pinned();
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
};
#endif

}  // namespace meshcast
