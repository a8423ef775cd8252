#include "plan/plan.hpp"

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "plan/copy.hpp"
#ifdef MESHCAST_WITH_CUDA
#include "plan/plan_cuda.hpp"
#endif

namespace meshcast {
namespace {

std::size_t room_of(const ExecutionPlan::Buffer& buffer, std::int64_t people) {
  return static_cast<std::size_t>(buffer.numbers * people) * (buffer.bf16 ? 2 : 4);
}

[[noreturn]] void refuse(const std::string& text) {
  throw std::invalid_argument(text);
}

std::string named(int buffer) {
  return "buffer " + std::to_string(buffer);
}

// Where each buffer begins, and behind the last one how much they take.
std::vector<std::size_t> lay_out(const std::vector<ExecutionPlan::Buffer>& buffers, std::int64_t people) {
  std::vector<std::size_t> offsets{0, 0};  // x and out are the caller's
  std::size_t end = 0;
  for (std::size_t i = 2; i < buffers.size(); ++i) {
    offsets.push_back(end);
    end += (room_of(buffers[i], people) + 255) / 256 * 256;
  }
  offsets.push_back(end);
  return offsets;
}

std::vector<ExecutionPlan::Buffer> all_buffers(std::int64_t inputs, std::int64_t outputs,
                                               const std::vector<ExecutionPlan::Buffer>& own, std::int64_t people) {
  std::vector<ExecutionPlan::Buffer> all{{inputs, false}, {outputs, false}};
  all.insert(all.end(), own.begin(), own.end());
  for (const auto& buffer : all)
    if (buffer.numbers < 1) refuse("a buffer must have at least one number");
  if (people < 1) refuse("people must be at least 1");
  return all;
}

// Numbers of a row that a layout reaches over.
std::int64_t extent(const Layout& layout, std::int64_t numbers) {
  return numbers / layout.width * layout.stride;
}

}  // namespace

void copy_cpu(const Copy& p) {
  for (std::int64_t at = 0; at < p.batch * p.numbers; ++at) copy_one(p, at);
}

ExecutionPlan::ExecutionPlan(std::int64_t inputs, std::int64_t outputs, const std::vector<Buffer>& own,
                             std::int64_t people, int device)
    : people_(people),
      device_(device),
      buffers_(all_buffers(inputs, outputs, own, people)),
      held_(buffers_.size(), 0),
      offsets_(lay_out(buffers_, people)),
      memory_(offsets_.back(), device) {
  held_[kX] = inputs;
#ifdef MESHCAST_WITH_CUDA
  if (device >= 0) {
    const std::size_t bytes = room_of(buffers_[kX], people) + room_of(buffers_[kOut], people);
    staged_ = std::make_unique<Memory>(bytes, device);
    pinned_ = std::make_unique<Pinned>(bytes);
  }
#endif
}

void ExecutionPlan::copy(int from, int to, std::int64_t numbers, std::optional<Channels> from_as,
                         std::optional<Channels> to_as) {
  const Layout from_layout = layout(from, numbers, from_as), to_layout = layout(to, numbers, to_as);
  const std::int64_t written = extent(to_layout, numbers);
  readable(from, extent(from_layout, numbers));
  writable(to, written);
  if (from == to) refuse("a copy needs two buffers");
  work_per_row_.bytes += bytes_of(from, numbers) + bytes_of(to, numbers);
  add(to, written, [this, from, to, numbers, from_layout, to_layout](const Call& call) {
    const Copy p{this->from(from, call), this->to(to, call), from_layout, to_layout, numbers, call.batch};
#ifdef MESHCAST_WITH_CUDA
    if (device_ >= 0) return copy_cuda(p, device_, call.stream);
#endif
    copy_cpu(p);
  });
}

void ExecutionPlan::linear(const LinearLayer& layer, int x, int residual, int out, std::optional<Channels> x_as,
                           std::optional<Channels> out_as) {
  require_device(layer.device());
  const Layout x_layout = layout(x, layer.inputs(), x_as), out_layout = layout(out, layer.outputs(), out_as);
  const std::int64_t written = extent(out_layout, layer.outputs());
  readable(x, extent(x_layout, layer.inputs()));
  writable(out, written);
  if (x == out) refuse("the result of a linear layer must not overwrite its input");
  if (residual != kNone) {
    readable(residual, layer.outputs());
    require_type(residual, false);
    if (residual == out && out_as) refuse("a residual is read as rows: it cannot be overwritten by features");
  }
  work_per_row_.products += layer.inputs() * layer.outputs();
  work_per_row_.bytes += bytes_of(x, layer.inputs()) + bytes_of(out, layer.outputs());
  if (residual != kNone) work_per_row_.bytes += bytes_of(residual, layer.outputs());
  constant_bytes_ += layer.constant_bytes();
  add(out, written, [this, &layer, x, residual, out, x_layout, out_layout](const Call& call) {
    const auto* before = residual == kNone ? nullptr : static_cast<const float*>(from(residual, call));
    layer.run(from(x, call), x_layout, before, to(out, call), out_layout, call.batch, call.stream);
  });
}

void ExecutionPlan::graph_conv(const GraphConvLayer& layer, int x, int skip, int out,
                               const std::vector<std::int32_t>& output_permutation) {
  require_device(layer.device());
  const std::int64_t written = layer.rows() * layer.channels_out();
  readable(x, layer.sources() * layer.channels_in());
  require_type(x, layer.bf16());
  if ((skip != kNone) != (layer.channels_skip() > 0))
    refuse(skip == kNone ? "skip: this layer adds a skip connection; pass its features"
                         : "skip: this layer adds no skip connection; pass None");
  if (skip != kNone) {
    readable(skip, layer.skip_sources() * layer.channels_skip());
    require_type(skip, layer.bf16());
  }
  writable(out, written);
  require_type(out, output_permutation.empty() && layer.bf16());
  if (x == out || skip == out) refuse("the result of a graph convolution must not overwrite its input");
  if (x == kX || skip == kX || (out == kOut && output_permutation.empty()))
    refuse("x and out hold rows, not features: copy x to a buffer, and pass output_permutation for out");
  work_per_row_.products += 3 * layer.channels_in() * written;
  work_per_row_.sums += layer.entries() * layer.channels_in();
  work_per_row_.bytes += bytes_of(x, layer.sources() * layer.channels_in()) + bytes_of(out, written);
  if (skip != kNone) work_per_row_.bytes += bytes_of(skip, layer.skip_sources() * layer.channels_skip());
  constant_bytes_ += layer.constant_bytes();
  const std::int32_t* permutation_data = nullptr;
  if (!output_permutation.empty()) {
    std::vector<bool> seen(static_cast<std::size_t>(layer.rows()), false);
    for (auto at : output_permutation) {
      if (at < 0 || at >= layer.rows() || seen[static_cast<std::size_t>(at)])
        refuse("output_permutation must be a permutation");
      seen[static_cast<std::size_t>(at)] = true;
    }
    if (output_permutation.size() != seen.size()) refuse("output_permutation must name every vertex once");
    output_permutations_.push_back(
        std::make_unique<Memory>(output_permutation.size() * sizeof output_permutation[0], device_));
    output_permutations_.back()->fill(output_permutation.data(),
                                      output_permutation.size() * sizeof output_permutation[0]);
    permutation_data = reinterpret_cast<const std::int32_t*>(output_permutations_.back()->data());
  }
  add(out, written, [this, &layer, x, skip, out, permutation_data](const Call& call) {
    layer.run(from(x, call), skip == kNone ? nullptr : from(skip, call), to(out, call), permutation_data, call.batch,
              call.stream);
  });
}

ExecutionPlan::Work ExecutionPlan::work(std::int64_t batch) const {
  return {batch * work_per_row_.products, batch * work_per_row_.sums, batch * work_per_row_.bytes + constant_bytes_};
}

void ExecutionPlan::run(const float* x, float* out, std::int64_t batch, std::uintptr_t stream) const {
  if (batch == 0) return;
  const Call call{x, out, batch, stream};
  for (const auto& step : steps_) step(call);
}

void ExecutionPlan::run_from_host(const float* x, float* out, std::int64_t batch, std::uintptr_t stream) const {
#ifdef MESHCAST_WITH_CUDA
  if (batch == 0) return;
  const std::size_t in = room_of(buffers_[kX], batch), back = room_of(buffers_[kOut], batch);
  const std::size_t begin = room_of(buffers_[kX], people_);  // of out, behind x
  auto* there = reinterpret_cast<float*>(staged_->data());
  auto* result = reinterpret_cast<float*>(staged_->data() + begin);
  std::memcpy(pinned_->data(), x, in);
  copy_to_device(there, pinned_->data(), in, device_, stream);
  run(there, result, batch, stream);
  copy_to_host(pinned_->data() + begin, result, back, device_, stream);
  std::memcpy(out, pinned_->data() + begin, back);
#else
  run(x, out, batch, stream);
#endif
}

void ExecutionPlan::readable(int buffer, std::int64_t numbers) const {
  if (buffer < 0 || buffer >= static_cast<int>(buffers_.size()) || buffer == kOut)
    refuse(named(buffer) + " cannot be read");
  const std::int64_t held = held_[static_cast<std::size_t>(buffer)];
  if (held == 0) refuse(named(buffer) + " is read before anything was written to it");
  if (held != numbers)
    refuse(named(buffer) + " holds " + std::to_string(held) + " numbers a row, not " + std::to_string(numbers));
}

void ExecutionPlan::writable(int buffer, std::int64_t numbers) const {
  if (buffer < kOut || buffer >= static_cast<int>(buffers_.size())) refuse(named(buffer) + " cannot be written");
  const std::int64_t room = buffers_[static_cast<std::size_t>(buffer)].numbers;
  if (numbers > room || (buffer == kOut && numbers != room))
    refuse(named(buffer) + " has room for " + std::to_string(room) + " numbers a row, not " + std::to_string(numbers));
}

Layout ExecutionPlan::layout(int buffer, std::int64_t numbers, const std::optional<Channels>& as) const {
  if (buffer < 0 || buffer >= static_cast<int>(buffers_.size())) refuse("there is no " + named(buffer));
  const Channels of = as.value_or(Channels{numbers, numbers, 0});
  if (as && (buffer == kX || buffer == kOut)) refuse("x and out hold rows, not features");
  if (of.width < 1 || numbers < 1 || numbers % of.width != 0 || of.first < 0 || of.first + of.width > of.stride)
    refuse("channels do not fit: " + std::to_string(of.width) + " of " + std::to_string(of.stride) + " from " +
           std::to_string(of.first) + " on, for " + std::to_string(numbers) + " numbers");
  return Layout{of.width, of.stride, of.first, buffers_[static_cast<std::size_t>(buffer)].bf16};
}

void ExecutionPlan::require_type(int buffer, bool bf16) const {
  if (buffers_[static_cast<std::size_t>(buffer)].bf16 != bf16)
    refuse(named(buffer) + " must be " + (bf16 ? "bfloat16" : "float32"));
}

void ExecutionPlan::require_device(int device) const {
  if (device != device_) refuse("the layer and the plan must be on the same device");
}

std::int64_t ExecutionPlan::bytes_of(int buffer, std::int64_t numbers) const {
  return numbers * (buffers_[static_cast<std::size_t>(buffer)].bf16 ? 2 : 4);
}

void ExecutionPlan::add(int out, std::int64_t numbers, std::function<void(const Call&)> step) {
  held_[static_cast<std::size_t>(out)] = numbers;
  steps_.push_back(std::move(step));
}

const void* ExecutionPlan::from(int buffer, const Call& call) const {
  return buffer == kX ? static_cast<const void*>(call.x) : memory_.data() + offsets_[static_cast<std::size_t>(buffer)];
}

void* ExecutionPlan::to(int buffer, const Call& call) const {
  return buffer == kOut ? static_cast<void*>(call.out) : memory_.data() + offsets_[static_cast<std::size_t>(buffer)];
}

}  // namespace meshcast
