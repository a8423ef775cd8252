"""Client of Meshcast: receives live 3D human meshes over ZeroMQ.

>>> import meshcast
>>> for packet in meshcast.subscribe("tcp://127.0.0.1:5556"):
...     print(packet.seq, packet.people.ids, packet.people.vertices.shape)

`meshcast.aio` has the same functions for asyncio, `meshcast.protocol` encodes and decodes the messages (docs/wire.md).
Where the pipeline is installed too, `meshcast.stream("clip.mp4")` runs it in this process.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from meshcast._moved import MOVED, MovedModules
from meshcast.version import __version__

if TYPE_CHECKING:
    from meshcast import aio
    from meshcast.errors import (
        AddressError,
        DamagedError,
        KeyFileError,
        MeshcastError,
        NotMeshcastError,
        PipelineMissingError,
        TruncatedError,
        WireError,
        WireVersionError,
    )
    from meshcast.pipeline import stream
    from meshcast.protocol.axes import convert_frame, convert_model
    from meshcast.protocol.body import BodyModel, Lod, Rig, UvMap
    from meshcast.protocol.decoding import decode
    from meshcast.protocol.encoding import encode
    from meshcast.protocol.packets import (
        FramePacket,
        Intrinsics,
        ModelPacket,
        Packet,
        People,
        PreviewPacket,
        StatsPacket,
        StatusPacket,
    )
    from meshcast.protocol.skinning import skin
    from meshcast.subscriber import subscribe, subscribe_all
    from meshcast.transport.curve import Curve, Keys, read_keys, read_public

__all__ = [
    "AddressError",
    "BodyModel",
    "Curve",
    "DamagedError",
    "FramePacket",
    "Intrinsics",
    "KeyFileError",
    "Keys",
    "Lod",
    "MeshcastError",
    "ModelPacket",
    "NotMeshcastError",
    "Packet",
    "People",
    "PipelineMissingError",
    "PreviewPacket",
    "Rig",
    "StatsPacket",
    "StatusPacket",
    "TruncatedError",
    "UvMap",
    "WireError",
    "WireVersionError",
    "__version__",
    "aio",
    "convert_frame",
    "convert_model",
    "decode",
    "encode",
    "read_keys",
    "read_public",
    "skin",
    "stream",
    "subscribe",
    "subscribe_all",
]

_HOMES = {
    "errors": (
        "AddressError",
        "DamagedError",
        "KeyFileError",
        "MeshcastError",
        "NotMeshcastError",
        "PipelineMissingError",
        "TruncatedError",
        "WireError",
        "WireVersionError",
    ),
    "pipeline": ("stream",),
    "protocol.axes": ("convert_frame", "convert_model"),
    "protocol.body": ("BodyModel", "Lod", "Rig", "UvMap"),
    "protocol.decoding": ("decode",),
    "protocol.encoding": ("encode",),
    "protocol.packets": (
        "FramePacket",
        "Intrinsics",
        "ModelPacket",
        "Packet",
        "People",
        "PreviewPacket",
        "StatsPacket",
        "StatusPacket",
    ),
    "protocol.skinning": ("skin",),
    "subscriber": ("subscribe", "subscribe_all"),
    "transport.curve": ("Curve", "Keys", "read_keys", "read_public"),
}

if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
    sys.meta_path.append(MovedModules())


def __getattr__(name: str) -> Any:
    # Imported on first use: a program that needs an error class or a type does not load ZeroMQ.
    if name == "aio" or name in MOVED:
        return importlib.import_module(f"meshcast.{name}")
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"meshcast.{module}"), name)
    raise AttributeError(f"module 'meshcast' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
