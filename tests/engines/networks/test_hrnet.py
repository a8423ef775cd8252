"""HRNet against outputs of the published implementation with the same weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engines.networks.hrnet import STRIDE, HRNet  # noqa: E402

SIZES = {"hrnet_w32_256x192": (32, (2, 3, 256, 192)), "hrnet_w48_384x288": (48, (1, 3, 384, 288))}
INNER = ("layer1", "transition1.1", "stage2", "stage3", "stage4")


@pytest.fixture(scope="module", params=SIZES)
def network(request, goldens):
    name = request.param
    width, shape = SIZES[name]
    model = HRNet(width)
    model.load_state_dict(goldens.weights(name), strict=True)
    return model.eval(), goldens.input(f"{name}.image", *shape), goldens.outputs(name), name


def mean_and_std(output):
    """(branches, 2) of what a module gave, one branch or several."""
    branches = [output] if isinstance(output, torch.Tensor) else output
    return [[x.double().mean().item(), x.double().std(correction=0).item()] for x in branches]


def test_hrnet_weights_have_the_published_keys_and_shapes(network, goldens):
    model, _, _, name = network
    assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == goldens.keys(name)
    assert list(model.state_dict()) == list(goldens.keys(name))


def test_hrnet_heatmaps_and_inner_stages_equal_golden(network, goldens):
    model, image, golden, _ = network
    inner = {}
    hooks = [
        model.get_submodule(stage).register_forward_hook(lambda _, __, out, stage=stage: inner.update({stage: out}))
        for stage in INNER
    ]
    with torch.inference_mode():
        heatmaps = model(image)
    for hook in hooks:
        hook.remove()
    assert heatmaps.shape[2:] == (image.shape[2] // STRIDE, image.shape[3] // STRIDE)
    goldens.compare(heatmaps, golden, "heatmaps")
    for stage in INNER:
        goldens.compare(mean_and_std(inner[stage]), golden, f"meanstd.{stage}")
    scores, peaks = heatmaps.flatten(2).max(-1)
    columns = heatmaps.shape[3]
    np.testing.assert_array_equal(torch.stack([peaks % columns, peaks // columns], -1), golden["argmax_xy"])
    goldens.compare(scores, golden, "maxvals")


def test_hrnet_wrong_epsilon_differs_from_golden(goldens):
    """The one of YOLOX; no key tells it from the right one."""
    name = "hrnet_w32_256x192"
    model = HRNet(32)
    model.load_state_dict(goldens.weights(name))
    for module in model.eval().modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 1e-3
    with torch.inference_mode():
        heatmaps = model(goldens.input(f"{name}.image", 2, 3, 256, 192))
    with pytest.raises(AssertionError):
        goldens.compare(heatmaps, goldens.outputs(name), "heatmaps")


def test_hrnet_other_sizes_and_joint_counts_are_supported():
    model = HRNet(8, joints=5).eval()
    with torch.inference_mode():
        assert model(torch.zeros(3, 3, 64, 32)).shape == (3, 5, 16, 8)
