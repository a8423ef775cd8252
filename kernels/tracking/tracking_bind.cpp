#include "common/bind.hpp"
#include "module.hpp"
#include "tracking/tracking.hpp"

namespace meshcast {
namespace {

constexpr int kCpu = nb::device::cpu::value;

void masked_median(Input values, Input used, Output out) {
  require<float>(values, "values", {kAny, kAny, kAny}, kCpu);
  const auto count = static_cast<std::int64_t>(values.shape(0)), keypoints = static_cast<std::int64_t>(values.shape(1));
  const auto depth = static_cast<std::int64_t>(values.shape(2));
  require<std::uint8_t>(used, "used", {count, keypoints}, kCpu);
  require<float>(out, "out", {count, depth}, kCpu);
  if (keypoints > kMostKeypoints)
    throw nb::value_error(("values must have at most " + std::to_string(kMostKeypoints) + " keypoints").c_str());
  masked_median_cpu({static_cast<const float*>(values.data()), static_cast<const std::uint8_t*>(used.data()),
                     static_cast<float*>(out.data()), count, keypoints, depth});
}

void keypoint_similarity(Input keypoints, Input scores, Input areas, Input sigmas, float min_score, Output out) {
  require<float>(keypoints, "keypoints", {kAny, kAny, 2}, kCpu);
  const auto count = static_cast<std::int64_t>(keypoints.shape(0)),
             each = static_cast<std::int64_t>(keypoints.shape(1));
  require<float>(scores, "scores", {count, each}, kCpu);
  require<float>(areas, "areas", {count}, kCpu);
  require<float>(sigmas, "sigmas", {each}, kCpu);
  require<float>(out, "out", {count, count}, kCpu);
  keypoint_similarity_cpu({static_cast<const float*>(keypoints.data()), static_cast<const float*>(scores.data()),
                           static_cast<const float*>(areas.data()), static_cast<const float*>(sigmas.data()),
                           static_cast<float*>(out.data()), count, each, min_score});
}

void box_overlaps(Input a, Input b, Output out, bool of_first) {
  require<float>(a, "a", {kAny, 4}, kCpu);
  require<float>(b, "b", {kAny, 4}, kCpu);
  const auto rows = static_cast<std::int64_t>(a.shape(0)), columns = static_cast<std::int64_t>(b.shape(0));
  require<float>(out, "out", {rows, columns}, kCpu);
  box_overlaps_cpu({static_cast<const float*>(a.data()), static_cast<const float*>(b.data()),
                    static_cast<float*>(out.data()), rows, columns, of_first});
}

void median_colors(Input colors, std::int64_t first, Output out) {
  require<std::uint8_t>(colors, "colors", {kAny, kAny, 3}, kCpu);
  const auto count = static_cast<std::int64_t>(colors.shape(0)), samples = static_cast<std::int64_t>(colors.shape(1));
  require<float>(out, "out", {count, 6}, kCpu);
  if (samples > kMostSamples)
    throw nb::value_error(("colors must have at most " + std::to_string(kMostSamples) + " samples").c_str());
  if (first < 0 || first > samples) throw nb::value_error("first must be 0 to the number of samples");
  median_colors_cpu(
      {static_cast<const std::uint8_t*>(colors.data()), static_cast<float*>(out.data()), count, samples, first});
}

}  // namespace

void bind_tracking(nb::module_& m) {
  m.def("masked_median", &masked_median, nb::arg("values"), nb::arg("used"), nb::arg("out").noconvert());
  m.def("keypoint_similarity", &keypoint_similarity, nb::arg("keypoints"), nb::arg("scores"), nb::arg("areas"),
        nb::arg("sigmas"), nb::arg("min_score"), nb::arg("out").noconvert());
  m.def("box_overlaps", &box_overlaps, nb::arg("a"), nb::arg("b"), nb::arg("out").noconvert(),
        nb::arg("of_first") = false);
  m.def("median_colors", &median_colors, nb::arg("colors"), nb::arg("first"), nb::arg("out").noconvert());
}

}  // namespace meshcast
