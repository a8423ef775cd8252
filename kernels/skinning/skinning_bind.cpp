#include <nanobind/stl/optional.h>

#include <optional>

#include "common/bind.hpp"
#include "module.hpp"
#include "skinning/skinning.hpp"

namespace meshcast {
namespace {

using MaybeInput = std::optional<Input>;
using MaybeOutput = std::optional<Output>;

template <typename Array>
std::int64_t length(const Array& array, std::size_t axis) {
  return static_cast<std::int64_t>(array.shape(axis));
}

template <typename Scalar>
const Scalar* data(const Input& array) {
  static const Scalar none{};  // some libraries' empty arrays have no address, and offsets from none are undefined
  return array.size() == 0 ? &none : static_cast<const Scalar*>(array.data());
}

template <typename A, typename B>
void require_apart(const A& output, const char* name, const B& other, const char* other_name) {
  const auto *begin = static_cast<const char*>(output.data()), *end = begin + output.nbytes(),
             *other_begin = static_cast<const char*>(other.data()), *other_end = other_begin + other.nbytes();
  if (begin < other_end && other_begin < end)
    throw nb::value_error((std::string(name) + " must not overlap " + other_name).c_str());
}

VertexType vertex_type(const Output& vertices) {
  if (vertices.dtype() == nb::dtype<float>()) return VertexType::kFloat;
  if (vertices.dtype() == nb::dtype<Half>()) return VertexType::kHalf;
  if (vertices.dtype() == nb::dtype<std::uint16_t>()) return VertexType::kLevel;
  throw nb::type_error(
      (std::string("vertices must be float32, float16 or uint16, not ") + type_name(vertices.dtype())).c_str());
}

void skinning(Input v_template, Input shape_dirs, Input pose_dirs, Input pose_scale, Input starts, Input bones,
              Input weights, Input joint_template, Input joint_dirs, Input parents, Input rotations, Input shape,
              MaybeInput translation, Output workspace, Output vertices, Output joints, MaybeOutput bounds,
              std::uintptr_t stream) {
  const int device = rotations.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != nb::device::cpu::value)
    throw nb::type_error("rotations must be in host memory or on a CUDA device");

  Skinning p{};
  p.type = vertex_type(vertices);
  require<float>(rotations, "rotations", {kAny, kAny, 3, 3}, device);
  const std::int64_t people = p.people = length(rotations, 0), joint_count = p.joint_count = length(rotations, 1);
  require<float>(shape, "shape", {people, kAny}, device);
  const std::int64_t shape_count = p.shape_count = length(shape, 1);
  if (translation) require<float>(*translation, "translation", {people, 3}, device);

  require<float>(v_template, "template", {kAny, 3, kBlock}, device);
  const std::int64_t blocks = length(v_template, 0);
  require<float>(shape_dirs, "shape_dirs", {blocks, shape_count, 3, kBlock}, device);
  const bool levels = pose_dirs.dtype() == nb::dtype<std::int16_t>();
  if (levels) {
    require<std::int16_t>(pose_dirs, "pose_dirs", {blocks, kAny, 3, kBlock}, device);
  } else {
    require<float>(pose_dirs, "pose_dirs", {blocks, kAny, 3, kBlock}, device);
  }
  p.pose_count = length(pose_dirs, 1);
  if (joint_count == 0) throw nb::value_error("rotations are of a body without joints");
  if (p.pose_count != 0 && p.pose_count != 9 * (joint_count - 1))
    throw nb::value_error(("pose_dirs must have 0 or " + std::to_string(9 * (joint_count - 1)) + " directions, not " +
                           std::to_string(p.pose_count))
                              .c_str());
  require<float>(pose_scale, "pose_scale", {blocks, 3, kBlock}, device);
  require<std::int32_t>(starts, "starts", {blocks + 1}, device);
  require<std::int32_t>(bones, "bones", {kAny}, device);
  require<float>(weights, "weights", {length(bones, 0), kBlock}, device);
  require<float>(joint_template, "joint_template", {joint_count, 3}, device);
  require<float>(joint_dirs, "joint_dirs", {joint_count, 3, shape_count}, device);
  require<std::int32_t>(parents, "parents", {joint_count}, device);

