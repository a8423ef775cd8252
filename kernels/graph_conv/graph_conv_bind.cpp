#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "common/bind.hpp"
#include "graph_conv/graph_conv.hpp"
#include "module.hpp"

#ifdef MESHCAST_WITH_CUDA
#include "graph_conv/graph_conv_cuda.hpp"
#endif

namespace meshcast {
namespace {

template <typename T>
std::vector<T> copied(const Input& array) {
  const T* data = static_cast<const T*>(array.data());
  return std::vector<T>(data, data + array.size());
}

struct Rows {
  std::vector<std::int32_t> start, near;
  std::vector<float> value;
  GraphRows view() const { return {start.data(), near.data(), value.data()}; }
};

struct Aligned {
  void operator()(void* data) const { std::free(data); }
};

// A layer with its constants packed once; calling it allocates nothing.
class GraphConvLayer {
 public:
  GraphConvLayer(Input self, Input start1, Input near1, Input value1, Input start2, Input near2, Input value2,
                 Input weight, Input bias, std::int64_t sources, std::optional<Input> skip_row,
                 std::int64_t skip_sources, std::int64_t channels_skip, bool relu, bool bf16, int device)
      : sources_(sources), skip_sources_(skip_sources), bf16_(bf16) {
    constexpr int host = nb::device::cpu::value;
    require<std::int32_t>(self, "self_rows", {kAny}, host);
    require<float>(weight, "weight", {kAny, kAny}, host);
    const auto depth = static_cast<std::int64_t>(weight.shape(0)), columns = static_cast<std::int64_t>(weight.shape(1));
    if (depth == 0 || depth % 3 != 0) throw nb::value_error("weight must have 3 channels_in rows, at least 3");
    if (columns == 0) throw nb::value_error("weight must have at least one column");
    require<float>(bias, "bias", {columns}, host);
    if (channels_skip < 0) throw nb::value_error("channels_skip must not be negative");
    p_.rows = static_cast<std::int64_t>(self.shape(0));
    p_.channels_in = depth / 3;
    p_.channels_out = columns;
    p_.channels_skip = channels_skip;
    p_.relu = relu;
    self_ = copied<std::int32_t>(self);
    check_indices(self_, sources_, "self_rows");
    if (skip_row.has_value() != (channels_skip > 0))
      throw nb::value_error("skip_row and channels_skip go together: give both, or None and 0");
    if (skip_row) {
      require<std::int32_t>(*skip_row, "skip_row", {p_.rows}, host);
      skip_row_ = copied<std::int32_t>(*skip_row);
      check_indices(skip_row_, skip_sources_, "skip_row");
    }
    one_hop_ = rows(start1, near1, value1, "start1", "near1", "value1");
    two_hops_ = rows(start2, near2, value2, "start2", "near2", "value2");

    p_.sources = sources_;
    p_.part = (columns + kChunk - 1) / kChunk * kChunk;
    p_.project_first = projecting_pays();
    bias_.assign(static_cast<std::size_t>(columns), 0.0f);
    std::memcpy(bias_.data(), bias.data(), bias_.size() * sizeof(float));
    pack(static_cast<const float*>(weight.data()));
    if (channels_skip && channels_skip != columns) interpolate(channels_skip, columns);

    p_.self = self_.data();
    p_.skip_row = skip_row_.data();
    p_.one_hop = one_hop_.view();
    p_.two_hops = two_hops_.view();
    p_.weight = weight_.get();
    p_.bias = bias_.data();
    p_.from0 = from0_.empty() ? nullptr : from0_.data();
    p_.from1 = from1_.empty() ? nullptr : from1_.data();
    p_.share0 = share0_.empty() ? nullptr : share0_.data();
    if (device >= 0) {
#ifdef MESHCAST_WITH_CUDA
      on_device_ = std::make_unique<GraphConvOnDevice>(p_, static_cast<const float*>(weight.data()),
                                                       static_cast<std::int64_t>(one_hop_.near.size()),
                                                       static_cast<std::int64_t>(two_hops_.near.size()), bf16, device);
#else
      throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
    }
  }

