"""The messages of one stream and their sequence numbers; a publisher sends them, a recorder stores them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from calibration.camera import Camera
from edge.types import Bodies, BodyModel, Frame, RigPose
from edge.wire.frames import FrameEncoder, PublishTime, Stamp
from edge.wire.model import ModelEncoder
from edge.wire.previews import PreviewEncoder
from meshcast.protocol.encode_extras import encode_stats
from meshcast.protocol.encode_status import encode_status
from meshcast.protocol.layout import Kind, topic
from meshcast.protocol.packets import StatsPacket, StatusPacket

OF_SURFACE = (Kind.PARAMS, Kind.JOINTS, Kind.MESH_LOD, Kind.MESH)
"""Levels of frames for which bodies need a surface: also rotations, of which the error is measured on it."""


class StreamMessages:
    """Encodes the frames, the model and the status of a stream, and counts them.

    Attributes:
        name: name of the stream.
        topics: of the messages of each kind.
        ended: whether the stream has ended.
    """

    def __init__(self, name: str, session: int, model: BodyModel, models: ModelEncoder, frames: FrameEncoder) -> None:
        """
        Args:
            name: name of the stream.
            session: random number of this run.
            model: body model of the stream.
            models: encoder of this model.
            frames: encoder of frames in the axes of the model's encoder.

        Raises:
            WireError: the name cannot be sent.
        """
        self.name = name
        self.topics = {kind: topic(kind, name) for kind in Kind}
        self.ended = False
        self._session = session
        self._model, self._frames = models, frames
        self._lod = model.lod is not None
        self._reason = ""
        self._seq = self._model_seq = self._status_seq = self._seq_at_status = 0
        self._preview_seq = self._stats_seq = 0

    def frame(
        self,
        frame: Frame,
        bodies: Bodies,
        camera: Camera | None,
        rig_pose: RigPose | None,
        wanted: Set[Kind],
        now: PublishTime | None = None,
    ) -> Iterator[bytes]:
        """Yield the messages of one frame, the smallest first, so that the largest does not delay it.

        Args:
            frame: the frame.
            bodies: the people in it.
            camera: the camera of the frame.
            rig_pose: the same people as a pose of the rig; None: there is no message of the level `params`.
            wanted: levels; none is sent of bodies whose surface was not computed, before anyone subscribed, and no mesh
                of those that have a coarser one alone.
            now: time of publishing; None: this moment.
        """
        now = now or PublishTime.now()
        stamp = self._stamp(self._seq, now)
        if not bodies.surfaced:
            return
        if Kind.PARAMS in wanted and rig_pose is not None:
            yield self._frames.params(frame, bodies, rig_pose, stamp, camera)
        if Kind.JOINTS in wanted:
            yield self._frames.joints(frame, bodies, stamp, camera)
        if Kind.MESH_LOD in wanted and self._lod:
            yield self._frames.mesh_lod(frame, bodies, stamp, camera)
        if Kind.MESH in wanted and bodies.held is None:
            yield self._frames.mesh(frame, bodies, stamp, camera)

    def preview(
        self, frame: Frame, camera: Camera | None, encoder: PreviewEncoder, now: PublishTime | None = None
    ) -> bytes:
        """Encode the image of a frame, published at a moment (None: this one). One thread at a time.

        Raises:
            WireError: the image cannot be encoded.
        """
        preview = encoder.compress(frame)
        message = encoder.message(frame, camera, preview, self._stamp(self._preview_seq, now or PublishTime.now()))
        self._preview_seq += 1
        return message

    def stats(self, values: Mapping[str, Any], now: PublishTime | None = None) -> bytes:
        """Encode how the pipeline performs. Raises WireError."""
        stamp = self._stamp(self._stats_seq, now or PublishTime.now())
        self._stats_seq += 1
        return encode_stats(
            StatsPacket(
                stream=stamp.stream,
                seq=stamp.seq,
                session=stamp.session,
                t_publish_unix_ns=stamp.t_publish_unix_ns,
                t_publish_monotonic_ns=stamp.t_publish_monotonic_ns,
                model_id=stamp.model_id,
                model_name=stamp.model_name,
                values=dict(values),
            )
        )

    def _stamp(self, seq: int, now: PublishTime) -> Stamp:
        return Stamp(
            self.name, seq, self._session, self._model.model_id, self._model.name, now.unix_ns, now.monotonic_ns
        )

    def count_frame(self) -> None:
        """Count a frame, with or without messages."""
        self._seq += 1
        self.ended = False

    def end(self, reason: str) -> None:
        """The stream has ended; its status says why."""
        self.ended, self._reason = True, reason

    def model(self, now: PublishTime | None = None) -> bytes:
        """Encode the model, published at a moment (None: this one)."""
        self._model_seq += 1
        return self._model.encode(
            stream=self.name,
            seq=self._model_seq - 1,
            session=self._session,
            t_publish_unix_ns=now.unix_ns if now is not None else None,
        )

    def status(self, now: PublishTime | None = None) -> bytes:
        """Encode the status at a moment (None: this one)."""
        now = now or PublishTime.now()
        idle = self._seq == self._seq_at_status
        packet = StatusPacket(
            stream=self.name,
            seq=self._status_seq,
            session=self._session,
            t_publish_unix_ns=now.unix_ns,
            t_publish_monotonic_ns=now.monotonic_ns,
            model_id=self._model.model_id,
            state="ended" if self.ended else "idle" if idle else "live",
            next_seq=self._seq,
            reason=self._reason if self.ended else "",
            model_name=self._model.name,
        )
        self._status_seq += 1
        self._seq_at_status = self._seq
        return encode_status(packet)
