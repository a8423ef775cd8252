"""Camera files as tables of this project's keys: its own TOML, and those of OpenCV, ROS, Pose2Sim and caliscope."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.errors import MeshcastError
from engines.files.regular_file import read_file
from engines.files.suggestions import did_you_mean
from engines.files.toml_file import read_toml

if TYPE_CHECKING:
    from cv2 import FileStorage

KEYS = (
    *("width", "height", "K", "fx", "fy", "cx", "cy", "model", "distortion"),
    *("rotation", "translation", "camera_height", "tilt", "roll", "calibration"),
)
STD_KEYS = ("rotation_std_deg", "position_std_m")  # of poses in rig files
FOREIGN = ("size", "matrix", "distortions")  # keys of a camera in the files of Pose2Sim and caliscope
LARGEST_BYTES = 1 << 18
YAML_SUFFIXES = (".yml", ".yaml", ".xml")

Table = dict[str, Any]


class CameraError(MeshcastError):
    """A camera file or field of view cannot be used."""


def read_camera_table(path: str | Path) -> Table:
    """The description of one camera in a file, with the keys of camera.toml.

    Args:
        path: The file; FILE#NAME chooses one of several cameras in it.

    Raises:
        CameraError: In one line, when the file is missing, of no known format, has unknown keys, or has several cameras
        of which none is chosen.
    """
    file, name = _split(path)
    if file.suffix.lower() in YAML_SUFFIXES:
        return _chosen(file, name, {"": _yaml_table(file)})
    table = read_toml(file, "a TOML file", CameraError, pipes=True)
    several = foreign_cameras(file, table) or rig_cameras(file, table)
    if several:
        return _chosen(file, name, several)
    for key in table:
        if key not in KEYS:
            raise CameraError(f"{file}: unknown key {key!r:.60}{did_you_mean(key, KEYS)}; see docs/reference/camera.md")
    return _chosen(file, name, {"": table})


def _split(path: str | Path) -> tuple[Path, str]:
    text = str(path)
    if "#" not in text or Path(text).exists():
        return Path(text), ""
    file, _, name = text.rpartition("#")
    return Path(file), name


def _chosen(file: Path, name: str, cameras: Mapping[str, Table]) -> Table:
    listed = ", ".join(sorted(cameras))
    if name:
        if name not in cameras:
            raise CameraError(f"{file}: no camera {name!r:.60}; it has {listed or 'one camera without a name'}")
        return cameras[name]
    if len(cameras) > 1:
        raise CameraError(f"{file}: has several cameras ({listed:.200}); choose one as {file.name}#NAME")
    return next(iter(cameras.values()))


def foreign_cameras(file: Path, table: Table) -> dict[str, Table]:
    """The cameras of a file of Pose2Sim ([NAME] tables) or caliscope ([cameras.NAME] tables), {} for another file.

    Cameras that caliscope ignores are left out. Raises CameraError for a name that two cameras have.
    """
    inside = table.get("cameras", table)
    if not isinstance(inside, dict):
        return {}
    cameras: dict[str, Table] = {}
    for key, entry in inside.items():
        if not (isinstance(entry, dict) and all(wanted in entry for wanted in FOREIGN)) or entry.get("ignore") is True:
            continue
        name = str(entry.get("name", key))
        if name in cameras:
            raise CameraError(f"{file}: two cameras have the name {name!r:.60}; give each camera its own")
        cameras[name] = _of_foreign(file, entry)
    return cameras


def rig_cameras(file: Path, table: Table) -> dict[str, Table]:
    """The cameras of this project's rig files ([cameras.NAME] tables), {} for another file.

    Raises CameraError for a camera that is no table, or has unknown keys.
    """
    inside = table.get("cameras")
    if not isinstance(inside, dict):
        return {}
    known = (*KEYS, *STD_KEYS)
    for name, entry in inside.items():
        if not isinstance(entry, dict):
            raise CameraError(f"{file}: cameras.{name:.60} must be a table with the keys of a camera file")
        for key in entry:
            if key not in known:
                raise CameraError(f"{file}: camera {name:.60}: unknown key {key!r:.60}{did_you_mean(key, known)}")
    return inside


def _of_foreign(file: Path, entry: Table) -> Table:
    import cv2  # camera files of this project do without it, and so do commands that read none

    try:
        width, height = (int(side) for side in entry["size"])
        table: Table = {"width": width, "height": height, "K": entry["matrix"], "distortion": entry["distortions"]}
        if entry.get("fisheye"):
            table["model"] = "fisheye"
        if entry.get("rotation") and entry.get("translation"):
            rotation = np.asarray(entry["rotation"], np.float64)
            if rotation.shape == (3,):  # a rotation vector
                rotation = np.asarray(cv2.Rodrigues(rotation)[0], np.float64)
            table["rotation"], table["translation"] = rotation.tolist(), entry["translation"]
    except (TypeError, ValueError, cv2.error) as error:
        raise CameraError(f"{file}: {str(error).splitlines()[0]:.100}") from None
    return table


def _yaml_table(file: Path) -> Table:
    """A file of OpenCV's FileStorage (camera_matrix, distortion_coefficients) or of ROS (camera_info)."""
    data = read_file(file, CameraError, limit_bytes=LARGEST_BYTES, pipes=True)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CameraError(f"{file}: not a camera file: it is not UTF-8") from None
    if not text.lstrip().startswith(("%YAML", "<?xml", "{")):
        text = f"%YAML:1.0\n---\n{text}"  # ROS leaves the header out
    import cv2

    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        matrix = _numbers(storage, ("camera_matrix", "cameraMatrix", "Camera_Matrix", "K", "mtx"))
        distortion = _numbers(
            storage, ("distortion_coefficients", "dist_coeffs", "distCoeffs", "Distortion_Coefficients", "D", "dist")
        )
        width = _numbers(storage, ("image_width", "image_Width", "width"))
        height = _numbers(storage, ("image_height", "image_Height", "height"))
        model = storage.getNode("distortion_model").string() if not storage.getNode("distortion_model").empty() else ""
    except (cv2.error, SystemError) as error:
        raise CameraError(
            f"{file}: neither OpenCV's nor ROS's camera file ({str(error).splitlines()[0]:.80})"
        ) from None
    if matrix.size != 9 or width.size != 1 or height.size != 1:
        raise CameraError(f"{file}: it needs camera_matrix (3 x 3), image_width and image_height")
    fisheye = model in ("equidistant", "fisheye")
    return {
        "width": int(width[0]),
        "height": int(height[0]),
        "K": matrix.reshape(3, 3).tolist(),
        "distortion": distortion.tolist(),
        **({"model": "fisheye"} if fisheye else {}),
    }


