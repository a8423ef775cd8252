#pragma once

#include "emulated.hpp"

inline void __pipeline_memcpy_async(void* to, const void* from, std::size_t bytes) {
  emulated::copy_later(to, from, bytes);
}
inline void __pipeline_commit() {
  emulated::commit_copies();
}
inline void __pipeline_wait_prior(unsigned left) {
  emulated::wait_copies(left);
}
