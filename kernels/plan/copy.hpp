#pragma once

#include <cstdint>

#include "linear/linear.hpp"

namespace meshcast {

// Numbers of rows from one buffer to another, each with a layout and a type of its own (see Layout):
//
//     to[offset of (n, k) in to_layout] = from[offset of (n, k) in from_layout],  n < batch, k < numbers
struct Copy {
  const void* from;
  void* to;
  Layout from_layout;
  Layout to_layout;
  std::int64_t numbers;
  std::int64_t batch;
};

// One number: `at` counts through (batch, numbers).
MESHCAST_HD void copy_one(const Copy& p, std::int64_t at) {
  const std::int64_t n = at / p.numbers, k = at - n * p.numbers;
  store(p.to_layout, load(p.from_layout, p.from, offset_of(p.from_layout, p.batch, n, k)), p.to,
        offset_of(p.to_layout, p.batch, n, k));
}

void copy_cpu(const Copy& p);

}  // namespace meshcast
