"""Human3.6M (Ionescu et al., PAMI 2014) as JSON, in the layout that I2L-MeshNet, Pose2Mesh and others share.

For each subject, `NAME_data.json` in the layout of COCO (images with file_name, action_idx, subaction_idx, frame_idx,
cam_idx; annotations with image_id, bbox), `NAME_camera.json` (R, t in mm, f, c of each camera), `NAME_joint_3d.json`
(17 joints in mm in the world, by action, subaction and frame) and optionally `NAME_smpl_param.json` or
`NAME_SMPL_NeuralAnnot.json` (pose and shape of SMPL in the world, by the same keys).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from engines.body.body import Body
from engines.body.select import is_bundled_body
from engines.errors import ModelError
from engines.training.readers.json_list import F64, numbers, read_json
from engines.training.readers.people_list import NO_IMAGE, PeopleList, PersonEntry
from engines.training.sample import H36M, POINTS, SEEN, Sample
from meshcast.protocol.rotations import rotmat

ENDING = "_data.json"
PARAMETERS = ("_smpl_param.json", "_SMPL_NeuralAnnot.json")
JOINTS, POSE, SHAPES = 17, 72, 10
MARGIN = 1.2  # side of the crop over the longer side of the box
MM = 1e-3
KEYS = ("action_idx", "subaction_idx", "frame_idx")


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """K (3, 3) px, and R (3, 3) and t (3,) m from the world to camera axes."""

    K: F64
    R: F64
    t: F64


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A person in a frame: the image, the camera's name, the box in px, joints (17, 3) m in the world, pose (72,) and
    shape (10,) of SMPL."""

    file: Path
    camera: str
    box: F64
    joints: F64
    smpl: tuple[F64, F64] | None


def is_human36m_json(path: Path) -> bool:
    """Whether a file has the name of such a list."""
    return path.name.endswith(ENDING)


def read_human36m_json(path: Path, images: Path, body: Body, size: int) -> PeopleList:
    """The people of a subject, in crops of `size` px around their boxes.

    Args:
        path: NAME_data.json; the other files are beside it.
        images: the folder that `file_name` is relative to.
        body: the body that pose and shape belong to. The bundled body does not have SMPL's shape directions: with it
            shapes and vertices are left out.
        size: side of the crops, px.

    Raises:
        ModelError: In one line, with the file and entry that is missing or of another layout.
    """
    stem = path.name.removesuffix(ENDING)
    table = read_json(path)
    for key in ("images", "annotations"):
        if not isinstance(table, dict) or not isinstance(table.get(key), list):
            raise ModelError(f"{path}: not Human3.6M's annotations: {key} is missing or not a list")
    cameras = _cameras(path.with_name(f"{stem}_camera.json"))
    joints_file = path.with_name(f"{stem}_joint_3d.json")
    joints = read_json(joints_file)
    smpl_file = next((file for end in PARAMETERS if (file := path.with_name(stem + end)).is_file()), None)
    smpl = None if smpl_file is None else read_json(smpl_file)
    shown = _images(path, table["images"])
    frames = []
    for number, person in enumerate(table["annotations"]):
        where = f"{path}: annotations[{number}]"
        image_id = person.get("image_id") if isinstance(person, dict) else None
        image = shown.get(image_id) if isinstance(image_id, int | str) else None
        if image is None:
            raise ModelError(f"{where}: image_id {image_id!s:.20} is not among the images")
        box = numbers(f"{where}.bbox", person.get("bbox"), (4,))
        if not (box[2:] > 0).all():
            raise ModelError(f"{where}.bbox: has no area")
        camera = str(image["cam_idx"])
        if camera not in cameras:
            raise ModelError(f"{path}: images: cam_idx {camera:.20} is not in {stem}_camera.json")
        place = f"{joints_file}: {'/'.join(str(image[key]) for key in KEYS)}"
        found = numbers(place, _at(joints, image), (JOINTS, 3)) * MM
        frames.append(Frame(images / image["file_name"], camera, box, found, _smpl(smpl_file, smpl, image)))
    return PeopleList(_Entries(frames, cameras, body), size)


