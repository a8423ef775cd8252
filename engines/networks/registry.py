"""Every network by name: what `engines.build` makes, and what goes in and comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from engines.errors import ModelError
from engines.files.suggestions import unknown
from engines.joint_sets import COCO19, HUMAN36, MANO21, SMPL24, JointSet
from engines.networks import dct, decomr, hrnet, imphmr, pare, pose2mesh, yolox

GRAPH_SETS = {"coco": COCO19, "human36": HUMAN36, "smpl": SMPL24, "mano": MANO21}


@dataclass(frozen=True, slots=True)
class Network:
    """A network: inputs by name with their shapes without the batch, outputs by name in the forward's order.

    A fixed input (shape with a leading 1) is the same for every image. joints is the joint set of a graph network,
    whose vertices come from a mesh; make builds all others. ignored begin the keys of published files that belong to
    something else.
    """

    name: str
    inputs: dict[str, tuple[int, ...]]
    outputs: tuple[str, ...]
    make: Callable[[], nn.Module] | None = None
    joints: JointSet | None = None
    fixed: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The family of body models whose mesh a graph network is for: "smpl" or "mano"."""
        return "mano" if self.joints == MANO21 else "smpl"


def _hrnet(width: int, size: tuple[int, int]) -> Network:
    return Network(f"hrnet_w{width}", {"image": (3, *size)}, ("heatmaps",), lambda: hrnet.HRNet(width))


def _pare(backbone: str) -> Network:
    # The body model's own buffers travel in the published files.
    return Network(
        f"pare_{backbone}",
        {"image": (3, 224, 224)},
        pare.PareOutput._fields,
        lambda: pare.build(backbone),
        ignored=("smpl.", "head.smpl."),
    )


def _yolox(size: str, side: int) -> Network:
    return Network(f"yolox_{size}", {"image": (3, side, side)}, yolox.YoloxOutput._fields, lambda: yolox.build(size))


def _posenet(name: str, joints: JointSet) -> Network:
    return Network(
        f"pose2mesh_posenet_{name}",
        {"pose2d": (2 * len(joints),)},
        ("pose3d",),
        lambda: pose2mesh.PoseNet(len(joints)),
    )


def _pose2mesh(name: str, joints: JointSet) -> Network:
    return Network(
        f"pose2mesh_full_{name}",
        {"pose2d": (len(joints), 2)},
        pose2mesh.Pose2MeshOutput._fields,
        joints=joints,
    )


_IMAGE = (3, 224, 224)
NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        _hrnet(32, (256, 192)),
        _hrnet(48, (384, 288)),
        _yolox("s", 640),
        _yolox("tiny", 416),
        _yolox("nano", 416),
        *(_posenet(name, joints) for name, joints in GRAPH_SETS.items()),
        *(_pose2mesh(name, joints) for name, joints in GRAPH_SETS.items()),
        _pare("hrnet_w32"),
        _pare("resnet50"),
        Network("dct_single_branch", {"image": _IMAGE}, dct.SingleBranchOutput._fields, lambda: dct.build(1)),
        Network("dct_two_branch", {"image": _IMAGE, "iuv": _IMAGE}, dct.DctOutput._fields, lambda: dct.build(2)),
        Network("imphmr", {"image": _IMAGE, "angle": (1,)}, imphmr.ImphmrOutput._fields, imphmr.build),
        Network(
            "decomr",
            {"image": _IMAGE},
            decomr.DecomrOutput._fields,
            decomr.build,
            fixed={"ref_map": (1, 64, 64, 3)},
        ),
    )
}


def network(name: str) -> Network:
    """The network with this name: that of NETWORKS, or with something after it that does not change the weights, as an
    input size (hrnet_w32_256x192) or the mesh that a graph is for (pose2mesh_full_coco_blob).

    Raises UnknownNameError, listing all names.
    """
    known = max((key for key in NETWORKS if f"{name}_".startswith(f"{key}_")), key=len, default=None)
    if known is None:
        raise unknown("network", name, NETWORKS)
    return NETWORKS[known]


def build(
    name: str,
    faces: NDArray[np.integer[Any]] | None = None,
    vertices: NDArray[np.floating[Any]] | int | None = None,
    *,
    gather: bool = False,
) -> nn.Module:
    """The torch module of a network with fresh weights, in training mode.

    faces (F, 3) and vertices (V, 3), or their number, give the mesh of a graph network: any mesh of triangles in which
    every vertex has a face; without them it is the open body's. gather=True builds the graph products from operators
    that ONNX has. Raises UnknownNameError for other names and ModelError for a mesh that cannot be used.
    """
    wanted = network(name)
    if wanted.make is not None:
        if faces is not None or vertices is not None:
            raise ModelError(f"{name} has no graph: it takes no faces and no vertices")
        return wanted.make()
    if (faces is None) != (vertices is None):
        raise ModelError(f"{name} needs both faces and vertices of a mesh, or neither for the open body's")
    if faces is None or vertices is None:
        from engines.body.body import open_body

        faces, vertices = open_body().faces, open_body().v_template
    count = vertices if isinstance(vertices, int) else len(vertices)
    if wanted.joints is None:
        raise ModelError(f"{name} has neither a graph nor a builder")
    return pose2mesh.build(wanted.joints, np.asarray(faces), count, gather)