  void operator()(Input x, std::optional<Input> skip, Output out, std::uintptr_t stream) const {
    const int place = on_device_ ? nb::device::cuda::value : nb::device::cpu::value;
    storage(x, "x", {sources_, kAny, p_.channels_in}, place);
    const auto batch = static_cast<std::int64_t>(x.shape(1));
    storage(out, "out", {p_.rows, batch, p_.channels_out}, place);
    if (skip.has_value() != (p_.channels_skip > 0))
      throw nb::value_error(p_.channels_skip ? "this layer adds a skip: give it one" : "this layer adds no skip");
    if (skip) storage(*skip, "skip", {skip_sources_, batch, p_.channels_skip}, place);
    const std::size_t size = bf16_ ? 2 : 4;
    apart(x.data(), x.size() * size, out.data(), out.size() * size, "x");
    if (skip) apart(skip->data(), skip->size() * size, out.data(), out.size() * size, "skip");
    const void* residual = skip ? skip->data() : nullptr;
    nb::gil_scoped_release released;
#ifdef MESHCAST_WITH_CUDA
    if (on_device_) return on_device_->run(x.data(), residual, out.data(), batch, stream);
#endif
    (void)stream;
    GraphConv p = p_;
    p.batch = batch;
    p.x = x.data();
    p.skip = residual;
    p.out = out.data();
    graph_conv_cpu(p, bf16_);
  }

 private:
  static void check_indices(const std::vector<std::int32_t>& indices, std::int64_t count, const char* name) {
    for (auto index : indices)
      if (index < 0 || index >= count) {
        const std::string text = std::string(name) + " must be in 0.." + std::to_string(count - 1);
        throw nb::value_error(text.c_str());
      }
  }

  Rows rows(const Input& start, const Input& near, const Input& value, const char* start_name, const char* near_name,
            const char* value_name) const {
    constexpr int host = nb::device::cpu::value;
    require<std::int32_t>(start, start_name, {p_.rows + 1}, host);
    require<std::int32_t>(near, near_name, {kAny}, host);
    require<float>(value, value_name, {static_cast<std::int64_t>(near.shape(0))}, host);
    Rows made{copied<std::int32_t>(start), copied<std::int32_t>(near), copied<float>(value)};
    bool rising = made.start.front() == 0 && made.start.back() == static_cast<std::int32_t>(made.near.size());
    for (std::size_t i = 1; i < made.start.size(); ++i) rising = rising && made.start[i] >= made.start[i - 1];
    if (!rising)
      throw nb::value_error((std::string(start_name) + " must rise from 0 to the number of entries").c_str());
    check_indices(made.near, sources_, near_name);
    return made;
  }

  template <typename Array>
  void storage(const Array& array, const char* name, std::initializer_list<std::int64_t> dims, int device) const {
    if (!bf16_) return require<float>(array, name, dims, device);
    // NumPy has no bfloat16: there its bits travel as uint16.
    const auto type = array.dtype();
    const bool brain = type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Bfloat) && type.bits == 16;
    if (!brain && type != nb::dtype<std::uint16_t>())
      throw nb::type_error((std::string(name) + " must be bfloat16, or its bits as uint16").c_str());
    require_shape(array, name, dims, device);
  }

  static void apart(const void* a, std::size_t a_size, const void* b, std::size_t b_size, const char* name) {
    const char *a_begin = static_cast<const char*>(a), *b_begin = static_cast<const char*>(b);
    if (a_begin < b_begin + b_size && b_begin < a_begin + a_size)
      throw nb::value_error((std::string("out must not overlap ") + name).c_str());
  }