class _Entries(Sequence[PersonEntry]):
    """Entries of frames, made when they are read: a subject has hundreds of thousands."""

    def __init__(self, frames: list[Frame], cameras: dict[str, Camera], body: Body) -> None:
        self._frames, self._cameras, self._body = frames, cameras, body

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, number: int) -> PersonEntry: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[PersonEntry]: ...
    def __getitem__(self, number: int | slice) -> PersonEntry | Sequence[PersonEntry]:
        if isinstance(number, slice):
            return _Entries(self._frames[number], self._cameras, self._body)
        frame = self._frames[number]
        return _entry(frame, self._cameras[frame.camera], self._body)


def _entry(frame: Frame, camera: Camera, body: Body) -> PersonEntry:
    joints = frame.joints @ camera.R.T + camera.t
    pixels = joints / joints[:, 2:] @ camera.K.T
    points_2d = np.zeros((len(POINTS), 3), np.float32)
    points_2d[H36M] = np.column_stack([pixels[:, :2], np.full(JOINTS, SEEN)])
    points_3d = np.zeros((len(POINTS), 4), np.float32)
    points_3d[H36M] = np.column_stack([joints - joints[0], np.ones(JOINTS)])
    fields: dict[str, Any] = {
        "K": camera.K.astype(np.float32),
        "points_2d": points_2d,
        "points_3d": points_3d,
        "root": joints[0].astype(np.float32),
    }
    if frame.smpl is not None:
        pose, shape = (each.astype(np.float32) for each in frame.smpl)
        rotations = rotmat(pose.reshape(-1, 3))
        rotations[0] = camera.R.astype(np.float32) @ rotations[0]
        fields["rotations"] = rotations
        if not is_bundled_body(body):
            vertices, posed = body.skin(rotations[None], shape[None])
            fields |= {"shape": shape, "vertices": vertices[0] - posed[0, 0]}
    x, y, width, height = frame.box.tolist()
    center = x + width / 2, y + height / 2
    return PersonEntry(frame.file, center, MARGIN * max(width, height), Sample(image=NO_IMAGE, **fields))


def _cameras(path: Path) -> dict[str, Camera]:
    table = read_json(path)
    if not isinstance(table, dict):
        raise ModelError(f"{path}: not Human3.6M's cameras: an object is expected")
    cameras = {}
    for name, values in table.items():
        given = values if isinstance(values, dict) else {}
        R, t, f, c = (
            numbers(f"{path}: {name!s:.20}.{key}", given.get(key), shape)
            for key, shape in (("R", (3, 3)), ("t", (3,)), ("f", (2,)), ("c", (2,)))
        )
        cameras[str(name)] = Camera(np.array([[f[0], 0, c[0]], [0, f[1], c[1]], [0, 0, 1]]), R, t * MM)
    return cameras


def _images(path: Path, images: list[Any]) -> dict[Any, dict[str, Any]]:
    """The images by their id."""
    found = {}
    for number, image in enumerate(images):
        for key in ("id", "file_name", "cam_idx", *KEYS):
            value = image.get(key) if isinstance(image, dict) else None
            if not isinstance(value, str if key == "file_name" else int | str):
                raise ModelError(f"{path}: images[{number}]: {key} is missing or of another type")
        found[image["id"]] = image
    return found


def _at(table: Any, image: dict[str, Any]) -> Any:
    """The entry of a table by action, subaction and frame; None without one."""
    for key in KEYS:
        table = table.get(str(image[key])) if isinstance(table, dict) else None
    return table


def _smpl(path: Path | None, table: Any, image: dict[str, Any]) -> tuple[F64, F64] | None:
    """Pose and shape of a frame; None where none was fitted."""
    found = _at(table, image)
    if found is None:
        return None
    where = f"{path}: {'/'.join(str(image[key]) for key in KEYS)}"
    given = found if isinstance(found, dict) else {}
    shape = numbers(f"{where}.shape", given.get("shape"), (SHAPES,))
    return numbers(f"{where}.pose", given.get("pose"), (POSE,)), shape
