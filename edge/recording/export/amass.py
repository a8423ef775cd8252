"""Export of one person's motion as `.npz` with the keys of AMASS (Mahmood et al., ICCV 2019)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from edge.errors import OutputError
from edge.recording.export.animation import Animation
from edge.recording.export.curves import at_times, continuous, frame_times, slerp
from edge.recording.export.scene import Y_UP_OF_Z_UP, moved
from edge.sinks.output_file import OutputFile
from edge.types import Array

JOINT_LAYOUTS = {24: "smpl", 52: "smplh", 55: "smplx"}
LEVEL = "meters; right-handed, z up against gravity, floor at z = 0"
CAMERA = (
    "meters; right-handed, z up in the image, y away from the camera, x right, origin at the camera; gravity and floor "
    "are unknown"
)
NOTE = (
    "poses are rotation vectors of the joints of body_model, local to the parent, identity in its T-pose; betas and "
    "trans belong to body_model too. They describe an SMPL body only if body_model is one: open_smpl_body has SMPL's "
    "joints, but another surface, other bone lengths and other shape directions"
)


def write_amass(path: str | Path, person: Animation, *, level: bool) -> None:
    """Write the motion of one person to a file, which appears complete or not at all.

    Args:
        path: the .npz file.
        person: with y up.
        level: whether y is against gravity and the floor is at y = 0.

    Raises:
        OutputError: the file cannot be written, or the motion or the body does not fit the format.
    """
    target = OutputFile(path)
    try:
        content = io.BytesIO()
        arrays: dict[str, Any] = dict(amass_arrays(person, level=level))
        np.savez_compressed(content, **arrays)
    except ValueError as error:
        target.discard()
        raise OutputError(f"{path}: {error}") from None
    target.write(content.getvalue())


def amass_arrays(person: Animation, *, level: bool) -> dict[str, Array]:
    """Return the arrays of the file, with the frame rate of the recording's median frame time.

    poses (T, 3 P) float32, trans (T, 3) float32 m, betas (B,) float32, mocap_framerate float64, gender,
    joint_layout ("smpl", "smplh" or "smplx"), body_model, joint_names (P,), visible (T,) bool, start_s float64,
    coordinates, gravity_aligned bool and note. As in SMPL, trans is added to the body posed about its rest position:
    the pelvis is at trans plus the rest pelvis of this shape. Raises ValueError.
    """
    count = person.quaternions.shape[1]
    if count not in JOINT_LAYOUTS:
        raise ValueError(
            f"body model {person.body.name} has {count} joints; .npz files hold bodies with 24, 52 or 55, use .glb"
        )
    frame_s, times = frame_times(person.times)
    person = moved(person, Y_UP_OF_Z_UP.T, np.zeros(3))
    poses = np.empty((len(times), count, 3), np.float32)
    for joint in range(count):  # one joint at a time: a recording may be hours long
        rotations = slerp(person.times, times, continuous(person.quaternions[:, joint : joint + 1]))
        poses[:, joint] = Rotation.from_quat(rotations[:, 0]).as_rotvec()
    _, joints = person.rest()
    places = at_times(person.times, times, person.translation.astype(np.float64))
    visible = np.zeros(len(times), bool)
    for begin_s, end_s in person.seen:
        visible |= (times >= begin_s) & (times < end_s)
    return {
        "poses": poses.reshape(len(times), -1),
        "trans": (places - joints[0]).astype(np.float32),
        "betas": person.shape,
        "mocap_framerate": np.array(1 / frame_s),
        "gender": np.array("neutral"),
        "joint_layout": np.array(JOINT_LAYOUTS[count]),
        "body_model": np.array(person.body.name),
        "joint_names": np.array(person.body.joint_names[:count]),
        "visible": visible,
        "start_s": np.array(times[0]),
        "coordinates": np.array(LEVEL if level else CAMERA),
        "gravity_aligned": np.array(level),
        "note": np.array(NOTE),
    }
