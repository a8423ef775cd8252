#include <nanobind/stl/array.h>

#include <array>

#include "common/bind.hpp"
#include "module.hpp"
#include "paint/paint.hpp"

namespace meshcast {
namespace {

void paint(const std::array<double, 3>& fill, Input mask, Input rows, Output out, std::uintptr_t stream) {
  const int device = mask.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != nb::device::cpu::value)
    throw nb::type_error("mask must be in host memory or on a CUDA device");
  require<std::uint8_t>(mask, "mask", {kAny, kAny, kAny}, device);
  const auto masks = static_cast<std::int64_t>(mask.shape(0));
  if (masks > 65535) throw nb::value_error("mask has too many rows");
  require<std::int32_t>(rows, "rows", {masks}, device);
  const auto height = static_cast<std::int64_t>(mask.shape(1)), width = static_cast<std::int64_t>(mask.shape(2));
  require<float>(out, "out", {kAny, 3, height, width}, device);

  Paint p{{},
          static_cast<const std::uint8_t*>(mask.data()),
          static_cast<const std::int32_t*>(rows.data()),
          static_cast<float*>(out.data()),
          masks,
          static_cast<std::int64_t>(out.shape(0)),
          height * width};
  for (int c = 0; c < 3; ++c) p.fill[c] = static_cast<float>(fill[c]);
  nb::gil_scoped_release released;
  if (!cuda) {
    paint_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  paint_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace

void bind_paint(nb::module_& m) {
  m.def("paint", &paint, nb::arg("fill"), nb::arg("mask"), nb::arg("rows"), nb::arg("out").noconvert(),
        nb::arg("stream") = 0);
}

}  // namespace meshcast
