#pragma once

#include <cstdint>

#include "common/bfloat16.hpp"
#include "common/portable.hpp"

// A fully connected layer for a handful of rows, bound by how fast its weights are read: each weight is read once for
// all rows of the batch.
//
//     u[n, k] = relu(scale[k] x[n, k] + shift[k])                  (scale null: u = x)
//     out[n, m] = act(sum over k of u[n, k] weight[m, k] + bias[m]) + residual[n, m]
//
// scale and shift are a batch norm in front of an activation ("pre-activation"). x (batch, inputs), residual and out
// (batch, outputs) float32; weight (outputs, inputs) float32 or bfloat16; all C-contiguous; sums are float32. out may
// be residual, but must not overlap x. x and out may instead be features of a graph: see Layout.
namespace meshcast {

// Where number k of row n of (batch, numbers) lies. Plainly one row after the other; as features of a graph, `width`
// numbers of each of numbers / width nodes, the array is (nodes, batch, stride), of which the channels from `first` on
// are meant.
struct Layout {
  std::int64_t width;  // divides the number of numbers
  std::int64_t stride;
  std::int64_t first;
  bool bf16;  // else float32
};

struct Linear {
  const void* weight;
  const float* bias;
  const float* scale;
  const float* shift;
  const void* x;
  const float* residual;  // plain
  void* out;
  std::int64_t batch;
  std::int64_t inputs;
  std::int64_t outputs;
  Layout x_layout;
  Layout out_layout;
  bool relu;
  bool bf16;  // of the weights
};

MESHCAST_HD Layout plain_layout(std::int64_t numbers) {
  return Layout{numbers, numbers, 0, false};
}
MESHCAST_HD bool is_plain(const Layout& layout, std::int64_t numbers) {
  return layout.width == numbers && layout.stride == numbers && layout.first == 0 && !layout.bf16;
}
// In 32 bits, because processors without a 64-bit division (GPUs) do it in a hundred steps: a layout has fewer numbers.
MESHCAST_HD std::int64_t offset_of(const Layout& layout, std::int64_t batch, std::int64_t n, std::int64_t k) {
  const auto number = static_cast<std::uint32_t>(k), width = static_cast<std::uint32_t>(layout.width);
  const std::uint32_t node = number / width;
  return (node * batch + n) * layout.stride + layout.first + (number - node * width);
}
MESHCAST_HD float load(const Layout& layout, const void* from, std::int64_t at) {
  return layout.bf16 ? from_bf16(static_cast<const std::uint16_t*>(from)[at]) : static_cast<const float*>(from)[at];
}
MESHCAST_HD void store(const Layout& layout, float value, void* to, std::int64_t at) {
  if (layout.bf16)
    static_cast<std::uint16_t*>(to)[at] = to_bf16(value);
  else
    static_cast<float*>(to)[at] = value;
}

// What is done to a number of x before the product, and to a sum after it.
MESHCAST_HD float preactivate(const Linear& p, std::int64_t k, float x) {
  if (!p.scale) return x;
  const float value = p.scale[k] * x + p.shift[k];
  return value > 0 ? value : 0.0f;
}
MESHCAST_HD void store_output(const Linear& p, std::int64_t n, std::int64_t m, float sum) {
  const float total = sum + p.bias[m], value = p.relu && !(total > 0) ? 0.0f : total;
  store(p.out_layout, value + (p.residual ? p.residual[n * p.outputs + m] : 0.0f), p.out,
        offset_of(p.out_layout, p.batch, n, m));
}

// u as plain rows: p.x itself where it is that, else the calling thread's own memory.
const float* activated_input(const Linear& p);

void linear_cpu(const Linear& p);

}  // namespace meshcast
