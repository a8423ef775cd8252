#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "common/bind.hpp"
#include "graph_conv/graph_conv_layer.hpp"
#include "module.hpp"

namespace meshcast {
namespace {

template <typename T>
std::vector<T> copied(const Input& array) {
  const T* data = static_cast<const T*>(array.data());
  return std::vector<T>(data, data + array.size());
}

void check_indices(const std::vector<std::int32_t>& indices, std::int64_t count, const char* name) {
  for (auto index : indices)
    if (index < 0 || index >= count) {
      const std::string text = std::string(name) + " must be in 0.." + std::to_string(count - 1);
      throw nb::value_error(text.c_str());
    }
}

OwnedRows checked_rows(const Input& start, const Input& near, const Input& value, std::int64_t rows,
                       std::int64_t sources, const char* start_name, const char* near_name, const char* value_name) {
  constexpr int host = nb::device::cpu::value;
  require<std::int32_t>(start, start_name, {rows + 1}, host);
  require<std::int32_t>(near, near_name, {kAny}, host);
  require<float>(value, value_name, {static_cast<std::int64_t>(near.shape(0))}, host);
  OwnedRows made{copied<std::int32_t>(start), copied<std::int32_t>(near), copied<float>(value)};
  bool rising = made.start.front() == 0 && made.start.back() == static_cast<std::int32_t>(made.near.size());
  for (std::size_t i = 1; i < made.start.size(); ++i) rising = rising && made.start[i] >= made.start[i - 1];
  if (!rising) throw nb::value_error((std::string(start_name) + " must rise from 0 to the number of entries").c_str());
  check_indices(made.near, sources, near_name);
  return made;
}

void make(GraphConvLayer* layer, Input self, Input start1, Input near1, Input value1, Input start2, Input near2,
          Input value2, Input weight, Input bias, std::int64_t sources, std::optional<Input> skip_row,
          std::int64_t skip_sources, std::int64_t channels_skip, bool relu, bool bf16, int device) {
  constexpr int host = nb::device::cpu::value;
  require_cuda(device);
  require<std::int32_t>(self, "self_rows", {kAny}, host);
  require<float>(weight, "weight", {kAny, kAny}, host);
  const auto depth = static_cast<std::int64_t>(weight.shape(0)), columns = static_cast<std::int64_t>(weight.shape(1));
  if (depth == 0 || depth % 3 != 0) throw nb::value_error("weight must have 3 channels_in rows, at least 3");
  if (columns == 0) throw nb::value_error("weight must have at least one column");
  require<float>(bias, "bias", {columns}, host);
  if (channels_skip < 0) throw nb::value_error("channels_skip must not be negative");
  const auto rows = static_cast<std::int64_t>(self.shape(0));
  GraphConvConstants c{};
  c.self = copied<std::int32_t>(self);
  check_indices(c.self, sources, "self_rows");
  if (skip_row.has_value() != (channels_skip > 0))
    throw nb::value_error("skip_row and channels_skip go together: give both, or None and 0");
  if (skip_row) {
    require<std::int32_t>(*skip_row, "skip_row", {rows}, host);
    c.skip_row = copied<std::int32_t>(*skip_row);
    check_indices(c.skip_row, skip_sources, "skip_row");
  }
  c.one_hop = checked_rows(start1, near1, value1, rows, sources, "start1", "near1", "value1");
  c.two_hops = checked_rows(start2, near2, value2, rows, sources, "start2", "near2", "value2");
  c.weight = static_cast<const float*>(weight.data());
  c.bias = static_cast<const float*>(bias.data());
  c.sources = sources;
  c.skip_sources = skip_sources;
  c.channels_in = depth / 3;
  c.channels_out = columns;
  c.channels_skip = channels_skip;
  c.relu = relu;
  c.bf16 = bf16;
  new (layer) GraphConvLayer(std::move(c), device);
}

template <typename Array>
void storage(const Array& array, const char* name, std::initializer_list<std::int64_t> dims, bool bf16, int device) {
  if (!bf16) return require<float>(array, name, dims, device);
  // NumPy has no bfloat16: there its bits travel as uint16.
  const auto type = array.dtype();
  const bool brain = type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Bfloat) && type.bits == 16;
  if (!brain && type != nb::dtype<std::uint16_t>())
    throw nb::type_error((std::string(name) + " must be bfloat16, or its bits as uint16").c_str());
  require_shape(array, name, dims, device);
}

void call(const GraphConvLayer& layer, Input x, std::optional<Input> skip, Output out, std::uintptr_t stream) {
  const int place = layer.device() >= 0 ? nb::device::cuda::value : nb::device::cpu::value;
  storage(x, "x", {layer.sources(), kAny, layer.channels_in()}, layer.bf16(), place);
  const auto batch = static_cast<std::int64_t>(x.shape(1));
  storage(out, "out", {layer.rows(), batch, layer.channels_out()}, layer.bf16(), place);
  const std::int64_t width = layer.channels_skip();
  if (skip.has_value() != (width > 0))
    throw nb::value_error(width ? "this layer adds a skip: give it one" : "this layer adds no skip");
  if (skip) storage(*skip, "skip", {layer.skip_sources(), batch, width}, layer.bf16(), place);
  require_apart(x, "x", out);
  if (skip) require_apart(*skip, "skip", out);
  const void* residual = skip ? skip->data() : nullptr;
  nb::gil_scoped_release released;
  layer.run(x.data(), residual, out.data(), nullptr, batch, stream);
}

}  // namespace

void bind_graph_conv(nb::module_& m) {
  m.def("graph_conv_isa", [] { return std::string(graph_conv_isa_name()); });
  nb::class_<GraphConvLayer>(m, "GraphConv")
      .def("__init__", &make, nb::arg("self_rows"), nb::arg("start1"), nb::arg("near1"), nb::arg("value1"),
           nb::arg("start2"), nb::arg("near2"), nb::arg("value2"), nb::arg("weight"), nb::arg("bias"),
           nb::arg("sources"), nb::arg("skip_row").none(), nb::arg("skip_sources"), nb::arg("channels_skip"),
           nb::arg("relu"), nb::arg("bf16"), nb::arg("device") = -1)
      .def("__call__", &call, nb::arg("x"), nb::arg("skip").none(), nb::arg("out").noconvert(), nb::arg("stream") = 0);
}

}  // namespace meshcast
