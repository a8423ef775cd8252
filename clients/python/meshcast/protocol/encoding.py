"""From packets to messages, the inverse of meshcast.protocol.decoding."""

from __future__ import annotations

from meshcast.protocol.encode_extras import encode_preview, encode_stats
from meshcast.protocol.encode_frame import encode_frame
from meshcast.protocol.encode_model import encode_model
from meshcast.protocol.encode_status import encode_status
from meshcast.protocol.packets import ModelPacket, Packet, PreviewPacket, StatsPacket, StatusPacket


def encode(packet: Packet) -> bytes:
    """Encode a packet as one message of the wire protocol.

    `decode(encode(packet))` is the packet again, up to these roundings: vertices to half a step, which is 1/65535 of a
    person's extent along an axis; rotation vectors to pi / 65534 rad; shape to 0.0005, within -32.767 to 32.767;
    visibility and contacts to 1/510, within 0 to 1; skinning weights to 1/65535 and shape directions to 1/65534 of the
    largest one; times since the capture to 1 us; camera intrinsics to float32. What a subscriber adds to a frame
    (`model`, `lost`, `reordered`, `delay_ms`) is not sent.

    Args:
        packet: A FramePacket, ModelPacket, StatusPacket, PreviewPacket or StatsPacket.

    Returns:
        The message, little-endian, which starts with its topic.

    Raises:
        WireError: A name, a number or the shape of an array does not fit the protocol.
    """
    if isinstance(packet, ModelPacket):
        return encode_model(packet)
    if isinstance(packet, StatusPacket):
        return encode_status(packet)
    if isinstance(packet, PreviewPacket):
        return encode_preview(packet)
    if isinstance(packet, StatsPacket):
        return encode_stats(packet)
    return encode_frame(packet)
