"""Networks, model cards and weights, training, export, and the engines that run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn


def build(
    name: str,
    faces: NDArray[np.integer[Any]] | None = None,
    vertices: NDArray[np.floating[Any]] | int | None = None,
    *,
    gather: bool = False,
) -> nn.Module:
    """The torch module of a network by name, see engines.networks.registry.build; torch is imported by this call."""
    try:
        from engines.networks import registry
    except ImportError as error:
        from engines.errors import ModelError
        from engines.files.install_hint import install_hint

        raise ModelError(f"networks need torch ({error}); {install_hint('export')}") from None
    return registry.build(name, faces, vertices, gather=gather)
