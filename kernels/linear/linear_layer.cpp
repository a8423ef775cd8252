#include "linear/linear_layer.hpp"

#include "common/bfloat16.hpp"

namespace meshcast {

#ifdef MESHCAST_AMX
namespace amx {
extern const LinearTiles linear_tiles;
}
#endif
namespace amx_emulated {
extern const LinearTiles linear_tiles;
}

namespace {

const LinearTiles* tiles_of(MatrixKernel kernel) {
#ifdef MESHCAST_AMX
  if (kernel == MatrixKernel::kAmx) return &amx::linear_tiles;
#endif
  return kernel == MatrixKernel::kEmulated ? &amx_emulated::linear_tiles : nullptr;
}

}  // namespace

LinearLayer::LinearLayer(const float* weight, const float* bias, const float* scale, const float* shift,
                         std::int64_t inputs, std::int64_t outputs, bool relu, bool bf16, MatrixKernel kernel,
                         int device)
    : device_(device), tiles_(tiles_of(kernel)), bias_(bias, bias + outputs) {
  p_.inputs = inputs;
  p_.outputs = outputs;
  p_.relu = relu;
  p_.bf16 = bf16;
  if (tiles_) {
    half_.resize(static_cast<std::size_t>(blocks(outputs) * kBlock * steps(inputs) * kStep));
    pack_linear_tiles(weight, outputs, inputs, half_.data());
  } else if (bf16) {
    half_.resize(static_cast<std::size_t>(inputs * outputs));
    for (std::size_t i = 0; i < half_.size(); ++i) half_[i] = to_bf16(weight[i]);
  } else {
    weight_.assign(weight, weight + inputs * outputs);
  }
  if (scale) {
    scale_.assign(scale, scale + inputs);
    shift_.assign(shift, shift + inputs);
  }
  p_.weight = bf16 ? static_cast<const void*>(half_.data()) : weight_.data();
  p_.bias = bias_.data();
  p_.scale = scale ? scale_.data() : nullptr;
  p_.shift = scale ? shift_.data() : nullptr;
#ifdef MESHCAST_WITH_CUDA
  if (device >= 0) {
    on_device_ = std::make_unique<LinearOnDevice>(p_, device);
    for (auto* values : {&weight_, &bias_, &scale_, &shift_}) std::vector<float>().swap(*values);
    std::vector<std::uint16_t>().swap(half_);
  }
#endif
}

void LinearLayer::run(const void* x, const Layout& x_layout, const float* residual, void* out, const Layout& out_layout,
                      std::int64_t batch, std::uintptr_t stream) const {
  Linear p = p_;
  p.x = x;
  p.x_layout = x_layout;
  p.residual = residual;
  p.out = out;
  p.out_layout = out_layout;
  p.batch = batch;
#ifdef MESHCAST_WITH_CUDA
  if (on_device_) return on_device_->run(p, stream);
#endif
  (void)stream;
  if (tiles_) return linear_tiles_cpu(*tiles_, p);
  linear_cpu(p);
}

}  // namespace meshcast
