"""The trainers by name."""

from __future__ import annotations

from collections.abc import Callable

from engines.body.body import Body
from engines.errors import ModelError
from engines.files.suggestions import unknown
from engines.training.methods.base import Method, MethodConfig
from engines.training.methods.dct import DctMethod
from engines.training.methods.decomr import DecomrMethod
from engines.training.methods.imphmr import ImphmrMethod
from engines.training.methods.pare import PareMethod
from engines.training.methods.pose2mesh import Pose2MeshMethod

METHODS: dict[str, Callable[[Body, MethodConfig], Method]] = {
    "pare": PareMethod,
    "dct": DctMethod,
    "decomr": DecomrMethod,
    "imphmr": ImphmrMethod,
    "pose2mesh": Pose2MeshMethod,
}


def method(name: str, body: Body, config: MethodConfig) -> Method:
    """The trainer with this name. Raises UnknownNameError, and ModelError for losses that it does not have."""
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    try:
        return METHODS[name](body, config)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise ModelError(f"{name}: has no loss {str(error).split()[-1]}; see docs/how-to/train-on-images.md") from None
