#include <limits>

#include "common/bind.hpp"
#include "module.hpp"
#include "nms/nms.hpp"

namespace meshcast {
namespace {

void nms(Input boxes, Input scores, Output kept, float iou, std::uintptr_t stream) {
  const int device = boxes.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != nb::device::cpu::value)
    throw nb::type_error("boxes must be in host memory or on a CUDA device");
  require<float>(boxes, "boxes", {kAny, 4}, device);
  const auto count = static_cast<std::int64_t>(boxes.shape(0));
  require<float>(scores, "scores", {count}, device);
  require<std::int32_t>(kept, "kept", {count}, device);
  if (count > std::numeric_limits<std::int32_t>::max() / 2) throw nb::value_error("boxes has too many rows");

  const Nms p{static_cast<const float*>(boxes.data()), static_cast<const float*>(scores.data()),
              static_cast<std::int32_t*>(kept.data()), static_cast<std::int32_t>(count), iou};
  nb::gil_scoped_release released;
  if (!cuda) {
    nms_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  nms_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace

void bind_nms(nb::module_& m) {
  m.def("nms", &nms, nb::arg("boxes"), nb::arg("scores"), nb::arg("kept").noconvert(), nb::arg("iou"),
        nb::arg("stream") = 0);
}

}  // namespace meshcast
