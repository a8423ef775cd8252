#pragma once

#include <cstdint>

#include "crop/crop.hpp"

// NV12 to BGR, as the crops read NV12: limited range, each chroma sample for 2 x 2 pixels, rounded to uint8.
//
// image (height, width) and chroma (height / 2, width / 2, 2) uint8, whose rows may be any distance apart; out
// (height, width, 3) uint8, C-contiguous; height and width are even.
namespace meshcast {

struct Nv12 {
  Image image;
  std::uint8_t* out;
};

MESHCAST_HD void bgr_pixel(const Nv12& p, const Matrix& matrix, std::int64_t row, std::int64_t column) {
  const Image& image = p.image;
  const std::uint8_t* uv = image.chroma + row / 2 * image.chroma_pitch + column / 2 * 2;
  yuv_to_bgr(matrix, image.pixels[row * image.pitch + column], uv[0], uv[1], p.out + (row * image.width + column) * 3);
}

void nv12_cpu(const Nv12& p);

// Runs on `stream` (a cudaStream_t as an integer; 0 is the default stream) and returns at once.
// Throws std::runtime_error with CUDA's message when the launch fails.
void nv12_cuda(const Nv12& p, std::uintptr_t stream);

}  // namespace meshcast
