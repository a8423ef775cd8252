#include "graph_conv/graph_conv_layer.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace meshcast {

GraphConvLayer::GraphConvLayer(GraphConvConstants constants, MatrixKernel kernel, int device)
    : constants_(std::move(constants)),
      device_(device),
      isa_(&graph_conv_isa(kernel)),
      entries_(static_cast<std::int64_t>(constants_.one_hop.indices.size() + constants_.two_hops.indices.size())),
      bias_(constants_.bias, constants_.bias + constants_.channels_out) {
  p_.rows = static_cast<std::int64_t>(constants_.self.size());
  p_.sources = constants_.sources;
  p_.channels_in = constants_.channels_in;
  p_.channels_out = constants_.channels_out;
  p_.channels_skip = constants_.channels_skip;
  p_.relu = constants_.relu;
  p_.part = (p_.channels_out + kChunk - 1) / kChunk * kChunk;
  if (p_.channels_skip && p_.channels_skip != p_.channels_out) interpolate();

  p_.self = constants_.self.data();
  p_.skip_row = constants_.skip_row.data();
  p_.one_hop = constants_.one_hop.view();
  p_.two_hops = constants_.two_hops.view();
  p_.bias = bias_.data();
  p_.lerp_from0 = lerp_from0_.empty() ? nullptr : lerp_from0_.data();
  p_.lerp_from1 = lerp_from1_.empty() ? nullptr : lerp_from1_.data();
  p_.lerp_weight = lerp_weight_.empty() ? nullptr : lerp_weight_.data();
#ifdef MESHCAST_WITH_CUDA
  if (device >= 0)
    on_device_ = std::make_unique<GraphConvOnDevice>(p_, constants_.weight, constants_.one_hop.indices.size(),
                                                     constants_.two_hops.indices.size(), constants_.bf16, device);
#endif
  if (device < 0) pack();
  constants_.weight = constants_.bias = nullptr;  // the caller's
}

void GraphConvLayer::run(const void* x, const void* skip, void* out, const std::int32_t* output_permutation,
                         std::int64_t batch, std::uintptr_t stream) const {
  GraphConv p = p_;
  p.x = x;
  p.skip = skip;
  p.out = out;
  p.output_permutation = output_permutation;
  p.batch = batch;
#ifdef MESHCAST_WITH_CUDA
  if (on_device_) return on_device_->run(p, stream);
#endif
  (void)stream;
  graph_conv_cpu(*isa_, p, constants_.bf16);
}

// Whether projecting first is less work: products, and gathers, which cost about twice as much a number.
bool GraphConvLayer::projecting_pays() const {
  const double products = 3.0 * static_cast<double>(p_.channels_in * p_.channels_out);
  const double gathers = 2.0 * static_cast<double>(entries_);
  const double rows = static_cast<double>(p_.rows), sources = static_cast<double>(p_.sources);
  return sources * products + gathers * static_cast<double>(p_.channels_out) <
         rows * products + gathers * static_cast<double>(p_.channels_in);
}

void GraphConvLayer::pack() {
  const GraphConvCpu& isa = *isa_;
  const float* weight = constants_.weight;
  std::int64_t depth = 3 * p_.channels_in, columns = p_.channels_out;
  std::vector<float> side_by_side;
  p_.project_first = projecting_pays();
  if (p_.project_first) {
    depth = p_.channels_in, columns = 3 * p_.part;
    side_by_side.resize(static_cast<std::size_t>(depth * columns));
    for (std::int64_t row = 0; row < 3 * depth; ++row)
      std::memcpy(side_by_side.data() + row % depth * columns + row / depth * p_.part, weight + row * p_.channels_out,
                  static_cast<std::size_t>(p_.channels_out) * sizeof(float));
    weight = side_by_side.data();
  }
  const bool bf16 = constants_.bf16;
  const std::int64_t padded = panels(columns, isa.panel) * isa.panel;
  const auto bytes = static_cast<std::size_t>(padded * (bf16 ? filled(depth, isa.depth_step) * 2 : depth * 4));
  weight_.reset(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  if (!weight_) throw std::bad_alloc();
  if (bf16)
    isa.pack_bf16(weight, depth, columns, static_cast<std::uint16_t*>(weight_.get()));
  else
    isa.pack_f32(weight, depth, columns, static_cast<float*>(weight_.get()));
  p_.weight = weight_.get();
}

// Linear interpolation of channels_skip channels to channels_out, centers at half integers.
void GraphConvLayer::interpolate() {
  const std::int64_t from = p_.channels_skip, to = p_.channels_out;
  for (std::int64_t c = 0; c < to; ++c) {
    double place = (static_cast<double>(c) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    if (place < 0) place = 0;
    const auto low = static_cast<std::int64_t>(place), high = low + 1 < from ? low + 1 : low;
    lerp_from0_.push_back(static_cast<std::int32_t>(low));
    lerp_from1_.push_back(static_cast<std::int32_t>(high));
    lerp_weight_.push_back(static_cast<float>(1.0 - (place - static_cast<double>(low))));
  }
}

}  // namespace meshcast
