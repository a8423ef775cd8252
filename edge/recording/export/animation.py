"""What a recording holds of each person: rotations, shape and place over time."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.errors import RecordingError
from edge.recording.export.rows import Rows
from edge.recording.mcap_file import Recorded, Recording
from edge.stages.inverse_kinematics import RigFitter
from edge.types import F32, Bodies, BodyModel
from engines.errors import UnknownNameError
from engines.files.memory_budget import MemoryBudgetError
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Conversion, convert_frame, convert_model
from meshcast.protocol.body import Rig
from meshcast.protocol.decoding import decode
from meshcast.protocol.encode_model import MAX_RIG_JOINTS
from meshcast.protocol.layout import TOPIC_PREFIXES, Kind
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.protocol.rotations import quaternion, rotmat

AXES = "gltf"
FRAME_BYTES, PERSON_BYTES = 16, 64  # what a frame, and a person in it, takes beside its numbers
BODY_RATIO = 8  # what a body takes for each byte of its message: 16-bit numbers become float32, twice
NAME_BYTES = 1024  # what the name of a stream takes
MISSED_S = 0.5  # whoever is missing for no longer was there: something passed before them, or a picture was blurred


@dataclass(frozen=True, slots=True)
class Animation:
    """T frames of one person, in meters, in gltf axes (x right, y up, z towards the camera) with the camera at the
    origin.

    name: the track id; in the second session of a stream, which counts anew, "ID.2". body: has a rig. times (T,)
    float64 s, rising, from the recording's first frame; quaternions (T, P, 4) float32, x y z w: rotations, local, the
    first one from the body's own frame; translation (T, 3) float32 of the root joint; shape (B,) float32: the mean over
    the frames. seen: from when to when (s) the person was there; where frames came without it for longer than MISSED_S,
    a new pair begins. The last one ends at infinity when the person was there to the end.
    """

    name: str
    body: BodyModel
    times: NDArray[np.float64]
    quaternions: F32
    translation: F32
    shape: F32
    seen: tuple[tuple[float, float], ...]

    def rest(self) -> tuple[F32, F32]:
        """Vertices (V, 3) and joints (P, 3) of the person's shape at rest."""
        rig = self.body.rig
        assert rig is not None
        vertices = self.body.rest_vertices + rig.shape_dirs @ self.shape
        return vertices.astype(np.float32), (rig.rest_joints + rig.joint_shape_dirs @ self.shape).astype(np.float32)


def read_animations(recording: Recording, *, stream: str = "", person: str = "") -> list[Animation]:
    """The people of one stream, or one of them, in the order in which they came.

    Read from its params messages; of a stream that has none, rotations and shape are fitted to those of level mesh.
    Raises UnknownNameError for a stream or person that is not there, and RecordingError when nobody is, when several
    streams are and none is named, or when the body has no rig.
    """
    stream, level = _chosen(recording, stream)
    people = _People(recording)
    for recorded in _of_stream(recording, stream, level):
        packet = decode(recorded.message)
        if isinstance(packet, ModelPacket):
            people.meet(packet, len(recorded.message))
        elif isinstance(packet, FramePacket):
            people.add(packet, recorded.t_ns)
    found = people.animations()
    if not found:
        raise RecordingError(f"{recording.path}: nobody is in stream {stream}")
    chosen = [animation for animation in found if person in ("", animation.name)]
    if not chosen:
        known = ", ".join(f"{animation.name} ({len(animation.times)} frames)" for animation in found)
        raise UnknownNameError(f"{recording.path}: person {person!r} is not in stream {stream}; there are {known}")
    return chosen


def _chosen(recording: Recording, stream: str) -> tuple[str, Kind]:
    """The stream, and the level to read it from."""
    levels: dict[str, set[str]] = {}
    for recorded in recording:
        word, _, name = _words(recorded).partition("/")
        if name not in levels:
            recording.budget.reserve(NAME_BYTES, f"{recording.path}: the streams in it")
        levels.setdefault(name, set()).add(word)
    if not levels:
        raise RecordingError(f"{recording.path}: holds no Meshcast messages")
    if stream and stream not in levels:
        raise UnknownNameError(f"{recording.path}: stream {stream!r} is not in it; there are {', '.join(levels)}")
    if not stream and len(levels) > 1:
        raise RecordingError(f"{recording.path}: holds several streams; choose with --stream: {', '.join(levels)}")
    stream = stream or next(iter(levels))
    for level in (Kind.PARAMS, Kind.MESH):
        if TOPIC_PREFIXES[level] in levels[stream]:
            return stream, level
    raise RecordingError(
        f"{recording.path}: holds no params or mesh messages of {stream}; record it with --levels params"
    )


def _words(recorded: Recorded) -> str:
    return recorded.message.split(b"\0", 1)[0].decode("latin-1")


def _of_stream(recording: Recording, stream: str, level: Kind) -> Iterator[Recorded]:
    wanted = [f"{TOPIC_PREFIXES[kind]}/{stream}" for kind in (Kind.MODEL, level)]
    return (recorded for recorded in recording if _words(recorded) in wanted)


@dataclass(slots=True)
class _Track:
    body: BodyModel
    indices: array[int] = field(default_factory=lambda: array("q"))
    quaternions: Rows = field(default_factory=Rows)
    translations: Rows = field(default_factory=Rows)
    shapes: Rows = field(default_factory=Rows)


