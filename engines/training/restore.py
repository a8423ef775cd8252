"""A complete model from the checkpoint of stage two, finished or not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor

from engines.body.body import SurfaceBody, load_surface_body
from engines.errors import ModelError
from engines.networks.pose2mesh_open import CoarseMeshNet, Lifter, OpenPose2Mesh
from engines.pose2mesh.coarse_mesh import coarse_mesh
from engines.training import checkpoint
from engines.training.checkpoint import State
from engines.training.detector_noise import COCO_PARTNER
from engines.training.export_model import About, MeshFiles, export_model
from engines.training.mesh import mesh_network
from engines.training.motion_source import MIRROR_JOINTS

FEET_PARTNER = torch.tensor([3, 4, 5, 0, 1, 2])


def complete_model(lifter: Lifter, mesh: CoarseMeshNet) -> OpenPose2Mesh:
    """Both stages as the network that runs at run time."""
    coco, joints = torch.from_numpy(COCO_PARTNER), torch.from_numpy(MIRROR_JOINTS)
    partner = torch.cat([joints, len(joints) + coco, len(joints) + len(coco) + FEET_PARTNER])
    return OpenPose2Mesh(lifter, mesh, coco, partner)


def checkpoint_extra(files: MeshFiles, about: About) -> State:
    """The entries of the stage-two checkpoint beside the networks, for export_checkpoint."""
    return {
        "indices": torch.from_numpy(files.indices),
        "values": torch.from_numpy(files.values),
        "body": torch.frombuffer(bytearray(files.body), dtype=torch.uint8),
        "about": {"name": about.name, "license": about.license, "notes": about.notes, "body": files.body_name},
    }


def export_checkpoint(path: Path, out: Path) -> Path:
    """Write the model in a `mesh.pt` as files into `out`; returns its card. Raises ModelError when there is none."""
    state = checkpoint.read(path)
    if state[checkpoint.MARK] != "mesh":
        raise ModelError(
            f"{path}: the checkpoint of the stage {state[checkpoint.MARK]!s:.20}, which is only a part of a model; "
            "train on with --resume and import mesh.pt or the model's card"
        )
    try:
        about, data = state["about"], state["body"].numpy().tobytes()
        body = _body(data, str(about["body"]))
        lifter = _lifter(state["lifter"])
        coarse = coarse_mesh(body)
        mesh = mesh_network(lifter.points, coarse)
        mesh.load_state_dict(state["net"])
        files = MeshFiles(
            state["indices"].numpy(), state["values"].numpy(), len(coarse.real), Path(about["body"]).name, data
        )
        about_model = About(str(about["name"]), str(about["license"]), str(about["notes"]))
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ModelError(f"{path}: not a whole checkpoint ({' '.join(str(error).split())[:100]})") from None
    return export_model(complete_model(lifter.eval(), mesh.eval()), files, about_model, out)


def _body(data: bytes, name: str) -> SurfaceBody:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / Path(name).name
        file.write_bytes(data)
        return load_surface_body(file)


def _lifter(state: dict[str, Tensor]) -> Lifter:
    width, features = state["w1.weight"].shape
    stages = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("linear_stages."))
    embedding, memory = len(state["embedding.bias"]), state["memory.weight"].shape[1]
    lifter = Lifter(features, len(state["w2.bias"]) // 3, width, stages, memory, embedding)
    lifter.load_state_dict(state)
    return lifter
