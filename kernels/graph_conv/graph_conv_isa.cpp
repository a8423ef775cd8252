// Compiled once for each instruction set, which MESHCAST_ISA names, and with MESHCAST_TILES for a matrix unit. No
// standard templates in here: their copies would be merged with those of other files, and run on processors that lack
// these instructions.
#ifndef MESHCAST_ISA
#define MESHCAST_ISA generic
#endif

#include "graph_conv/isa_products.hpp"

namespace meshcast {
namespace MESHCAST_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kParts = 4;
#else
constexpr int kParts = 2;
#endif

// Adds one row of the graph to `Parts` times 2 kChunk channels. All of a neighbor is read in one go: it lies in one
// piece, and a loop over few neighbors costs a branch misprediction.
template <int Parts, typename T>
INLINE void add_row(const CsrView& graph, int64_t v, const T* x, int64_t stride, Pairs (&sum)[Parts]) {
  for (int32_t e = graph.indptr[v]; e < graph.indptr[v + 1]; ++e) {
    const T* row = x + graph.indices[e] * stride;
    const float value = graph.data[e];
#pragma GCC unroll 4
    for (int i = 0; i < Parts; ++i) {
      const Pairs part = split(row + 2 * i * kChunk);
      sum[i].even += value * part.even;
      sum[i].odd += value * part.odd;
    }
  }
}

template <int Parts, typename T>
INLINE void gather_parts(const CsrView& graph, int64_t v, const T* x, int64_t stride, T* t) {
  Pairs sum[Parts] = {};
  add_row(graph, v, x, stride, sum);
#pragma GCC unroll 4
  for (int i = 0; i < Parts; ++i) merge(sum[i], t + 2 * i * kChunk);
}

// The sum of one row of the graph for one body, channels_in wide, into t.
template <typename T>
INLINE void gather(const CsrView& graph, int64_t v, const T* x, int64_t stride, int64_t channels, T* t) {
  const int32_t first = graph.indptr[v], last = graph.indptr[v + 1];
  int64_t c = 0;
  for (; c + 2 * kParts * kChunk <= channels; c += 2 * kParts * kChunk)
    gather_parts<kParts>(graph, v, x + c, stride, t + c);
  for (; c + 2 * kChunk <= channels; c += 2 * kChunk) gather_parts<1>(graph, v, x + c, stride, t + c);
  for (; c + kChunk <= channels; c += kChunk) {
    Wide sum = {};
    for (int32_t e = first; e < last; ++e) sum += graph.data[e] * widen(x + graph.indices[e] * stride + c);
    narrow(sum, t + c);
  }
  for (; c < channels; ++c) {
    float sum = 0;
    for (int32_t e = first; e < last; ++e) sum += graph.data[e] * load_one(x + graph.indices[e] * stride + c);
    store(t + c, sum);
  }
}

template <typename T>
INLINE const T* skip_of(const GraphConv& p, int64_t v, int64_t b) {
  const T* skips = static_cast<const T*>(p.skip);
  return skips ? skips + (p.skip_row[v] * p.batch + b) * p.channels_skip : nullptr;
}

// Bias, activation and residual of row v of body b, columns from `column`; sums begins at that column.
template <typename T>
INLINE void finish(const GraphConv& p, const float* sums, int64_t v, int64_t b, int64_t column, int64_t count) {
  const T* skip = skip_of<T>(p, v, b);
  const int64_t at = output_offset(p, v, b) + column;
  T* out = static_cast<T*>(p.out) + at;
  int64_t j = 0;
  // Interpolating to half as many channels is taking means of two.
  const bool same = !p.lerp_from0, half = p.channels_skip == 2 * p.channels_out;
  if (!p.output_permutation && (!skip || same || half)) {
    for (; j + kChunk <= count; j += kChunk) {
      Wide value = load<Wide>(sums + j) + load<Wide>(p.bias + column + j);
      if (p.relu) value = value > 0 ? value : Wide{};
      if (skip) value += same ? widen(skip + column + j) : mean_of_pairs(skip + 2 * (column + j));
      narrow(value, out + j);
    }
  }
  for (; j < count; ++j) {
    const int64_t c = column + j;
    float value = activate(p, sums[j] + p.bias[c]);
    if (skip)
      value += p.lerp_from0 ? interpolate_skip(p, c, load_one(skip + p.lerp_from0[c]), load_one(skip + p.lerp_from1[c]))
                            : load_one(skip + c);
    if (p.output_permutation)
      static_cast<float*>(p.out)[at + j] = value;
    else
      store(out + j, value);
  }
}

template <typename T>
void run(const GraphConv& p, int64_t first, int64_t last, void* scratch) {
  const T* x = static_cast<const T*>(p.x);
  const T* weight = static_cast<const T*>(p.weight);
  T* t = static_cast<T*>(scratch);
  const int64_t channels = p.channels_in, stride = p.batch * channels;
  const int64_t depth = padded(3 * channels, x), distance = stride_of(depth, x);  // of the rows of t
  const int64_t count = panels(p.channels_out, kPanel);
  Unit unit;

  for (int64_t begin = first; begin < last; begin += kRows * kTiles) {
    const int64_t rows = last - begin < kRows * kTiles ? last - begin : kRows * kTiles;
    const int64_t tiles = (rows + kRows - 1) / kRows;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t v = (begin + i) / p.batch, b = (begin + i) % p.batch;
      T* row = t + i * distance;
      const T* body = x + b * channels;
      memcpy(row, body + p.self[v] * stride, channels * sizeof(T));
      gather(p.one_hop, v, body, stride, channels, row + channels);
      gather(p.two_hops, v, body, stride, channels, row + 2 * channels);
      if (depth != 3 * channels) memset(row + 3 * channels, 0, (depth - 3 * channels) * sizeof(T));
    }
    // Rows that fill up the last tile are computed along and dropped.
    if (rows < tiles * kRows) memset(t + rows * distance, 0, (tiles * kRows - rows) * distance * sizeof(T));
    for (int64_t panel = 0; panel < count; ++panel) {
      const int64_t column = panel * kPanel;
      const int64_t wide = p.channels_out - column < kPanel ? p.channels_out - column : kPanel;
      for (int64_t tile = 0; tile < tiles; ++tile) {
        Sums sum;
        multiply(unit, t + tile * kRows * distance, distance, depth, weight + panel * depth * kPanel, wide, sum);
        const int64_t real = rows - tile * kRows < kRows ? rows - tile * kRows : kRows;
        for (int64_t r = 0; r < real; ++r) {
          const int64_t at = begin + tile * kRows + r, v = at / p.batch, b = at % p.batch;
          const float* sums = reinterpret_cast<const float*>(&sum[r][0]);
          finish<T>(p, sums, v, b, column, wide);
        }
      }
    }
  }
}

