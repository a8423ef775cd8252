#include "emulated.hpp"

#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace emulated {

Index thread_index, block_index, block_size, grid_size;

namespace {

constexpr std::size_t kStack = 256 << 10;
constexpr unsigned kWarp = 32;
constexpr unsigned kPatience = 200;  // rounds in which nobody gets on

struct Later {
  void* to;
  const void* from;
  std::size_t bytes;
};

struct Barrier {
  unsigned members = 0, arrived = 0, generation = 0;
  void open() {
    arrived = 0;
    ++generation;
  }
};

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack{new char[kStack]};
  unsigned id = 0;
  bool done = false;
  std::vector<Later> open;
  std::deque<std::vector<Later>> committed;
};

ucontext_t scheduler;
std::vector<std::unique_ptr<Fiber>> fibers;
Fiber* running = nullptr;
const std::function<void()>* work = nullptr;
Barrier whole;
std::vector<Barrier> warps;
std::vector<unsigned> given;  // by the lanes, for exchange()
bool any = false;
unsigned long progress = 0;
std::vector<char> shared;
std::size_t shared_at = 0;
std::mt19937 generator;
bool capturing = false;
std::vector<std::function<void()>> captured;

void leave(Barrier& barrier) {
  --barrier.members;
  if (barrier.members && barrier.arrived == barrier.members) barrier.open();
}

void body() {
  (*work)();
  running->done = true;
  ++progress;
  leave(whole);
  leave(warps[running->id / kWarp]);
  swapcontext(&running->context, &scheduler);
}

void wait(Barrier& barrier) {
  ++progress;
  const unsigned generation = barrier.generation;
  if (++barrier.arrived == barrier.members) barrier.open();
  while (barrier.generation == generation) swapcontext(&running->context, &scheduler);
}

void run_block(unsigned threads, bool backwards) {
  while (fibers.size() < threads) fibers.push_back(std::make_unique<Fiber>());
  whole = Barrier{threads, 0, 0};
  warps.assign((threads + kWarp - 1) / kWarp, Barrier{});
  given.assign(warps.size() * kWarp, 0);
  for (unsigned i = 0; i < threads; ++i) {
    Fiber& fiber = *fibers[i];
    fiber.id = i;
    fiber.done = false;
    fiber.open.clear();
    fiber.committed.clear();
    ++warps[i / kWarp].members;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, body, 0);
  }
  unsigned idle = 0;
  for (unsigned alive = threads; alive;) {
    const unsigned long before = progress;
    alive = 0;
    const std::uint32_t held = generator();  // a bit a warp: it makes no step this time
    for (unsigned turn = 0; turn < threads; ++turn) {
      Fiber& fiber = *fibers[backwards ? threads - 1 - turn : turn];
      if (fiber.done) continue;
      if (held >> fiber.id / kWarp & 1) {
        ++alive;
        continue;
      }
      running = &fiber;
      thread_index.x = fiber.id % block_size.x;
      thread_index.y = fiber.id / block_size.x % block_size.y;
      thread_index.z = fiber.id / block_size.x / block_size.y;
      swapcontext(&scheduler, &fiber.context);
      alive += !fiber.done;
    }
    idle = progress == before ? idle + 1 : 0;
    if (idle == kPatience) fail("a barrier that some threads never reach");
  }
}

}  // namespace

void fail(const char* what) {
  std::fprintf(stderr, "emulated CUDA: %s\n", what);
  std::abort();
}

void enqueue(std::function<void()> work_to_do) {
  if (capturing)
    captured.push_back(std::move(work_to_do));
  else
    work_to_do();
}

void forbid_in_capture(const char* what) {
  if (capturing) fail(what);
}

namespace {

// Warps get on at random, and odd blocks run their threads backwards: what lacks a barrier goes wrong soon.
void run_grid(Index grid, Index block, std::size_t shared_bytes, const std::function<void()>& thread) {
  work = &thread;
  block_size = block;
  grid_size = grid;
  shared.assign(shared_bytes + 128, char(0x7f));
  shared_at = 128 - reinterpret_cast<std::size_t>(shared.data()) % 128;
  unsigned count = 0;
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        block_index = {x, y, z};
        run_block(block.x * block.y * block.z, count++ % 2);
      }
}

}  // namespace

void launch(Index grid, Index block, std::size_t shared_bytes, std::function<void()> thread) {
  if (block.x * block.y * block.z > 1024 || shared_bytes > 227 << 10) fail("a block that no GPU can run");
  enqueue([=] { run_grid(grid, block, shared_bytes, thread); });
}

char* dynamic_shared() {
  return shared.data() + shared_at;
}

unsigned lane() {
  return running->id % kWarp;
}

void block_barrier() {
  wait(whole);
}

void warp_barrier() {
  wait(warps[running->id / kWarp]);
}

bool block_any(bool value) {
  wait(whole);
  any = false;
  wait(whole);
  any = any || value;
  wait(whole);
  return any;
}

unsigned exchange(unsigned value, unsigned from) {
  given[running->id] = value;
  warp_barrier();
  const unsigned result = given[running->id / kWarp * kWarp + from % kWarp];
  warp_barrier();
  return result;
}

void copy_later(void* to, const void* from, std::size_t bytes) {
  if (reinterpret_cast<std::size_t>(to) % bytes || reinterpret_cast<std::size_t>(from) % bytes)
    fail("an asynchronous copy that is not aligned");
  if (generator() & 1)
    std::memcpy(to, from, bytes);
  else
    running->open.push_back({to, from, bytes});
}

void commit_copies() {
  running->committed.push_back(std::move(running->open));
  running->open.clear();
}

void wait_copies(unsigned left) {
  while (running->committed.size() > left) {
    for (const Later& copy : running->committed.front()) std::memcpy(copy.to, copy.from, copy.bytes);
    running->committed.pop_front();
  }
}

}  // namespace emulated

// For the tests: begins a graph, ends it, and replays it.
extern "C" {
__attribute__((visibility("default"))) void emulated_begin_capture() {
  emulated::captured.clear();
  emulated::capturing = true;
}
__attribute__((visibility("default"))) void emulated_end_capture() {
  emulated::capturing = false;
}
__attribute__((visibility("default"))) void emulated_replay() {
  for (const auto& work : emulated::captured) work();
}
}
