"""Cards with the keys of an earlier spelling are read, with a warning."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engines.cards.renamed_keys import read_card_table
from engines.errors import ModelError

CARD = (
    'name = "a"\nlicence = "MIT"\nlicence_files = ["LICENSE"]\n'
    '[input]\ncolour = "rgb"\nsize = 4\n[decode]\nfit = "centre"\n'
)


def test_read_card_table_old_keys_are_renamed_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.toml"
    path.write_text(CARD)
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        table = read_card_table(path)
    assert table == {
        "name": "a",
        "license": "MIT",
        "license_files": ["LICENSE"],
        "input": {"color": "rgb", "size": 4},
        "decode": {"fit": "center"},
    }
    (record,) = caplog.records
    assert "licence is license now, licence_files is license_files now, input.colour is color now" in record.message


def test_read_card_table_current_keys_give_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.toml"
    path.write_text(CARD.replace("licence", "license").replace("colour", "color").replace("centre", "center"))
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        assert read_card_table(path)["license"] == "MIT"
    assert not caplog.records


def test_read_card_table_key_in_both_spellings_raises(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('license = "MIT"\n' + CARD)
    with pytest.raises(ModelError, match="has both licence and license; keep license"):
        read_card_table(path)
