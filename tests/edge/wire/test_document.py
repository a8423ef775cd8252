"""docs/wire.md: its tables and its example agree with the code and the golden packets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meshcast.protocol.layout import (
    ALIGN,
    MODEL_HEADER,
    PREVIEW_HEADER,
    ROOM_FRAME_HEADER,
    STATS_HEADER,
    STATUS_HEADER,
)

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests/data/wire"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
PACKETS = {path.name: path.read_bytes() for path in sorted(GOLDEN.glob("*.bin"))}
MESHES = sorted(EXPECTED["mesh"])
DOCUMENT = (ROOT / "docs/wire.md").read_text()


@pytest.mark.parametrize(
    ("title", "header"),
    [
        ("Frame messages", ROOM_FRAME_HEADER),
        ("Model message", MODEL_HEADER),
        ("Status message", STATUS_HEADER),
        ("Preview message", PREVIEW_HEADER),
        ("Stats message", STATS_HEADER),
    ],
)
def test_document_tables_have_the_offsets_of_the_code(title: str, header: np.dtype[Any]) -> None:
    section = DOCUMENT.split(f"## {title}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\S+) \| (\w+) \|", section, re.MULTILINE)
    codes = {"S": "char[{}]", "u": "uint{}", "i": "int{}", "f": "float{}"}
    assert header.fields is not None
    written = []
    for name, (dtype, offset, *_) in header.fields.items():
        size = dtype.itemsize if dtype.kind == "S" else dtype.itemsize * 8
        written.append((str(offset), str(dtype.itemsize), codes[dtype.kind].format(size), name))
    assert rows == written


@pytest.mark.parametrize("header", [MODEL_HEADER, ROOM_FRAME_HEADER, STATUS_HEADER, PREVIEW_HEADER, STATS_HEADER])
def test_header_fields_are_aligned_to_their_size(header: np.dtype[Any]) -> None:
    assert header.fields is not None
    for name, (dtype, offset, *_) in header.fields.items():
        assert dtype.kind == "S" or offset % dtype.itemsize == 0, name
    assert header.itemsize % ALIGN == 0


@pytest.mark.parametrize("name", MESHES)
def test_document_example_reads_the_golden_packets(name: str) -> None:
    source = re.search(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    assert source is not None
    assert re.findall(r"^\s*(?:import|from) .*", source[1], re.MULTILINE) == ["import struct"]
    scope: dict[str, Any] = {}
    exec(source[1], scope)
    packet, expected = scope["read"](PACKETS[name]), EXPECTED["mesh"][name]

    assert packet["topic"] == "mesh/" + EXPECTED["header"]["stream"]
    assert packet["seq"] == expected["seq"]
    for field, value in expected["people"].items():
        tolerance = EXPECTED["tolerance"] if field == "vertices" else 0
        np.testing.assert_allclose(packet[field], value, rtol=0, atol=tolerance, err_msg=field)
    with pytest.raises(ValueError, match="not a mesh message"):
        scope["read"](PACKETS["model_bare.bin"])
