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
  static const Scalar none{};  // some libraries' empty arrays have a null address, and offsets from null are undefined
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

// The arrays of a Python SkinningModel.
struct Constants {
  explicit Constants(nb::handle model)
      : v_template(attribute<Input>(model, "template")),
        shape_dirs(attribute<Input>(model, "shape_dirs")),
        pose_dirs(attribute<Input>(model, "pose_dirs")),
        pose_scale(attribute<Input>(model, "pose_scale")),
        starts(attribute<Input>(model, "starts")),
        bones(attribute<Input>(model, "bones")),
        weights(attribute<Input>(model, "weights")),
        joint_template(attribute<Input>(model, "joint_template")),
        joint_dirs(attribute<Input>(model, "joint_dirs")),
        parents(attribute<Input>(model, "parents")) {}

  Input v_template, shape_dirs, pose_dirs, pose_scale, starts, bones, weights, joint_template, joint_dirs, parents;
};

// Checks the constants against the call's joints and shapes, and points `p` at them.
void read_constants(const Constants& c, int device, Skinning& p) {
  require<float>(c.v_template, "template", {kAny, 3, kBlock}, device);
  const std::int64_t blocks = length(c.v_template, 0);
  require<float>(c.shape_dirs, "shape_dirs", {blocks, p.shape_count, 3, kBlock}, device);
  const bool fixed_point = c.pose_dirs.dtype() == nb::dtype<std::int16_t>();
  if (fixed_point) {
    require<std::int16_t>(c.pose_dirs, "pose_dirs", {blocks, kAny, 3, kBlock}, device);
  } else {
    require<float>(c.pose_dirs, "pose_dirs", {blocks, kAny, 3, kBlock}, device);
  }
  p.pose_count = length(c.pose_dirs, 1);
  if (p.joint_count == 0) throw nb::value_error("rotations must have at least one joint");
  const std::int64_t directions = 9 * (p.joint_count - 1);
  if (p.pose_count != 0 && p.pose_count != directions)
    throw nb::value_error(
        ("pose_dirs must have 0 or " + std::to_string(directions) + " directions, not " + std::to_string(p.pose_count))
            .c_str());
  require<float>(c.pose_scale, "pose_scale", {blocks, 3, kBlock}, device);
  require<std::int32_t>(c.starts, "starts", {blocks + 1}, device);
  require<std::int32_t>(c.bones, "bones", {kAny}, device);
  require<float>(c.weights, "weights", {length(c.bones, 0), kBlock}, device);
  require<float>(c.joint_template, "joint_template", {p.joint_count, 3}, device);
  require<float>(c.joint_dirs, "joint_dirs", {p.joint_count, 3, p.shape_count}, device);
  require<std::int32_t>(c.parents, "parents", {p.joint_count}, device);

  p.v_template = data<float>(c.v_template);
  p.shape_dirs = data<float>(c.shape_dirs);
  p.pose_dirs = fixed_point ? nullptr : data<float>(c.pose_dirs);
  p.pose_dirs_16 = fixed_point ? data<std::int16_t>(c.pose_dirs) : nullptr;
  p.pose_scale = data<float>(c.pose_scale);
  p.starts = data<std::int32_t>(c.starts);
  p.bones = data<std::int32_t>(c.bones);
  p.weights = data<float>(c.weights);
  p.joint_template = data<float>(c.joint_template);
  p.joint_dirs = data<float>(c.joint_dirs);
  p.parents = data<std::int32_t>(c.parents);
}

// Checks the inputs, and points `p` at them.
void read_inputs(const Input& rotations, const Input& shape, const MaybeInput& translation, int device, Skinning& p) {
  require<float>(rotations, "rotations", {kAny, kAny, 3, 3}, device);
  p.people = length(rotations, 0), p.joint_count = length(rotations, 1);
  require<float>(shape, "shape", {p.people, kAny}, device);
  p.shape_count = length(shape, 1);
  if (translation) require<float>(*translation, "translation", {p.people, 3}, device);
  p.rotations = data<float>(rotations);
  p.shape = data<float>(shape);
  p.translation = translation ? data<float>(*translation) : nullptr;
}

// Checks the outputs against `blocks` blocks of vertices, and points `p` at them.
void read_outputs(const Output& workspace, const Output& vertices, const Output& joints, const MaybeOutput& bounds,
                  std::int64_t blocks, int device, Skinning& p) {
  require_shape(vertices, "vertices", {p.people, kAny, 3}, device);
  p.vertex_count = length(vertices, 1);
  if (p.vertex_count == 0 || p.blocks() != blocks)
    throw nb::value_error(("vertices must be " + std::to_string(kBlock * (blocks - 1) + 1) + " to " +
                           std::to_string(kBlock * blocks) + ", not " + std::to_string(p.vertex_count))
                              .c_str());
  require<float>(joints, "joints", {p.people, p.joint_count, 3}, device);
  if (bounds.has_value() != (p.type == VertexType::kLevel))
    throw nb::value_error("bounds must be given with uint16 vertices, and only with those");
  if (bounds) require<float>(*bounds, "bounds", {p.people, 2, 3}, device);
  require<float>(workspace, "workspace", {p.people, kAny}, device);
  p.workspace_stride = length(workspace, 1);
  if (p.workspace_stride < p.workspace_floats())
    throw nb::value_error(("workspace must have at least " + std::to_string(p.workspace_floats()) + " columns, not " +
                           std::to_string(p.workspace_stride))
                              .c_str());
  p.workspace = static_cast<float*>(workspace.data());
  p.vertices = vertices.data();
  p.joints = static_cast<float*>(joints.data());
  p.bounds = bounds ? static_cast<float*>(bounds->data()) : nullptr;
}

void skinning(nb::object model, Input rotations, Input shape, MaybeInput translation, Output workspace, Output vertices,
              Output joints, MaybeOutput bounds, std::uintptr_t stream) {
  const Constants constants(model);
  const int device = rotations.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != nb::device::cpu::value)
    throw nb::type_error("rotations must be in host memory or on a CUDA device");

  Skinning p{};
  p.type = vertex_type(vertices);
  read_inputs(rotations, shape, translation, device, p);
  read_constants(constants, device, p);
  read_outputs(workspace, vertices, joints, bounds, length(constants.v_template, 0), device, p);

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
  }

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
  m.def("skinning", &skinning, nb::arg("model"), nb::arg("rotations"), nb::arg("shape"), nb::arg("translation").none(),
        nb::arg("workspace").noconvert(), nb::arg("vertices").noconvert(), nb::arg("joints").noconvert(),
        nb::arg("bounds").noconvert().none() = nb::none(), nb::arg("stream") = 0);
}

}  // namespace meshcast
