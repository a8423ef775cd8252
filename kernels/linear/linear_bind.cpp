#include <nanobind/stl/optional.h>

#include <cstring>
#include <optional>
#include <vector>

#include "common/bfloat16.hpp"
#include "common/bind.hpp"
#include "linear/linear.hpp"
#include "module.hpp"

namespace meshcast {
namespace {

// A layer with its weights in the type that they are stored in; calling it allocates nothing.
class LinearLayer {
 public:
  LinearLayer(Input weight, Input bias, std::optional<Input> scale, std::optional<Input> shift, bool relu, bool bf16) {
    constexpr int host = nb::device::cpu::value;
    require<float>(weight, "weight", {kAny, kAny}, host);
    p_.outputs = static_cast<std::int64_t>(weight.shape(0));
    p_.inputs = static_cast<std::int64_t>(weight.shape(1));
    require<float>(bias, "bias", {p_.outputs}, host);
    if (scale.has_value() != shift.has_value()) throw nb::value_error("give scale and shift together, or neither");
    p_.relu = relu;
    p_.bf16 = bf16;
    const float* plain = static_cast<const float*>(weight.data());
    if (bf16) {
      half_.resize(weight.size());
      for (std::size_t i = 0; i < half_.size(); ++i) half_[i] = to_bf16(plain[i]);
    } else {
      weight_.assign(plain, plain + weight.size());
    }
    copy(bias, bias_);
    if (scale) {
      require<float>(*scale, "scale", {p_.inputs}, host);
      require<float>(*shift, "shift", {p_.inputs}, host);
      copy(*scale, scale_);
      copy(*shift, shift_);
    }
  }

  void operator()(Input x, std::optional<Input> residual, Output out) const {
    constexpr int host = nb::device::cpu::value;
    require<float>(x, "x", {kAny, p_.inputs}, host);
    Linear p = p_;
    p.batch = static_cast<std::int64_t>(x.shape(0));
    require<float>(out, "out", {p.batch, p.outputs}, host);
    if (residual) require<float>(*residual, "residual", {p.batch, p.outputs}, host);
    p.weight = p.bf16 ? static_cast<const void*>(half_.data()) : weight_.data();
    p.bias = bias_.data();
    p.scale = scale_.empty() ? nullptr : scale_.data();
    p.shift = shift_.empty() ? nullptr : shift_.data();
    p.x = static_cast<const float*>(x.data());
    p.residual = residual ? static_cast<const float*>(residual->data()) : nullptr;
    p.out = static_cast<float*>(out.data());
    if (p.x < p.out + out.size() && p.out < p.x + x.size()) throw nb::value_error("out must not overlap x");
    nb::gil_scoped_release released;
    linear_cpu(p);
  }

 private:
  static void copy(const Input& from, std::vector<float>& to) {
    const float* data = static_cast<const float*>(from.data());
    to.assign(data, data + from.size());
  }

  Linear p_{};
  std::vector<float> weight_, bias_, scale_, shift_;
  std::vector<std::uint16_t> half_;
};

}  // namespace

void bind_linear(nb::module_& m) {
  nb::class_<LinearLayer>(m, "Linear")
      .def(nb::init<Input, Input, std::optional<Input>, std::optional<Input>, bool, bool>(), nb::arg("weight"),
           nb::arg("bias"), nb::arg("scale").none(), nb::arg("shift").none(), nb::arg("relu"), nb::arg("bf16"))
      .def("__call__", &LinearLayer::operator(), nb::arg("x"), nb::arg("residual").none(), nb::arg("out").noconvert());
}

}  // namespace meshcast
