#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <tuple>

#include "common/bind.hpp"
#include "crop/crop.hpp"

// Images that operators take from Python.
namespace meshcast {

inline int device_of(const Input& image) {
  const int device = image.device_type();
  if (device != nb::device::cuda::value && device != nb::device::cpu::value)
    throw nb::type_error("image must be in host memory or on a CUDA device");
  return device;
}

// uint8 (height, width) or (height, width, channels) whose rows may be any distance apart. The distance in bytes.
inline std::int64_t require_plane(const Input& plane, const char* name, std::int64_t height, std::int64_t width,
                                  std::int64_t channels, int device) {
  const std::string subject(name);
  if (plane.dtype() != nb::dtype<std::uint8_t>())
    throw nb::type_error((subject + " must be uint8, not " + type_name(plane.dtype())).c_str());
  if (plane.device_type() != device) {
    const char* location = device == nb::device::cuda::value ? "on the CUDA device" : "in host memory";
    throw nb::type_error((subject + " must be " + location + ", like the other arrays").c_str());
  }
  const std::int64_t wanted[3] = {height, width, channels};
  const std::size_t axes = channels > 1 ? 3 : 2;
  bool same = plane.ndim() == axes;
  std::string given = "(";
  for (std::size_t i = 0; i < plane.ndim(); ++i) {
    given += (i ? ", " : "") + std::to_string(plane.shape(i));
    same = same && i < axes && (wanted[i] == kAny || static_cast<std::int64_t>(plane.shape(i)) == wanted[i]);
  }
  const std::string shape = axes == 3 ? shape_text({height, width, channels}) : shape_text({height, width});
  if (!same) throw nb::value_error((subject + " must have the shape " + shape + ", not " + given + ")").c_str());
  if (plane.size() == 0) throw nb::value_error((subject + " has no pixels").c_str());
  if (plane.shape(0) > std::size_t(std::numeric_limits<std::int32_t>::max()) ||
      plane.shape(1) > std::size_t(std::numeric_limits<std::int32_t>::max() / 4))
    throw nb::value_error((subject + " is too large").c_str());
  const bool packed = (plane.shape(1) == 1 || plane.stride(1) == channels) && (axes == 2 || plane.stride(2) == 1);
  if (!packed) throw nb::value_error((subject + " must have its pixels side by side in a row").c_str());
  return plane.stride(0);
}

// U, V and coefficients of a planar image.
using Planar = std::tuple<Input, Input, std::array<int, 6>>;

inline Image require_planar(const Input& image, const Planar& planar, int device) {
  const auto& [u, v, given] = planar;
  if (device != nb::device::cpu::value) throw nb::type_error("planar images must be in host memory");
  Image p{static_cast<const std::uint8_t*>(image.data()), nullptr, 0, 0, 0, 0, false};
  p.pitch = require_plane(image, "image", kAny, kAny, 1, device);
  p.height = static_cast<std::int32_t>(image.shape(0));
  p.width = static_cast<std::int32_t>(image.shape(1));
  if (p.height % 2 || p.width % 2) throw nb::value_error("image must have an even height and width in planes");
  p.chroma_pitch = require_plane(u, "u", p.height / 2, p.width / 2, 1, device);
  p.v_pitch = require_plane(v, "v", p.height / 2, p.width / 2, 1, device);
  p.chroma = static_cast<const std::uint8_t*>(u.data());
  p.v = static_cast<const std::uint8_t*>(v.data());
  std::array<std::int16_t, 6> c{};
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (given[i] < -32768 || given[i] > 32767) throw nb::value_error("coefficients must have 16 bits");
    c[i] = static_cast<std::int16_t>(given[i]);
  }
  p.coefficients = {c[0], c[1], c[2], c[3], c[4], c[5]};
  return p;
}

inline Image require_image(const Input& image, const std::optional<Input>& chroma, bool bt709, int device) {
  Image p{static_cast<const std::uint8_t*>(image.data()), nullptr, 0, 0, 0, 0, bt709};
  p.pitch = require_plane(image, "image", kAny, kAny, chroma ? 1 : 3, device);
  p.height = static_cast<std::int32_t>(image.shape(0));
  p.width = static_cast<std::int32_t>(image.shape(1));
  if (chroma) {
    if (p.height % 2 || p.width % 2) throw nb::value_error("image must have an even height and width in NV12");
    p.chroma_pitch = require_plane(*chroma, "chroma", p.height / 2, p.width / 2, 2, device);
    p.chroma = static_cast<const std::uint8_t*>(chroma->data());
  }
  return p;
}

}  // namespace meshcast
