"""Fixtures of the clients' tests."""

from __future__ import annotations

import pytest

from tests.support.sender import Sender


@pytest.fixture(scope="session")
def sending() -> type[Sender]:
    """`with sending(axes="unity") as sender: ...`; see Sender."""
    return Sender
