#pragma once

#include <cstdint>

#include "common/portable.hpp"

// A fully connected layer for a handful of rows, bound by how fast its weights are read: each weight is read once for
// all rows of the batch.
//
//     u[n, k] = relu(scale[k] x[n, k] + shift[k])                  (scale null: u = x)
//     out[n, m] = act(sum over k of u[n, k] weight[m, k] + bias[m]) + residual[n, m]
//
// scale and shift are a batch norm in front of an activation ("pre-activation"). x (batch, inputs), residual and out
// (batch, outputs) float32; weight (outputs, inputs) float32 or bfloat16; all C-contiguous; sums are float32. out may
// be residual, but must not overlap x.
namespace meshcast {

struct Linear {
  const void* weight;
  const float* bias;
  const float* scale;
  const float* shift;
  const float* x;
  const float* residual;
  float* out;
  std::int64_t batch;
  std::int64_t inputs;
  std::int64_t outputs;
  bool relu;
  bool bf16;
};

// What is done to a number of x before the product, and to a sum after it.
MESHCAST_HD float fed(const Linear& p, std::int64_t k, float x) {
  if (!p.scale) return x;
  const float value = p.scale[k] * x + p.shift[k];
  return value > 0 ? value : 0.0f;
}
MESHCAST_HD float given(const Linear& p, float sum) {
  return p.relu && !(sum > 0) ? 0.0f : sum;
}

void linear_cpu(const Linear& p);

}  // namespace meshcast
