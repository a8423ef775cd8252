#include <limits>

#include "common/bind.hpp"
#include "module.hpp"
#include "rasterize/rasterize.hpp"

namespace meshcast {
namespace {

void rasterize(Input faces, Input points, Input colors, Output image, Output depth, double alpha, bool cull) {
  constexpr int cpu = nb::device::cpu::value;
  require<std::int32_t>(faces, "faces", {kAny, 3}, cpu);
  require<float>(points, "points", {kAny, 3}, cpu);
  const auto vertices = static_cast<std::int64_t>(points.shape(0));
  require<float>(colors, "colors", {vertices, 3}, cpu);
  require<std::uint8_t>(image, "image", {kAny, kAny, 3}, cpu);
  const auto height = static_cast<std::int64_t>(image.shape(0)), width = static_cast<std::int64_t>(image.shape(1));
  require<float>(depth, "depth", {height, width}, cpu);
  if (!(alpha >= 0.0 && alpha <= 1.0)) throw nb::value_error("alpha must be between 0 and 1");
  if (faces.shape(0) > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw nb::value_error("faces has more rows than an int32 can count");

  const Rasterize p{static_cast<const std::int32_t*>(faces.data()),
                    static_cast<const float*>(points.data()),
                    static_cast<const float*>(colors.data()),
                    static_cast<std::uint8_t*>(image.data()),
                    static_cast<float*>(depth.data()),
                    static_cast<std::int64_t>(faces.shape(0)),
                    height,
                    width,
                    alpha,
                    cull};
  bool inside = true;
  for (std::int64_t i = 0; i < 3 * p.face_count; ++i) inside &= p.faces[i] >= 0 && p.faces[i] < vertices;
  if (!inside) throw nb::value_error("faces points at vertices that do not exist");

  nb::gil_scoped_release released;
  rasterize_cpu(p);
}

}  // namespace

void bind_rasterize(nb::module_& m) {
  m.def("rasterize", &rasterize, nb::arg("faces"), nb::arg("points"), nb::arg("colors"), nb::arg("image").noconvert(),
        nb::arg("depth").noconvert(), nb::arg("alpha") = 1.0, nb::arg("cull") = true);
}

}  // namespace meshcast
