#include "heatmap/heatmap.hpp"

#include <limits>
#include <string_view>

#include "common/bind.hpp"
#include "module.hpp"

namespace meshcast {
namespace {

Refine refinement(std::string_view name) {
  if (name == "none") return Refine::kNone;
  if (name == "quarter") return Refine::kQuarter;
  if (name == "dark") return Refine::kDark;
  throw nb::value_error("refine must be none, quarter or dark");
}

void heatmap(Input maps, Output keypoints, Output scores, const char* refine, int blur, std::uintptr_t stream) {
  const int device = maps.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != nb::device::cpu::value)
    throw nb::type_error("maps must be in host memory or on a CUDA device");
  require<float>(maps, "maps", {kAny, kAny, kAny, kAny}, device);
  const auto people = static_cast<std::int64_t>(maps.shape(0)), points = static_cast<std::int64_t>(maps.shape(1));
  require<float>(keypoints, "keypoints", {people, points, 2}, device);
  require<float>(scores, "scores", {people, points}, device);
  constexpr std::size_t most = std::numeric_limits<std::int32_t>::max() / 2;
  if (maps.shape(2) < 1 || maps.shape(3) < 1) throw nb::value_error("maps has no pixels");
  if (maps.shape(2) > most || maps.shape(3) > most) throw nb::value_error("maps is too large");
  if (blur < 1 || blur > kMaxBlur || blur % 2 == 0) throw nb::value_error("blur must be odd and in 1..255");

  Heatmap p{};
  p.maps = static_cast<const float*>(maps.data());
  p.keypoints = static_cast<float*>(keypoints.data());
  p.scores = static_cast<float*>(scores.data());
  p.count = people * points;
  p.height = static_cast<std::int32_t>(maps.shape(2));
  p.width = static_cast<std::int32_t>(maps.shape(3));
  p.refine = refinement(refine);
  p.blur = blur;
  if (p.refine == Refine::kDark) gaussian(blur, p.weights);

  nb::gil_scoped_release released;
  if (!cuda) {
    heatmap_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  heatmap_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace

void bind_heatmap(nb::module_& m) {
  m.def("heatmap", &heatmap, nb::arg("maps"), nb::arg("keypoints").noconvert(), nb::arg("scores").noconvert(),
        nb::arg("refine") = "none", nb::arg("blur") = 11, nb::arg("stream") = 0);
}

}  // namespace meshcast
