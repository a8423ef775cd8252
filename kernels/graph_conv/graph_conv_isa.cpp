// Compiled once for each instruction set, which MESHCAST_ISA names. No standard templates in here: their copies would
// be merged with those of other files, and run on processors that lack these instructions.
#include <stdint.h>
#include <string.h>

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

#include "graph_conv/graph_conv.hpp"

#ifndef MESHCAST_ISA
#define MESHCAST_ISA generic
#endif

namespace meshcast {
namespace MESHCAST_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kVectors = 2, kRows = 12;  // 24 of 32 registers hold sums
constexpr int kParts = 4;
#elif defined(__AVX__)
constexpr int kLanes = 8, kVectors = 2, kRows = 6;  // 12 of 16
constexpr int kParts = 2;
#else
constexpr int kLanes = 4, kVectors = 4, kRows = 6;  // 24 of aarch64's 32
constexpr int kParts = 2;
#endif
constexpr int kPanel = kLanes * kVectors;
constexpr int kTiles = 4;  // of kRows rows: what one pass over the weights serves
static_assert(kPanel % kChunk == 0, "a panel is finished in whole chunks");

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef float Wide __attribute__((vector_size(4 * kChunk)));
typedef uint32_t WideBits __attribute__((vector_size(4 * kChunk)));
typedef uint16_t WideHalf __attribute__((vector_size(2 * kChunk)));

#define INLINE static inline __attribute__((always_inline))

template <typename V>
INLINE V load(const void* from) {
  V v;
  memcpy(&v, from, sizeof v);
  return v;
}

template <typename V>
INLINE void store(void* to, V v) {
  memcpy(to, &v, sizeof v);
}

INLINE float to_float(uint16_t half) {
  uint32_t bits = uint32_t(half) << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

// Rounded to the nearest, ties to even; numbers that are not finite stay so.
INLINE uint16_t to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return uint16_t((bits >> 16) | 0x40u);
  return uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

INLINE Wide widen(const float* from) {
  return load<Wide>(from);
}
INLINE Wide widen(const uint16_t* from) {
  WideBits bits = __builtin_convertvector(load<WideHalf>(from), WideBits) << 16;
  Wide value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE void narrow(Wide value, float* to) {
  store(to, value);
}
INLINE void narrow(Wide value, uint16_t* to) {
#ifdef __AVX512BF16__
  __m512 v;
  memcpy(&v, &value, sizeof v);
  const __m256bh half = _mm512_cvtneps_pbh(v);
  memcpy(to, &half, sizeof half);
#else
  WideBits bits;
  memcpy(&bits, &value, sizeof bits);
  bits = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  store(to, __builtin_convertvector(bits, WideHalf));
#endif
}

INLINE float load_one(const float* from) {
  return *from;
}
INLINE float load_one(const uint16_t* from) {
  return to_float(*from);
}
INLINE void store(float* to, float value) {
  *to = value;
}
INLINE void store(uint16_t* to, float value) {
  *to = to_bf16(value);
}

// Two neighboring bfloat16 numbers in a word: the even channels and the odd ones, without moving anything across
// lanes.
struct Pairs {
  Wide even, odd;
};

INLINE Pairs split(const uint16_t* from) {
  const WideBits pair = load<WideBits>(from);
  const WideBits low = pair << 16, high = pair & 0xffff0000u;
  Pairs value;
  memcpy(&value.even, &low, sizeof low);
  memcpy(&value.odd, &high, sizeof high);
  return value;
}

INLINE WideBits rounded(Wide value) {
  WideBits bits;
  memcpy(&bits, &value, sizeof bits);
  return bits + 0x7fffu + ((bits >> 16) & 1u);
}

INLINE void merge(const Pairs& value, uint16_t* to) {
  store(to, (rounded(value.even) >> 16) | (rounded(value.odd) & 0xffff0000u));
}

// Even and odd channels back in their order: 2 kChunk numbers.
INLINE void interleave(const Pairs& value, float* to) {
#ifdef __clang__
  store(to, __builtin_shufflevector(value.even, value.odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  store(to + kChunk,
        __builtin_shufflevector(value.even, value.odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
#else
  const WideBits low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
  const WideBits high = {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  store(to, __builtin_shuffle(value.even, value.odd, low));
  store(to + kChunk, __builtin_shuffle(value.even, value.odd, high));
#endif
}

INLINE Pairs split(const float* from) {
  return {load<Wide>(from), load<Wide>(from + kChunk)};
}
INLINE void merge(const Pairs& value, float* to) {
  store(to, value.even);
  store(to + kChunk, value.odd);
}
INLINE void interleave(const Pairs& value, const float*, float* to) {
  merge(value, to);
}
INLINE void interleave(const Pairs& value, const uint16_t*, float* to) {
  interleave(value, to);
}

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

// kRows rows of t (depth apart) times one panel of weights.
INLINE void multiply(const float* t, int64_t depth, const float* panel, Vec (&sum)[kRows][kVectors]) {
  for (int64_t k = 0; k < depth; ++k) {
    Vec w[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) w[j] = load<Vec>(panel + k * kPanel + j * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const float a = t[r * depth + k];
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[r][j] += a * w[j];
    }
  }
}

INLINE void multiply(const uint16_t* t, int64_t depth, const uint16_t* panel, Vec (&sum)[kRows][kVectors]) {
#ifdef __AVX512BF16__
  __m512 acc[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) acc[r][j] = _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; k += 2) {
    __m512i w[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) w[j] = _mm512_loadu_si512(panel + k * kPanel + 2 * j * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      int32_t pair;
      memcpy(&pair, t + r * depth + k, 4);
      const __m512i a = _mm512_set1_epi32(pair);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) acc[r][j] = _mm512_dpbf16_ps(acc[r][j], (__m512bh)a, (__m512bh)w[j]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) memcpy(&sum[r][j], &acc[r][j], sizeof(Vec));
#else
  typedef uint32_t Bits __attribute__((vector_size(4 * kLanes)));
  for (int64_t k = 0; k < depth; k += 2) {
    Vec even_rows[kVectors], odd_rows[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) {
      const Bits pair = load<Bits>(panel + k * kPanel + 2 * j * kLanes);
      const Bits low = pair << 16, high = pair & 0xffff0000u;
      memcpy(&even_rows[j], &low, sizeof(Vec));
      memcpy(&odd_rows[j], &high, sizeof(Vec));
    }
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const float a = to_float(t[r * depth + k]), b = to_float(t[r * depth + k + 1]);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sum[r][j] += a * even_rows[j] + b * odd_rows[j];
    }
  }
#endif
}

INLINE int64_t depth_of(int64_t channels, const float*) {
  return 3 * channels;
}
INLINE int64_t depth_of(int64_t channels, const uint16_t*) {
  return even(3 * channels);
}

// The mean of neighboring channels: 2 kChunk of them give kChunk.
INLINE Wide mean_of_pairs(const uint16_t* from) {
  const Pairs pairs = split(from);
  return 0.5f * (pairs.even + pairs.odd);
}
INLINE Wide mean_of_pairs(const float* from) {
  const Wide a = load<Wide>(from), b = load<Wide>(from + kChunk);
#ifdef __clang__
  const Wide even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const Wide odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#else
  const WideBits evens = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
  const Wide even = __builtin_shuffle(a, b, evens), odd = __builtin_shuffle(a, b, evens + 1u);
#endif
  return 0.5f * (even + odd);
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
  const int64_t channels = p.channels_in, depth = depth_of(channels, x), stride = p.batch * channels;
  const int64_t count = panels(p.channels_out, kPanel);

  for (int64_t begin = first; begin < last; begin += kRows * kTiles) {
    const int64_t rows = last - begin < kRows * kTiles ? last - begin : kRows * kTiles;
    const int64_t tiles = (rows + kRows - 1) / kRows;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t v = (begin + i) / p.batch, b = (begin + i) % p.batch;
      T* row = t + i * depth;
      const T* body = x + b * channels;
      memcpy(row, body + p.self[v] * stride, channels * sizeof(T));
      gather(p.one_hop, v, body, stride, channels, row + channels);
      gather(p.two_hops, v, body, stride, channels, row + 2 * channels);
      if (depth != 3 * channels) store(row + 3 * channels, 0.0f);
    }
    // Rows that fill up the last tile are computed along and dropped.
    if (rows < tiles * kRows) memset(t + rows * depth, 0, (tiles * kRows - rows) * depth * sizeof(T));
    for (int64_t panel = 0; panel < count; ++panel) {
      const int64_t column = panel * kPanel;
      const int64_t wide = p.channels_out - column < kPanel ? p.channels_out - column : kPanel;
      for (int64_t tile = 0; tile < tiles; ++tile) {
        Vec sum[kRows][kVectors] = {};
        multiply(t + tile * kRows * depth, depth, weight + panel * depth * kPanel, sum);
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
  const int64_t channels = p.channels_in, depth = sizeof(T) == 2 ? even(channels) : channels;
  const int64_t columns = 3 * p.part, count = panels(columns, kPanel);
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
        Vec sum[kRows][kVectors] = {};
        multiply(from + tile * kRows * depth, depth, weight + panel * depth * kPanel, sum);
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

void run_f32(const GraphConv& p, int64_t first, int64_t last, void* scratch) {
  run<float>(p, first, last, scratch);
}
void run_bf16(const GraphConv& p, int64_t first, int64_t last, void* scratch) {
  run<uint16_t>(p, first, last, scratch);
}

size_t scratch_bytes(int64_t channels_in, bool bf16) {
  return size_t(kRows * kTiles) * size_t(even(3 * channels_in)) * (bf16 ? 2 : 4);
}

void pack_f32(const float* weight, int64_t depth, int64_t columns, float* packed) {
  for (int64_t panel = 0; panel < panels(columns, kPanel); ++panel)
    for (int64_t k = 0; k < depth; ++k)
      for (int j = 0; j < kPanel; ++j) {
        const int64_t column = panel * kPanel + j;
        *packed++ = column < columns ? weight[k * columns + column] : 0.0f;
      }
}

void pack_bf16(const float* weight, int64_t depth, int64_t columns, uint16_t* packed) {
  for (int64_t panel = 0; panel < panels(columns, kPanel); ++panel)
    for (int64_t k = 0; k < even(depth); k += 2)
      for (int j = 0; j < kPanel; ++j)
        for (int64_t half = 0; half < 2; ++half) {
          const int64_t column = panel * kPanel + j;
          const bool there = column < columns && k + half < depth;
          *packed++ = there ? to_bf16(weight[(k + half) * columns + column]) : uint16_t(0);
        }
}

}  // namespace

extern const GraphConvCpu graph_conv;
const GraphConvCpu graph_conv{kPanel,   pack_f32,       pack_bf16,         scratch_bytes,  run_f32,
                              run_bf16, project<float>, project<uint16_t>, collect<float>, collect<uint16_t>};

}  // namespace MESHCAST_ISA
}  // namespace meshcast