// Projecting first, rows of x: z = x [W0 W1 W2].
template <typename T>
void project(const GraphConv& p, int64_t first, int64_t last, void* scratch) {
  const T* x = static_cast<const T*>(p.x);
  const T* weight = static_cast<const T*>(p.weight);
  T* z = static_cast<T*>(p.projected);
  T* t = static_cast<T*>(scratch);
  const int64_t channels = p.channels_in, depth = padded(channels, x);
  const int64_t columns = 3 * p.part, count = panels(columns, kPanel);
  Unit unit;
  for (int64_t begin = first; begin < last; begin += kRows * kTiles) {
    const int64_t rows = last - begin < kRows * kTiles ? last - begin : kRows * kTiles;
    const int64_t tiles = (rows + kRows - 1) / kRows;
    const T* from = x + begin * channels;
    if (rows != tiles * kRows || depth != channels) {  // fill up with zeros
      memset(t, 0, tiles * kRows * depth * sizeof(T));
      for (int64_t i = 0; i < rows; ++i) memcpy(t + i * depth, from + i * channels, channels * sizeof(T));
      from = t;
    }
    for (int64_t panel = 0; panel < count; ++panel) {
      const int64_t column = panel * kPanel;
      const int64_t wide = columns - column < kPanel ? columns - column : kPanel;
      for (int64_t tile = 0; tile < tiles; ++tile) {
        Sums sum;
        multiply(unit, from + tile * kRows * depth, depth, depth, weight + panel * depth * kPanel, wide, sum);
        const int64_t real = rows - tile * kRows < kRows ? rows - tile * kRows : kRows;
        for (int64_t r = 0; r < real; ++r) {
          const float* sums = reinterpret_cast<const float*>(&sum[r][0]);
          T* to = z + (begin + tile * kRows + r) * columns + column;
          int64_t j = 0;
          for (; j + kChunk <= wide; j += kChunk) narrow(load<Wide>(sums + j), to + j);
          for (; j < wide; ++j) store(to + j, sums[j]);
        }
      }
    }
  }
}

