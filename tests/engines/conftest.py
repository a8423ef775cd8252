"""Golden files and the comparison with them (tests/data/golden/README.md)."""

import json

import numpy as np
import pytest

from tests.support import golden_fill
from tests.support.paths import GOLDEN

TOLERANCE = 1e-5  # of the largest golden value: what two float32 implementations agree to


class Goldens:
    """Made-up weights and inputs of a network by name, and the outputs that the published code gave for them."""

    def keys(self, name):
        """Ordered {key: shape} of the network's state_dict."""
        document = json.loads((GOLDEN / f"{name}.keys.json").read_text())
        return {key: tuple(shape) for key, shape, _ in document["keys"]}

    def weights(self, name):
        """The state_dict as torch tensors."""
        import torch

        document = golden_fill.load_keys(GOLDEN / f"{name}.keys.json")
        return {key: torch.as_tensor(value) for key, value in golden_fill.fill(document).items()}

    def input(self, name, *shape):
        """The input called "<network>.<input>", unit variance, as a torch tensor."""
        import torch

        return torch.from_numpy(golden_fill.inputs(name, shape))

    def outputs(self, name):
        """The stored outputs."""
        return np.load(GOLDEN / f"{name}.npz")

    def compare(self, actual, golden, name):
        """Hold an output (tensor or array) against golden[name]: shape and whole or sampled values."""
        actual = np.asarray(actual)
        if f"{name}.shape" in golden:
            assert actual.shape == tuple(golden[f"{name}.shape"]), name
        if name in golden:
            stored, got = golden[name], actual
            assert got.shape == stored.shape, name
        else:
            stored = golden[f"{name}.sub"]
            got = actual.reshape(-1)[golden_fill.positions(name, actual.size)]
        largest = np.abs(stored).max()
        if f"{name}.stats" in golden:  # mean, std, min, max, mean |x| of the whole output
            largest = max(largest, np.abs(golden[f"{name}.stats"][2:4]).max())
        assert np.abs(got.astype(np.float64) - stored).max() <= TOLERANCE * largest, name


@pytest.fixture(scope="session")
def goldens():
    return Goldens()
