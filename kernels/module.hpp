#pragma once

#include <nanobind/nanobind.h>

namespace meshcast {

void bind_ell_matmul(nanobind::module_& m);
void bind_fit_rotations(nanobind::module_& m);
void bind_follow(nanobind::module_& m);
void bind_graph_conv(nanobind::module_& m);
void bind_linear(nanobind::module_& m);
void bind_nv12(nanobind::module_& m);
void bind_paint(nanobind::module_& m);
void bind_plan(nanobind::module_& m);
void bind_rasterize(nanobind::module_& m);
void bind_refine_pose(nanobind::module_& m);
void bind_crop(nanobind::module_& m);
void bind_heatmap(nanobind::module_& m);
void bind_nms(nanobind::module_& m);
void bind_skinning(nanobind::module_& m);
void bind_tracking(nanobind::module_& m);

}  // namespace meshcast
