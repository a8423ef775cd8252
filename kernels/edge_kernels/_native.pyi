from collections.abc import Sequence
from typing import Any, Protocol

from edge_kernels.csr import CsrMatrix, SkipRows
from edge_kernels.skinning_model import SkinningModel

class DLPackArray(Protocol):
    """An array of NumPy, PyTorch, CuPy or any other library that implements DLPack."""

    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...

CUDA: bool

class GraphConv:
    def __init__(
        self,
        self_rows: DLPackArray,
        one_hop: CsrMatrix,
        two_hops: CsrMatrix,
        weight: DLPackArray,
        bias: DLPackArray,
        sources: int,
        skip: SkipRows | None,
        relu: bool,
        bf16: bool,
        device: int = -1,
        kernel: str = "vector",
    ) -> None: ...
    def __call__(self, x: DLPackArray, skip: DLPackArray | None, out: DLPackArray, stream: int = 0) -> None: ...

class Linear:
    def __init__(
        self,
        weight: DLPackArray,
        bias: DLPackArray,
        scale: DLPackArray | None,
        shift: DLPackArray | None,
        relu: bool,
        bf16: bool,
        device: int = -1,
        kernel: str = "vector",
    ) -> None: ...
    def __call__(self, x: DLPackArray, residual: DLPackArray | None, out: DLPackArray, stream: int = 0) -> None: ...

class ExecutionPlan:
    def __init__(
        self, inputs: int, outputs: int, buffers: Sequence[tuple[int, bool]], people: int, device: int = -1
    ) -> None: ...
    @property
    def bytes(self) -> int: ...
    def work(self, batch: int) -> tuple[int, int, int]: ...
    def copy(
        self,
        x: int,
        out: int,
        numbers: int,
        x_as: tuple[int, int, int] | None = None,
        out_as: tuple[int, int, int] | None = None,
    ) -> None: ...
    def linear(
        self,
        layer: Linear,
        x: int,
        residual: int | None,
        out: int,
        x_as: tuple[int, int, int] | None = None,
        out_as: tuple[int, int, int] | None = None,
    ) -> None: ...
    def graph_conv(
        self, layer: GraphConv, x: int, skip: int | None, out: int, output_permutation: DLPackArray | None = None
    ) -> None: ...
    def __call__(self, x: DLPackArray, out: DLPackArray, stream: int = 0) -> None: ...

def graph_conv_isa() -> str: ...
def amx_refusal() -> str: ...
def threads() -> int: ...
def set_threads(count: int) -> None: ...
def cuda_device_count() -> int: ...
def ell_matmul(
    indices: DLPackArray, values: DLPackArray, x: DLPackArray, out: DLPackArray, stream: int = 0
) -> None: ...
def fit_rotations(
    joints: DLPackArray,
    weights: DLPackArray,
    parents: DLPackArray,
    rest: DLPackArray,
    rest_joints: DLPackArray,
    vertices: DLPackArray,
    prior: DLPackArray,
    stiffness: DLPackArray,
    rotations: DLPackArray,
    error: DLPackArray,
    workspace: DLPackArray | None = None,
    stream: int = 0,
) -> None: ...
def shape_evidence(
    joints: DLPackArray,
    weights: DLPackArray,
    parents: DLPackArray,
    shape_dirs: DLPackArray,
    joint_shape_dirs: DLPackArray,
    rest: DLPackArray,
    rest_joints: DLPackArray,
    vertices: DLPackArray,
    rotations: DLPackArray,
    evidence: DLPackArray,
) -> None: ...
def rasterize(
    faces: DLPackArray,
    points: DLPackArray,
    colors: DLPackArray,
    image: DLPackArray,
    depth: DLPackArray,
    alpha: float = 1.0,
    cull: bool = True,
) -> None: ...
def crop(
    mean: Sequence[float],
    std: Sequence[float],
    image: DLPackArray,
    centers: DLPackArray,
    scales: DLPackArray,
    out: DLPackArray,
    pad: int = 0,
    swap: bool = False,
    chroma: DLPackArray | None = None,
    bt709: bool = False,
    stream: int = 0,
    planar: tuple[DLPackArray, DLPackArray, Sequence[int]] | None = None,
) -> None: ...
def letterbox(
    mean: Sequence[float],
    std: Sequence[float],
    image: DLPackArray,
    out: DLPackArray,
    window: Sequence[int],
    block: int = 1,
    pad: int = 0,
    swap: bool = False,
    chroma: DLPackArray | None = None,
    bt709: bool = False,
    stream: int = 0,
    planar: tuple[DLPackArray, DLPackArray, Sequence[int]] | None = None,
) -> None: ...
def heatmap(
    maps: DLPackArray,
    keypoints: DLPackArray,
    scores: DLPackArray,
    refine: str = "none",
    blur: int = 11,
    stream: int = 0,
) -> None: ...
def refine_pose(
    parents: DLPackArray,
    zeroth: DLPackArray,
    limit_joints: DLPackArray,
    limit_axes: DLPackArray,
    limit_ranges: DLPackArray,
    first: DLPackArray,
    rest_joints: DLPackArray,
    prior: DLPackArray,
    root: DLPackArray,
    stiffness: DLPackArray,
    root_stiffness: DLPackArray,
    rays: DLPackArray,
    precision: DLPackArray,
    workspace: DLPackArray,
    rotations: DLPackArray,
    translation: DLPackArray,
    energy: DLPackArray,
    robust: float,
    limit_stiffness: float,
    steps: int,
    stream: int = 0,
) -> None: ...
def follow(
    motion: Sequence[float],
    crops: Sequence[float],
    found: DLPackArray,
    centers: DLPackArray,
    scales: DLPackArray,
    tracks: DLPackArray,
    times: DLPackArray,
    out_centers: DLPackArray,
    out_scales: DLPackArray,
    stream: int = 0,
) -> None: ...
def paint(fill: Sequence[float], mask: DLPackArray, rows: DLPackArray, out: DLPackArray, stream: int = 0) -> None: ...
def nv12_to_bgr(bt709: bool, image: DLPackArray, chroma: DLPackArray, out: DLPackArray, stream: int = 0) -> None: ...
def masked_median(values: DLPackArray, used: DLPackArray, out: DLPackArray) -> None: ...
def keypoint_similarity(
    keypoints: DLPackArray,
    scores: DLPackArray,
    areas: DLPackArray,
    sigmas: DLPackArray,
    min_score: float,
    out: DLPackArray,
) -> None: ...
def box_overlaps(a: DLPackArray, b: DLPackArray, out: DLPackArray, of_first: bool = False) -> None: ...
def median_colors(colors: DLPackArray, first: int, out: DLPackArray) -> None: ...
def nms(boxes: DLPackArray, scores: DLPackArray, kept: DLPackArray, iou: float, stream: int = 0) -> None: ...
def skinning(
    model: SkinningModel,
    rotations: DLPackArray,
    shape: DLPackArray,
    translation: DLPackArray | None,
    workspace: DLPackArray,
    vertices: DLPackArray,
    joints: DLPackArray,
    bounds: DLPackArray | None = None,
    stream: int = 0,
) -> None: ...
