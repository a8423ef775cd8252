#pragma once

#include <cstdint>

namespace meshcast {

// Threads that wait without burning their core: after a job they look for the next one for some microseconds, then
// sleep. A pool of spinning threads (OpenMP's default) is ten to thirty times slower where other work runs on the same
// cores.

// How many threads a job runs on, the caller's included: the cores that this process may use, or what was set.
int pool_threads();

// Threads of the jobs to come; 0 is the cores that this process may use.
void set_pool_threads(int count);

// Calls body(context, task) for every task in 0..tasks-1, each once, on all threads of the pool, and returns when all
// are done. From inside a task, or while another thread has the pool, everything runs on the calling thread. body must
// not throw.
void parallel_for(std::int64_t tasks, void (*body)(void* context, std::int64_t task), void* context);

template <typename Body>
void parallel_for(std::int64_t tasks, Body& body) {
  parallel_for(
      tasks, [](void* context, std::int64_t task) { (*static_cast<Body*>(context))(task); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace meshcast
