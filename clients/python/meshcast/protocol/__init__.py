"""The wire protocol (docs/wire.md): packets, and `encode` and `decode` between packets and messages.

>>> from meshcast.protocol import decode, encode
>>> message = encode(packet)
>>> decode(message)
"""

from meshcast.protocol.decoding import decode
from meshcast.protocol.encoding import encode
from meshcast.protocol.packets import FramePacket, Intrinsics, ModelPacket, Packet, People, StatusPacket

__all__ = [
    "FramePacket",
    "Intrinsics",
    "ModelPacket",
    "Packet",
    "People",
    "StatusPacket",
    "decode",
    "encode",
]
