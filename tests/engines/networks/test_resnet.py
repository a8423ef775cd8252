"""ResNet features and parameter counts."""

import pytest

torch = pytest.importorskip("torch")

from engines.networks.resnet import resnet18, resnet50  # noqa: E402


@pytest.mark.parametrize(("build", "expansion"), [(resnet18, 1), (resnet50, 4)])
def test_resnet_features_halve_from_layer_to_layer(build, expansion):
    model = build().eval()
    image = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        features = model.features(image)
        assert torch.equal(model(image), features[-1])
    channels = [64, *(width * expansion for width in (64, 128, 256, 512))]
    sizes = [(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)]
    assert [x.shape for x in features] == [(2, c, *size) for c, size in zip(channels, sizes, strict=True)]
    assert model.channels == channels[-1]


@pytest.mark.parametrize(("build", "parameters"), [(resnet18, 11_689_512), (resnet50, 25_557_032)])
def test_resnet_parameter_count_equals_torchvision(build, parameters):
    """Those of torchvision's models without their classifier, Linear(channels, 1000)."""
    model = build()
    classifier = 1000 * (model.channels + 1)
    assert sum(p.numel() for p in model.parameters()) == parameters - classifier
