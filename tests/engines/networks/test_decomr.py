"""DecoMR against outputs of the published implementation with the same weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engines.networks.decomr import build, warp  # noqa: E402

NAME = "decomr"


@pytest.fixture(scope="module")
def network(goldens):
    network = build()
    network.load_state_dict(goldens.weights(NAME), strict=True)
    return network.eval()


def test_decomr_weights_have_the_published_shapes(network, goldens):
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == goldens.keys(NAME)


def test_decomr_outputs_equal_golden(network, goldens):
    # The published key file names this image: no pixel of it is near the threshold of the mask or a border of cells.
    image = goldens.input(f"{NAME}.image14", 2, 3, 224, 224)
    with torch.no_grad():
        out = network(image, goldens.input(f"{NAME}.ref_map", 1, 64, 64, 3))
    golden = goldens.outputs(NAME)
    for field, value in out._asdict().items():
        goldens.compare(value, golden, field)


def test_decomr_lnet_outputs_equal_golden(network, goldens):
    dp_out = goldens.input(f"{NAME}.lnet_dp", 2, 3, 56, 56) * 0.28 + 0.5
    feature = goldens.input(f"{NAME}.lnet_feature", 2, 256, 56, 56)
    codes = goldens.input(f"{NAME}.lnet_codes", 2, 2048)
    with torch.no_grad():
        out = network.LNet(dp_out, feature, codes, goldens.input(f"{NAME}.ref_map", 1, 64, 64, 3))
    golden = goldens.outputs(NAME)
    for field in ("warped_feature", "uv_map", "camera"):
        goldens.compare(getattr(out, field), golden, f"lnet_only.{field}")


def test_warp_golden_features_equal_golden(goldens):
    golden = goldens.outputs("decomr_uv")
    dp_out, features = torch.from_numpy(golden["dp"]), torch.from_numpy(golden["feature"])
    goldens.compare(warp(dp_out, features, golden["warped"].shape[-1]), golden, "warped")


def test_warp_pixels_of_a_cell_are_averaged():
    """Four pixels: two in one cell, one in another, one in the background."""
    dp_out = torch.tensor([[1, 1, 1, 0.5], [0, 0.1, 1, 0], [1, 0.9, 0.5, 0]]).reshape(1, 3, 2, 2)
    features = torch.tensor([1.0, 3.0, 5.0, 7.0]).reshape(1, 1, 2, 2)
    expected = np.zeros((4, 3, 3))  # feature, x, y, occupancy
    expected[:, 2, 0] = [2, 0, -1, 1]
    expected[:, 1, 2] = [5, -1, 1, 1]
    np.testing.assert_allclose(warp(dp_out, features, 3)[0].numpy(), expected, atol=1e-6)


def test_warp_without_a_person_is_empty():
    assert not warp(torch.zeros(2, 3, 4, 4), torch.ones(2, 5, 4, 4), 8).any()
