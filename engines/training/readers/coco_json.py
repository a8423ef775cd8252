"""COCO's person keypoints, `person_keypoints_*.json`, and COCO-DensePose, `densepose_coco_*.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.body.dense_correspondence import SurfaceIndex
from engines.errors import ModelError
from engines.training.readers.densepose import dense_points
from engines.training.readers.json_list import read_json
from engines.training.readers.people_list import NO_IMAGE, PeopleList, PersonEntry
from engines.training.sample import COCO, POINTS, Sample

F32 = NDArray[np.float32]
MARGIN = 1.2  # side of the crop over the longer side of the box
LEAST_KEYPOINTS = 6


def read_coco_json(path: Path, images: Path, size: int, charts: SurfaceIndex | None = None) -> PeopleList:
    """People with at least six keypoints who are not crowds, in crops of `size` px around their boxes.

    With DensePose's charts they have the dense keypoints of COCO-DensePose.

    Raises ModelError, in one line, with the entry that is missing or of another layout.
    """
    table = read_json(path)
    if not isinstance(table, dict):
        raise ModelError(f"{path}: not COCO's annotations: an object is expected")
    for key in ("images", "annotations"):
        if not isinstance(table.get(key), list):
            raise ModelError(f"{path}: not COCO's annotations: {key} is missing or not a list")
    files: dict[Any, str] = {}
    for number, image in enumerate(table["images"]):
        if not isinstance(image, dict) or not isinstance(image.get("file_name"), str) or "id" not in image:
            raise ModelError(f"{path}: images[{number}]: id or file_name is missing")
        files[image["id"]] = image["file_name"]
    entries = [
        entry
        for number, person in enumerate(table["annotations"])
        if (entry := _entry(f"{path}: annotations[{number}]", person, files, images, charts)) is not None
    ]
    return PeopleList(entries, size)


def _entry(
    where: str, person: Any, files: dict[Any, str], images: Path, charts: SurfaceIndex | None
) -> PersonEntry | None:
    if not isinstance(person, dict):
        raise ModelError(f"{where}: not an object")
    if person.get("iscrowd") or "keypoints" not in person:
        return None
    points, box = _numbers(where, person, "keypoints", 51), _numbers(where, person, "bbox", 4)
    keypoints = points.reshape(17, 3)
    if (keypoints[:, 2] > 0).sum() < LEAST_KEYPOINTS or not box[2] > 0 or not box[3] > 0:
        return None
    name = files.get(person.get("image_id"))
    if name is None:
        raise ModelError(f"{where}: image_id {person.get('image_id')!s:.20} is not among the images")
    points_2d = np.zeros((len(POINTS), 3), np.float32)
    points_2d[COCO] = keypoints
    center = (float(box[0] + box[2] / 2), float(box[1] + box[3] / 2))
    side = MARGIN * float(max(box[2], box[3]))
    dense = None if charts is None else dense_points(where, person, box, charts)
    return PersonEntry(images / name, center, side, Sample(image=NO_IMAGE, points_2d=points_2d, dense=dense))


def _numbers(where: str, person: dict[str, Any], key: str, count: int) -> F32:
    try:
        values = np.asarray(person.get(key), np.float32)
    except (TypeError, ValueError):
        values = np.zeros(0, np.float32)
    if values.shape != (count,):
        raise ModelError(f"{where}.{key}: expected {count} numbers")
    return values
