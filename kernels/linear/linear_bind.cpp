#include <nanobind/stl/optional.h>

#include <memory>
#include <optional>
#include <vector>

#include "common/bfloat16.hpp"
#include "common/bind.hpp"
#include "linear/linear.hpp"
#include "module.hpp"

#ifdef MESHCAST_WITH_CUDA
#include "linear/linear_cuda.hpp"
#endif

namespace meshcast {
namespace {

// A layer with its weights in the type that they are stored in; calling it allocates nothing.
class LinearLayer {
 public:
  LinearLayer(Input weight, Input bias, std::optional<Input> scale, std::optional<Input> shift, bool relu, bool bf16,
              int device) {
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
    p_.weight = bf16 ? static_cast<const void*>(half_.data()) : weight_.data();
    p_.bias = bias_.data();
    p_.scale = scale_.empty() ? nullptr : scale_.data();
    p_.shift = shift_.empty() ? nullptr : shift_.data();
    if (device >= 0) {
#ifdef MESHCAST_WITH_CUDA
      on_device_ = std::make_unique<LinearOnDevice>(p_, device);
#else
      throw nb::type_error("this build of meshcast has no CUDA kernels: reinstall with MESHCAST_CUDA=ON");
#endif
    }
  }

  void operator()(Input x, std::optional<Input> residual, Output out, std::uintptr_t stream) const {
    const int place = on_device_ ? nb::device::cuda::value : nb::device::cpu::value;
    require<float>(x, "x", {kAny, p_.inputs}, place);
    const auto batch = static_cast<std::int64_t>(x.shape(0));
    require<float>(out, "out", {batch, p_.outputs}, place);
    if (residual) require<float>(*residual, "residual", {batch, p_.outputs}, place);
    Linear p = p_;
    p.batch = batch;
    p.x = static_cast<const float*>(x.data());
    p.residual = residual ? static_cast<const float*>(residual->data()) : nullptr;
    p.out = static_cast<float*>(out.data());
    if (p.x < p.out + out.size() && p.out < p.x + x.size()) throw nb::value_error("out must not overlap x");
    nb::gil_scoped_release released;
#ifdef MESHCAST_WITH_CUDA
    if (on_device_) return on_device_->run(p.x, p.residual, p.out, batch, stream);
#endif
    (void)stream;
    linear_cpu(p);
  }

 private:
  static void copy(const Input& from, std::vector<float>& to) {
    const float* data = static_cast<const float*>(from.data());
    to.assign(data, data + from.size());
  }

#ifdef MESHCAST_WITH_CUDA
  std::unique_ptr<LinearOnDevice> on_device_;
#else
  static constexpr bool on_device_ = false;
#endif
  Linear p_{};
  std::vector<float> weight_, bias_, scale_, shift_;
  std::vector<std::uint16_t> half_;
};

}  // namespace

void bind_linear(nb::module_& m) {
  nb::class_<LinearLayer>(m, "Linear")
      .def(nb::init<Input, Input, std::optional<Input>, std::optional<Input>, bool, bool, int>(), nb::arg("weight"),
           nb::arg("bias"), nb::arg("scale").none(), nb::arg("shift").none(), nb::arg("relu"), nb::arg("bf16"),
           nb::arg("device") = -1)
      .def("__call__", &LinearLayer::operator(), nb::arg("x"), nb::arg("residual").none(), nb::arg("out").noconvert(),
           nb::arg("stream") = 0);
}

}  // namespace meshcast
