"""The room of a run: a rig, and which source is which of its cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from calibration.camera import CameraError
from calibration.rig_file import Rig, RigError, read_rig
from edge.errors import UsageError
from edge.room.config import RoomConfig
from edge.room.coverage import check_common_view
from edge.room.views import RoomCamera
from engines.files.suggestions import did_you_mean

FEWEST = 2  # cameras of a room


@dataclass(frozen=True, slots=True)
class RoomSetup:
    """The fused stream of a run.

    Attributes:
        path: of the rig file, for messages.
        rig: the cameras with their poses.
        names: of the cameras that are used, in the order of the sources.
        fusion: settings.
    """

    path: Path
    rig: Rig
    names: tuple[str, ...]
    fusion: RoomConfig = field(default_factory=RoomConfig)

    def cameras(self) -> tuple[RoomCamera, ...]:
        """The cameras in the order of the sources."""
        return tuple(RoomCamera.of(name, self.rig.cameras[name]) for name in self.names)

    def check(self, sizes: Sequence[tuple[int, int] | None]) -> list[str]:
        """Warnings about cameras that share no place with another.

        Args:
            sizes: (width, height) of the sources' images, None where they are not known yet.

        Raises:
            RigError: a camera is for another image size, or no two cameras see the same place.
        """
        for name, size in zip(self.names, sizes, strict=True):
            camera = self.rig.cameras[name]
            if size is None:
                continue
            try:
                camera.at(size)
            except CameraError:
                there, here = (f"{width} x {height}" for width, height in (camera.size, size))
                raise RigError(
                    f"{self.path}: camera {name} is for {there} pixels, its source has {here}; check the order of the "
                    "sources, or name them with --stream"
                ) from None
        return check_common_view(self.cameras(), str(self.path))


def fused_setup(path: Path, names: Sequence[str], taken: str, fusion: RoomConfig) -> RoomSetup:
    """The room of a rig file whose cameras are published.

    Args:
        path: of the rig file.
        names: cameras that are used; none: all of the rig.
        taken: name of the fused stream.
        fusion: settings.

    Raises:
        RigError: the file is not a rig.
        UsageError: a name is not that of a camera of the rig.
    """
    chosen = tuple(dict.fromkeys(names)) or read_rig(path).names
    return replace(room_setup(path, len(chosen), chosen, taken), fusion=fusion)


def room_setup(path: Path, sources: int, names: Sequence[str], taken: str) -> RoomSetup:
    """The room of a rig file.

    Args:
        path: of the rig file.
        sources: number of the sources.
        names: given names of the streams, "" or none: the rig's, in their order.
        taken: name of the fused stream.

    Raises:
        RigError: the file is not a rig, or does not go with the sources.
        UsageError: a name is not that of a camera of the rig.
    """
    rig = read_rig(path)
    given = [name for name in names if name]
    if given and len(given) != sources:
        raise UsageError(f"{sources} sources and {len(given)} names: give --stream once for each source, or not at all")
    for name in given:
        if name not in rig.cameras:
            hint = did_you_mean(name, rig.names)
            raise UsageError(f"--stream {name}: {path} has no such camera{hint}; it has {', '.join(rig.names)}")
    if sources < FEWEST:
        raise RigError(f"{path}: a room needs {FEWEST} sources or more; leave --rig out for one camera")
    if not given and sources != len(rig.names):
        raise RigError(
            f"{path}: has {len(rig.names)} cameras ({', '.join(rig.names)}), and there are {sources} sources; give one "
            "for each camera, or name them with --stream"
        )
    chosen = tuple(given) or rig.names
    if taken in chosen:
        raise RigError(f"{path}: a camera cannot be called {taken}, which is the fused stream; rename it")
    return RoomSetup(path, rig, chosen)
