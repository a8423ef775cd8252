#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "crop/crop.hpp"

namespace meshcast {
namespace {

constexpr int kThreads = 256;
constexpr int kBand = 4;  // rows of a block
constexpr int kColors = 3;

// The sums over a block of pixels, by channel of the image.
__device__ void sum_block(const Crop& p, const SampleGrid& grid, const Matrix& matrix, std::int32_t column,
                          std::int32_t row, float* sum) {
  if (column == kPadding || row == kPadding) {
    const float padding = static_cast<float>(p.pad) * static_cast<float>(grid.block) * static_cast<float>(grid.block);
    for (int c = 0; c < kColors; ++c) sum[c] = padding;
    return;
  }
  const Image& source = p.image;
  const std::int64_t x = grid.x.low + std::int64_t(column) * grid.block,
                     y = grid.y.low + std::int64_t(row) * grid.block;
  for (int c = 0; c < kColors; ++c) sum[c] = 0.0f;
  for (std::int64_t j = y; j < y + grid.block; ++j) {
    std::int32_t total[kColors] = {0, 0, 0};
    for (std::int64_t i = x; i < x + grid.block; ++i) {
      const std::uint8_t* pixel = source.pixels + j * source.pitch + i * kColors;
      std::uint8_t converted[kColors];
      if (source.chroma) {
        const std::uint8_t* uv = source.chroma + j / 2 * source.chroma_pitch + i / 2 * 2;
        yuv_to_bgr(matrix, source.pixels[j * source.pitch + i], uv[0], uv[1], converted);
        pixel = converted;
      }
      for (int c = 0; c < kColors; ++c) total[c] += pixel[c];
    }
    for (int c = 0; c < kColors; ++c) sum[c] += static_cast<float>(total[c]);
  }
}

// A block of threads makes a band of rows of one output; a thread makes all channels of its pixels.
__global__ void crop_kernel(Crop p) {
  __shared__ SampleGrid grid;
  const Matrix matrix = yuv_matrix(p.image.bt709);
  const std::int32_t top = static_cast<std::int32_t>(blockIdx.x) * kBand;
  const std::int32_t rows = min(kBand, p.height - top);
  const std::int64_t plane = std::int64_t(p.width) * p.height;
  for (std::int64_t n = blockIdx.y; n < p.count; n += gridDim.y) {
    // Doubles are slow on small GPUs: one thread computes the grid, and all threads use it in float32.
    if (threadIdx.x == 0)
      grid = p.centers ? crop_grid(p.image, p.width, p.height, p.centers + 2 * n, p.scales[n]) : p.grid;
    __syncthreads();
    const float mean = 1.0f / (static_cast<float>(grid.block) * static_cast<float>(grid.block));
    for (std::int32_t i = threadIdx.x; i < rows * p.width; i += kThreads) {
      const std::int32_t v = top + i / p.width, u = i % p.width;
      const Tap x = tap(grid.x, u), y = tap(grid.y, v);
      float corner[4][kColors];
      sum_block(p, grid, matrix, x.first, y.first, corner[0]);
      sum_block(p, grid, matrix, x.first, y.second, corner[1]);
      sum_block(p, grid, matrix, x.second, y.first, corner[2]);
      sum_block(p, grid, matrix, x.second, y.second, corner[3]);
      for (int c = 0; c < kColors; ++c) {
        const float left = lerp(corner[0][c], corner[1][c], y.weight);
        const float right = lerp(corner[2][c], corner[3][c], y.weight);
        const int channel = p.swap ? kColors - 1 - c : c;
        const float value = lerp(left, right, x.weight) * (p.gain[channel] * mean) + p.shift[channel];
        const std::int64_t at = (n * kColors + channel) * plane + std::int64_t(v) * p.width + u;
        if (p.half)
          static_cast<Half*>(p.out)[at] = to_half(value);
        else
          static_cast<float*>(p.out)[at] = value;
      }
    }
    __syncthreads();  // before the view becomes that of another output
  }
}

}  // namespace

void crop_cuda(const Crop& p, std::uintptr_t stream) {
  if (p.count == 0 || p.width == 0 || p.height == 0) return;
  constexpr std::int64_t kMaxBlocks = 65535;
  const dim3 blocks(static_cast<unsigned>((p.height + kBand - 1) / kBand),
                    static_cast<unsigned>(p.count < kMaxBlocks ? p.count : kMaxBlocks));
  crop_kernel<<<blocks, kThreads, 0, reinterpret_cast<cudaStream_t>(stream)>>>(p);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) throw std::runtime_error(std::string("crop: ") + cudaGetErrorString(status));
}

}  // namespace meshcast
