"""Names that a model's files may have."""

from __future__ import annotations

import pytest

from engines.cards.names import LONGEST_MODEL_NAME, checked_name
from engines.errors import ModelError


@pytest.mark.parametrize("name", ["a", "9", "Mesh_2.v1-b", "x" * LONGEST_MODEL_NAME])
def test_checked_name_valid_name_is_returned(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".a", "_a", "-a", "a/b", "../a", "a\\b", "a b", "a\n", "é", "x" * (LONGEST_MODEL_NAME + 1)]
)
def test_checked_name_invalid_name_raises(name: str) -> None:
    with pytest.raises(ModelError, match="cannot be a model's name"):
        checked_name(name)
