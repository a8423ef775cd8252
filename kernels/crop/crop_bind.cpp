#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <array>
#include <limits>
#include <optional>

#include "common/bind.hpp"
#include "crop/planes.hpp"
#include "module.hpp"

namespace meshcast {
namespace {

using Triple = std::array<double, 3>;

// out (count, 3, height, width), float32 or float16, with what is put into it.
Crop require_crop(const Triple& mean, const Triple& std, const Image& source, const Output& out, int pad, bool swap,
                  std::int64_t count, int device) {
  const auto type = out.dtype();
  const bool half = type == nb::dlpack::dtype{static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
  if (!half && type != nb::dtype<float>())
    throw nb::type_error((std::string("out must be float32 or float16, not ") + type_name(type)).c_str());
  require_shape(out, "out", {count, 3, kAny, kAny}, device);
  if (out.shape(2) > 65535 || out.shape(3) > 65535) throw nb::value_error("out is too large");
  if (pad < 0 || pad > 255) throw nb::value_error("pad must be in 0..255");
  Crop p{source,
         nullptr,
         nullptr,
         {},
         out.data(),
         static_cast<std::int64_t>(out.shape(0)),
         static_cast<std::int32_t>(out.shape(3)),
         static_cast<std::int32_t>(out.shape(2)),
         {},
         {},
         static_cast<std::uint8_t>(pad),
         swap,
         half};
  for (int c = 0; c < 3; ++c) {
    if (!(std[c] > 0)) throw nb::value_error("std must be above 0");
    p.gain[c] = static_cast<float>(1 / std[c]);
    p.shift[c] = static_cast<float>(-mean[c] / std[c]);
  }
  return p;
}

void start(const Crop& p, int device, std::uintptr_t stream) {
  nb::gil_scoped_release released;
  if (device == nb::device::cpu::value) {
    crop_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  crop_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

void crop(const Triple& mean, const Triple& std, Input image, Input centers, Input scales, Output out, int pad,
          bool swap, std::optional<Input> chroma, bool bt709, std::uintptr_t stream,
          const std::optional<Planar>& planar) {
  const int device = device_of(image);
  const Image source = planar ? require_planar(image, *planar, device) : require_image(image, chroma, bt709, device);
  require<float>(centers, "centers", {kAny, 2}, device);
  const auto count = static_cast<std::int64_t>(centers.shape(0));
  require<float>(scales, "scales", {count}, device);
  Crop p = require_crop(mean, std, source, out, pad, swap, count, device);
  p.centers = static_cast<const float*>(centers.data());
  p.scales = static_cast<const float*>(scales.data());
  if (count) start(p, device, stream);
}

void letterbox(const Triple& mean, const Triple& std, Input image, Output out, std::array<int, 4> window, int block,
               int pad, bool swap, std::optional<Input> chroma, bool bt709, std::uintptr_t stream,
               const std::optional<Planar>& planar) {
  const int device = device_of(image);
  const Image source = planar ? require_planar(image, *planar, device) : require_image(image, chroma, bt709, device);
  Crop p = require_crop(mean, std, source, out, pad, swap, 1, device);
  const auto [x, y, width, height] = window;
  if (x < 0 || y < 0 || width < 1 || height < 1 || x > p.width - width || y > p.height - height)
    throw nb::value_error("window must lie in out");
  if (block < 1 || (block & (block - 1)) || block > source.width || block > source.height)
    throw nb::value_error("block must be a power of two, not larger than the image");
  p.grid = {block, letterbox_axis(source.width, x, width, block), letterbox_axis(source.height, y, height, block)};
  start(p, device, stream);
}

}  // namespace

void bind_crop(nb::module_& m) {
  m.def("crop", &crop, nb::arg("mean"), nb::arg("std"), nb::arg("image"), nb::arg("centers"), nb::arg("scales"),
        nb::arg("out").noconvert(), nb::arg("pad") = 0, nb::arg("swap") = false, nb::arg("chroma").none() = nb::none(),
        nb::arg("bt709") = false, nb::arg("stream") = 0, nb::arg("planar").none() = nb::none());
  m.def("letterbox", &letterbox, nb::arg("mean"), nb::arg("std"), nb::arg("image"), nb::arg("out").noconvert(),
        nb::arg("window"), nb::arg("block") = 1, nb::arg("pad") = 0, nb::arg("swap") = false,
        nb::arg("chroma").none() = nb::none(), nb::arg("bt709") = false, nb::arg("stream") = 0,
        nb::arg("planar").none() = nb::none());
}

}  // namespace meshcast
