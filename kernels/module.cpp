#include "module.hpp"

#include "common/pool.hpp"

#ifdef MESHCAST_WITH_CUDA
#include <cuda_runtime.h>
#endif

namespace {

// 0 where there is no driver or no device: not an error, the CPU kernels are used then.
int cuda_device_count() {
#ifdef MESHCAST_WITH_CUDA
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
#else
  return 0;
#endif
}

}  // namespace

NB_MODULE(_native, m) {
#ifdef MESHCAST_WITH_CUDA
  m.attr("CUDA") = true;
#else
  m.attr("CUDA") = false;
#endif
  m.def("threads", &meshcast::pool_threads);
  m.def("set_threads", &meshcast::set_pool_threads, nanobind::arg("count"));
  m.def("cuda_device_count", &cuda_device_count);
  meshcast::bind_ell_matmul(m);
  meshcast::bind_graph_conv(m);
  meshcast::bind_linear(m);
  meshcast::bind_plan(m);
  meshcast::bind_rasterize(m);
  meshcast::bind_crop(m);
  meshcast::bind_heatmap(m);
  meshcast::bind_nms(m);
  meshcast::bind_nv12(m);
  meshcast::bind_paint(m);
  meshcast::bind_follow(m);
  meshcast::bind_skinning(m);
  meshcast::bind_fit_rotations(m);
  meshcast::bind_refine_pose(m);
  meshcast::bind_tracking(m);
}
