#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "graph_conv/graph_conv_layer.hpp"
#include "linear/linear_layer.hpp"
#include "plan/memory.hpp"

namespace meshcast {

// A network of layers as one call: steps one after the other over buffers that it allocates once, for up to `people`
// rows. Running it allocates nothing; on a CUDA device everything is enqueued on one stream without waiting, so that a
// CUDA graph can capture it, and the addresses of the buffers are fixed for the plan's lifetime.
//
// Buffers are known by index: 0 is the call's x (batch, inputs), 1 its out (batch, outputs), float32; the plan's own
// follow, with room for `numbers` numbers a row. A buffer holds rows (batch, numbers) or features of a graph (nodes,
// batch, channels).
class ExecutionPlan {
 public:
  struct Buffer {
    std::int64_t numbers;  // room for this many in each row
    bool bf16;             // else float32
  };
  // Of features (nodes, batch, stride) the channels first..first + width - 1.
  struct Channels {
    std::int64_t width, stride, first;
  };
  // Lower bounds of the work for a batch: multiplications of the linear parts and of the sums over neighbors, and bytes
  // of constants and of arrays, each read or written once.
  struct Work {
    std::int64_t products, sums, bytes;
  };
  static constexpr int kX = 0, kOut = 1, kNone = -1;

  ExecutionPlan(std::int64_t inputs, std::int64_t outputs, const std::vector<Buffer>& own, std::int64_t people,
                int device);

  // Steps, in order. Layers must outlive the plan. Throw std::invalid_argument where a buffer does not fit.
  void copy(int from, int to, std::int64_t numbers, std::optional<Channels> from_as, std::optional<Channels> to_as);
  void linear(const LinearLayer& layer, int x, int residual, int out, std::optional<Channels> x_as,
              std::optional<Channels> out_as);
  // With output_permutation (rows), a permutation, out is rows (batch, vertices, channels) in float32, vertex v at
  // output_permutation[v].
  void graph_conv(const GraphConvLayer& layer, int x, int skip, int out,
                  const std::vector<std::int32_t>& output_permutation);

  std::int64_t inputs() const { return buffers_[kX].numbers; }
  std::int64_t outputs() const { return buffers_[kOut].numbers; }
  std::int64_t people() const { return people_; }
  int device() const { return device_; }
  std::size_t bytes() const { return memory_.bytes(); }  // of the own buffers
  Work work(std::int64_t batch) const;

  // x and out lie where the plan does; batch is at most people().
  void run(const float* x, float* out, std::int64_t batch, std::uintptr_t stream) const;
  // For a plan on a device, from and to host memory: through pinned memory, and waits for the result.
  void run_from_host(const float* x, float* out, std::int64_t batch, std::uintptr_t stream) const;

 private:
  struct Call {
    const float* x;
    float* out;
    std::int64_t batch;
    std::uintptr_t stream;
  };

  void readable(int buffer, std::int64_t numbers) const;
  void writable(int buffer, std::int64_t numbers) const;
  Layout layout(int buffer, std::int64_t numbers, const std::optional<Channels>& as) const;
  void require_type(int buffer, bool bf16) const;
  void require_device(int device) const;
  std::int64_t bytes_of(int buffer, std::int64_t numbers) const;
  void add(int out, std::int64_t numbers, std::function<void(const Call&)> step);
  const void* from(int buffer, const Call& call) const;
  void* to(int buffer, const Call& call) const;

  std::int64_t people_;
  int device_;
  std::vector<Buffer> buffers_;
  std::vector<std::int64_t> held_;  // numbers of a row that the steps so far leave in each buffer
  std::vector<std::size_t> offsets_;
  Memory memory_;
  std::vector<std::unique_ptr<Memory>> output_permutations_;
  std::vector<std::function<void(const Call&)>> steps_;
  Work work_per_row_{};
  std::int64_t constant_bytes_ = 0;
#ifdef MESHCAST_WITH_CUDA
  std::unique_ptr<Memory> staged_;  // x and out of run_from_host
  std::unique_ptr<Pinned> pinned_;
#endif
};

}  // namespace meshcast
