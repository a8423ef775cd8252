"""Decoding at the levels of a loaded machine, against decoding everything."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from edge.sources.decode_load import DecodeLevel, Decoding
from edge.sources.decoder import DecodedImage, Decoder
from edge.types import Surface

FRAMES, GOP, B_FRAMES = 48, 12, 2
PART = 7  # frames after a key frame


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MPEG-4 with a key frame every 12 frames and two B frames between the others; each frame has its own gray."""
    path = tmp_path_factory.mktemp("levels") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"sc_threshold": "1000000000"}  # no key frames at scene changes
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = GOP, B_FRAMES
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 5 * index, np.uint8), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def keys(clip: Path) -> list[int]:
    """The key frames that the encoder wrote."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.is_keyframe and packet.pts is not None]
        return [round(float(packet.pts * packet.time_base) * 24) for packet in packets]


def _mean(image: DecodedImage) -> float:
    assert not isinstance(image.pixels, Surface)
    return float(image.pixels().mean())


def decoded(clip: Path, levels: dict[int, DecodeLevel], part_s: float = math.inf) -> dict[int, float]:
    """Mean gray of each frame that is decoded. levels: set before the packet of that number."""
    decoding = Decoding()
    decoding.part_s = part_s
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]

        def packets():  # type: ignore[no-untyped-def]
            for number, packet in enumerate(container.demux(stream)):
                decoding.level = levels.get(number, decoding.level)
                yield packet

        images = list(Decoder(stream, decoding).decode(packets()))
    *_, before, last = keys(clip)
    assert decoding.key_interval_s == pytest.approx((last - before) / 24)
    return {round((image.pts_s or 0.0) * 24): _mean(image) for image in images}


def test_decoder_all_gives_every_frame(clip: Path) -> None:
    assert list(decoded(clip, {})) == list(range(FRAMES))


def test_decoder_references_leaves_b_frames_out_and_the_others_equal(clip: Path) -> None:
    everything, got = decoded(clip, {}), decoded(clip, {0: DecodeLevel.REFERENCES})
    assert 0 < len(got) < FRAMES / 2
    assert got == {index: everything[index] for index in got}


def test_decoder_keys_gives_key_frames_only(clip: Path) -> None:
    assert list(decoded(clip, {0: DecodeLevel.KEYS})) == keys(clip)


def test_decoder_parts_gives_the_first_references_after_each_key_frame(clip: Path) -> None:
    references = list(decoded(clip, {0: DecodeLevel.REFERENCES}))
    got = list(decoded(clip, {0: DecodeLevel.PARTS}, part_s=PART / 24))
    starts = keys(clip)
    expected = [index for index in references if index - max(key for key in starts if key <= index) <= PART]
    assert 0 < len(starts) < len(got) < len(references)
    assert got == expected


def test_decoder_after_keys_starts_again_at_a_key_frame(clip: Path) -> None:
    everything, (first, second, third, *_) = decoded(clip, {}), keys(clip)
    got = decoded(clip, {0: DecodeLevel.KEYS, second + 3: DecodeLevel.ALL})
    assert [index for index in got if index < third - B_FRAMES] == [first, second]
    assert {index: got.get(index) for index in everything if index >= third} == {
        index: gray for index, gray in everything.items() if index >= third
    }
