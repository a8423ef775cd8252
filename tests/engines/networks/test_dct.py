"""DCT against outputs of the published implementation with the same weights."""

import pytest

torch = pytest.importorskip("torch")

from engines.errors import ModelError  # noqa: E402
from engines.networks.dct import build  # noqa: E402


@pytest.mark.parametrize(
    ("branches", "name", "inputs"),
    [(1, "dct_single_branch", ["image"]), (2, "dct_two_branch", ["image", "iuv"])],
)
def test_dct_outputs_equal_golden(goldens, branches, name, inputs):
    network = build(branches)
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == goldens.keys(name)
    network.load_state_dict(goldens.weights(name), strict=True)
    with torch.no_grad():
        out = network.eval()(*(goldens.input(f"{name}.{key}", 2, 3, 224, 224) for key in inputs))
    golden = goldens.outputs(name)
    assert {f"{field}.shape" for field in out._fields} <= set(golden.files)
    for field, value in out._asdict().items():
        goldens.compare(value, golden, field)


@pytest.mark.parametrize("branches", [0, 3])
def test_build_other_branch_count_raises(branches):
    with pytest.raises(ModelError, match=f"not {branches}"):
        build(branches)
