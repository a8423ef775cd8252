"""YOLOX against outputs of the published implementation with the same weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engines.errors import UnknownNameError  # noqa: E402
from engines.networks.yolox import STRIDES, build, decode  # noqa: E402


@pytest.mark.parametrize(("size", "batch", "side"), [("s", 1, 640), ("tiny", 2, 416), ("nano", 2, 416)])
def test_yolox_outputs_equal_golden(goldens, size, batch, side):
    name = f"yolox_{size}"
    network = build(size)
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == goldens.keys(name)
    network.load_state_dict(goldens.weights(name), strict=True)
    with torch.no_grad():
        out = network.eval()(goldens.input(f"{name}.image", batch, 3, side, side) * 50 + 114)
    golden = goldens.outputs(name)
    goldens.compare(out.raw, golden, "raw")
    goldens.compare(out.raw[..., :5], golden, "raw_box_obj")
    goldens.compare(out.decoded, golden, "decoded")
    goldens.compare(out.decoded[..., :5], golden, "decoded_box_obj")


def test_yolox_predictions_are_ordered_by_level_and_row():
    height, width = 64, 96
    with torch.no_grad():
        out = build("nano").eval()(torch.zeros(1, 3, height, width))
    corner = (out.decoded[0, :, :2] - out.raw[0, :, :2] * cell_sizes(height, width)).numpy()
    expected = [
        (column * stride, row * stride)
        for stride in STRIDES
        for row in range(height // stride)
        for column in range(width // stride)
    ]
    np.testing.assert_allclose(corner, expected, atol=1e-4)


def cell_sizes(height, width):
    return torch.cat([torch.full((height * width // stride**2, 1), float(stride)) for stride in STRIDES])


def test_decode_scales_sizes_and_keeps_scores():
    rows = torch.randn(2, 85, 3, 4, generator=torch.Generator().manual_seed(1))
    decoded = decode(rows, 16)
    torch.testing.assert_close(decoded[:, 2:4], rows[:, 2:4].exp() * 16)
    assert torch.equal(decoded[:, 4:], rows[:, 4:])


def test_build_unknown_size_raises():
    with pytest.raises(UnknownNameError, match=r"'xl'.*s, tiny, nano"):
        build("xl")
