#include "common/bind.hpp"
#include "ell_matmul/ell_matmul.hpp"
#include "module.hpp"

namespace meshcast {
namespace {

void ell_matmul(Input indices, Input values, Input x, Output out, std::uintptr_t stream) {
  const int device = x.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != nb::device::cpu::value) throw nb::type_error("x must be in host memory or on a CUDA device");
  require<float>(x, "x", {kAny, kAny, kAny}, device);
  require<std::int32_t>(indices, "indices", {kAny, kAny}, device);
  const auto rows = static_cast<std::int64_t>(indices.shape(0)), width = static_cast<std::int64_t>(indices.shape(1));
  require<float>(values, "values", {rows, width}, device);
  const auto batch = static_cast<std::int64_t>(x.shape(0)), columns = static_cast<std::int64_t>(x.shape(1)),
             channels = static_cast<std::int64_t>(x.shape(2));
  require<float>(out, "out", {batch, rows, channels}, device);
  if (columns == 0 && rows * width > 0) throw nb::value_error("x has no rows for the indices to point at");

  const EllMatmul p{static_cast<const std::int32_t*>(indices.data()),
                    static_cast<const float*>(values.data()),
                    static_cast<const float*>(x.data()),
                    static_cast<float*>(out.data()),
                    batch,
                    rows,
                    width,
                    columns,
                    channels};
  const float *x_end = p.x + batch * columns * channels, *out_end = p.out + batch * rows * channels;
  if (p.x < out_end && p.out < x_end) throw nb::value_error("out must not overlap x");

  nb::gil_scoped_release released;
  if (!cuda) {
    ell_matmul_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  ell_matmul_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace

void bind_ell_matmul(nb::module_& m) {
  m.def("ell_matmul", &ell_matmul, nb::arg("indices"), nb::arg("values"), nb::arg("x"), nb::arg("out").noconvert(),
        nb::arg("stream") = 0);
}

}  // namespace meshcast
