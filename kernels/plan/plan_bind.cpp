#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/bind.hpp"
#include "module.hpp"
#include "plan/plan.hpp"

namespace meshcast {
namespace {

using Numbers = std::tuple<std::int64_t, std::int64_t, std::int64_t>;  // width, stride, first; products, sums, bytes

std::optional<ExecutionPlan::Channels> channels(const std::optional<Numbers>& of) {
  if (!of) return std::nullopt;
  return ExecutionPlan::Channels{std::get<0>(*of), std::get<1>(*of), std::get<2>(*of)};
}

void make(ExecutionPlan* self, std::int64_t inputs, std::int64_t outputs,
          const std::vector<std::pair<std::int64_t, bool>>& buffers, std::int64_t people, int device) {
  require_cuda(device);
  std::vector<ExecutionPlan::Buffer> own;
  for (const auto& [numbers, bf16] : buffers) own.push_back({numbers, bf16});
  new (self) ExecutionPlan(inputs, outputs, own, people, device);
}

void copy(ExecutionPlan& self, int from, int to, std::int64_t numbers, std::optional<Numbers> from_as,
          std::optional<Numbers> to_as) {
  self.copy(from, to, numbers, channels(from_as), channels(to_as));
}

void linear(ExecutionPlan& self, const LinearLayer& layer, int x, std::optional<int> residual, int out,
            std::optional<Numbers> x_as, std::optional<Numbers> out_as) {
  self.linear(layer, x, residual.value_or(ExecutionPlan::kNone), out, channels(x_as), channels(out_as));
}

void graph_conv(ExecutionPlan& self, const GraphConvLayer& layer, int x, std::optional<int> skip, int out,
                std::optional<Input> output_permutation) {
  std::vector<std::int32_t> permutation;
  if (output_permutation) {
    require<std::int32_t>(*output_permutation, "output_permutation", {layer.rows()}, nb::device::cpu::value);
    const auto* data = static_cast<const std::int32_t*>(output_permutation->data());
    permutation.assign(data, data + output_permutation->size());
  }
  self.graph_conv(layer, x, skip.value_or(ExecutionPlan::kNone), out, permutation);
}

// Checks that each row has `numbers` numbers, whatever the trailing shape; returns the number of rows.
template <typename Array>
std::int64_t require_rows(const Array& array, const char* name, std::int64_t numbers, int location) {
  if (array.ndim() == 0) throw nb::value_error((std::string(name) + " must have rows").c_str());
  const auto batch = static_cast<std::int64_t>(array.shape(0));
  std::int64_t row = 1;
  for (std::size_t i = 1; i < array.ndim(); ++i) row *= static_cast<std::int64_t>(array.shape(i));
  if (row != numbers) {
    const std::string text = std::string(name) + " must have rows of " + std::to_string(numbers) + " numbers, not ";
    throw nb::value_error((text + std::to_string(row)).c_str());
  }
  require_type<float>(array, name);
  require_location(array, name, location);
  return batch;
}

Numbers work(const ExecutionPlan& self, std::int64_t batch) {
  const ExecutionPlan::Work work = self.work(batch);
  return {work.products, work.sums, work.bytes};
}

void call(const ExecutionPlan& self, Input x, Output out, std::uintptr_t stream) {
  const bool on_device = self.device() >= 0 && x.device_type() == nb::device::cuda::value;
  const int location = on_device ? nb::device::cuda::value : nb::device::cpu::value;
  const std::int64_t batch = require_rows(x, "x", self.inputs(), location);
  if (require_rows(out, "out", self.outputs(), location) != batch)
    throw nb::value_error("out must have as many rows as x");
  if (on_device && (x.device_id() != self.device() || out.device_id() != self.device()))
    throw nb::type_error(("x and out must be on the CUDA device " + std::to_string(self.device())).c_str());
  if (batch > self.people()) {
    const std::string text = "x has " + std::to_string(batch) + " rows, the plan is made for at most ";
    throw nb::value_error((text + std::to_string(self.people())).c_str());
  }
  require_apart(x, "x", out);
  const auto* from = static_cast<const float*>(x.data());
  auto* to = static_cast<float*>(out.data());
  nb::gil_scoped_release released;
  if (self.device() >= 0 && !on_device) return self.run_from_host(from, to, batch, stream);
  self.run(from, to, batch, stream);
}

}  // namespace

void bind_plan(nb::module_& m) {
  nb::class_<ExecutionPlan>(m, "ExecutionPlan")
      .def("__init__", &make, nb::arg("inputs"), nb::arg("outputs"), nb::arg("buffers"), nb::arg("people"),
           nb::arg("device") = -1)
      .def("copy", &copy, nb::arg("x"), nb::arg("out"), nb::arg("numbers"), nb::arg("x_as").none() = nb::none(),
           nb::arg("out_as").none() = nb::none())
      .def("linear", &linear, nb::keep_alive<1, 2>(), nb::arg("layer"), nb::arg("x"), nb::arg("residual").none(),
           nb::arg("out"), nb::arg("x_as").none() = nb::none(), nb::arg("out_as").none() = nb::none())
      .def("graph_conv", &graph_conv, nb::keep_alive<1, 2>(), nb::arg("layer"), nb::arg("x"), nb::arg("skip").none(),
           nb::arg("out"), nb::arg("output_permutation").none() = nb::none())
      .def_prop_ro("bytes", &ExecutionPlan::bytes)
      .def("work", &work, nb::arg("batch"))
      .def("__call__", &call, nb::arg("x"), nb::arg("out").noconvert(), nb::arg("stream") = 0);
}

}  // namespace meshcast
