"""Fixtures: the publisher of a replay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.wire.publisher_socket import PublisherSocket
from tests.support.replays import NUMBERS


@pytest.fixture
def publisher() -> Iterator[PublisherSocket]:
    made = PublisherSocket(f"inproc://replay-test-{next(NUMBERS)}", high_water_mark=0)
    yield made
    made.close()
