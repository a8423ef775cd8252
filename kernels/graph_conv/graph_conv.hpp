#pragma once

#include <cstddef>
#include <cstdint>

#include "common/portable.hpp"

// Chebyshev graph convolution of order 3 (Defferrard et al., NeurIPS 2016, eq. 4 and 5) in one pass: the products with
// the graph, the linear layer with its folded batch norm, the activation and the residual, without the stacked features
// ever reaching memory.
//
//     t0[v] = x[self[v]]
//     t1[v] = sum over e of one_hop.data[e] x[one_hop.indices[e]],    e in one_hop.indptr[v]..one_hop.indptr[v + 1] - 1
//     t2[v] = sum over e of two_hops.data[e] x[two_hops.indices[e]],  e in two_hops.indptr[v]..two_hops.indptr[v + 1] -
//     1 out[v] = act(t0 W0 + t1 W1 + t2 W2 + bias) + resize(skip[skip_row[v]])
//
// With a graph operator L the second sum is that of T_1 = L and the third that of T_2 = 2 L L - I: two hops at once, so
// that no convolution waits for another's neighbors. The indices name rows of x, which may be those of a coarser
// graph: a vertex then stands for its parent, and upsampling by repetition costs nothing.
//
// x (sources, batch, channels_in), skip (skip_sources, batch, channels_skip), out (rows, batch, channels_out); all
// C-contiguous, float32 or bfloat16 (the upper half of a float32); sums are float32. resize() is linear interpolation
// along the channels with pixel centers at half integers ("align_corners = False"). out must not overlap x or skip.
// With `output_permutation` the result is batch-major: out (batch, rows, channels_out) float32, v in row
// output_permutation[v].
namespace meshcast {

enum class MatrixKernel;  // common/matrix_kernel.hpp

// A sparse matrix in compressed sparse row form.
struct CsrView {
  const std::int32_t* indptr;   // (rows + 1)
  const std::int32_t* indices;  // (entries), rows of x
  const float* data;            // (entries)
};

// Two orders of computation give the same result. Gather first: t0, t1 and t2 of some rows, kept in the cache, then one
// product with W; nothing but the result is written. Project first: z = x [W0 W1 W2] for every row of x, which is
// written, then the three sums over z. The second is chosen where it is less work: where x has fewer rows than out
// (upsampling), or the result far fewer channels than x.
struct GraphConv {
  const std::int32_t* self;      // (rows), rows of x
  const std::int32_t* skip_row;  // (rows), rows of skip
  CsrView one_hop;
  CsrView two_hops;
  const void* weight;  // packed: see GraphConvCpu
  const float* bias;   // (channels_out)
  // resize(): channel c of skip becomes lerp_weight[c] skip[lerp_from0[c]] + (1 - lerp_weight[c]) skip[lerp_from1[c]];
  // null for equal widths.
  const std::int32_t* lerp_from0;
  const std::int32_t* lerp_from1;
  const float* lerp_weight;
  const void* x;
  const void* skip;  // null for none
  void* out;
  const std::int32_t* output_permutation;  // (rows), a permutation of them; null for features
  std::int64_t rows;
  std::int64_t batch;
  std::int64_t channels_in;
  std::int64_t channels_out;
  std::int64_t channels_skip;
  bool relu;
  bool project_first;
  void* projected;    // (sources, batch, 3 part) of the storage's type, where projecting comes first
  std::int64_t part;  // channels_out, filled up to whole chunks
  std::int64_t sources;
};

// What follows the sums, for the host's last columns and for the device.
static MESHCAST_HD float activate(const GraphConv& p, float sum) {
  return p.relu && !(sum > 0) ? 0.0f : sum;
}
// Channel c of the resized residual, from the two channels of skip that it lies between.
static MESHCAST_HD float interpolate_skip(const GraphConv& p, std::int64_t c, float low, float high) {
  return p.lerp_weight[c] * low + (1.0f - p.lerp_weight[c]) * high;
}

// Where row v of body b begins in out.
static MESHCAST_HD std::int64_t output_offset(const GraphConv& p, std::int64_t v, std::int64_t b) {
  return (p.output_permutation ? b * p.rows + p.output_permutation[v] : v * p.batch + b) * p.channels_out;
}

// The functions of one instruction set or matrix unit, which has those for bfloat16 only. Weights (depth, columns) are
// packed in panels of `panel` columns, each panel row after row; bfloat16 panels hold two consecutive rows side by
// side, and zeros up to a depth that is a multiple of `depth_step`. Gathering first, depth is 3 channels_in, order by
// order; projecting first, it is channels_in, and the columns are three times `part`.
struct GraphConvCpu {
  int panel;
  int depth_step;
  int most_rows, least_rows;  // of a task
  void (*pack_f32)(const float* weight, std::int64_t depth, std::int64_t columns, float* packed);
  void (*pack_bf16)(const float* weight, std::int64_t depth, std::int64_t columns, std::uint16_t* packed);
  std::size_t (*scratch_bytes)(std::int64_t channels_in, bool bf16);
  // Rows first..last - 1 of (rows x batch); scratch is the calling thread's own, 64-byte aligned.
  void (*run_f32)(const GraphConv& p, std::int64_t first, std::int64_t last, void* scratch);
  void (*run_bf16)(const GraphConv& p, std::int64_t first, std::int64_t last, void* scratch);
  // Projecting first: rows of (sources x batch), then rows of (rows x batch).
  void (*project_f32)(const GraphConv& p, std::int64_t first, std::int64_t last, void* scratch);
  void (*project_bf16)(const GraphConv& p, std::int64_t first, std::int64_t last, void* scratch);
  void (*collect_f32)(const GraphConv& p, std::int64_t first, std::int64_t last, void* scratch);
  void (*collect_bf16)(const GraphConv& p, std::int64_t first, std::int64_t last, void* scratch);
};

// Those of the best instruction set that this processor has, or of its matrix unit, which it must have, or of the
// emulation of that.
const GraphConvCpu& graph_conv_isa(MatrixKernel kernel);
// The best instruction set: "avx512_bf16", "avx512", "avx2", "neon_bf16" or "generic".
const char* graph_conv_isa_name();

// Numbers that the loops over channels take at a time.
constexpr int kChunk = 16;

// Panels of columns, and a depth filled up to whole steps. Static: each instruction set keeps a copy of its own.
static inline std::int64_t panels(std::int64_t columns, int panel) {
  return (columns + panel - 1) / panel;
}
static inline std::int64_t filled(std::int64_t depth, int step) {
  return (depth + step - 1) / step * step;
}

void graph_conv_cpu(const GraphConvCpu& isa, const GraphConv& p, bool bf16);

}  // namespace meshcast
