#include "common/pool.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#endif

namespace meshcast {
namespace {

constexpr int kClosed = 1 << 30;
constexpr int kGlances = 4000;  // looks for work before sleeping: some tens of microseconds

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int usable_cores() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
#endif
  const unsigned cores = std::thread::hardware_concurrency();
  return cores ? static_cast<int>(cores) : 1;
}

class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
  }

  ~Pool() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
  }

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // A worker that has not started a task is not waited for: where other processes hold the cores, it may wake up much
  // later.
  void run(std::int64_t tasks, void (*body)(void*, std::int64_t), void* context) {
    body_ = body;
    context_ = context;
    tasks_ = tasks;
    next_.store(0, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      gate_.fetch_and(~kClosed, std::memory_order_release);  // a late worker may be on its way out
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    take();
    const int inside = gate_.fetch_or(kClosed, std::memory_order_acq_rel);
    if (inside == 0) return;
    for (int i = 0; i < kGlances; ++i) {
      if (gate_.load(std::memory_order_acquire) == kClosed) return;
      relax();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return gate_.load(std::memory_order_acquire) == kClosed; });
  }

 private:
  void take() {
    for (std::int64_t task; (task = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) body_(context_, task);
  }

  void work() {
    std::uint64_t seen = 0;
    for (;;) {
      for (int i = 0; i < kGlances && generation_.load(std::memory_order_acquire) == seen; ++i) relax();
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
      }
      seen = generation_.load(std::memory_order_acquire);
      if (ending_) return;
      if (!(gate_.fetch_add(1, std::memory_order_acq_rel) & kClosed)) take();
      if (gate_.fetch_sub(1, std::memory_order_acq_rel) == kClosed + 1) {
        std::lock_guard<std::mutex> lock(mutex_);
        done_.notify_one();
      }
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::int64_t> next_{0};
  std::atomic<int> gate_{kClosed};  // how many workers are inside the job, and whether it takes no more
  bool ending_ = false;
  void (*body_)(void*, std::int64_t) = nullptr;
  void* context_ = nullptr;
  std::int64_t tasks_ = 0;
};

std::mutex owner;      // who has the pool
Pool* pool = nullptr;  // made at the first job; never destroyed at exit, where its threads may be gone already
int wanted = 0;        // 0: the usable cores
thread_local bool inside = false;

#ifdef __linux__
// In a forked child the threads do not exist: it makes a pool of its own.
void forget_pool() {
  pool = nullptr;
  new (&owner) std::mutex;
}
const int registered = pthread_atfork(nullptr, nullptr, forget_pool);
#endif

}  // namespace

int pool_threads() {
  return wanted > 0 ? wanted : usable_cores();
}

void set_pool_threads(int count) {
  std::lock_guard<std::mutex> lock(owner);
  wanted = count > 0 ? count : 0;
  delete pool;
  pool = nullptr;
}

void parallel_for(std::int64_t tasks, void (*body)(void*, std::int64_t), void* context) {
  if (tasks > 1 && !inside && owner.try_lock()) {
    std::lock_guard<std::mutex> lock(owner, std::adopt_lock);
    if (pool_threads() > 1) {
      if (!pool) pool = new Pool(pool_threads());
      inside = true;
      pool->run(tasks, body, context);
      inside = false;
      return;
    }
  }
  for (std::int64_t task = 0; task < tasks; ++task) body(context, task);
}

}  // namespace meshcast