def _numbers(storage: FileStorage, names: tuple[str, ...]) -> np.ndarray:
    """The numbers under the first of several keys that is there: a matrix, ROS's rows, cols and data, or one number."""
    import cv2

    for name in names:
        node = storage.getNode(name)
        if node.empty():
            continue
        if node.isMap():
            data = node.getNode("data")
            if not data.isSeq():
                return np.zeros(0)
            try:
                return np.asarray(node.mat(), np.float64).ravel()
            except (cv2.error, SystemError, TypeError, ValueError):
                return np.array([data.at(index).real() for index in range(data.size())])
        if node.isSeq():
            return np.array([node.at(index).real() for index in range(node.size())])
        return np.array([node.real()])
    return np.zeros(0)


def camera_toml(table: Mapping[str, Any], comments: tuple[str, ...] = ()) -> str:
    """The text of a camera.toml: comments, then the keys of `table` in the order of KEYS."""
    lines = [f"# {comment}" for comment in comments]
    for key in KEYS:
        value = table.get(key)
        if value is not None and key != "calibration":
            lines.append(f"{key} = {toml_value(value)}")
    if table.get("calibration"):
        lines.append("\n[calibration]")
        lines.extend(f"{key} = {toml_value(value)}" for key, value in table["calibration"].items())
    return "\n".join(lines) + "\n"


def quoted_key(key: str) -> str:
    """A key as TOML has it: quoted where it needs it."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def toml_value(value: Any) -> str:
    """A text, number, truth value or list in TOML; numbers with nine digits."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float):
        return f"{value:.9g}" if "." in f"{value:.9g}" or "e" in f"{value:.9g}" else f"{value:.1f}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(entry) for entry in value) + "]"
    return str(value)
