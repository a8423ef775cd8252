#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "common/bind.hpp"
#include "common/required_kernel.hpp"
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

// A Python CsrMatrix with `rows` rows and `sources` columns; `name` is that of the argument.
OwnedCsr checked_matrix(nb::handle matrix, std::int64_t rows, std::int64_t sources, const std::string& name) {
  constexpr int host = nb::device::cpu::value;
  const std::string indptr_name = name + ".indptr", indices_name = name + ".indices", data_name = name + ".data";
  const auto indptr = attribute<Input>(matrix, "indptr"), indices = attribute<Input>(matrix, "indices"),
             data = attribute<Input>(matrix, "data");
  require<std::int32_t>(indptr, indptr_name.c_str(), {rows + 1}, host);
  require<std::int32_t>(indices, indices_name.c_str(), {kAny}, host);
  require<float>(data, data_name.c_str(), {static_cast<std::int64_t>(indices.shape(0))}, host);
  OwnedCsr owned{copied<std::int32_t>(indptr), copied<std::int32_t>(indices), copied<float>(data)};
  bool rising = owned.indptr.front() == 0 && owned.indptr.back() == static_cast<std::int32_t>(owned.indices.size());
  for (std::size_t i = 1; i < owned.indptr.size(); ++i) rising = rising && owned.indptr[i] >= owned.indptr[i - 1];
  if (!rising) throw nb::value_error((indptr_name + " must rise from 0 to the number of entries").c_str());
  check_indices(owned.indices, sources, indices_name.c_str());
  return owned;
}

// A Python SkipRows, or None: which row of how many each vertex adds, and how many channels those have.
void read_skip(nb::handle skip, std::int64_t rows, GraphConvConstants& c) {
  if (skip.is_none()) return;
  const auto skip_rows = attribute<Input>(skip, "rows");
  c.skip_sources = attribute<std::int64_t>(skip, "sources");
  c.channels_skip = attribute<std::int64_t>(skip, "channels");
  if (c.channels_skip < 1) throw nb::value_error("skip.channels must be at least 1");
  require<std::int32_t>(skip_rows, "skip.rows", {rows}, nb::device::cpu::value);
  c.skip_row = copied<std::int32_t>(skip_rows);
  check_indices(c.skip_row, c.skip_sources, "skip.rows");
}

void make(GraphConvLayer* layer, Input self, nb::object one_hop, nb::object two_hops, Input weight, Input bias,
          std::int64_t sources, nb::object skip, bool relu, bool bf16, int device, const std::string& kernel) {
  constexpr int host = nb::device::cpu::value;
  require_cuda(device);
  const MatrixKernel chosen = required_kernel(kernel, bf16, device);
  require<std::int32_t>(self, "self_rows", {kAny}, host);
  require<float>(weight, "weight", {kAny, kAny}, host);
  const auto depth = static_cast<std::int64_t>(weight.shape(0)), columns = static_cast<std::int64_t>(weight.shape(1));
  if (depth == 0 || depth % 3 != 0) throw nb::value_error("weight must have 3 channels_in rows, at least 3");
  if (columns == 0) throw nb::value_error("weight must have at least one column");
  require<float>(bias, "bias", {columns}, host);
  const auto rows = static_cast<std::int64_t>(self.shape(0));
  GraphConvConstants c{};
  c.self = copied<std::int32_t>(self);
  check_indices(c.self, sources, "self_rows");
  read_skip(skip, rows, c);
  c.one_hop = checked_matrix(one_hop, rows, sources, "one_hop");
  c.two_hops = checked_matrix(two_hops, rows, sources, "two_hops");
  c.weight = static_cast<const float*>(weight.data());
  c.bias = static_cast<const float*>(bias.data());
  c.sources = sources;
  c.channels_in = depth / 3;
  c.channels_out = columns;
  c.relu = relu;
  c.bf16 = bf16;
  new (layer) GraphConvLayer(std::move(c), chosen, device);
}

template <typename Array>
void storage(const Array& array, const char* name, std::initializer_list<std::int64_t> dims, bool bf16, int device) {
  if (!bf16) return require<float>(array, name, dims, device);
  // NumPy has no bfloat16: its arrays hold the bits as uint16.
  const auto type = array.dtype();
  const bool is_bf16 = type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Bfloat) && type.bits == 16;
  if (!is_bf16 && type != nb::dtype<std::uint16_t>())
    throw nb::type_error((std::string(name) + " must be bfloat16, or its bits as uint16").c_str());
  require_shape(array, name, dims, device);
}

void call(const GraphConvLayer& layer, Input x, std::optional<Input> skip, Output out, std::uintptr_t stream) {
  const int location = layer.device() >= 0 ? nb::device::cuda::value : nb::device::cpu::value;
  storage(x, "x", {layer.sources(), kAny, layer.channels_in()}, layer.bf16(), location);
  const auto batch = static_cast<std::int64_t>(x.shape(1));
  storage(out, "out", {layer.rows(), batch, layer.channels_out()}, layer.bf16(), location);
  const std::int64_t width = layer.channels_skip();
  if (skip.has_value() != (width > 0))
    throw nb::value_error(width ? "skip: this layer adds a skip connection; pass its features"
                                : "skip: this layer adds no skip connection; pass None");
  if (skip) storage(*skip, "skip", {layer.skip_sources(), batch, width}, layer.bf16(), location);
  require_apart(x, "x", out);
  if (skip) require_apart(*skip, "skip", out);
  const void* residual = skip ? skip->data() : nullptr;
  nb::gil_scoped_release released;
  layer.run(x.data(), residual, out.data(), nullptr, batch, stream);
}

}  // namespace

void bind_graph_conv(nb::module_& m) {
  m.def("graph_conv_isa", [] { return std::string(graph_conv_isa_name()); });
  m.def("amx_refusal", [] { return amx_refusal(); });
  nb::class_<GraphConvLayer>(m, "GraphConv")
      .def("__init__", &make, nb::arg("self_rows"), nb::arg("one_hop"), nb::arg("two_hops"), nb::arg("weight"),
           nb::arg("bias"), nb::arg("sources"), nb::arg("skip").none(), nb::arg("relu"), nb::arg("bf16"),
           nb::arg("device") = -1, nb::arg("kernel") = "vector")
      .def("__call__", &call, nb::arg("x"), nb::arg("skip").none(), nb::arg("out").noconvert(), nb::arg("stream") = 0);
}

}  // namespace meshcast
