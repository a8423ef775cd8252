"""Data and cache folders of the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engines.cards.card import cards, needed_user_models, user_models
from engines.errors import ModelError
from engines.files.folders import needed_user_folder, user_folder


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without HOME whose user id has no entry in the password database."""

    def unknown(uid: int) -> Any:
        raise KeyError(uid)

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)


@pytest.mark.usefixtures("homeless")
def test_user_folder_user_without_home_is_none() -> None:
    assert user_folder("data") is None
    assert user_folder("cache") is None
    assert user_models() is None


@pytest.mark.usefixtures("homeless")
def test_cards_user_without_home_are_the_bundled_ones() -> None:
    assert "movenet_thunder" in {card.name for card in cards()}


@pytest.mark.usefixtures("homeless")
def test_needed_user_folder_user_without_home_raises() -> None:
    with pytest.raises(ModelError, match=r"^the user has no home folder; set HOME or XDG_DATA_HOME to a folder"):
        needed_user_models()
    with pytest.raises(ModelError, match="set HOME or XDG_CACHE_HOME"):
        needed_user_folder("cache")


@pytest.mark.usefixtures("homeless")
def test_user_folder_xdg_variable_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_folder("data") == tmp_path / "meshcast"
    assert user_folder("cache") is None
