#include <cmath>
#include <vector>

#include "common/bfloat16.hpp"
#include "common/pool.hpp"
#include "linear/linear_tiles.hpp"

namespace meshcast {
namespace {

// `count` rows of u from `row` on as digits: (steps, 16 pairs of inputs, kDigits count, 2), filled up with zeros.
void split_digits(const Linear& p, const float* u, std::int64_t row, std::int64_t count, std::uint16_t* digits) {
  const std::int64_t columns = kDigits * count;
  for (std::int64_t n = 0; n < count; ++n)
    for (std::int64_t k = 0; k < steps(p.inputs) * kStep; ++k) {
      float rest = k < p.inputs ? u[(row + n) * p.inputs + k] : 0.0f;
      std::uint16_t* to = digits + k / 2 * 2 * columns + 2 * kDigits * n + k % 2;
      for (int digit = 0; digit < kDigits; ++digit) {
        to[2 * digit] = to_bf16(rest);
        // Infinity and what is no number have no rest.
        const float left = rest - from_bf16(to[2 * digit]);
        rest = std::isfinite(left) ? left : 0.0f;
      }
    }
}

}  // namespace

void pack_linear_tiles(const float* weight, std::int64_t outputs, std::int64_t inputs, std::uint16_t* packed) {
  constexpr int kRows = kBlock / 2;
  for (std::int64_t half = 0; half < 2 * blocks(outputs); ++half)
    for (std::int64_t step = 0; step < steps(inputs); ++step) {
      std::uint16_t* tile = packed + ((half / 2 * steps(inputs) + step) * 2 + half % 2) * kRows * kStep;
      for (int row = 0; row < kRows; ++row)
        for (int i = 0; i < kStep; ++i) {
          const std::int64_t m = half * kRows + row, k = step * kStep + i;
          tile[row * kStep + i] = m < outputs && k < inputs ? to_bf16(weight[m * inputs + k]) : std::uint16_t(0);
        }
    }
}

void linear_tiles_cpu(const LinearTiles& tiles, const Linear& p) {
  if (p.batch * p.outputs == 0) return;
  const float* u = activated_input(p);
  const std::int64_t depth = steps(p.inputs);
  thread_local std::vector<std::uint16_t> memory;  // of the calling thread, read by its workers; grows once
  for (std::int64_t row = 0; row < p.batch; row += kTileBatch) {
    const std::int64_t count = p.batch - row < kTileBatch ? p.batch - row : kTileBatch;
    const auto columns = static_cast<int>(kDigits * count);
    memory.resize(static_cast<std::size_t>(depth * kStep * columns));
    std::uint16_t* digits = memory.data();
    split_digits(p, u, row, count, digits);
    auto share = [&](std::int64_t block) {
      alignas(64) float sums[kBlock * 16];
      const auto* weight = static_cast<const std::uint16_t*>(p.weight) + block * depth * kBlock * kStep;
      tiles.multiply(weight, digits, depth, columns, sums);
      for (std::int64_t i = 0; i < kBlock && block * kBlock + i < p.outputs; ++i)
        for (std::int64_t n = 0; n < count; ++n) {
          const float* own = sums + i * 16 + kDigits * n;
          store_output(p, row + n, block * kBlock + i, own[0] + (own[1] + own[2]));
        }
    };
    parallel_for(blocks(p.outputs), share);
  }
}

}  // namespace meshcast
