"""`meshcast calibrate rig SOURCES... --start rough.toml --people`: poses refined by the people whom cameras see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge import console
from edge.errors import EXIT_WHOLE, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from calibration.camera import Camera
    from calibration.rig.people import PeopleFit, Sighting
    from calibration.rig.world_frame import WorldFrame
    from calibration.rig_file import Rig

MOST_FRAMES = 1500  # of a recording that are tracked


def refine_from_people(args: argparse.Namespace) -> int:
    """Refine the poses of a rig file, print the result and write the file. Returns the exit code."""
    import numpy as np

    from calibration.rig.people import refine, stature
    from calibration.rig.world_frame import WorldFrame
    from calibration.rig_file import Rig, read_rig
    from edge.cli.rig_output import write_result

    for option in ("chessboard", "charuco", "square", "camera", "offset"):
        if getattr(args, option):
            raise UsageError(f"--{option} does not go with --people, which needs no board; leave one of them out")
    if args.start is None:
        raise UsageError("--people needs --start, a rig file with rough poses")
    if args.floor not in ("auto", "feet"):
        raise UsageError("--floor with --people is feet, or the floor of --start without the option")
    start = read_rig(args.start)
    if len(args.sources) != len(start.names):
        raise UsageError(
            f"{args.start} has {len(start.names)} cameras ({', '.join(start.names)}), but there are "
            f"{len(args.sources)} sources; give one for each, in that order"
        )
    seen, cameras = _sightings(args.sources, start)
    fit = refine(cameras, seen, args.height)
    frame: WorldFrame | None = feet_frame(fit) if args.floor == "feet" else None
    if frame is not None:
        fit = _in_world(fit, frame)
    world = frame.text if frame is not None else "that of the start"
    notes = {"world": world, "rms_px": fit.rms_px, "people": "poses refined by keypoints of people"}
    rig = Rig(fit.cameras, fit.uncertainty, notes)
    console.out(f"world              {world}")
    console.out(f"error              {fit.rms_px:.1f} px rms of the keypoints, people {stature(fit.points):.2f} m tall")
    for name in rig.names:
        spread = fit.uncertainty[name]
        console.out(
            f"camera {name:<12}turned by {fit.turned_deg[name]:.2f} +- {spread.rotation_deg:.2f} degrees, moved by "
            f"{fit.moved_m[name] * 1e3:.0f} +- {spread.position_m * 1e3:.0f} mm"
        )
    write_result(args, rig, None, frame or WorldFrame(np.eye(4), world), None)
    return EXIT_WHOLE


def feet_frame(fit: PeopleFit) -> WorldFrame:
    """The world whose floor is under the people's feet. Raises CalibrationError where these determine none."""
    import numpy as np

    from calibration.intrinsics import CalibrationError
    from calibration.rig.people import ANKLES, HIPS
    from calibration.rig.world_frame import from_feet

    feet = fit.points[:, list(ANKLES)].reshape(-1, 3)
    bodies = np.repeat(fit.points[:, list(HIPS)].mean(axis=1), 2, axis=0)
    good = np.isfinite(feet).all(axis=1) & np.isfinite(bodies).all(axis=1)
    first = next(iter(fit.cameras.values())).world
    assert first is not None
    frame = from_feet(feet[good], bodies[good], first.rotation[2])
    if frame is None:
        raise CalibrationError("people's feet do not determine the floor; leave --floor out, or record people who walk")
    return frame


def _in_world(fit: PeopleFit, frame: WorldFrame) -> PeopleFit:
    from dataclasses import replace

    from calibration.rig.board_poses import moved, rigid

    cameras = {}
    for name, camera in fit.cameras.items():
        assert camera.world is not None
        cameras[name] = replace(camera, world=frame.pose(rigid(camera.world.rotation, camera.world.translation)))
    return replace(fit, cameras=cameras, points=moved(frame.transform, fit.points))


def _sightings(sources: Sequence[str], rig: Rig) -> tuple[Mapping[str, Sequence[Sighting]], dict[str, Camera]]:
    """The people in every frame of every recording, in step, and the cameras at the sizes of the recordings."""
    from calibration.intrinsics import CalibrationError
    from calibration.rig.people import Sighting
    from edge.cli.status_line import StatusLine
    from edge.models import LoadedModels, Models
    from edge.pipeline import CameraConfig, Pipeline
    from edge.redaction import redact_url
    from edge.sources import open_source

    models = LoadedModels(Models())
    cameras: dict[str, Camera] = {}
    seen: dict[str, list[Sighting]] = {}
    times: dict[str, list[float]] = {}
    with StatusLine() as status:
        for uri, name in zip(sources, rig.names, strict=True):
            pipeline = Pipeline(models, CameraConfig(calibrated=rig.cameras[name]))
            seen[name], times[name] = [], []
            with open_source(uri) as source:
                if source.live:
                    raise UsageError(f"{redact_url(uri)}: is live; record the cameras first")
                for frame in source:
                    cameras[name] = pipeline.camera(frame)
                    pose = pipeline.track_people(frame).pose
                    seen[name].append(Sighting(pose.ids, pose.keypoints, pose.scores))
                    times[name].append(frame.t_s)
                    status.show(f"{name}: {len(seen[name])} frames")
                    if len(seen[name]) >= MOST_FRAMES:
                        break
            if not any(len(sighting.ids) for sighting in seen[name]):
                raise CalibrationError(f"{redact_url(uri)}: shows no person; --people needs people that cameras share")
    return _in_step(seen, times), cameras


def _in_step(
    seen: Mapping[str, Sequence[Sighting]], times: Mapping[str, Sequence[float]]
) -> dict[str, Sequence[Sighting]]:
    """Frames of recordings of equal length by their numbers, else those nearest in time to the shortest one's."""
    import numpy as np

    if len({len(frames) for frames in seen.values()}) == 1:
        return dict(seen)
    shortest = min(times, key=lambda name: len(times[name]))
    result: dict[str, Sequence[Sighting]] = {}
    for name, frames in seen.items():
        stamps = np.array(times[name])
        nearest = [int(np.abs(stamps - time).argmin()) for time in times[shortest]]
        result[name] = [frames[index] for index in nearest]
    return result
