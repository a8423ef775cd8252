#pragma once

#include <cstdint>

#include "common/portable.hpp"

// A z-buffered triangle rasterizer with Gouraud colors, for drawing meshes over an image.
//
// faces (F, 3) int32 in 0..V-1; points (V, 3) float32: x px, y px (pixel centers at integers), z > 0 m; colors (V, 3)
// float32 0..255 in the image's channel order; image (H, W, 3) uint8 and depth (H, W) float32 m (infinity where
// nothing is yet) are read and written. A pixel belongs to a triangle when its center is inside or on an edge and
// z < depth; of equal depths the first face wins. Every pixel is blended once, with the surface that is visible:
//
//     image = floor(image + alpha * (color - image) + 0.5)
//
// Depth and color are perspective-correct. Faces with a corner that is not finite or not beyond kNear are skipped;
// with `cull`, so are those that turn clockwise on the image (the inner sides of a closed mesh whose faces are
// counter-clockwise seen from outside). All arithmetic is float64 without fused multiply-adds: every platform, and the
// NumPy reference, agree on every pixel.
namespace meshcast {

inline constexpr float kNear = 0.05f;  // m

struct Rasterize {
  const std::int32_t* faces;
  const float* points;
  const float* colors;
  std::uint8_t* image;
  float* depth;
  std::int64_t face_count;
  std::int64_t height;
  std::int64_t width;
  double alpha;
  bool cull;
};

// a x + b y + c with its sign: zero on the line, positive on the inner side. Both triangles at a shared edge measure
// from the same end, so that a pixel center is never outside both of them by rounding.
struct Edge {
  double x, y, dx, dy;

  MESHCAST_HD double operator()(double px, double py) const { return dx * (py - y) - dy * (px - x); }
};

MESHCAST_HD Edge make_edge(double ax, double ay, double bx, double by, double sign) {
  const bool forward = ay < by || (ay == by && ax < bx);
  if (forward) return {ax, ay, sign * (bx - ax), sign * (by - ay)};
  return {bx, by, sign * (bx - ax), sign * (by - ay)};
}

struct Triangle {
  Edge edge[3];  // opposite to corner 0, 1, 2
  double inverse_z[3];
};

// Corners in rows of `corner`: x, y, z. False when the triangle is skipped.
MESHCAST_HD bool make_triangle(const float* const corner[3], bool cull, Triangle& t) {
  const double x[3] = {corner[0][0], corner[1][0], corner[2][0]};
  const double y[3] = {corner[0][1], corner[1][1], corner[2][1]};
  for (int i = 0; i < 3; ++i) {
    const double z = corner[i][2];
    // Differences with itself are zero only for finite numbers.
    if (!(x[i] - x[i] == 0 && y[i] - y[i] == 0 && z - z == 0) || corner[i][2] <= kNear) return false;
    t.inverse_z[i] = 1.0 / z;
  }
  const double area = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0]);
  if (area == 0 || (cull && area > 0)) return false;
  const double sign = area > 0 ? 1.0 : -1.0;
  for (int i = 0; i < 3; ++i) {
    const int a = (i + 1) % 3, b = (i + 2) % 3;
    t.edge[i] = make_edge(x[a], y[a], x[b], y[b], sign);
  }
  return true;
}

// What a triangle shows at a pixel: perspective-correct weights of its corners up to `scale`, and depth.
struct Sample {
  double weight[3];
  double scale;  // one over their sum
  double z;
};

// False, and a sample without meaning, when the pixel center is outside.
MESHCAST_HD bool cover(const Triangle& t, double px, double py, Sample& s) {
  const double e0 = t.edge[0](px, py), e1 = t.edge[1](px, py), e2 = t.edge[2](px, py);
  s.weight[0] = e0 * t.inverse_z[0];
  s.weight[1] = e1 * t.inverse_z[1];
  s.weight[2] = e2 * t.inverse_z[2];
  const double sum = s.weight[0] + s.weight[1] + s.weight[2];
  s.scale = 1.0 / sum;
  s.z = (e0 + e1 + e2) * s.scale;
  return (e0 >= 0) & (e1 >= 0) & (e2 >= 0) & (sum > 0);
}

// A channel of the surface, mixed from its corners, over what is there. Not a number counts as black.
MESHCAST_HD std::uint8_t blend(std::uint8_t under, const Sample& s, double c0, double c1, double c2, double alpha) {
  double over = (s.weight[0] * c0 + s.weight[1] * c1 + s.weight[2] * c2) * s.scale;
  over = over > 0.0 ? (over < 255.0 ? over : 255.0) : 0.0;
  return static_cast<std::uint8_t>(under + alpha * (over - under) + 0.5);
}

void rasterize_cpu(const Rasterize& p);

}  // namespace meshcast
