"""Motion of each person in a recording: rotations, shape and position over time."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.errors import RecordingError
from edge.recording.export.rows import Rows
from edge.recording.mcap_file import RecordedMessage, Recording
from edge.stages.inverse_kinematics import RigFitter
from edge.types import F32, Bodies, BodyModel
from engines.errors import UnknownNameError
from engines.files.memory_budget import MemoryBudgetError
from engines.files.suggestions import did_you_mean
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Conversion, convert_frame, convert_model
from meshcast.protocol.body import Rig
from meshcast.protocol.decoding import decode
from meshcast.protocol.encode_model import MAX_RIG_JOINTS
from meshcast.protocol.layout import FEET, TOPIC_PREFIXES, Kind
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.protocol.rotations import quaternion, rotmat

AXES = "gltf"
FRAME_BYTES, PERSON_BYTES = 16, 64  # memory overhead of a frame and of a person in it
BODY_RATIO = 8  # memory of a body per byte of its message: 16-bit numbers become float32, twice
NAME_BYTES = 1024  # memory of the name of a stream
HOLD_S = 0.5  # a person missing for less than this is considered present (occlusion, motion blur)


@dataclass(frozen=True, slots=True)
class Animation:
    """T frames of one person, in meters and glTF axes (x right, y up, z towards the camera), with the camera at the
    origin.

    Attributes:
        track_id: the id of the person in the stream.
        name: the track id; "ID.2" in the second session of a stream, which restarts the ids.
        body: the body model, with a rig.
        times: (T,) float64, increasing, in seconds from the first frame of the recording.
        quaternions: (T, P, 4) float32, x y z w; local rotations, that of the root relative to the body frame.
        translation: (T, 3) float32 of the root joint.
        shape: (B,) float32, the mean over the frames.
        seen: (begin, end) in seconds of each interval in which the person is visible; missing frames of up to HOLD_S
            do not end an interval. The last end is infinity if the person is visible in the last frame.
        visibility: (T, P) float32 in 0..1 of the skeleton's joints, NaN in frames without it; None without any.
        contacts: (T, 2) float32 in 0..1 of the left and the right foot, likewise.
    """

    track_id: int
    name: str
    body: BodyModel
    times: NDArray[np.float64]
    quaternions: F32
    translation: F32
    shape: F32
    seen: tuple[tuple[float, float], ...]
    visibility: F32 | None = None
    contacts: F32 | None = None

    def rest(self) -> tuple[F32, F32]:
        """Return vertices (V, 3) and joints (P, 3) of the person's shape at rest."""
        rig = self.body.rig
        assert rig is not None
        vertices = self.body.rest_vertices + rig.shape_dirs @ self.shape
        return vertices.astype(np.float32), (rig.rest_joints + rig.joint_shape_dirs @ self.shape).astype(np.float32)


@dataclass(frozen=True, slots=True)
class View:
    """What the camera of a recording sees: K (3, 3) float64 px and the size (width, height) px of its images."""

    K: NDArray[np.float64]
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class RecordedPeople:
    """The people of one stream of a recording.

    Attributes:
        stream: name of the stream.
        people: in order of appearance.
        view: of the stream's camera in the first frame, None if the publisher knew none.
    """

    stream: str
    people: list[Animation]
    view: View | None


def read_animations(recording: Recording, *, stream: str = "", person: str = "") -> list[Animation]:
    """Read the people of one stream, or one person, in order of appearance; see read_people."""
    return read_people(recording, stream=stream, person=person).people


def read_people(recording: Recording, *, stream: str = "", person: str = "") -> RecordedPeople:
    """Read the people of one stream, or one person.

    Uses the params messages; without them, rotations and shape are fitted to the mesh messages. Raises
    UnknownNameError for an unknown stream or person, and RecordingError if there is no person, if there are several
    streams and none is selected, or if the body has no rig.
    """
    stream, level = _chosen(recording, stream)
    people = _People(recording)
    for recorded in _of_stream(recording, stream, level):
        packet = decode(recorded.message)
        if isinstance(packet, ModelPacket):
            people.add_model(packet, len(recorded.message))
        elif isinstance(packet, FramePacket):
            people.add(packet, recorded.t_ns)
    found = people.animations()
    if not found:
        raise RecordingError(f"{recording.path}: no person in stream {stream}")
    chosen = [animation for animation in found if person in ("", animation.name)]
    if not chosen:
        known = ", ".join(f"{animation.name} ({len(animation.times)} frames)" for animation in found)
        raise UnknownNameError(f"{recording.path}: no person {person!r} in stream {stream}; choose from {known}")
    return RecordedPeople(stream, chosen, people.view)


