"""Decoders of pose networks: MoveNet, heatmaps, SimCC and finished keypoints.

Every decoder gives places (N, K, 2), x and y in 0..1 of the crop, and scores (N, K). Place p of a crop W pixels wide is
its pixel p * W, whatever the stride of a heatmap: no half pixel is added, as the networks were trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import edge_kernels
from edge.types import F32, Array
from engines.cards.card import Card
from engines.errors import ModelError

Outputs = tuple[Array, ...]
Size = tuple[int, int]
TRAINED_HEIGHT, TRAINED_BLUR = 64, 11  # the kernel for heatmaps trained with a sigma of 2 px; both grow with the map


@dataclass(frozen=True, slots=True)
class PoseFamily:
    """A kind of output.

    gives: what it is, in words; fits: whether shapes are right for K keypoints, an input (H, W) and bins per pixel;
    decode: of outputs, input (H, W) and refinement; turn: the outputs of mirrored crops turned back, given the index of
    each keypoint's mirror image, None where that makes no sense; refines: whether a refinement means anything.
    """

    gives: str
    fits: Callable[[list[tuple[int, ...]], int, Size, float], bool]
    decode: Callable[[Outputs, Size, str], tuple[F32, F32]]
    turn: Callable[[Outputs, list[int]], Outputs] | None = None
    refines: bool = False


def check_pose(card: Card, outputs: Outputs, size: Size) -> None:
    """Raises ModelError unless the outputs for one crop of (H, W) have the shapes of the card's family."""
    family, keypoints = POSE_FAMILIES[card.family], len(card.keypoints)
    shapes = [output.shape for output in outputs]
    if not family.fits(shapes, keypoints, size, card.decode.bins_per_px):
        wanted = family.gives.format(K=keypoints, W=size[1], H=size[0], bins=card.decode.bins_per_px)
        got = ", ".join(map(str, shapes)) or "nothing"
        raise ModelError(f"{card.name}: a {card.family} model gives {wanted}; this one gives {got}")


def half_cell(card: Card, outputs: Outputs) -> F32:
    """What is added to places (2,) in 0..1 of the crop: half a cell of the heatmaps where the card says so, else 0.

    Raises ModelError when the card says so and its family gives no heatmaps.
    """
    if not card.decode.half_cell:
        return np.zeros(2, np.float32)
    if not POSE_FAMILIES[card.family].refines:
        raise ModelError(f"{card.name}: decode.half_cell is for heatmaps, a {card.family} model gives none")
    height, width = outputs[0].shape[2:]
    return np.array([0.5 / width, 0.5 / height], np.float32)


def mirror_images(card: Card) -> list[int]:
    """The index of each keypoint's mirror image, left_ for right_ by name. Raises ModelError when no name says so."""
    other = {"left": "right", "right": "left"}
    swapped = []
    for name in card.keypoints:
        side, _, rest = name.partition("_")
        partner = f"{other[side]}_{rest}" if side in other else name
        if partner not in card.keypoints:
            raise ModelError(f"{card.name}: no flip test, keypoint {name} has no counterpart {partner}")
        swapped.append(card.keypoints.index(partner))
    if swapped == list(range(len(swapped))):
        raise ModelError(f"{card.name}: no flip test, no names of its keypoints begin with left_ and right_")
    return swapped


def decode_movenet(outputs: Outputs, size: Size, refine: str) -> tuple[F32, F32]:
    """MoveNet's (N, K, 3) = (y, x, score), y and x already in 0..1."""
    keypoints = outputs[0]
    return keypoints[..., 1::-1], keypoints[..., 2]


def decode_keypoints(outputs: Outputs, size: Size, refine: str) -> tuple[F32, F32]:
    """End-to-end exports: (N, K, 3) = (x, y, score), x and y in pixels of the crop."""
    keypoints = outputs[0]
    places: Array = keypoints[..., :2] / np.array(size[::-1], np.float32)
    return places, keypoints[..., 2]


def decode_heatmaps(outputs: Outputs, size: Size, refine: str) -> tuple[F32, F32]:
    """The peaks of heatmaps (N, K, h, w); a map without a positive value has its keypoint at position 0.

    The peak is the first maximum, row by row, and its value the score. refine: "quarter" moves it by a quarter of a
    pixel towards the higher neighbor (Sun et al., CVPR 2019), "dark" by a Newton step (Zhang et al., CVPR 2020),
    "none" leaves it.
    """
    maps = np.ascontiguousarray(outputs[0], np.float32)
    places = np.empty((*maps.shape[:2], 2), np.float32)
    scores = np.empty(maps.shape[:2], np.float32)
    blur = int(TRAINED_BLUR * maps.shape[2] / TRAINED_HEIGHT) | 1
    edge_kernels.heatmap(maps, places, scores, refine, blur)
    return places, scores


def decode_simcc(outputs: Outputs, size: Size, refine: str) -> tuple[F32, F32]:
    """SimCC's x bins (N, K, W * s) and y bins (N, K, H * s), s bins a pixel (Li et al., ECCV 2022).

    The score is the smaller of the two maxima, as in MMPose and rtmlib; where it is not positive, the place is 0.
    """
    bins = [output.argmax(axis=2) / np.float32(output.shape[2]) for output in outputs]
    scores: F32 = np.minimum(outputs[0].max(axis=2), outputs[1].max(axis=2))
    places = np.stack(bins, axis=2).astype(np.float32)
    places[scores <= 0] = 0
    return places, scores


def turn_heatmaps(outputs: Outputs, mirror: list[int]) -> Outputs:
    """Mirrored back, then one column to the right, since a mirrored pixel lies 3/4 of a cell off (HRNet's shift)."""
    turned = outputs[0][:, mirror, :, ::-1].copy()
    turned[..., 1:] = turned[..., :-1].copy()
    return (turned,)


def turn_simcc(outputs: Outputs, mirror: list[int]) -> Outputs:
    """Mirrored back in x; MMPose shifts no bin here."""
    return outputs[0][:, mirror, ::-1], outputs[1][:, mirror]


def _fits_heatmaps(shapes: list[tuple[int, ...]], keypoints: int, size: Size, bins: float) -> bool:
    return len(shapes) == 1 and len(shapes[0]) == 4 and shapes[0][:2] == (1, keypoints)


def _fits_simcc(shapes: list[tuple[int, ...]], keypoints: int, size: Size, bins: float) -> bool:
    return shapes == [(1, keypoints, round(side * bins)) for side in size[::-1]]


def _fits_keypoints(shapes: list[tuple[int, ...]], keypoints: int, size: Size, bins: float) -> bool:
    return shapes == [(1, keypoints, 3)]


POSE_FAMILIES = {
    "movenet": PoseFamily("one output (1, {K}, 3), keypoints as y, x, score", _fits_keypoints, decode_movenet),
    "heatmaps": PoseFamily(
        "one output (1, {K}, h, w), a heatmap a keypoint", _fits_heatmaps, decode_heatmaps, turn_heatmaps, refines=True
    ),
    "simcc": PoseFamily(
        "two outputs (1, {K}, {W} * {bins:g}) and (1, {K}, {H} * {bins:g}), bins of x and of y",
        _fits_simcc,
        decode_simcc,
        turn_simcc,
    ),
    "keypoints": PoseFamily("one output (1, {K}, 3), keypoints as x, y, score", _fits_keypoints, decode_keypoints),
}
