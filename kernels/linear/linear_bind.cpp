#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <new>
#include <optional>
#include <string>

#include "common/bind.hpp"
#include "common/required_kernel.hpp"
#include "linear/linear_layer.hpp"
#include "module.hpp"

namespace meshcast {
namespace {

void make(LinearLayer* self, Input weight, Input bias, std::optional<Input> scale, std::optional<Input> shift,
          bool relu, bool bf16, int device, const std::string& kernel) {
  constexpr int host = nb::device::cpu::value;
  require_cuda(device);
  const MatrixKernel chosen = required_kernel(kernel, bf16, device);
  require<float>(weight, "weight", {kAny, kAny}, host);
  const auto outputs = static_cast<std::int64_t>(weight.shape(0)), inputs = static_cast<std::int64_t>(weight.shape(1));
  require<float>(bias, "bias", {outputs}, host);
  if (scale.has_value() != shift.has_value()) throw nb::value_error("give scale and shift together, or neither");
  if (scale) {
    require<float>(*scale, "scale", {inputs}, host);
    require<float>(*shift, "shift", {inputs}, host);
  }
  auto floats = [](const Input& array) { return static_cast<const float*>(array.data()); };
  new (self) LinearLayer(floats(weight), floats(bias), scale ? floats(*scale) : nullptr,
                         shift ? floats(*shift) : nullptr, inputs, outputs, relu, bf16, chosen, device);
}

void call(const LinearLayer& self, Input x, std::optional<Input> residual, Output out, std::uintptr_t stream) {
  const int location = self.device() >= 0 ? nb::device::cuda::value : nb::device::cpu::value;
  require<float>(x, "x", {kAny, self.inputs()}, location);
  const auto batch = static_cast<std::int64_t>(x.shape(0));
  require<float>(out, "out", {batch, self.outputs()}, location);
  if (residual) require<float>(*residual, "residual", {batch, self.outputs()}, location);
  require_apart(x, "x", out);
  const auto* before = residual ? static_cast<const float*>(residual->data()) : nullptr;
  nb::gil_scoped_release released;
  self.run(x.data(), plain_layout(self.inputs()), before, out.data(), plain_layout(self.outputs()), batch, stream);
}

}  // namespace

void bind_linear(nb::module_& m) {
  nb::class_<LinearLayer>(m, "Linear")
      .def("__init__", &make, nb::arg("weight"), nb::arg("bias"), nb::arg("scale").none(), nb::arg("shift").none(),
           nb::arg("relu"), nb::arg("bf16"), nb::arg("device") = -1, nb::arg("kernel") = "vector")
      .def("__call__", &call, nb::arg("x"), nb::arg("residual").none(), nb::arg("out").noconvert(),
           nb::arg("stream") = 0);
}

}  // namespace meshcast
