"""Resize, with the rounding and coordinate modes of ONNX."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from engines.errors import ModelError
from engines.onnx_tools.ops.table import Attributes, Ints, op


@op("Resize", "Upsample", fixed=(1, 2, 3))
def resize(
    attributes: Attributes,
    x: Tensor,
    roi_or_scales: list[float] | None = None,
    scales: list[float] | None = None,
    sizes: Ints | None = None,
) -> Tensor:
    if attributes.get("antialias") or "axes" in attributes:
        raise ModelError("a Resize with antialias or axes is not supported")
    if attributes["op"] == "Upsample":
        scales = roi_or_scales
    factors = scales[2:] if scales else [size / old for size, old in zip((sizes or [])[2:], x.shape[2:], strict=True)]
    target = sizes[2:] if sizes else [int(old * factor) for old, factor in zip(x.shape[2:], factors, strict=True)]
    how = attributes.get("mode", "nearest")
    where = attributes.get("coordinate_transformation_mode", "half_pixel")
    if how == "nearest":
        return _nearest(attributes, x, target, factors, where)
    names = {"linear": ("linear", "bilinear", "trilinear")[x.ndim - 3], "cubic": "bicubic"}
    if how not in names or where not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise ModelError(f"a Resize with {how}, {where} is not supported")
    if attributes.get("exclude_outside") or (how == "cubic" and attributes.get("cubic_coeff_a", -0.75) != -0.75):
        raise ModelError("a Resize with exclude_outside or another cubic_coeff_a is not supported")
    if where == "align_corners":
        return F.interpolate(x, target, mode=names[how], align_corners=True)
    # Positions follow the given factor, which need not be the ratio of the sizes.
    exact = all(round(old * factor) == size for old, factor, size in zip(x.shape[2:], factors, target, strict=True))
    if scales and not exact:
        return F.interpolate(
            x, scale_factor=factors, mode=names[how], align_corners=False, recompute_scale_factor=False
        )
    return F.interpolate(x, target, mode=names[how], align_corners=False)


def _nearest(attributes: Attributes, x: Tensor, target: Ints, factors: list[float], where: str) -> Tensor:
    """Rows and columns of the input image by index, for all rounding modes of ONNX."""
    rounding: Callable[[Tensor], Tensor] = {
        "floor": torch.floor,
        "ceil": torch.ceil,
        "round_prefer_floor": lambda at: torch.ceil(at - 0.5),
        "round_prefer_ceil": lambda at: torch.floor(at + 0.5),
    }[attributes.get("nearest_mode", "round_prefer_floor")]
    for axis, (size, factor) in enumerate(zip(target, factors, strict=True), start=2):
        whole = round(factor)
        if where == "asymmetric" and factor == whole and attributes.get("nearest_mode") == "floor":
            x = x.repeat_interleave(whole, axis)
            continue
        place = torch.arange(size, dtype=torch.float64, device=x.device)
        old = x.shape[axis]
        match where:
            case "half_pixel" | "pytorch_half_pixel":
                place = (place + 0.5) / factor - 0.5
            case "asymmetric":
                place = place / factor
            case "align_corners":
                place = place * ((old - 1) / max(size - 1, 1))
            case _:
                raise ModelError(f"a Resize with nearest, {where} is not supported")
        x = x.index_select(axis, rounding(place).long().clamp(0, old - 1))
    return x
