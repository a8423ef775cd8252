#include <nanobind/stl/array.h>

#include <array>

#include "common/bind.hpp"
#include "follow/follow.hpp"
#include "module.hpp"

namespace meshcast {
namespace {

void follow(const std::array<double, 8>& motion, const std::array<double, 12>& crops, Input found, Input centers,
            Input scales, Input tracks, Input times, Output out_centers, Output out_scales, std::uintptr_t stream) {
  const int device = found.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != nb::device::cpu::value)
    throw nb::type_error("found must be in host memory or on a CUDA device");
  require<float>(found, "found", {kAny, kAny, 3}, device);
  const auto count = static_cast<std::int64_t>(found.shape(0)), keypoints = static_cast<std::int64_t>(found.shape(1));
  if (keypoints > kMaxKeypoints) throw nb::value_error("found has more than 64 keypoints");
  require<float>(centers, "centers", {count, 2}, device);
  require<float>(scales, "scales", {count}, device);
  require<float>(tracks, "tracks", {count, kTrackFields + kKeypointFields * keypoints}, device);
  require<double>(times, "times", {count, 2}, device);
  require<float>(out_centers, "out_centers", {count, 2}, device);
  require<float>(out_scales, "out_scales", {count}, device);

  float m[8], c[12];
  for (std::size_t i = 0; i < motion.size(); ++i) m[i] = static_cast<float>(motion[i]);
  for (std::size_t i = 0; i < crops.size(); ++i) c[i] = static_cast<float>(crops[i]);
  const Follow p{{m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]},
                 {c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11]},
                 static_cast<const float*>(found.data()),
                 static_cast<const float*>(centers.data()),
                 static_cast<const float*>(scales.data()),
                 static_cast<const float*>(tracks.data()),
                 static_cast<const double*>(times.data()),
                 static_cast<float*>(out_centers.data()),
                 static_cast<float*>(out_scales.data()),
                 count,
                 keypoints};
  nb::gil_scoped_release released;
  if (!cuda) {
    follow_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  follow_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace

void bind_follow(nb::module_& m) {
  m.def("follow", &follow, nb::arg("motion"), nb::arg("crops"), nb::arg("found"), nb::arg("centers"), nb::arg("scales"),
        nb::arg("tracks"), nb::arg("times"), nb::arg("out_centers").noconvert(), nb::arg("out_scales").noconvert(),
        nb::arg("stream") = 0);
}

}  // namespace meshcast
