#include "crop/crop.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/pool.hpp"

namespace meshcast {
namespace {

// An output row is made in three passes, each a plain loop over vectors: blocks of rows are summed and mixed vertically
// (all columns that the crop touches, colors interleaved), then horizontally (four floats at a time: a pixel and one
// to spare), then normalized and split into planes.
constexpr int kRows = 16;  // rows of a task
constexpr int kColors = 3;
constexpr int kVector = 4;  // floats that the horizontal pass reads and writes for a pixel

// What one task needs. Kept by its thread for the next: it grows to the largest image and is never freed.
struct Scratch {
  std::vector<std::int32_t> first, second;  // where the taps of an output column begin in `mixed`
  std::vector<float> weight;
  std::vector<float> mixed;           // one row, vertically mixed; then a block of padding; then room for a last vector
  std::vector<float> sums;            // of large blocks, two rows
  std::vector<float> pixels;          // one output row, interleaved in fours
  std::vector<std::uint8_t> padding;  // a row of it
  std::vector<std::uint8_t> u, v;     // NV12: a row of each, as wide as the luma
  std::vector<std::int16_t> blue, green, red;  // planar: what the chroma of a row adds to each pixel
  std::vector<std::uint8_t> converted;         // two rows of blocks in BGR
  std::int32_t converted_row[2];
};

template <typename T>
T* grown(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
  return buffer.data();
}

// `height` rows of pixels, `pitch` bytes apart.
struct Rows {
  const std::uint8_t* data;
  std::int64_t pitch;
};

template <int Block>
MESHCAST_INLINE void mix_rows(Rows a, Rows b, float weight, std::int64_t n, float* __restrict__ out) {
  for (std::int64_t i = 0; i < n; ++i) {
    std::int32_t first = 0, second = 0;
    for (int k = 0; k < Block; ++k) {
      first += a.data[k * a.pitch + i];
      second += b.data[k * b.pitch + i];
    }
    out[i] = static_cast<float>(first) + static_cast<float>(second - first) * weight;
  }
}

MESHCAST_CLONES void mix_single_rows(Rows a, Rows b, float weight, std::int64_t n, float* out) {
  mix_rows<1>(a, b, weight, n, out);
}

MESHCAST_CLONES void mix_double_rows(Rows a, Rows b, float weight, std::int64_t n, float* out) {
  mix_rows<2>(a, b, weight, n, out);
}

// block is a multiple of four.
MESHCAST_CLONES void sum_rows(Rows rows, std::int32_t block, std::int64_t n, float* __restrict__ sum) {
  std::fill(sum, sum + n, 0.0f);
  for (std::int32_t k = 0; k < block; k += 4) {
    const std::uint8_t* r = rows.data + k * rows.pitch;
    for (std::int64_t i = 0; i < n; ++i)
      sum[i] += static_cast<float>(r[i] + r[rows.pitch + i] + r[2 * rows.pitch + i] + r[3 * rows.pitch + i]);
  }
}

MESHCAST_CLONES void mix_sums(const float* a, const float* b, float weight, std::int64_t n, float* __restrict__ out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = lerp(a[i], b[i], weight);
}

// Four neighboring floats, one register: compilers make these of arrays across pixels instead, which is slow here.
using Vector = float __attribute__((vector_size(sizeof(float) * kVector)));

MESHCAST_INLINE Vector load(const float* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <typename Block>
MESHCAST_INLINE void mix_columns(const Scratch& s, Block block, std::int32_t begin, std::int32_t end,
                                 float* __restrict__ pixels) {
  const std::int32_t *first = s.first.data(), *second = s.second.data();
  const float *weight = s.weight.data(), *mixed = s.mixed.data();
  for (std::int32_t u = begin; u < end; ++u) {
    Vector a = load(mixed + first[u]), b = load(mixed + second[u]);
    for (std::int32_t k = 1; k < block; ++k) {
      a += load(mixed + first[u] + kColors * k);
      b += load(mixed + second[u] + kColors * k);
    }
    a += (b - a) * weight[u];
    std::memcpy(pixels + kVector * u, &a, sizeof a);
  }
}

template <int Value>
struct Constant {
  constexpr operator std::int32_t() const { return Value; }
};

MESHCAST_CLONES void mix_single_columns(const Scratch& s, std::int32_t begin, std::int32_t end, float* pixels) {
  mix_columns(s, Constant<1>(), begin, end, pixels);
}

MESHCAST_CLONES void mix_double_columns(const Scratch& s, std::int32_t begin, std::int32_t end, float* pixels) {
  mix_columns(s, Constant<2>(), begin, end, pixels);
}

MESHCAST_CLONES void mix_wide_columns(const Scratch& s, std::int32_t block, std::int32_t begin, std::int32_t end,
                                      float* pixels) {
  mix_columns(s, block, begin, end, pixels);
}

// Gains and shifts are those of the channels of the image.
MESHCAST_CLONES void split_floats(const float* __restrict__ pixels, const float* gain, const float* shift,
                                  std::int32_t width, float* __restrict__ blue, float* __restrict__ green,
                                  float* __restrict__ red) {
  for (std::int32_t u = 0; u < width; ++u) {
    blue[u] = pixels[kVector * u] * gain[0] + shift[0];
    green[u] = pixels[kVector * u + 1] * gain[1] + shift[1];
    red[u] = pixels[kVector * u + 2] * gain[2] + shift[2];
  }
}

MESHCAST_CLONES void split_halves(const float* __restrict__ pixels, const float* gain, const float* shift,
                                  std::int32_t width, Half* __restrict__ blue, Half* __restrict__ green,
                                  Half* __restrict__ red) {
  for (std::int32_t u = 0; u < width; ++u) {
    blue[u] = to_half(pixels[kVector * u] * gain[0] + shift[0]);
    green[u] = to_half(pixels[kVector * u + 1] * gain[1] + shift[1]);
    red[u] = to_half(pixels[kVector * u + 2] * gain[2] + shift[2]);
  }
}

// `samples` chroma samples and twice as many pixels. u and v are room for as many values as there are pixels: compilers
// only make vectors of loops whose arrays all advance by one pixel at a time.
MESHCAST_CLONES void convert_row(const std::uint8_t* __restrict__ luma, const std::uint8_t* __restrict__ chroma,
                                 const Matrix& matrix, std::int32_t samples, std::uint8_t* __restrict__ u,
                                 std::uint8_t* __restrict__ v, std::uint8_t* __restrict__ bgr) {
  for (std::int32_t i = 0; i < samples; ++i) {
    u[2 * i] = u[2 * i + 1] = chroma[2 * i];
    v[2 * i] = v[2 * i + 1] = chroma[2 * i + 1];
  }
  const Matrix m = matrix;
  for (std::int32_t i = 0; i < 2 * samples; ++i) {
    std::uint8_t pixel[kColors];
    yuv_to_bgr(m, luma[i], u[i], v[i], pixel);
    bgr[kColors * i] = pixel[0];
    bgr[kColors * i + 1] = pixel[1];
    bgr[kColors * i + 2] = pixel[2];
  }
}

// What `samples` chroma samples add to twice as many pixels, as FFmpeg's vector code rounds it.
MESHCAST_CLONES void planar_chroma(const std::uint8_t* __restrict__ u, const std::uint8_t* __restrict__ v,
                                   const Coefficients& coefficients, std::int32_t samples,
                                   std::int16_t* __restrict__ blue, std::int16_t* __restrict__ green,
                                   std::int16_t* __restrict__ red) {
  const Coefficients c = coefficients;
  for (std::int32_t i = 0; i < samples; ++i) {
    const auto du = static_cast<std::int16_t>(8 * (u[i] - 128)), dv = static_cast<std::int16_t>(8 * (v[i] - 128));
    blue[2 * i] = blue[2 * i + 1] = high_product(du, c.blue_u);
    green[2 * i] = green[2 * i + 1] =
        static_cast<std::int16_t>(high_product(du, c.green_u) + high_product(dv, c.green_v));
    red[2 * i] = red[2 * i + 1] = high_product(dv, c.red_v);
  }
}

MESHCAST_CLONES void planar_to_bgr(const std::uint8_t* __restrict__ luma, const std::int16_t* __restrict__ blue,
                                   const std::int16_t* __restrict__ green, const std::int16_t* __restrict__ red,
                                   const Coefficients& coefficients, std::int32_t pixels,
                                   std::uint8_t* __restrict__ bgr) {
  const Coefficients c = coefficients;
  for (std::int32_t i = 0; i < pixels; ++i) {
    const std::int16_t gray = high_product(static_cast<std::int16_t>(8 * luma[i] - c.black), c.luma);
    bgr[kColors * i] = saturated(static_cast<std::int16_t>(gray + blue[i]));
    bgr[kColors * i + 1] = saturated(static_cast<std::int16_t>(gray + green[i]));
    bgr[kColors * i + 2] = saturated(static_cast<std::int16_t>(gray + red[i]));
  }
}

// The taps of the columns, and the range of blocks that they touch.
MESHCAST_CLONES void tap_columns(const Axis& axis, std::int32_t* __restrict__ first, std::int32_t* __restrict__ second,
                                 float* __restrict__ weight, std::int32_t& low, std::int32_t& high) {
  const Axis a = axis;
  std::int32_t lowest = a.count, highest = -1;
  for (std::int32_t u = a.begin; u < a.end; ++u) {
    const Tap t = tap(a, u);
    first[u] = t.first;
    second[u] = t.second;
    weight[u] = t.weight;
    lowest =
        std::min(lowest, std::min(t.first == kPadding ? a.count : t.first, t.second == kPadding ? a.count : t.second));
    highest = std::max(highest, std::max(t.first, t.second));
  }
  low = lowest;
  high = highest;
}

// From blocks to where they begin in a row that is `offset` pixels short at its beginning.
MESHCAST_CLONES void place_columns(std::int32_t begin, std::int32_t end, std::int32_t offset, std::int32_t block,
                                   std::int32_t padding, std::int32_t* __restrict__ first,
                                   std::int32_t* __restrict__ second) {
  for (std::int32_t u = begin; u < end; ++u) {
    first[u] = first[u] == kPadding ? padding : kColors * (offset + first[u] * block);
    second[u] = second[u] == kPadding ? padding : kColors * (offset + second[u] * block);
  }
}

class Task {
 public:
  Task(const Crop& crop, const SampleGrid& grid, Scratch& scratch)
      : p_(crop), grid_(grid), s_(scratch), matrix_(yuv_matrix(crop.image.bt709)) {
    lay_columns();
    // The mean over a block is part of the gain: a power of two, hence exact.
    const float mean = 1.0f / (static_cast<float>(grid.block) * static_cast<float>(grid.block));
    for (int c = 0; c < kColors; ++c) {
      const int channel = p_.swap ? kColors - 1 - c : c;
      gain_[c] = p_.gain[channel] * mean;
      shift_[c] = p_.shift[channel];
    }
    filling_ = static_cast<float>(p_.pad) / mean;
  }

  void row(std::int64_t n, std::int32_t v) {
    const Tap t = tap(grid_.y, v);
    float* pixels = s_.pixels.data();
    if (columns_ == 0 || (t.first == kPadding && t.second == kPadding)) {
      std::fill(pixels, pixels + kVector * p_.width, filling_);
    } else {
      mix(rows(t.first), rows(t.second), t.weight);
      const std::int32_t begin = grid_.x.begin, end = grid_.x.end;
      std::fill(pixels, pixels + kVector * begin, filling_);
      std::fill(pixels + kVector * end, pixels + kVector * p_.width, filling_);
      if (grid_.block == 1)
        mix_single_columns(s_, begin, end, pixels);
      else if (grid_.block == 2)
        mix_double_columns(s_, begin, end, pixels);
      else
        mix_wide_columns(s_, grid_.block, begin, end, pixels);
    }
    const std::int64_t plane = std::int64_t(p_.width) * p_.height,
                       at = n * kColors * plane + std::int64_t(v) * p_.width;
    const std::int64_t blue = at + (p_.swap ? 2 * plane : 0), red = at + (p_.swap ? 0 : 2 * plane);
    if (p_.half) {
      Half* out = static_cast<Half*>(p_.out);
      split_halves(pixels, gain_, shift_, p_.width, out + blue, out + at + plane, out + red);
    } else {
      float* out = static_cast<float*>(p_.out);
      split_floats(pixels, gain_, shift_, p_.width, out + blue, out + at + plane, out + red);
    }
  }

 private:
  // Which pixels of a row are touched, and where the taps of every column lie in `mixed`.
  void lay_columns() {
    const Axis& x = grid_.x;
    std::int32_t* first = grown(s_.first, p_.width);
    std::int32_t* second = grown(s_.second, p_.width);
    float* weight = grown(s_.weight, p_.width);
    std::int32_t low, high;
    tap_columns(x, first, second, weight, low, high);
    const std::int32_t block = grid_.block;
    start_ = x.low + low * block;
    columns_ = high < low ? 0 : (high + 1 - low) * block;
    if (p_.image.chroma && columns_) {  // whole chroma samples
      const std::int32_t odd = start_ & 1;
      start_ -= odd;
      columns_ += odd + ((columns_ + odd) & 1);
    }
    const std::int64_t values = std::int64_t(columns_) * kColors, spare = std::int64_t(block) * kColors + kVector;
    place_columns(x.begin, x.end, x.low - start_, block, static_cast<std::int32_t>(values), first, second);
    float* mixed = grown(s_.mixed, values + spare);
    std::fill(mixed + values, mixed + values + spare, static_cast<float>(p_.pad) * static_cast<float>(block));
    grown(s_.pixels, std::size_t(kVector) * p_.width);
    std::uint8_t* padding = grown(s_.padding, values);
    std::fill(padding, padding + values, p_.pad);
    if (block > 2) grown(s_.sums, 2 * values);
    if (p_.image.chroma) {
      grown(s_.converted, 2 * values * block);
      grown(s_.u, columns_);
      grown(s_.v, columns_);
      grown(s_.blue, columns_);
      grown(s_.green, columns_);
      grown(s_.red, columns_);
    }
    s_.converted_row[0] = s_.converted_row[1] = kPadding;
  }

  // A row of blocks.
  Rows rows(std::int32_t block_row) {
    if (block_row == kPadding) return {s_.padding.data(), 0};
    const Image& source = p_.image;
    const std::int64_t y = grid_.y.low + std::int64_t(block_row) * grid_.block;
    if (!source.chroma) return {source.pixels + y * source.pitch + std::int64_t(start_) * kColors, source.pitch};
    // The two rows of a tap are neighbors, so they never share a slot, and the next output row often has one of them.
    const int slot = block_row & 1;
    const std::int64_t pitch = std::int64_t(columns_) * kColors;
    std::uint8_t* converted = s_.converted.data() + slot * grid_.block * pitch;
    if (s_.converted_row[slot] != block_row) {
      for (std::int64_t k = 0; k < grid_.block; ++k) convert(y + k, k > 0 && (y + k) % 2, converted + k * pitch);
      s_.converted_row[slot] = block_row;
    }
    return {converted, pitch};
  }

  // One row of the columns to BGR. same_chroma: it has the chroma of the row that was converted before.
  void convert(std::int64_t y, bool same_chroma, std::uint8_t* bgr) {
    const Image& source = p_.image;
    const std::uint8_t* luma = source.pixels + y * source.pitch + start_;
    const std::uint8_t* chroma = source.chroma + y / 2 * source.chroma_pitch;
    if (!source.v) {
      convert_row(luma, chroma + start_, matrix_, columns_ / 2, s_.u.data(), s_.v.data(), bgr);
      return;
    }
    std::int16_t *blue = s_.blue.data(), *green = s_.green.data(), *red = s_.red.data();
    if (!same_chroma)
      planar_chroma(chroma + start_ / 2, source.v + y / 2 * source.v_pitch + start_ / 2, source.coefficients,
                    columns_ / 2, blue, green, red);
    planar_to_bgr(luma, blue, green, red, source.coefficients, columns_, bgr);
  }

  void mix(Rows a, Rows b, float weight) {
    const std::int64_t values = std::int64_t(columns_) * kColors;
    float* mixed = s_.mixed.data();
    if (grid_.block == 1) {
      mix_single_rows(a, b, weight, values, mixed);
    } else if (grid_.block == 2) {
      mix_double_rows(a, b, weight, values, mixed);
    } else {
      float* sums = s_.sums.data();
      sum_rows(a, grid_.block, values, sums);
      sum_rows(b, grid_.block, values, sums + values);
      mix_sums(sums, sums + values, weight, values, mixed);
    }
  }

  const Crop& p_;
  const SampleGrid& grid_;
  Scratch& s_;
  const Matrix matrix_;
  float gain_[kColors], shift_[kColors];  // of sums over a block, by channel of the image
  float filling_;                         // such a sum of padding
  std::int32_t start_, columns_;          // of the image, in a row of `mixed`
};

}  // namespace

void crop_cpu(const Crop& p) {
  const std::int64_t bands = (p.height + kRows - 1) / kRows;
  auto task = [&](std::int64_t index) {
    thread_local Scratch scratch;
    const std::int64_t n = index / bands;
    const SampleGrid grid = p.centers ? crop_grid(p.image, p.width, p.height, p.centers + 2 * n, p.scales[n]) : p.grid;
    const auto begin = static_cast<std::int32_t>(index % bands * kRows);
    Task work(p, grid, scratch);
    for (std::int32_t v = begin; v < std::min(begin + kRows, p.height); ++v) work.row(n, v);
  };
  parallel_for(p.count * bands, task);
}

}  // namespace meshcast
