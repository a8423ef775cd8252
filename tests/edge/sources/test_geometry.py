"""Upright images of square pixels: display matrices, EXIF, pixel aspect ratios and size limits."""

from __future__ import annotations

import struct
import sys
import zlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from edge.errors import SourceError
from edge.sources import open_source
from edge.sources.decoder import orientation_of
from edge.sources.geometry import Orientation, square_size
from edge.sources.images import load_image

SIZE = (64, 48)

# What each number of EXIF means: where the image's top left corner and its top edge's other end are to be shown.
# The same as display matrices (a, b, c, d) that map (x, y) to (a x + c y, b x + d y).
MATRICES = {
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}

MEDIA = Path(__file__).parents[2] / "media"


def painted(size: tuple[int, int] = SIZE) -> np.ndarray:
    """Gray squares of 16 pixels, none like another."""
    across, down = size[0] // 16, size[1] // 16
    squares = np.random.default_rng(1).permutation(across * down).reshape(down, across, 1) * (240 // (across * down))
    return np.kron(squares, np.ones((16, 16, 3))).astype(np.uint8)


def label(image: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """The image as the matrix says, pixel by pixel."""
    a, b, c, d = matrix
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    right, down = a * x + c * y, b * x + d * y
    made = np.zeros((height, width, 3) if a else (width, height, 3), np.uint8)
    made[down - down.min(), right - right.min()] = image
    return made


def write_video(
    path: Path, image: np.ndarray, *, aspect: Fraction | None = None, codec: str = "ffv1", frames: int = 3
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "bgr0" if codec == "ffv1" else "yuv420p"
        if codec == "mpeg4":
            stream.options = {"qmin": "1", "qmax": "2"}
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        for _ in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def set_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write the matrix into the track header of an MP4 file, as cameras do."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    assert struct.unpack_from(">9i", data, at) == (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


@pytest.mark.parametrize("code", sorted(MATRICES))
def test_video_display_matrix_is_applied(tmp_path: Path, code: int) -> None:
    path = write_video(tmp_path / "a.mp4", painted(), codec="mpeg4")
    set_matrix(path, MATRICES[code])
    with open_source(str(path)) as source:
        image = next(iter(source)).image
        assert source.size == (image.shape[1], image.shape[0])
        assert source.warnings == []
    np.testing.assert_allclose(image.astype(int), label(painted(), MATRICES[code]), atol=6)
    assert image.flags.c_contiguous


@pytest.mark.parametrize("code", [*sorted(MATRICES), 0, 9])
def test_orientation_from_exif_equals_display_matrix(code: int) -> None:
    matrix = MATRICES.get(code, MATRICES[1])
    a, b, c, d = (value << 16 for value in matrix)
    orientation = Orientation.from_exif(code)
    assert orientation == Orientation.from_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
    np.testing.assert_array_equal(orientation.apply(painted()), label(painted(), matrix))
    assert orientation.size((3, 2)) == ((3, 2) if matrix[0] else (2, 3))


def test_orientation_of_frame_keeps_no_reference() -> None:
    # A reference cycle would keep every decoded frame until the garbage collector runs.
    with av.open(str(MEDIA / "balance_cam01.mp4")) as container:
        frame = next(container.decode(video=0))
    before = sys.getrefcount(frame)
    assert orientation_of(frame) == Orientation()
    assert sys.getrefcount(frame) == before


def test_orientation_then_combines_rotation_and_mirror() -> None:
    made = Orientation.from_exif(8).then(1, mirror_x=True)  # a quarter and a quarter to the left, then a mirror
    np.testing.assert_array_equal(made.apply(painted()), painted()[::-1, ::-1][:, ::-1])


def exif(code: int) -> bytes:
    """An EXIF block that no (readable video|video stream)thing but the orientation."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, code, 0, 0)


def jpeg(code: int) -> bytes:
    content = cv2.imencode(".jpg", painted(), [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    block = b"Exif\0\0" + exif(code)
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + content[2:]


def png(code: int) -> bytes:
    content = cv2.imencode(".png", painted())[1].tobytes()
    chunk = b"eXIf" + exif(code)
    block = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return content[:33] + block + content[33:]


def webp(code: int) -> bytes:
    content = cv2.imencode(".webp", painted(), [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in SIZE)
    block = exif(code)
    body = b"WEBPVP8X" + struct.pack("<II", 10, 8) + sides + content[12:] + b"EXIF" + struct.pack("<I", len(block))
    body += block
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(code: int) -> bytes:
    pixels = painted().tobytes()
    entries = [(256, SIZE[0]), (257, SIZE[1]), (259, 1), (262, 2), (274, code), (277, 3), (278, SIZE[1])]
    values = {258: (3, 3, 8 + len(pixels)), 273: (4, 1, 8), 279: (4, 1, len(pixels))}
    table = {tag: struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries}
    table |= {tag: struct.pack("<HHII", tag, *value) for tag, value in values.items()}
    rows = b"".join(table[tag] for tag in sorted(table))
    at = 8 + len(pixels) + 6
    return b"II*\0" + struct.pack("<I", at) + pixels + b"\x08\0" * 3 + struct.pack("<H", len(table)) + rows + b"\0" * 4


@pytest.mark.parametrize("code", sorted(MATRICES))
@pytest.mark.parametrize("encode", [jpeg, png, webp, tiff])
def test_load_image_exif_orientation_is_applied_in_each_format(tmp_path: Path, encode, code: int) -> None:
    (tmp_path / "a").write_bytes(encode(code))
    image = load_image(tmp_path / "a")
    np.testing.assert_allclose(image.astype(int), label(painted(), MATRICES[code]), atol=6)


@pytest.mark.parametrize("code", sorted(MATRICES))
def test_video_exif_orientation_of_frames_is_applied(tmp_path: Path, code: int) -> None:
    (tmp_path / "a.mjpeg").write_bytes(jpeg(code) * 3)
    with open_source(str(tmp_path / "a.mjpeg"), fps=30) as source:
        images = [frame.image for frame in source]
    assert len(images) == 3
    np.testing.assert_allclose(images[1].astype(int), label(painted(), MATRICES[code]), atol=6)


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (Fraction(64, 45), (91, 48)),
        (Fraction(10, 11), (64, 53)),
        (Fraction(2), (128, 48)),
        (Fraction(1001, 1000), SIZE),
        (Fraction(1), SIZE),
        (Fraction(40), SIZE),
    ],
)
def test_video_non_square_pixels_are_resampled(tmp_path: Path, aspect: Fraction, size: tuple[int, int]) -> None:
    path = write_video(tmp_path / "a.mp4", painted(), aspect=aspect, codec="mpeg4")
    with open_source(str(path)) as source:
        assert source.size == size
        frames = list(source)
    assert {frame.image.shape[1::-1] for frame in frames} == {size}
    if size == SIZE:
        assert {frame.raster for frame in frames} == {None}
        assert source.warnings == []
        return
    assert {frame.raster for frame in frames} == {SIZE}
    assert source.warnings == [f"{path}: pixels are not square; 64 x 48 is resampled to {size[0]} x {size[1]}"]
    expected = cv2.resize(painted(), size, interpolation=cv2.INTER_CUBIC)
    assert np.abs(frames[0].image.astype(int) - expected).mean() < 5


def test_video_non_square_pixels_are_resampled_before_rotation(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", painted(), aspect=Fraction(2), codec="mpeg4")
    set_matrix(path, MATRICES[5])
    with open_source(str(path)) as source:
        frame = next(iter(source))
    assert (source.size, frame.raster) == ((48, 128), (48, 64))
    expected = cv2.resize(label(painted(), MATRICES[5]), (48, 128), interpolation=cv2.INTER_CUBIC)
    assert np.abs(frame.image.astype(int) - expected).mean() < 5


def test_video_changing_pixel_aspect_is_followed(tmp_path: Path) -> None:
    parts = [
        write_video(tmp_path / f"{index}.ts", painted(), aspect=aspect, codec="mpeg2video", frames=12).read_bytes()
        for index, aspect in enumerate((Fraction(12, 11), Fraction(16, 11)))
    ]
    (tmp_path / "a.ts").write_bytes(b"".join(parts))
    with open_source(str(tmp_path / "a.ts")) as source:
        widths = [frame.image.shape[1] for frame in source]
    assert len(widths) == 24
    assert widths == sorted(widths)
    assert len(set(widths)) == 2


@pytest.mark.parametrize("size", [(128, 48), (64, 48), (32, 24)])
def test_camera_of_stored_or_square_pixels_gives_equal_rays(size: tuple[int, int]) -> None:
    """The ray through the right edge is the same, whichever of the two was calibrated."""
    square = Camera.from_fov((128, 48), 60)
    given = square if size == (128, 48) else square.at((128, 48)).at((128, 48))
    if size != (128, 48):
        scale = size[0] / 128, size[1] / 48
        S = np.array([[scale[0], 0, (scale[0] - 1) / 2], [0, scale[1], (scale[1] - 1) / 2], [0, 0, 1]])
        given = Camera(size, S @ square.K, square.distortion)
    used = given.at((128, 48), (64, 48))
    assert used.size == (128, 48)
    np.testing.assert_allclose(used.K, square.K, atol=1e-9)


def test_square_size_beyond_the_limit_is_reduced() -> None:
    assert square_size((12_000, 4_000), Fraction(2)) == (24_000, 4_000)
    assert square_size((12_000, 8_000), Fraction(2)) == (12_000, 4_000)
    assert square_size((12_000, 8_000), Fraction(1, 2)) == (6_000, 8_000)
    assert square_size(SIZE, None) == square_size(SIZE, Fraction(0)) == SIZE


def test_video_size_above_the_limit_raises(tmp_path: Path) -> None:
    content = bytearray(jpeg(1))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 20_000, 30_000)
    (tmp_path / "a.mjpeg").write_bytes(content * 3)
    with pytest.raises(SourceError, match=r"a\.mjpeg: 30000 x 20000 pixels exceed the limit of 100 megapixels"):
        open_source(str(tmp_path / "a.mjpeg"), fps=30)


def test_video_frame_above_the_limit_is_skipped_and_reported(tmp_path: Path) -> None:
    content = bytearray(jpeg(1))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 20_000, 30_000)
    (tmp_path / "a.mjpeg").write_bytes(jpeg(1) * 3 + content + jpeg(1) * 3)
    with open_source(str(tmp_path / "a.mjpeg"), fps=30) as source:
        assert len(list(source)) == 6
    assert any("30000 x 20000" in problem for problem in source.problems)
