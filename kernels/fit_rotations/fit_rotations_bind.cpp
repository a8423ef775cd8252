#include <nanobind/stl/optional.h>

#include <optional>

#include "common/bind.hpp"
#include "fit_rotations/fit_rotations.hpp"
#include "module.hpp"

namespace meshcast {
namespace {

constexpr int kCpu = nb::device::cpu::value;

// The arrays that both operators begin with, checked; what they point at, where the CPU can see it.
RiggedBody rigged_body(const Input& joints, const Input& weights, const Input& parents, const Input& rest,
                       const Input& rest_joints, const Input& vertices, int device) {
  require<std::uint8_t>(joints, "joints", {kAny, kInfluences}, device);
  const auto count = static_cast<std::int64_t>(joints.shape(0));
  require<float>(weights, "weights", {count, kInfluences}, device);
  require<std::int32_t>(parents, "parents", {kAny}, device);
  const auto joint_count = static_cast<std::int64_t>(parents.shape(0));
  require<float>(rest, "rest", {kAny, count, 3}, device);
  const auto people = static_cast<std::int64_t>(rest.shape(0));
  require<float>(rest_joints, "rest_joints", {people, joint_count, 3}, device);
  require<float>(vertices, "vertices", {people, count, 3}, device);
  if (joint_count < 1 || joint_count > kMaxJoints)
    throw nb::value_error(("a body must have 1 to " + std::to_string(kMaxJoints) + " joints").c_str());
  if (count == 0) throw nb::value_error("a body must have vertices");

  const RiggedBody body{static_cast<const std::uint8_t*>(joints.data()),
                        static_cast<const float*>(weights.data()),
                        static_cast<const std::int32_t*>(parents.data()),
                        static_cast<const float*>(rest.data()),
                        static_cast<const float*>(rest_joints.data()),
                        static_cast<const float*>(vertices.data()),
                        people,
                        count,
                        joint_count};
  if (device == nb::device::cuda::value) return body;  // trusted there
  bool inside = true;
  for (std::int64_t i = 0; i < kInfluences * count; ++i) inside &= body.joints[i] < joint_count;
  if (!inside) throw nb::value_error("joints points at joints that do not exist");
  for (std::int64_t k = 1; k < joint_count; ++k) {
    if (body.parents[k] < 0 || body.parents[k] >= k) throw nb::value_error("parents must come before their joints");
  }
  return body;
}

void fit_rotations(Input joints, Input weights, Input parents, Input rest, Input rest_joints, Input vertices,
                   Input prior, Input stiffness, Output rotations, Output error, std::optional<Output> workspace,
                   std::uintptr_t stream) {
  const int device = prior.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != kCpu) throw nb::type_error("prior must be in host memory or on a CUDA device");
  const RiggedBody body = rigged_body(joints, weights, parents, rest, rest_joints, vertices, device);
  require<float>(prior, "prior", {body.people, body.joint_count, 3, 3}, device);
  require<float>(stiffness, "stiffness", {body.people}, device);
  require<float>(rotations, "rotations", {body.people, body.joint_count, 3, 3}, device);
  require<float>(error, "error", {body.people}, device);
  const FitRotations p{body, static_cast<const float*>(prior.data()), static_cast<const float*>(stiffness.data()),
                       static_cast<float*>(rotations.data()), static_cast<float*>(error.data())};
  if (!cuda) {
    nb::gil_scoped_release released;
    fit_rotations_cpu(p);
    return;
  }
  if (!workspace) throw nb::type_error("workspace must be given on a CUDA device");
  require<double>(*workspace, "workspace", {body.people, kAny}, device);
  const auto columns = static_cast<std::int64_t>(workspace->shape(1));
  if (columns < fit_workspace_numbers(body.joint_count))
    throw nb::value_error(("workspace must have at least " + std::to_string(fit_workspace_numbers(body.joint_count)) +
                           " columns, not " + std::to_string(columns))
                              .c_str());
#ifdef MESHCAST_WITH_CUDA
  auto* numbers = static_cast<double*>(workspace->data());
  nb::gil_scoped_release released;
  fit_rotations_cuda(p, numbers, columns, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

void shape_evidence(Input joints, Input weights, Input parents, Input shape_dirs, Input joint_shape_dirs, Input rest,
                    Input rest_joints, Input vertices, Input rotations, Output evidence) {
  const RiggedBody body = rigged_body(joints, weights, parents, rest, rest_joints, vertices, kCpu);
  require<float>(shape_dirs, "shape_dirs", {body.vertex_count, 3, kAny}, kCpu);
  const auto shapes = static_cast<std::int64_t>(shape_dirs.shape(2));
  if (shapes > kMaxShapes)
    throw nb::value_error(("shape_dirs must have at most " + std::to_string(kMaxShapes) + " directions, not " +
                           std::to_string(shape_dirs.shape(2)))
                              .c_str());
  require<float>(joint_shape_dirs, "joint_shape_dirs", {body.joint_count, 3, shapes}, kCpu);
  require<float>(rotations, "rotations", {body.people, body.joint_count, 3, 3}, kCpu);
  require<double>(evidence, "evidence", {body.people, shapes, shapes + 1}, kCpu);
  const ShapeEvidence p{body,
                        static_cast<const float*>(shape_dirs.data()),
                        static_cast<const float*>(joint_shape_dirs.data()),
                        static_cast<const float*>(rotations.data()),
                        static_cast<double*>(evidence.data()),
                        shapes};
  nb::gil_scoped_release released;
  shape_evidence_cpu(p);
}

}  // namespace

void bind_fit_rotations(nb::module_& m) {
  m.def("fit_rotations", &fit_rotations, nb::arg("joints"), nb::arg("weights"), nb::arg("parents"), nb::arg("rest"),
        nb::arg("rest_joints"), nb::arg("vertices"), nb::arg("prior"), nb::arg("stiffness"),
        nb::arg("rotations").noconvert(), nb::arg("error").noconvert(), nb::arg("workspace").noconvert() = nb::none(),
        nb::arg("stream") = 0);
  m.def("shape_evidence", &shape_evidence, nb::arg("joints"), nb::arg("weights"), nb::arg("parents"),
        nb::arg("shape_dirs"), nb::arg("joint_shape_dirs"), nb::arg("rest"), nb::arg("rest_joints"),
        nb::arg("vertices"), nb::arg("rotations"), nb::arg("evidence").noconvert());
}

}  // namespace meshcast
