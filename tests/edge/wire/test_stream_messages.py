"""The messages of a frame, by the levels that are wanted and the surface that there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.types import Bodies, Frame
from edge.wire.frames import FrameEncoder
from edge.wire.model import ModelEncoder
from edge.wire.stream_messages import StreamMessages
from meshcast.protocol.decoding import decode
from meshcast.protocol.layout import Kind
from tests.support.open_rig import open_model, seen, standing

MODEL = open_model()
WHOLE = seen(standing(), np.array([[0.2, -0.1, 3.5]], np.float32))[2]
WANTED = {Kind.JOINTS, Kind.MESH_LOD, Kind.MESH}


def levels_of(bodies: Bodies) -> list[str]:
    assert MODEL.lod is not None
    encoder = FrameEncoder("opencv", MODEL.lod.vertices)
    stream = StreamMessages("cam0", 1, MODEL, ModelEncoder(MODEL, "opencv"), encoder)
    frame = Frame("cam0", 0, 1, 0.0, np.zeros((48, 64, 3), np.uint8))
    return [decode(message).level for message in stream.frame(frame, bodies, None, None, WANTED)]


def test_stream_messages_of_a_coarse_surface_leave_the_mesh_out() -> None:
    assert MODEL.lod is not None
    assert levels_of(WHOLE) == ["joints", "mesh-lod", "mesh"]
    held = np.unique(MODEL.lod.vertices).astype(np.int32)
    coarse = replace(WHOLE, vertices=WHOLE.vertices[:, held], held=held)
    assert levels_of(coarse) == ["joints", "mesh-lod"]


def test_stream_messages_without_a_surface_are_none() -> None:
    assert levels_of(replace(WHOLE, vertices=WHOLE.vertices[:, :0])) == []
