#pragma once

// The same inline arithmetic compiles for the host and, under nvcc, for the device.
#ifdef __CUDACC__
#define MESHCAST_HD __host__ __device__ inline
#else
#define MESHCAST_HD inline
#endif

// One machine-code version per x86-64 level, chosen by the loader: the wheel runs on any CPU and is fast on new ones.
#ifdef MESHCAST_HAS_TARGET_CLONES
#define MESHCAST_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MESHCAST_CLONES
#endif

// A clone only gets its own instructions into the functions that are inlined into it.
#if defined(__GNUC__) && !defined(__CUDACC__)
#define MESHCAST_INLINE inline __attribute__((always_inline))
#else
#define MESHCAST_INLINE MESHCAST_HD
#endif

// The same for functions in a class, which are inline by themselves.
#ifdef __CUDACC__
#define MESHCAST_MEMBER __host__ __device__
#elif defined(__GNUC__)
#define MESHCAST_MEMBER __attribute__((always_inline))
#else
#define MESHCAST_MEMBER
#endif

// Before a short loop over an array that must become registers.
#ifdef __CUDACC__
#define MESHCAST_UNROLL _Pragma("unroll")
#elif defined(__clang__)
#define MESHCAST_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MESHCAST_UNROLL _Pragma("GCC unroll 16")
#endif
