"""Rewriting of timestamps and publisher epochs."""

from __future__ import annotations

from edge.recording.restamp import TimestampRewriter
from meshcast.protocol.decoding import decode
from meshcast.protocol.packets import FramePacket, ModelPacket, StatusPacket
from tests.support import golden_packets
from tests.support.replays import GOLDEN, frame_message


def test_timestamp_rewriter_changes_timestamps_and_session_only() -> None:
    rewrite = TimestampRewriter(0.5)
    names = ("status_live.bin", "mesh_opencv.bin", "params_opencv.bin", "model_opencv.bin", "mesh_future.bin")
    later = [frame_message("mesh_opencv.bin", 4, 1_000_000_000)]
    packets = [decode(rewrite(message)) for message in [*(GOLDEN[name] for name in names), *later]]
    assert all(packet.session == golden_packets.SESSION for packet in packets)
    status, mesh, *_, last = packets
    assert isinstance(status, StatusPacket)
    assert isinstance(mesh, FramePacket)
    assert isinstance(last, FramePacket)
    origin_ns = golden_packets.T_MONOTONIC_NS
    assert status.t_publish_monotonic_ns == origin_ns
    assert mesh.t_capture_monotonic_ns == origin_ns - 2 * golden_packets.AGE_NS
    assert last.t_capture_monotonic_ns == origin_ns + 2 * 4_000_000_000
    rewrite.loop_index = 0xFFFFFFFF
    model = decode(rewrite(GOLDEN["model_opencv.bin"]))
    assert isinstance(model, ModelPacket)
    assert model.session == golden_packets.SESSION - 1  # around the end of 32 bits
    assert TimestampRewriter()(GOLDEN["mesh_opencv.bin"]) is GOLDEN["mesh_opencv.bin"]
