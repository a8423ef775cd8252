"""Reads the recordings of a rig and finds the board in them, for `meshcast calibrate rig`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from calibration.boards import Board
    from calibration.rig.calibrate import BoardViews
    from calibration.rig.timeline import BoardTrack
    from edge.cli.status_line import StatusLine

MOST_FRAMES = 300  # of a recording that are searched where recordings run in step; three of them beside each other
MOST_MOTION = 900  # that are searched where the motion of the board has to say how the recordings belong together
BURST = 3
END_FRAMES, END_STEP = (
    60,
    8,
)  # at the beginning and the end, where the board may lie on the floor; every n-th is searched


@dataclass(frozen=True, slots=True)
class Recording:
    """What was found in one source: its name, the size of its images, the board's track, and whether it is a folder of
    photographs, or live, with times of capture."""

    name: str
    size: tuple[int, int]
    track: BoardTrack
    photographs: bool
    live: bool = False


def read_recordings(
    sources: Sequence[str], names: Sequence[str], board: Board, corners: int, *, in_step: Callable[[list[int]], bool]
) -> list[Recording]:
    """Search every source for the board.

    Args:
        sources: their addresses.
        names: of the cameras.
        board: to search for.
        corners: of the whole board.
        in_step: whether recordings of these numbers of frames are taken to be in step.
    """
    from edge.cli.status_line import StatusLine
    from edge.sources import open_source

    counts = []
    for uri in sources:
        with open_source(uri) as source:
            counts.append(source.frame_count or 0)
    stepped = all(counts) and in_step(counts)
    found = []
    with StatusLine() as status:
        for uri, name, count in zip(sources, names, counts, strict=True):
            found.append(_read(uri, name, board, corners, _chooser(count, stepped), status))
    return found


def _chooser(count: int, stepped: bool) -> Callable[[int], bool]:
    """Which frames are searched: all, or groups of neighbors (the board's motion is known in them), or every n-th; more
    of them at the beginning and the end."""
    most = MOST_FRAMES if stepped else MOST_MOTION
    if not count or count <= most:
        return lambda index: True
    step = -(-count // most)
    period = -(-count * BURST // most)

    def chosen(index: int) -> bool:
        at_end = index < END_FRAMES or index >= count - END_FRAMES
        regular = index % period < BURST if stepped else index % step == 0
        return regular or (at_end and index % END_STEP == 0)

    return chosen


def _read(
    uri: str, name: str, board: Board, corners: int, chosen: Callable[[int], bool], status: StatusLine
) -> Recording:
    import cv2
    import numpy as np

    from calibration.intrinsics import CalibrationError
    from calibration.rig.timeline import BoardTrack
    from edge.redaction import redact_url
    from edge.sources import open_source
    from edge.sources.images import ImageSource

    views, times = {}, {}
    size: tuple[int, int] | None = None
    stamps: list[float] = []
    with open_source(uri) as source:
        photographs = isinstance(source, ImageSource)
        for frame in source:
            stamps.append(frame.t_s)
            height, width = frame.image.shape[:2]
            if size is not None and size != (width, height):
                raise CalibrationError(
                    f"{redact_url(uri)}: frame {frame.index} has {width} x {height} pixels, those before have "
                    f"{size[0]} x {size[1]}; use images of one camera at one resolution"
                )
            size = (width, height)
            if not chosen(frame.index):
                continue
            label = f"frame {frame.index}"
            if isinstance(source, ImageSource) and source.path is not None:
                label = source.path.name
            times[frame.index] = frame.t_s
            gray = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
            view = board.find(gray, label, thorough=photographs)
            if view is not None:
                views[frame.index] = view
            status.show(f"{name}: {len(views)} views of the board in {len(times)} images")
    if size is None or not views:
        raise CalibrationError(
            f"{redact_url(uri)}: the board was not found in {len(times)} images; check its size "
            "(--chessboard counts inner corners, --charuco squares)"
        )
    interval = float(np.median(np.diff(stamps))) if len(stamps) > 1 else 0.0
    if photographs:
        times = {index: float(index) * 1e3 for index in times}  # photographs have no motion
    return Recording(name, size, BoardTrack(views, times, interval, len(stamps), corners), photographs)


def aligned(
    recordings: Sequence[Recording],
    turns: Sequence[object],
    offsets_s: Mapping[str, float],
    sync: str,
    largest_s: float,
) -> tuple[BoardViews, list[str]]:
    """The views of all recordings by moment, and what is to be said about it.

    Raises CalibrationError where nothing says how the recordings belong together.
    """
    from calibration.intrinsics import CalibrationError
    from calibration.rig.timeline import OUT_OF_STEP, by_frame, by_time, motion_offsets

    tracks = {recording.name: recording.track for recording in recordings}
    interval = max(track.interval_s for track in tracks.values())
    counts = {name: track.frames for name, track in tracks.items()}
    live = any(recording.live for recording in recordings)
    equal = len(set(counts.values())) == 1 and not live
    if any(recording.photographs for recording in recordings):
        if not equal:
            listed = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise CalibrationError(
                f"photographs: the cameras have different numbers of them ({listed}); give equal ones"
            )
        return by_frame(tracks, turns), ["photographs with the same position in their folders are of one moment"]  # type: ignore[arg-type]
    if offsets_s or sync == "times":
        chosen = {name: offsets_s.get(name, 0.0) for name in tracks}
        return by_time(tracks, turns, chosen), ["frames are matched by their times"]  # type: ignore[arg-type]
    if sync == "frames" and not equal:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise CalibrationError(f"recordings of different lengths ({listed} frames) are not in step; leave --sync out")
    by_number = equal and sync in ("auto", "frames")
    found = motion_offsets(tracks, ordered=len(turns) == 1, largest_s=largest_s) if sync != "frames" else {}
    late = {name: offset for name, offset in found.items() if abs(offset.seconds) > OUT_OF_STEP * interval}
    if by_number and not late:
        return by_frame(tracks, turns), ["recordings of equal length: frames with the same number are of one moment"]  # type: ignore[arg-type]
    missing = [name for name in tracks if name not in found]
    if missing and not by_number and not live:
        raise CalibrationError(
            f"{', '.join(missing)}: the motion of the board does not say when the recording begins; give --offset "
            f"{missing[0]}=SECONDS, or --sync times for recordings that begin together"
        )
    offsets = {name: found[name].seconds if name in found else 0.0 for name in tracks}
    said = [
        f"{name}: its clock is {offset.seconds:+.3f} +- {offset.std_s:.3f} s against that of {next(iter(tracks))}, "
        "by the motion of the board"
        for name, offset in found.items()
        if name != next(iter(tracks))
    ]
    if live:
        said.insert(0, "images are matched by their times of capture")
    return by_time(tracks, turns, offsets), said  # type: ignore[arg-type]
