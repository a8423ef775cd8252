"""Importing the checkpoint of a training on images."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from engines.cards.card import load_card
from engines.errors import ModelError
from engines.importing.import_model import import_file
from engines.networks.dct import build
from engines.training import checkpoint


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def trained(path: Path, backbone: str) -> Path:
    settings = {"size": 224, "steps": 7, "batch": 3}
    checkpoint.write(path, "dct", {"net": build(1, backbone).state_dict(), "settings": settings})
    return path


def test_import_of_an_image_training_is_the_network_with_its_own_license(tmp_path: Path) -> None:
    made = import_file(trained(tmp_path / "dct.pt", "resnet50"), "my_dct")
    card = load_card("my_dct")
    assert made.card == card
    assert (card.family, card.network) == ("dct", "dct_single_branch")
    assert card.license == "unspecified; see training data"
    assert card.source == "trained with meshcast train dct"
    assert card.notes == "Trained on crops of 224 px with 7 steps of 3."
    assert not card.untrained


def test_import_of_a_small_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not a known network|most similar"):
        import_file(trained(tmp_path / "dct.pt", "tiny"), "my_dct")