  // Whether projecting first is less work: products, and gathers, which cost about twice as much a number.
  bool projecting_pays() const {
    const double products = 3.0 * static_cast<double>(p_.channels_in * p_.channels_out);
    const double gathers = 2.0 * static_cast<double>(one_hop_.near.size() + two_hops_.near.size());
    const double rows = static_cast<double>(p_.rows), sources = static_cast<double>(sources_);
    return sources * products + gathers * static_cast<double>(p_.channels_out) <
           rows * products + gathers * static_cast<double>(p_.channels_in);
  }

  // weight: (3 channels_in, channels_out), order by order.
  void pack(const float* weight) {
    const GraphConvCpu& isa = graph_conv_isa();
    std::int64_t depth = 3 * p_.channels_in, columns = p_.channels_out;
    std::vector<float> side_by_side;
    if (p_.project_first) {
      depth = p_.channels_in, columns = 3 * p_.part;
      side_by_side.resize(static_cast<std::size_t>(depth * columns));
      for (std::int64_t row = 0; row < 3 * depth; ++row)
        std::memcpy(side_by_side.data() + row % depth * columns + row / depth * p_.part, weight + row * p_.channels_out,
                    static_cast<std::size_t>(p_.channels_out) * sizeof(float));
      weight = side_by_side.data();
    }
    const std::int64_t padded = panels(columns, isa.panel) * isa.panel;
    const auto bytes = static_cast<std::size_t>(padded * (bf16_ ? even(depth) * 2 : depth * 4));
    weight_.reset(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    if (!weight_) throw std::bad_alloc();
    if (bf16_)
      isa.pack_bf16(weight, depth, columns, static_cast<std::uint16_t*>(weight_.get()));
    else
      isa.pack_f32(weight, depth, columns, static_cast<float*>(weight_.get()));
  }

  // Linear interpolation of `from` channels to `to`, centres at half integers.
  void interpolate(std::int64_t from, std::int64_t to) {
    for (std::int64_t c = 0; c < to; ++c) {
      double place = (static_cast<double>(c) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
      if (place < 0) place = 0;
      const auto low = static_cast<std::int64_t>(place), high = low + 1 < from ? low + 1 : low;
      from0_.push_back(static_cast<std::int32_t>(low));
      from1_.push_back(static_cast<std::int32_t>(high));
      share0_.push_back(static_cast<float>(1.0 - (place - static_cast<double>(low))));
    }
  }

#ifdef MESHCAST_WITH_CUDA
  std::unique_ptr<GraphConvOnDevice> on_device_;
#else
  static constexpr bool on_device_ = false;
#endif
  GraphConv p_{};
  std::int64_t sources_, skip_sources_;
  bool bf16_;
  std::vector<std::int32_t> self_, skip_row_, from0_, from1_;
  std::vector<float> bias_, share0_;
  Rows one_hop_, two_hops_;
  std::unique_ptr<void, Aligned> weight_;
};

}  // namespace

void bind_graph_conv(nb::module_& m) {
  m.def("graph_conv_isa", [] { return std::string(graph_conv_isa_name()); });
  nb::class_<GraphConvLayer>(m, "GraphConv")
      .def(nb::init<Input, Input, Input, Input, Input, Input, Input, Input, Input, std::int64_t, std::optional<Input>,
                    std::int64_t, std::int64_t, bool, bool, int>(),
           nb::arg("self_rows"), nb::arg("start1"), nb::arg("near1"), nb::arg("value1"), nb::arg("start2"),
           nb::arg("near2"), nb::arg("value2"), nb::arg("weight"), nb::arg("bias"), nb::arg("sources"),
           nb::arg("skip_row").none(), nb::arg("skip_sources"), nb::arg("channels_skip"), nb::arg("relu"),
           nb::arg("bf16"), nb::arg("device") = -1)
      .def("__call__", &GraphConvLayer::operator(), nb::arg("x"), nb::arg("skip").none(), nb::arg("out").noconvert(),
           nb::arg("stream") = 0);
}

}  // namespace meshcast
