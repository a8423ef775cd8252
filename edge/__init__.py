"""Meshcast: live 3D human meshes from a camera.

>>> import edge
>>> for frame, bodies in edge.stream("clip.mp4"):
...     print(frame.t_s, bodies.ids, bodies.translation)

>>> for packet in edge.subscribe("tcp://127.0.0.1:5556"):
...     print(packet.seq, packet.people.ids, packet.people.vertices.shape)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.api import stream
    from meshcast.subscriber import subscribe

__all__ = ["stream", "subscribe"]


def __getattr__(name: str) -> Any:
    # Imported on first use: engines, FFmpeg and ZeroMQ are heavy, and `meshcast --help` needs none of them.
    if name == "stream":
        from edge.api import stream

        return stream
    if name == "subscribe":
        from meshcast.subscriber import subscribe

        return subscribe
    raise AttributeError(f"module 'edge' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
