"""Reads what a Meshcast publisher sends: live 3D human meshes over ZeroMQ.

>>> import meshcast
>>> for packet in meshcast.subscribe("tcp://127.0.0.1:5556"):
...     print(packet.seq, packet.people.ids, packet.people.vertices.shape)

`meshcast.aio` has the same for asyncio. docs/wire.md says what the bytes mean.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshcast import aio
    from meshcast.errors import AddressError, KeyFileError, MeshcastError, WireError
    from meshcast.protocol.axes import convert_frame, convert_model
    from meshcast.protocol.body import BodyModel, Lod, Rig, UvMap
    from meshcast.protocol.decoding import decode
    from meshcast.protocol.packets import FramePacket, Intrinsics, ModelPacket, Packet, People, StatusPacket
    from meshcast.protocol.skinning import skin
    from meshcast.subscriber import subscribe, subscribe_all
    from meshcast.transport.curve import Curve, Keys, read_keys, read_public

__all__ = [
    "AddressError",
    "BodyModel",
    "Curve",
    "FramePacket",
    "Intrinsics",
    "KeyFileError",
    "Keys",
    "Lod",
    "MeshcastError",
    "ModelPacket",
    "Packet",
    "People",
    "Rig",
    "StatusPacket",
    "UvMap",
    "WireError",
    "aio",
    "convert_frame",
    "convert_model",
    "decode",
    "read_keys",
    "read_public",
    "skin",
    "subscribe",
    "subscribe_all",
]

_HOMES = {
    "axes": ("convert_frame", "convert_model"),
    "body": ("BodyModel", "Lod", "Rig", "UvMap"),
    "decoding": ("decode",),
    "curve": ("Curve", "Keys", "read_keys", "read_public"),
    "errors": ("AddressError", "KeyFileError", "MeshcastError", "WireError"),
    "packets": ("FramePacket", "Intrinsics", "ModelPacket", "Packet", "People", "StatusPacket"),
    "skinning": ("skin",),
    "subscriber": ("subscribe", "subscribe_all"),
}


def __getattr__(name: str) -> Any:
    # Imported on first use: whoever wants an error class or a type need not load ZeroMQ.
    if name == "aio":
        return importlib.import_module("meshcast.aio")
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"meshcast.{module}"), name)
    raise AttributeError(f"module 'meshcast' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