  if (p.type == VertexType::kFloat) {
    require<float>(vertices, "vertices", {people, kAny, 3}, device);
  } else if (p.type == VertexType::kHalf) {
    require<Half>(vertices, "vertices", {people, kAny, 3}, device);
  } else {
    require<std::uint16_t>(vertices, "vertices", {people, kAny, 3}, device);
  }
  p.vertex_count = length(vertices, 1);
  if (p.vertex_count == 0 || p.blocks() != blocks)
    throw nb::value_error(("vertices must be " + std::to_string(kBlock * (blocks - 1) + 1) + " to " +
                           std::to_string(kBlock * blocks) + ", not " + std::to_string(p.vertex_count))
                              .c_str());
  require<float>(joints, "joints", {people, joint_count, 3}, device);
  if (bounds.has_value() != (p.type == VertexType::kLevel))
    throw nb::value_error("bounds belong to vertices of uint16, and only to those");
  if (bounds) require<float>(*bounds, "bounds", {people, 2, 3}, device);
  require<float>(workspace, "workspace", {people, kAny}, device);
  p.workspace_stride = length(workspace, 1);
  if (p.workspace_stride < p.workspace_floats())
    throw nb::value_error(("workspace must have at least " + std::to_string(p.workspace_floats()) + " columns, not " +
                           std::to_string(p.workspace_stride))
                              .c_str());

  const auto apart = [&](const Output& output, const char* name) {
    require_apart(output, name, rotations, "rotations");
    require_apart(output, name, shape, "shape");
    if (translation) require_apart(output, name, *translation, "translation");
  };
  apart(workspace, "workspace");
  apart(vertices, "vertices");
  apart(joints, "joints");
  require_apart(workspace, "workspace", vertices, "vertices");
  require_apart(workspace, "workspace", joints, "joints");
  require_apart(vertices, "vertices", joints, "joints");
  if (bounds) {
    apart(*bounds, "bounds");
    require_apart(*bounds, "bounds", workspace, "workspace");
    require_apart(*bounds, "bounds", vertices, "vertices");
    require_apart(*bounds, "bounds", joints, "joints");
    p.bounds = static_cast<float*>(bounds->data());
  }

  p.v_template = data<float>(v_template);
  p.shape_dirs = data<float>(shape_dirs);
  p.pose_dirs = levels ? nullptr : data<float>(pose_dirs);
  p.pose_dirs_16 = levels ? data<std::int16_t>(pose_dirs) : nullptr;
  p.pose_scale = data<float>(pose_scale);
  p.starts = data<std::int32_t>(starts);
  p.bones = data<std::int32_t>(bones);
  p.weights = data<float>(weights);
  p.joint_template = data<float>(joint_template);
  p.joint_dirs = data<float>(joint_dirs);
  p.parents = data<std::int32_t>(parents);
  p.rotations = data<float>(rotations);
  p.shape = data<float>(shape);
  p.translation = translation ? data<float>(*translation) : nullptr;
  p.workspace = static_cast<float*>(workspace.data());
  p.vertices = vertices.data();
  p.joints = static_cast<float*>(joints.data());

  nb::gil_scoped_release released;
  if (!cuda) {
    skinning_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  skinning_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace

void bind_skinning(nb::module_& m) {
  m.def("skinning", &skinning, nb::arg("template"), nb::arg("shape_dirs"), nb::arg("pose_dirs"), nb::arg("pose_scale"),
        nb::arg("starts"), nb::arg("bones"), nb::arg("weights"), nb::arg("joint_template"), nb::arg("joint_dirs"),
        nb::arg("parents"), nb::arg("rotations"), nb::arg("shape"), nb::arg("translation").none(),
        nb::arg("workspace").noconvert(), nb::arg("vertices").noconvert(), nb::arg("joints").noconvert(),
        nb::arg("bounds").noconvert().none() = nb::none(), nb::arg("stream") = 0);
}

}  // namespace meshcast
