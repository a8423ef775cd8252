"""The operators in NumPy, one file each: the reference of the native ones, and their replacement where not built."""

from edge_kernels.reference.crop import crop, letterbox
from edge_kernels.reference.ell_matmul import ell_matmul
from edge_kernels.reference.fit_rotations import fit_rotations, shape_evidence
from edge_kernels.reference.follow import follow
from edge_kernels.reference.graph_conv import GraphConv
from edge_kernels.reference.heatmap import heatmap
from edge_kernels.reference.linear import Linear
from edge_kernels.reference.nms import nms
from edge_kernels.reference.nv12 import nv12_to_bgr
from edge_kernels.reference.paint import paint
from edge_kernels.reference.plan import ExecutionPlan
from edge_kernels.reference.rasterize import rasterize
from edge_kernels.reference.refine_pose import refine_pose
from edge_kernels.reference.skinning import skinning
from edge_kernels.reference.tracking import box_overlaps, keypoint_similarity, masked_median, median_colors

__all__ = [
    "ExecutionPlan",
    "GraphConv",
    "Linear",
    "box_overlaps",
    "crop",
    "ell_matmul",
    "fit_rotations",
    "follow",
    "heatmap",
    "keypoint_similarity",
    "letterbox",
    "masked_median",
    "median_colors",
    "nms",
    "nv12_to_bgr",
    "paint",
    "rasterize",
    "refine_pose",
    "shape_evidence",
    "skinning",
]
