"""Opens the data sets of an image training."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from engines.body.body import Body
from engines.errors import ModelError
from engines.training.image_config import SUPERVISION, DataConfig
from engines.training.mixture import KeptSamples, Source
from engines.training.poses import load_poses
from engines.training.readers.annotation_list import LISTS, read_list
from engines.training.rendered.config import RenderConfig
from engines.training.rendered.people import RenderedPeople
from engines.training.rendered.shards import INDEX, ShardedPeople

RENDERED = "rendered"


def open_source(
    data: DataConfig, body: Body, size: int, seed: int, *, held_out: bool, on_progress: Callable[[str], None]
) -> Source:
    """A data set. Raises MeshcastError when it cannot be used.

    Args:
        data: which one.
        body: of the training.
        size: side of the crops, px; other data sets must have it.
        seed: of rendered people.
        held_out: whether rendered people are of the held-out clips.
        on_progress: receives lines.
    """
    common = {"ratio": data.ratio, "use": SUPERVISION[data.supervision], "share_3d": data.share_3d}
    if data.path == RENDERED:
        poses = load_poses(data.poses, on_progress)
        yaw_rad = math.radians(data.yaw_deg)
        config = RenderConfig(size=size, seed=seed, occluded=data.occluded, yaw_rad=yaw_rad)
        return Source(RENDERED, RenderedPeople(body, poses, config, held_out=held_out), **common)  # type: ignore[arg-type]
    folder = Path(data.path)
    if folder.suffix.lower() in LISTS:
        images, charts = (Path(name) if name else None for name in (data.images, data.charts))
        people = read_list(folder, images, body, size, charts)
        return Source(str(folder), people, len(people), **common)  # type: ignore[arg-type]
    if not (folder / INDEX).is_file():
        raise ModelError(f'{folder}: not a data set; name a folder of `meshcast data render`, a list, or "{RENDERED}"')
    shards = ShardedPeople(folder, body)
    if shards.size != size:
        raise ModelError(f"{folder}: its crops are {shards.size} px; add --size {shards.size}")
    kept = KeptSamples(shards, data.keep) if data.keep else shards
    return Source(str(folder), kept, len(shards), **common)  # type: ignore[arg-type]
