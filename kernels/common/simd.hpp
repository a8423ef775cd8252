#pragma once

#include <cstdint>
#include <cstring>

#include "common/portable.hpp"

// A few floats as one value, for loops whose sums must stay in registers, which a compiler's own vectorisation does not
// promise. A loop is a template over the policy, written once: Scalar in CUDA, in CPU code a vector as long as the
// processor's registers, because compilers turn longer ones into code of a tenth of the speed.
namespace meshcast {

struct Scalar {
  using Number = float;
  static constexpr int kLanes = 1;
  MESHCAST_MEMBER static void load(const float* from, float& to) { to = *from; }
  MESHCAST_MEMBER static void load(const std::int16_t* from, float& to) { to = static_cast<float>(*from); }
  // Four floats at once where CUDA's pointers allow it.
  MESHCAST_MEMBER static const float* aligned(const float* from) {
    return static_cast<const float*>(__builtin_assume_aligned(from, 16));
  }
};

#ifndef __CUDACC__
template <typename Floats, typename Shorts>
struct Vector {
  using Number = Floats;
  static constexpr int kLanes = sizeof(Floats) / sizeof(float);

  MESHCAST_MEMBER static void load(const float* from, Floats& to) { std::memcpy(&to, from, sizeof to); }
  MESHCAST_MEMBER static void load(const std::int16_t* from, Floats& to) {
    Shorts shorts;
    std::memcpy(&shorts, from, sizeof shorts);
    to = __builtin_convertvector(shorts, Floats);
  }
  MESHCAST_MEMBER static const float* aligned(const float* from) { return from; }
};

typedef float Floats4 __attribute__((vector_size(16)));
typedef float Floats8 __attribute__((vector_size(32)));
typedef float Floats16 __attribute__((vector_size(64)));
typedef std::int16_t Shorts4 __attribute__((vector_size(8)));
typedef std::int16_t Shorts8 __attribute__((vector_size(16)));
typedef std::int16_t Shorts16 __attribute__((vector_size(32)));
using Vector4 = Vector<Floats4, Shorts4>;     // SSE, NEON
using Vector8 = Vector<Floats8, Shorts8>;     // AVX2
using Vector16 = Vector<Floats16, Shorts16>;  // AVX-512

// Defines `void name(parameters)` that calls `loop<Vector...>(arguments)`, compiled for each x86-64 level with its
// registers and chosen at run time; elsewhere for what every processor has. Parameters and arguments in parentheses.
#ifdef MESHCAST_HAS_TARGET_CLONES
#define MESHCAST_DISPATCH(name, loop, parameters, arguments)                                    \
  __attribute__((target("arch=x86-64-v4"))) void name##_v4 parameters {                         \
    loop<Vector16> arguments;                                                                   \
  }                                                                                             \
  __attribute__((target("arch=x86-64-v3"))) void name##_v3 parameters {                         \
    loop<Vector8> arguments;                                                                    \
  }                                                                                             \
  void name##_any parameters {                                                                  \
    loop<Vector4> arguments;                                                                    \
  }                                                                                             \
  void name parameters {                                                                        \
    static void(*const chosen) parameters = __builtin_cpu_supports("x86-64-v4")   ? name##_v4   \
                                            : __builtin_cpu_supports("x86-64-v3") ? name##_v3   \
                                                                                  : name##_any; \
    chosen arguments;                                                                           \
  }
#else
#define MESHCAST_DISPATCH(name, loop, parameters, arguments) \
  void name parameters {                                     \
    loop<Vector4> arguments;                                 \
  }
#endif
#endif

}  // namespace meshcast
