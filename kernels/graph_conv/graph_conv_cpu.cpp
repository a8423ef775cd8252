#include "graph_conv/graph_conv.hpp"

#include <cstdlib>
#include <new>

#ifdef MESHCAST_NEON_BF16
#include <sys/auxv.h>
#endif

#include "common/matrix_kernel.hpp"
#include "common/pool.hpp"

namespace meshcast {

#ifdef MESHCAST_X86
namespace avx512_bf16 {
extern const GraphConvCpu graph_conv;
}
namespace avx512 {
extern const GraphConvCpu graph_conv;
}
namespace avx2 {
extern const GraphConvCpu graph_conv;
}
#endif
#ifdef MESHCAST_NEON_BF16
namespace neon_bf16 {
extern const GraphConvCpu graph_conv;
}
#endif
#ifdef MESHCAST_AMX
namespace amx {
extern const GraphConvCpu graph_conv;
}
#endif
namespace amx_emulated {
extern const GraphConvCpu graph_conv;
}
namespace generic {
extern const GraphConvCpu graph_conv;
}

namespace {

struct Choice {
  const GraphConvCpu* isa;
  const char* name;
};

Choice choose() {
#ifdef MESHCAST_X86
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (v4 && __builtin_cpu_supports("avx512bf16")) return {&avx512_bf16::graph_conv, "avx512_bf16"};
  if (v4) return {&avx512::graph_conv, "avx512"};
  if (v3) return {&avx2::graph_conv, "avx2"};
#endif
#ifdef MESHCAST_NEON_BF16
  constexpr unsigned long kBf16 = 1ul << 14;  // HWCAP2_BF16 of asm/hwcap.h
  if (getauxval(AT_HWCAP2) & kBf16) return {&neon_bf16::graph_conv, "neon_bf16"};
#endif
  return {&generic::graph_conv, "generic"};
}

const Choice chosen = choose();

// A thread's own work space, kept from call to call.
struct Scratch {
  void* data = nullptr;
  std::size_t size = 0;
  void* of(std::size_t bytes) {
    if (bytes > size) {
      std::free(data);
      size = (bytes + 63) / 64 * 64;
      data = std::aligned_alloc(64, size);
      if (!data) throw std::bad_alloc();
    }
    return data;
  }
  ~Scratch() { std::free(data); }
};
thread_local Scratch scratch;    // of a worker thread
thread_local Scratch projected;  // of the calling thread, shared by its workers

constexpr std::int64_t kTasksPerThread = 4;  // tasks for each thread at least, so that the load is balanced

using Run = void (*)(const GraphConv& p, std::int64_t first, std::int64_t last, void* scratch);

void run_in_tasks(const GraphConvCpu& isa, const GraphConv& p, std::int64_t total, Run run, std::size_t bytes) {
  const std::int64_t least = isa.least_rows, most = isa.most_rows;
  const std::int64_t even_share = total / (kTasksPerThread * pool_threads()) / least * least;
  const std::int64_t size = even_share < least ? least : even_share > most ? most : even_share;
  auto share = [&](std::int64_t task) {
    const std::int64_t first = task * size, last = first + size < total ? first + size : total;
    run(p, first, last, scratch.of(bytes));
  };
  parallel_for((total + size - 1) / size, share);
}

}  // namespace

const GraphConvCpu& graph_conv_isa(MatrixKernel kernel) {
#ifdef MESHCAST_AMX
  if (kernel == MatrixKernel::kAmx) return amx::graph_conv;
#endif
  return kernel == MatrixKernel::kEmulated ? amx_emulated::graph_conv : *chosen.isa;
}
const char* graph_conv_isa_name() {
  return chosen.name;
}

void graph_conv_cpu(const GraphConvCpu& isa, const GraphConv& p, bool bf16) {
  if (p.rows * p.batch == 0) return;
  const std::size_t bytes = isa.scratch_bytes(p.channels_in, bf16);
  if (!p.project_first) return run_in_tasks(isa, p, p.rows * p.batch, bf16 ? isa.run_bf16 : isa.run_f32, bytes);
  GraphConv q = p;
  q.projected = projected.of(static_cast<std::size_t>(p.sources * p.batch * 3 * p.part) * (bf16 ? 2 : 4));
  run_in_tasks(isa, q, p.sources * p.batch, bf16 ? isa.project_bf16 : isa.project_f32, bytes);
  run_in_tasks(isa, q, p.rows * p.batch, bf16 ? isa.collect_bf16 : isa.collect_f32, bytes);
}

}  // namespace meshcast