// `Parts` times 2 kChunk channels of one row, summed over the projected features of its neighbors.
template <int Parts, typename T>
INLINE void collect_parts(const GraphConv& p, int64_t v, const T* z, int64_t stride, float* sums) {
  Pairs sum[Parts];
  const T* own = z + p.self[v] * stride;
#pragma GCC unroll 4
  for (int i = 0; i < Parts; ++i) sum[i] = split(own + 2 * i * kChunk);
  add_row(p.one_hop, v, z + p.part, stride, sum);
  add_row(p.two_hops, v, z + 2 * p.part, stride, sum);
#pragma GCC unroll 4
  for (int i = 0; i < Parts; ++i) interleave(sum[i], z, sums + 2 * i * kChunk);
}

// kChunk channels; what is beyond channels_out is computed along.
template <typename T>
INLINE void collect_chunk(const GraphConv& p, int64_t v, const T* z, int64_t stride, float* sums) {
  Wide sum = widen(z + p.self[v] * stride);
  for (int hop = 1; hop <= 2; ++hop) {
    const CsrView& graph = hop == 1 ? p.one_hop : p.two_hops;
    const T* part = z + hop * p.part;
    for (int32_t e = graph.indptr[v]; e < graph.indptr[v + 1]; ++e)
      sum += graph.data[e] * widen(part + graph.indices[e] * stride);
  }
  store(sums, sum);
}

template <typename T>
void collect(const GraphConv& p, int64_t first, int64_t last, void*) {
  const int64_t columns = 3 * p.part, stride = p.batch * columns;
  constexpr int kWidth = 2 * kChunk;
  float sums[kParts * kWidth];
  for (int64_t at = first; at < last; ++at) {
    const int64_t v = at / p.batch, b = at % p.batch;
    const T* z = static_cast<const T*>(p.projected) + b * columns;
    int64_t c = 0;
    for (; c + kParts * kWidth <= p.channels_out; c += kParts * kWidth) {
      collect_parts<kParts>(p, v, z + c, stride, sums);
      finish<T>(p, sums, v, b, c, kParts * kWidth);
    }
    for (; c + kWidth <= p.channels_out; c += kWidth) {
      collect_parts<1>(p, v, z + c, stride, sums);
      finish<T>(p, sums, v, b, c, kWidth);
    }
    for (; c < p.channels_out; c += kChunk) {
      collect_chunk(p, v, z + c, stride, sums);
      finish<T>(p, sums, v, b, c, p.channels_out - c < kChunk ? p.channels_out - c : kChunk);
    }
  }
}

size_t scratch_bytes(int64_t channels_in, bool bf16) {
  const uint16_t* half = nullptr;
  const size_t numbers = stride_of(padded(3 * channels_in, half), half);  // at least as many as in float32
  return kRows * kTiles * numbers * (bf16 ? 2 : 4);
}

#ifndef MESHCAST_TILES
void pack_f32(const float* weight, int64_t depth, int64_t columns, float* packed) {
  for (int64_t panel = 0; panel < panels(columns, kPanel); ++panel)
    for (int64_t k = 0; k < depth; ++k)
      for (int j = 0; j < kPanel; ++j) {
        const int64_t column = panel * kPanel + j;
        *packed++ = column < columns ? weight[k * columns + column] : 0.0f;
      }
}
#endif

void pack_bf16(const float* weight, int64_t depth, int64_t columns, uint16_t* packed) {
  for (int64_t panel = 0; panel < panels(columns, kPanel); ++panel)
    for (int64_t k = 0; k < padded(depth, packed); k += 2)
      for (int j = 0; j < kPanel; ++j)
        for (int64_t half = 0; half < 2; ++half) {
          const int64_t column = panel * kPanel + j;
          const bool there = column < columns && k + half < depth;
          *packed++ = there ? to_bf16(weight[(k + half) * columns + column]) : uint16_t(0);
        }
}

}  // namespace

extern const GraphConvCpu graph_conv;
#ifdef MESHCAST_TILES
const GraphConvCpu graph_conv{kPanel,           kDepthStep, kRows * kTiles, kRows,   nullptr,           pack_bf16,
                              scratch_bytes,    nullptr,    run<uint16_t>,  nullptr, project<uint16_t>, nullptr,
                              collect<uint16_t>};
#else
const GraphConvCpu graph_conv{kPanel,
                              kDepthStep,
                              48,
                              12,
                              pack_f32,
                              pack_bf16,
                              scratch_bytes,
                              run<float>,
                              run<uint16_t>,
                              project<float>,
                              project<uint16_t>,
                              collect<float>,
                              collect<uint16_t>};
static_assert(12 % kRows == 0, "a task's least rows are whole tiles");
#endif

}  // namespace MESHCAST_ISA
}  // namespace meshcast
