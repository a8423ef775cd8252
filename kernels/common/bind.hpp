#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "common/half.hpp"

template <>
struct nanobind::detail::dtype_traits<meshcast::Half> {
  static constexpr dlpack::dtype value{static_cast<std::uint8_t>(dlpack::dtype_code::Float), 16, 1};
  static constexpr auto name = const_name("float16");
};

namespace meshcast {

namespace nb = nanobind;

// Inputs may be read-only; outputs are bound with .noconvert(), so that a result never lands in a hidden copy.
using Input = nb::ndarray<nb::ro>;
using Output = nb::ndarray<>;

inline constexpr std::int64_t kAny = -1;

// A field of a configuration object. TypeError where it is missing or of another type.
template <typename T>
T attribute(nb::handle object, const char* name) {
  if (!nb::hasattr(object, name))
    throw nb::type_error((std::string("a constant has no field ") + name + ": pass the configuration object").c_str());
  T value;
  if (!nb::try_cast<T>(nb::getattr(object, name), value))
    throw nb::type_error((std::string(name) + " has a wrong type").c_str());
  return value;
}

inline std::string shape_text(std::initializer_list<std::int64_t> dims) {
  std::string text = "(";
  for (auto dim : dims) text += (text.size() > 1 ? ", " : "") + (dim == kAny ? std::string("*") : std::to_string(dim));
  return text + ")";
}

inline const char* type_name(nb::dlpack::dtype type) {
  if (type == nb::dtype<float>()) return "float32";
  if (type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float) && type.bits == 16) return "float16";
  if (type == nb::dtype<double>()) return "float64";
  if (type == nb::dtype<std::int32_t>()) return "int32";
  if (type == nb::dtype<std::int64_t>()) return "int64";
  if (type == nb::dtype<std::uint8_t>()) return "uint8";
  if (type == nb::dtype<std::int16_t>()) return "int16";
  if (type == nb::dtype<std::uint16_t>()) return "uint16";
  if (type == nb::dtype<Half>()) return "float16";
  return "another type";
}

// C-contiguous; the stride of an axis of length one, or of an empty array, is ignored.
template <typename Array>
bool is_contiguous(const Array& array) {
  std::int64_t expected = 1;
  if (array.size() == 0) return true;
  for (std::size_t i = array.ndim(); i-- > 0;) {
    if (array.shape(i) != 1 && array.stride(i) != expected) return false;
    expected *= static_cast<std::int64_t>(array.shape(i));
  }
  return true;
}

// TypeError for a wrong device, ValueError for a strided array; `name` is that of the argument.
template <typename Array>
void require_location(const Array& array, const char* name, int device) {
  const std::string subject(name);
  if (array.device_type() != device) {
    const char* location = device == nb::device::cuda::value ? "on the CUDA device" : "in host memory";
    throw nb::type_error((subject + " must be " + location + ", like the other arrays").c_str());
  }
  if (!is_contiguous(array)) throw nb::value_error((subject + " must be C-contiguous").c_str());
}

// TypeError for a wrong dtype.
template <typename Scalar, typename Array>
void require_type(const Array& array, const char* name) {
  if (array.dtype() == nb::dtype<Scalar>()) return;
  const std::string text =
      std::string(name) + " must be " + type_name(nb::dtype<Scalar>()) + ", not " + type_name(array.dtype());
  throw nb::type_error(text.c_str());
}

// TypeError for a wrong device, ValueError for a wrong shape or a strided array.
template <typename Array>
void require_shape(const Array& array, const char* name, std::initializer_list<std::int64_t> dims, int device) {
  bool same = array.ndim() == dims.size();
  std::string given = "(";
  for (std::size_t i = 0; i < array.ndim(); ++i) given += (i ? ", " : "") + std::to_string(array.shape(i));
  std::size_t axis = 0;
  for (auto dim : dims) {
    same = same && (dim == kAny || static_cast<std::int64_t>(array.shape(axis)) == dim);
    ++axis;
  }
  if (array.device_type() == device && !same)
    throw nb::value_error(
        (std::string(name) + " must have the shape " + shape_text(dims) + ", not " + given + ")").c_str());
  require_location(array, name, device);
}

// The same, and TypeError for a wrong dtype.
template <typename Scalar, typename Array>
void require(const Array& array, const char* name, std::initializer_list<std::int64_t> dims, int device) {
  require_type<Scalar>(array, name);
  require_shape(array, name, dims, device);
}

// ValueError where an output shares memory with an input.
inline void require_apart(const Input& input, const char* name, const Output& out) {
  const auto* a = static_cast<const char*>(input.data());
  const auto* b = static_cast<const char*>(out.data());
  if (a < b + out.nbytes() && b < a + input.nbytes())
    throw nb::value_error((std::string("out must not overlap ") + name).c_str());
}

// TypeError for a CUDA device (0 and up; -1 is host memory) in a build without CUDA.
inline void require_cuda(int device) {
#ifdef MESHCAST_WITH_CUDA
  (void)device;
#else
  if (device >= 0) throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace meshcast
