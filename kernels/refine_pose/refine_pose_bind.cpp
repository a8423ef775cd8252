#include "common/bind.hpp"
#include "module.hpp"
#include "refine_pose/refine_pose.hpp"

namespace meshcast {
namespace {

template <typename Scalar>
const Scalar* data(const Input& array) {
  static const Scalar none{};  // some libraries' empty arrays have a null address
  return array.size() == 0 ? &none : static_cast<const Scalar*>(array.data());
}

// The rig's constants: what they point at is checked where the CPU can see it, and trusted on a device.
void read_constants(const Input& parents, const Input& zeroth, const Input& limit_joints, const Input& limit_axes,
                    const Input& limit_ranges, int device, RefinePose& p) {
  require<std::int32_t>(parents, "parents", {kAny}, device);
  p.joint_count = static_cast<std::int64_t>(parents.shape(0));
  if (p.joint_count < 1 || p.joint_count > kMaxRefinedJoints)
    throw nb::value_error(("a body must have 1 to " + std::to_string(kMaxRefinedJoints) + " joints").c_str());
  require<float>(zeroth, "zeroth", {kAny, p.joint_count}, device);
  p.keypoint_count = static_cast<std::int64_t>(zeroth.shape(0));
  if (p.keypoint_count > kMaxKeypoints)
    throw nb::value_error(("zeroth must have at most " + std::to_string(kMaxKeypoints) + " keypoints, not " +
                           std::to_string(p.keypoint_count))
                              .c_str());
  require<std::int32_t>(limit_joints, "limit_joints", {kAny}, device);
  p.limit_count = static_cast<std::int64_t>(limit_joints.shape(0));
  require<float>(limit_axes, "limit_axes", {p.limit_count, 3}, device);
  require<float>(limit_ranges, "limit_ranges", {p.limit_count, 2}, device);
  p.parents = data<std::int32_t>(parents);
  p.zeroth = data<float>(zeroth);
  p.limit_joints = data<std::int32_t>(limit_joints);
  p.limit_axes = data<float>(limit_axes);
  p.limit_ranges = data<float>(limit_ranges);
  if (device == nb::device::cuda::value) return;
  for (std::int64_t j = 1; j < p.joint_count; ++j)
    if (p.parents[j] < 0 || p.parents[j] >= j) throw nb::value_error("parents must come before their joints");
  for (std::int64_t i = 0; i < p.limit_count; ++i)
    if (p.limit_joints[i] < 0 || p.limit_joints[i] >= p.joint_count)
      throw nb::value_error("limit_joints points at joints that do not exist");
}

void read_outputs(const Output& workspace, const Output& rotations, const Output& translation, const Output& energy,
                  int device, RefinePose& p) {
  require<double>(workspace, "workspace", {p.people, kAny}, device);
  p.workspace_stride = static_cast<std::int64_t>(workspace.shape(1));
  if (p.workspace_stride < p.workspace_numbers())
    throw nb::value_error(("workspace must have at least " + std::to_string(p.workspace_numbers()) + " columns, not " +
                           std::to_string(p.workspace_stride))
                              .c_str());
  require<float>(rotations, "rotations", {p.people, p.joint_count, 3, 3}, device);
  require<float>(translation, "translation", {p.people, 3}, device);
  require<float>(energy, "energy", {p.people, 2}, device);
  p.workspace = static_cast<double*>(workspace.data());
  p.rotations = static_cast<float*>(rotations.data());
  p.translation = static_cast<float*>(translation.data());
  p.energy = static_cast<float*>(energy.data());
}

void refine_pose(Input parents, Input zeroth, Input limit_joints, Input limit_axes, Input limit_ranges, Input first,
                 Input rest_joints, Input prior, Input root, Input stiffness, Input root_stiffness, Input rays,
                 Input precision, Output workspace, Output rotations, Output translation, Output energy, double robust,
                 double limit_stiffness, int steps, std::uintptr_t stream) {
  const int device = prior.device_type();
  const bool cuda = device == nb::device::cuda::value;
  if (!cuda && device != nb::device::cpu::value)
    throw nb::type_error("prior must be in host memory or on a CUDA device");
  if (!(robust > 0)) throw nb::value_error("robust must be positive");
  if (!(limit_stiffness >= 0)) throw nb::value_error("limit_stiffness must not be negative");
  RefinePose p{};
  p.robust = robust, p.limit_stiffness = limit_stiffness, p.steps = steps;
  read_constants(parents, zeroth, limit_joints, limit_axes, limit_ranges, device, p);
  require<float>(prior, "prior", {kAny, p.joint_count, 3, 3}, device);
  p.people = static_cast<std::int64_t>(prior.shape(0));
  require<float>(first, "first", {p.people, p.keypoint_count, p.joint_count, 3}, device);
  require<float>(rest_joints, "rest_joints", {p.people, p.joint_count, 3}, device);
  require<float>(root, "root", {p.people, 3}, device);
  require<float>(stiffness, "stiffness", {p.people, p.joint_count, 3}, device);
  require<float>(root_stiffness, "root_stiffness", {p.people, 2}, device);
  p.dimensions = rays.ndim() == 3 && rays.shape(2) == 3 ? 3 : 2;
  require<float>(rays, "rays", {p.people, p.keypoint_count, p.dimensions}, device);
  require<float>(precision, "precision", {p.people, p.keypoint_count, p.precision_count()}, device);
  p.first = data<float>(first);
  p.rest_joints = data<float>(rest_joints);
  p.prior = data<float>(prior);
  p.root = data<float>(root);
  p.stiffness = data<float>(stiffness);
  p.root_stiffness = data<float>(root_stiffness);
  p.rays = data<float>(rays);
  p.precision = data<float>(precision);
  read_outputs(workspace, rotations, translation, energy, device, p);

  nb::gil_scoped_release released;
  if (!cuda) {
    refine_pose_cpu(p);
    return;
  }
#ifdef MESHCAST_WITH_CUDA
  refine_pose_cuda(p, stream);
#else
  (void)stream;
  throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
}

}  // namespace

void bind_refine_pose(nb::module_& m) {
  m.def("refine_pose", &refine_pose, nb::arg("parents"), nb::arg("zeroth"), nb::arg("limit_joints"),
        nb::arg("limit_axes"), nb::arg("limit_ranges"), nb::arg("first"), nb::arg("rest_joints"), nb::arg("prior"),
        nb::arg("root"), nb::arg("stiffness"), nb::arg("root_stiffness"), nb::arg("rays"), nb::arg("precision"),
        nb::arg("workspace").noconvert(), nb::arg("rotations").noconvert(), nb::arg("translation").noconvert(),
        nb::arg("energy").noconvert(), nb::arg("robust"), nb::arg("limit_stiffness"), nb::arg("steps"),
        nb::arg("stream") = 0);
}

}  // namespace meshcast
