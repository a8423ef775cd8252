#include <algorithm>
#include <cmath>
#include <vector>

#include "rasterize/rasterize.hpp"

namespace meshcast {
namespace {

struct Box {
  std::int64_t x0, y0, x1, y1;  // first and one past the last

  bool empty() const { return x0 >= x1 || y0 >= y1; }
  std::int64_t width() const { return x1 - x0; }
};

// A face that is drawn: its edges and the pixels that it may cover.
struct Drawn {
  Triangle triangle;
  Box box;
  std::int32_t face;
};

// Pixel centers between the corners, inside the image. Compared as float64: coordinates may be far outside int range.
Box pixel_box(const float* const corner[3], std::int64_t width, std::int64_t height) {
  const auto clip = [](double value, std::int64_t limit) {
    return static_cast<std::int64_t>(std::clamp(value, 0.0, static_cast<double>(limit)));
  };
  const float *a = corner[0], *b = corner[1], *c = corner[2];
  const double left = std::min(a[0], std::min(b[0], c[0])), right = std::max(a[0], std::max(b[0], c[0]));
  const double top = std::min(a[1], std::min(b[1], c[1])), bottom = std::max(a[1], std::max(b[1], c[1]));
  return {clip(std::ceil(left), width), clip(std::ceil(top), height), clip(std::floor(right) + 1.0, width),
          clip(std::floor(bottom) + 1.0, height)};
}

MESHCAST_CLONES std::vector<Drawn> set_up(const Rasterize& p) {
  std::vector<Drawn> drawn;
  drawn.reserve(p.face_count);
  for (std::int64_t f = 0; f < p.face_count; ++f) {
    const std::int32_t* face = p.faces + 3 * f;
    const float* corner[3];
    for (int i = 0; i < 3; ++i) corner[i] = p.points + 3 * std::int64_t(face[i]);
    Drawn d;
    if (!make_triangle(corner, p.cull, d.triangle)) continue;
    d.box = pixel_box(corner, p.width, p.height);
    d.face = static_cast<std::int32_t>(f);
    if (!d.box.empty()) drawn.push_back(d);
  }
  return drawn;
}

Box union_of(const std::vector<Drawn>& drawn) {
  Box all = drawn.front().box;
  for (const Drawn& d : drawn) {
    all = {std::min(all.x0, d.box.x0), std::min(all.y0, d.box.y0), std::max(all.x1, d.box.x1),
           std::max(all.y1, d.box.y1)};
  }
  return all;
}

// The visible face of every pixel of `all`, as an index into `drawn`, or -1; p.depth is brought up to date.
MESHCAST_CLONES std::vector<std::int32_t> resolve(const Rasterize& p, const std::vector<Drawn>& drawn, const Box& all) {
  std::vector<std::int32_t> visible(all.width() * (all.y1 - all.y0), -1);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const Drawn& d = drawn[i];
    for (std::int64_t y = d.box.y0; y < d.box.y1; ++y) {
      float* depth = p.depth + y * p.width;
      std::int32_t* row = visible.data() + (y - all.y0) * all.width() - all.x0;
      // Without branches: whether a pixel is inside is a coin toss to the branch predictor.
      for (std::int64_t x = d.box.x0; x < d.box.x1; ++x) {
        Sample s;
        const bool inside = cover(d.triangle, double(x), double(y), s);
        const float z = static_cast<float>(s.z);
        const bool nearer = inside & (z < depth[x]);
        depth[x] = nearer ? z : depth[x];
        row[x] = nearer ? static_cast<std::int32_t>(i) : row[x];
      }
    }
  }
  return visible;
}

MESHCAST_INLINE void shade(const Rasterize& p, const Drawn& d, std::int64_t x, std::int64_t y) {
  Sample s;
  cover(d.triangle, double(x), double(y), s);
  const std::int32_t* face = p.faces + 3 * std::int64_t(d.face);
  std::uint8_t* pixel = p.image + 3 * (y * p.width + x);
  const float* color[3];
  for (int i = 0; i < 3; ++i) color[i] = p.colors + 3 * std::int64_t(face[i]);
  for (int c = 0; c < 3; ++c) pixel[c] = blend(pixel[c], s, color[0][c], color[1][c], color[2][c], p.alpha);
}

MESHCAST_CLONES void shade_all(const Rasterize& p, const std::vector<Drawn>& drawn, const Box& all,
                               const std::int32_t* visible) {
  for (std::int64_t y = all.y0; y < all.y1; ++y) {
    for (std::int64_t x = all.x0; x < all.x1; ++x, ++visible) {
      if (*visible >= 0) shade(p, drawn[*visible], x, y);
    }
  }
}

}  // namespace

void rasterize_cpu(const Rasterize& p) {
  const std::vector<Drawn> drawn = set_up(p);
  if (drawn.empty()) return;
  const Box all = union_of(drawn);
  const std::vector<std::int32_t> visible = resolve(p, drawn, all);
  shade_all(p, drawn, all, visible.data());
}

}  // namespace meshcast
