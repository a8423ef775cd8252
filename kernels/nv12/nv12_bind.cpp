#include "crop/planes.hpp"
#include "module.hpp"
#include "nv12/nv12.hpp"

namespace meshcast {
namespace {

void nv12_to_bgr(bool bt709, Input image, Input chroma, Output out, std::uintptr_t stream) {
  const int device = device_of(image);
  const Nv12 p{require_image(image, chroma, bt709, device), static_cast<std::uint8_t*>(out.data())};
  require<std::uint8_t>(out, "out", {p.image.height, p.image.width, 3}, device);
  nb::gil_scoped_release released;
  if (device == nb::device::cpu::value) {
    nv12_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  nv12_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace

void bind_nv12(nb::module_& m) {
  m.def("nv12_to_bgr", &nv12_to_bgr, nb::arg("bt709"), nb::arg("image"), nb::arg("chroma"), nb::arg("out").noconvert(),
        nb::arg("stream") = 0);
}

}  // namespace meshcast