def _chosen(recording: Recording, stream: str) -> tuple[str, Kind]:
    """Return the stream to read, and its level."""
    levels: dict[str, set[str]] = {}
    for recorded in recording:
        prefix, _, name = _topic(recorded).partition("/")
        if name not in levels:
            recording.budget.reserve(NAME_BYTES, f"{recording.path}: the stream names")
        levels.setdefault(name, set()).add(prefix)
    if not levels:
        raise RecordingError(f"{recording.path}: no Meshcast messages")
    if stream and stream not in levels:
        hint = did_you_mean(stream, levels)
        raise UnknownNameError(f"{recording.path}: no stream {stream!r}{hint}; choose from {', '.join(levels)}")
    if not stream and len(levels) > 1:
        raise RecordingError(f"{recording.path}: several streams; choose one with --stream: {', '.join(levels)}")
    stream = stream or next(iter(levels))
    for level in (Kind.PARAMS, Kind.MESH):
        if TOPIC_PREFIXES[level] in levels[stream]:
            return stream, level
    raise RecordingError(f"{recording.path}: no params or mesh messages of {stream}; record it with --levels params")


def _topic(recorded: RecordedMessage) -> str:
    return recorded.message.split(b"\0", 1)[0].decode("latin-1")


def _of_stream(recording: Recording, stream: str, level: Kind) -> Iterator[RecordedMessage]:
    wanted = [f"{TOPIC_PREFIXES[kind]}/{stream}" for kind in (Kind.MODEL, level)]
    return (recorded for recorded in recording if _topic(recorded) in wanted)


@dataclass(slots=True)
class _Track:
    body: BodyModel
    indices: array[int] = field(default_factory=lambda: array("q"))
    quaternions: Rows = field(default_factory=Rows)
    translations: Rows = field(default_factory=Rows)
    shapes: Rows = field(default_factory=Rows)
    visibility: Rows = field(default_factory=Rows)
    contacts: Rows = field(default_factory=Rows)


