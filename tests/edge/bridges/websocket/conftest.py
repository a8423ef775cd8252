"""Fixtures: the publisher behind a bridge, and a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.websocket_bridge import Upstream, write_page


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.socket.close(linger=0)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return write_page(tmp_path)
