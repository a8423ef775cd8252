"""A trained method from the checkpoint of an image training."""

from __future__ import annotations

from pathlib import Path

import torch

from engines.body.body import Body
from engines.errors import MeshcastError, ModelError
from engines.training import checkpoint
from engines.training.methods.base import Method, MethodConfig
from engines.training.methods.registry import METHODS, method


def load_method(path: Path, body: Body) -> tuple[Method, int]:
    """The method with its averaged network in eval mode, and the side of its crops in px. Raises ModelError."""
    state = checkpoint.read(path)
    name = str(state[checkpoint.MARK])
    try:
        settings = state["settings"]
        if name not in METHODS:
            raise KeyError(f"{name} is not a method on images")
        config = MethodConfig(
            backbone=str(settings.get("backbone", "resnet50")),
            attend=settings.get("attend", "True") == "True",
            branches=int(settings.get("branches", 1)),
            width=int(settings.get("width", 0)),
            map_side=int(settings.get("side", 64)),
            dense=settings.get("dense", "True") == "True",
            coarse_to_fine=settings.get("coarse_to_fine", "True") == "True",
            divide=int(settings.get("divide", 1)),
        )
        made = method(name, body, config)
        made.net.load_state_dict(state["net"])
        size = int(settings["size"])
    except (KeyError, TypeError, ValueError, RuntimeError, MeshcastError) as error:
        reason = " ".join(str(error).split())[:100]
        raise ModelError(f"{path}: not the checkpoint of an image training ({reason})") from None
    made.net.eval()
    return made, size


def use_threads(count: int) -> None:
    """CPU threads of torch in this process."""
    torch.set_num_threads(count)