class _People:
    """Collects frames into tracks. A session restarts ids and stream time: equal ids of different sessions are
    different people, and arrival times give the offset between sessions."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._bodies: dict[int, BodyModel] = {}  # by model_id
        self._fitters: dict[int, RigFitter] = {}
        self._sessions: dict[int, float] = {}  # session -> offset of its stream time
        self._first_ns = 0
        self._times: array[float] = array("d")
        self._tracks: dict[tuple[int, int, int], _Track] = {}  # session, model, id
        self.view: View | None = None

    def add_model(self, packet: ModelPacket, size: int) -> None:
        """Add the body of a model message of `size` bytes."""
        if packet.model_id not in self._bodies:
            self._reserve(BODY_RATIO * size)
            # The body frame of opencv packets equals that of gltf: one body serves both.
            self._bodies[packet.model_id] = body = convert_model(packet, AXES).body
            roots = np.flatnonzero(body.parents < 0).tolist()
            if roots != [0] or len(body.parents) > MAX_RIG_JOINTS:
                raise WireError(
                    f"{self._recording.path}: body model {body.name}: its joints are not a tree with one root"
                )

    def add(self, packet: FramePacket, t_ns: int) -> None:
        """Add the people of a frame that arrived at `t_ns`; repeated frames and frames without a model are skipped."""
        body = self._bodies.get(packet.model_id)
        if body is None:
            return
        if body.rig is None:
            raise RecordingError(
                f"{self._recording.path}: body model {body.name}: no rig; animations need a mesh model with rotations"
            )
        if not self._sessions:
            self._first_ns = t_ns
            self.view = View(packet.camera.K, packet.size) if packet.camera is not None else None
        self._sessions.setdefault(packet.session, (t_ns - self._first_ns) / 1e9 - packet.t_stream_s)
        t_s = self._sessions[packet.session] + packet.t_stream_s
        if self._times and t_s <= self._times[-1]:
            return
        self._times.append(t_s)
        rotations, shape, translation = self._poses(packet, body, body.rig)
        quaternions = quaternion(rotations)
        count, joints = len(quaternions), len(body.parents)
        visibility = _rows(packet.people.visibility, count, joints)
        contacts = _rows(packet.people.contacts, count, FEET)
        frame = (quaternions, shape, translation, visibility, contacts)
        self._reserve(PERSON_BYTES * len(quaternions) + FRAME_BYTES + 2 * sum(values.nbytes for values in frame))
        for row, identity in enumerate(packet.people.ids.tolist()):
            track = self._tracks.setdefault((packet.session, packet.model_id, identity), _Track(body))
            track.indices.append(len(self._times) - 1)
            track.quaternions.append(quaternions[row])
            track.shapes.append(shape[row])
            track.translations.append(translation[row])
            track.visibility.append(visibility[row])
            track.contacts.append(contacts[row])

    def _reserve(self, count: int) -> None:
        try:
            self._recording.budget.reserve(count, f"{self._recording.path}: the people in it")
        except MemoryBudgetError as error:
            raise RecordingError(str(error)) from None

    def animations(self) -> list[Animation]:
        """Return all people in order of appearance."""
        times = np.array(self._times)
        sessions = list(self._sessions)
        names: dict[tuple[int, int, int], str] = {}
        for session, model, identity in self._tracks:
            number = sessions.index(session) + 1
            names[session, model, identity] = str(identity) if number == 1 else f"{identity}.{number}"
        return [
            Animation(
                track_id=key[2],
                name=names[key],
                body=track.body,
                times=times[np.asarray(track.indices)],
                quaternions=track.quaternions.array(),
                translation=track.translations.array(),
                shape=track.shapes.array().mean(0, dtype=np.float64).astype(np.float32),
                seen=tuple(_seen(track.indices, times)),
                visibility=_any(track.visibility.array()),
                contacts=_any(track.contacts.array()),
            )
            for key, track in self._tracks.items()
        ]

    def _poses(self, packet: FramePacket, body: BodyModel, rig: Rig) -> tuple[F32, F32, F32]:
        """Return rotations, shape and translation of the people of a frame, in glTF axes."""
        if packet.level == TOPIC_PREFIXES[Kind.PARAMS]:
            people = convert_frame(packet, AXES).people
            if people.rotvecs.shape[1] != len(body.parents) or people.shape.shape[1] != rig.shape_dirs.shape[2]:
                raise WireError(f"{self._recording.path}: rotations or shape do not match the body model {body.name}")
            return rotmat(people.rotvecs), people.shape, people.translation
        people = convert_frame(packet, "opencv").people
        if people.vertices.shape[1:] != body.rest_vertices.shape:
            raise WireError(f"{self._recording.path}: the vertices do not match the body model {body.name}")
        fitter = self._fitters.get(packet.model_id) or self._fitters.setdefault(packet.model_id, RigFitter(body))
        bodies = Bodies(people.ids, people.scores, people.keypoints, people.joints, people.vertices, people.translation)
        posed = fitter(packet.t_stream_s, bodies)
        conversion = Conversion.between(SYSTEMS["opencv"], SYSTEMS[AXES])
        return conversion.rotations(posed.rotations), posed.shape, conversion.points(people.translation)


def _rows(values: F32 | None, rows: int, count: int) -> F32:
    """The first `count` values of each row, NaN where they are unknown."""
    if values is None or values.shape[1] < count:
        return np.full((rows, count), np.nan, np.float32)
    return values[:, :count]


def _any(values: F32) -> F32 | None:
    return None if np.isnan(values).all() else values


def _seen(indices: array[int], times: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """Yield the intervals in which a person with these frames is visible."""
    begin = previous = indices[0]
    for index in indices[1:]:
        if index != previous + 1 and times[index] - times[previous] > HOLD_S:
            yield float(times[begin]), float(times[previous + 1])
            begin = index
        previous = index
    yield float(times[begin]), float(times[previous + 1]) if previous + 1 < len(times) else math.inf
