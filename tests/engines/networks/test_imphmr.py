"""The network of ImpHMR: shapes, views of the field, and the live head."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.networks.imphmr import TINY, FeatureField, ImphmrOutput, build
from engines.training.losses.imphmr import turn


def test_imphmr_outputs_have_their_shapes() -> None:
    net = build(TINY).eval()
    with torch.no_grad():
        out = net(torch.zeros(2, 3, 64, 64))
    shapes = {name: tuple(value.shape) for name, value in out._asdict().items()}
    assert shapes == {
        "pred_pose": (2, 24, 3, 3),
        "pred_shape": (2, 10),
        "pred_cam": (2, 3),
        "silhouette": (2, 32, 32),
        "feature_map": (2, 32, 8, 8),
    }
    assert ImphmrOutput._fields == tuple(shapes)


def test_imphmr_untrained_person_is_upright_in_the_crop() -> None:
    with torch.no_grad():
        out = build(TINY).eval()(torch.randn(1, 3, 64, 64))
    np.testing.assert_allclose(out.pred_pose[0, 0].numpy(), np.diag([1.0, -1, -1]), atol=0.05)
    np.testing.assert_allclose(out.pred_cam[0].numpy(), [0.9, 0, 0], atol=0.05)


class Marker(FeatureField):
    """A field whose only dense place is a ball at a point."""

    def forward(self, code: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
        near = (self._turned(angle) - code[:, None]).norm(dim=-1) < 0.3
        view, samples = self._size.view, self._size.samples
        return near.reshape(len(code), view, view, samples).float().sum(-1)


def test_field_view_moves_as_the_losses_turn() -> None:
    """A place to the right of the person, seen from a camera at an angle, is where `turn` says."""
    field = Marker(TINY)
    place = torch.tensor([[0.6, 0.3, 0.0]])
    for degrees in (0, 40, 90, 180, 300):
        angle = torch.tensor([np.deg2rad(degrees)]).float()
        seen = field(place, angle)[0]
        rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
        x = ((columns * seen).sum() / seen.sum() + 0.5) / 4 - 1
        y = ((rows * seen).sum() / seen.sum() + 0.5) / 4 - 1
        expected = (turn(angle)[0] @ place[0]).numpy()
        np.testing.assert_allclose([x, y], expected[:2], atol=0.13)


def test_field_of_one_code_differs_by_view_and_is_periodic() -> None:
    torch.manual_seed(0)
    net = build(TINY).eval()
    code = torch.randn(1, 64)
    with torch.no_grad():
        front, side, again = (
            net.view(code, torch.tensor([angle])).feature_map for angle in (0.0, np.pi / 2, 2 * np.pi)
        )
    assert (front - side).abs().max() > 1e-3
    torch.testing.assert_close(front, again, atol=1e-4, rtol=1e-3)


def test_field_gradient_reaches_code_and_layers() -> None:
    net = build(TINY)
    out = net(torch.randn(2, 3, 64, 64))
    (out.silhouette.square().mean() + out.pred_pose.square().sum(0).mean() + out.pred_shape.mean()).backward()
    assert all(p.grad is not None for name, p in net.named_parameters() if not name.startswith("regressor.camera"))


def test_imphmr_exported_network_equals_the_module_for_every_batch(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    net, path = build(TINY).eval(), str(tmp_path / "tiny.onnx")
    names = list(ImphmrOutput._fields)
    axes = {name: {0: "N"} for name in ("image", *names)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (torch.zeros(2, 3, 64, 64),),
            path,
            input_names=["image"],
            output_names=names,
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    image = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        expected = net(image)
    for made, wanted in zip(session.run(None, {"image": image.numpy()}), expected, strict=True):
        np.testing.assert_allclose(made, wanted.numpy(), atol=1e-4)
