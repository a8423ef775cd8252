"""PARE against outputs of the published implementation with the same weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engines.errors import UnknownNameError  # noqa: E402
from engines.networks.pare import PareOutput, build, rotmat_from_6d  # noqa: E402
from tests.support import golden_fill  # noqa: E402
from tests.support.paths import GOLDEN  # noqa: E402


def load(backbone):
    # as_tensor, as the buffer "temperature" is a numpy scalar here.
    document = golden_fill.load_keys(GOLDEN / f"pare_{backbone}.keys.json")
    model = build(backbone)
    state = {key: torch.as_tensor(value) for key, value in golden_fill.fill(document).items()}
    model.load_state_dict(state, strict=True)
    return model.eval()


def assert_attention(attention, golden):
    """To 1e-4: softmax makes the absolute error of the logits, up to 124 here, the relative error of the attention."""
    assert attention.shape == tuple(golden["part_attention.shape"])
    sampled = attention.flatten()[golden_fill.positions("part_attention", attention.numel())]
    stored = golden["part_attention.sub"]
    np.testing.assert_allclose(sampled, stored, rtol=0, atol=1e-4 * stored.max())


@pytest.fixture(scope="module", params=["hrnet_w32", "resnet50"])
def network(request):
    return load(request.param), f"pare_{request.param}"


def test_pare_weights_have_the_published_keys_and_shapes(network, goldens):
    model, name = network
    assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == goldens.keys(name)
    assert list(model.state_dict()) == list(goldens.keys(name))


def test_pare_outputs_equal_golden(network, goldens):
    model, name = network
    golden = goldens.outputs(name)
    with torch.inference_mode():
        out = model(goldens.input(f"{name}.image", 2, 3, 224, 224))
    assert out._fields == PareOutput._fields
    for field in set(PareOutput._fields) - {"part_attention"}:
        goldens.compare(getattr(out, field), golden, field)
    assert_attention(out.part_attention, golden)
    assert torch.allclose(out.part_attention.sum((2, 3)), torch.ones(2, 24), atol=1e-5)
    assert torch.allclose(out.pred_pose.mT @ out.pred_pose, torch.eye(3).expand(2, 24, 3, 3), atol=1e-5)


def test_pare_wrong_upsampling_differs_from_golden(goldens):
    """Pixels aligned by their centers instead of the corners: no key and no shape tells."""
    model = load("hrnet_w32")
    for module in model.modules():
        if isinstance(module, torch.nn.Upsample) and module.align_corners:
            module.align_corners = False
    with torch.inference_mode():
        out = model(goldens.input("pare_hrnet_w32.image", 2, 3, 224, 224))
    for field, value in out._asdict().items():
        with pytest.raises(AssertionError):
            goldens.compare(value, goldens.outputs("pare_hrnet_w32"), field)


def test_pare_pose_mlp_has_weights_per_part():
    head = build("resnet50").head
    pooled = torch.randn(2, 256, 24)
    six = head.pose_mlp(pooled)
    weight = head.pose_mlp.weight[0, :, :, :, 0, 0]
    for part in (0, 7, 23):
        torch.testing.assert_close(six[:, part], pooled[:, :, part] @ weight[:, :, part].T)


def test_rotmat_from_6d_equals_golden(goldens):
    golden = goldens.outputs("pare_geometry")
    goldens.compare(rotmat_from_6d(torch.from_numpy(golden["six"])), golden, "rotmat")


def test_rotmat_from_6d_takes_two_columns_in_row_order():
    """Of any length, the second at any angle to the first; leading axes stay."""
    quarter_turn = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    six = torch.tensor([0.0, -3.0, 2.0, 0.5, 0.0, 0.0]).expand(2, 4, 6)
    np.testing.assert_allclose(rotmat_from_6d(six), np.broadcast_to(quarter_turn, (2, 4, 3, 3)), atol=1e-6)


def test_build_unknown_backbone_raises():
    with pytest.raises(UnknownNameError, match=r'no backbone "vit".*hrnet_w32, resnet50'):
        build("vit")