class _People:
    """Gathers frames into tracks. A session counts its ids and its time anew; ids of different sessions are different
    people, and the recording's clock says how far apart the sessions are."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._bodies: dict[int, BodyModel] = {}  # by model_id
        self._fits: dict[int, RigFitter] = {}
        self._sessions: dict[int, float] = {}  # what to add to the stream's time
        self._first_ns = 0
        self._times: array[float] = array("d")
        self._tracks: dict[tuple[int, int, int], _Track] = {}  # session, model, id

    def meet(self, packet: ModelPacket, size: int) -> None:
        """Take note of a body, from a message of `size` bytes."""
        if packet.model_id not in self._bodies:
            self._reserve(BODY_RATIO * size)
            # In opencv packets the body's own frame is that of gltf, too: one serves both.
            self._bodies[packet.model_id] = body = convert_model(packet, AXES).body
            roots = np.flatnonzero(body.parents < 0).tolist()
            if roots != [0] or len(body.parents) > MAX_RIG_JOINTS:
                raise WireError(f"{self._recording.path}: the joints of {body.name} are no skeleton with one root")

    def add(self, packet: FramePacket, t_ns: int) -> None:
        """Add the people of a frame that came at `t_ns`; frames without their model and repeated ones are left out."""
        body = self._bodies.get(packet.model_id)
        if body is None:
            return
        if body.rig is None:
            raise RecordingError(
                f"{self._recording.path}: the body {body.name} has no rig (joints that move its vertices), without "
                "which there is no animation"
            )
        if not self._sessions:
            self._first_ns = t_ns
        self._sessions.setdefault(packet.session, (t_ns - self._first_ns) / 1e9 - packet.t_stream_s)
        t_s = self._sessions[packet.session] + packet.t_stream_s
        if self._times and t_s <= self._times[-1]:
            return
        self._times.append(t_s)
        rotations, shape, translation = self._posed(packet, body, body.rig)
        turns = quaternion(rotations)
        frame = (turns, shape, translation)
        self._reserve(PERSON_BYTES * len(turns) + FRAME_BYTES + 2 * sum(values.nbytes for values in frame))
        for row, identity in enumerate(packet.people.ids.tolist()):
            track = self._tracks.setdefault((packet.session, packet.model_id, identity), _Track(body))
            track.indices.append(len(self._times) - 1)
            track.quaternions.append(turns[row])
            track.shapes.append(shape[row])
            track.translations.append(translation[row])

    def _reserve(self, count: int) -> None:
        try:
            self._recording.budget.reserve(count, f"{self._recording.path}: the people in it")
        except MemoryBudgetError as error:
            raise RecordingError(str(error)) from None

    def animations(self) -> list[Animation]:
        """Everybody, in the order in which they came."""
        times = np.array(self._times)
        sessions = list(self._sessions)
        names: dict[tuple[int, int, int], str] = {}
        for session, model, identity in self._tracks:
            number = sessions.index(session) + 1
            names[session, model, identity] = str(identity) if number == 1 else f"{identity}.{number}"
        return [
            Animation(
                name=names[key],
                body=track.body,
                times=times[np.asarray(track.indices)],
                quaternions=track.quaternions.array(),
                translation=track.translations.array(),
                shape=track.shapes.array().mean(0, dtype=np.float64).astype(np.float32),
                seen=tuple(_seen(track.indices, times)),
            )
            for key, track in self._tracks.items()
        ]

    def _posed(self, packet: FramePacket, body: BodyModel, rig: Rig) -> tuple[F32, F32, F32]:
        """Rotations, shape and translation of a frame's people, in gltf axes."""
        if packet.level == TOPIC_PREFIXES[Kind.PARAMS]:
            people = convert_frame(packet, AXES).people
            if people.rotvecs.shape[1] != len(body.parents) or people.shape.shape[1] != rig.shape_dirs.shape[2]:
                raise WireError(f"{self._recording.path}: rotations or shape do not fit the body {body.name}")
            return rotmat(people.rotvecs), people.shape, people.translation
        people = convert_frame(packet, "opencv").people
        if people.vertices.shape[1:] != body.rest_vertices.shape:
            raise WireError(f"{self._recording.path}: the vertices do not fit the body {body.name}")
        fit = self._fits.get(packet.model_id) or self._fits.setdefault(packet.model_id, RigFitter(body))
        bodies = Bodies(people.ids, people.scores, people.keypoints, people.joints, people.vertices, people.translation)
        posed = fit(packet.t_stream_s, bodies)
        conversion = Conversion.between(SYSTEMS["opencv"], SYSTEMS[AXES])
        return conversion.rotations(posed.rotations), posed.shape, conversion.points(people.translation)


def _seen(indices: array[int], times: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """From when to when somebody was there, who is in these frames."""
    begin = previous = indices[0]
    for index in indices[1:]:
        if index != previous + 1 and times[index] - times[previous] > MISSED_S:
            yield float(times[begin]), float(times[previous + 1])
            begin = index
        previous = index
    yield float(times[begin]), float(times[previous + 1]) if previous + 1 < len(times) else math.inf
