from __future__ import annotations

import random

from edge.fleet.backoff import FIRST_S, HEALTHY_S, LONGEST_S, Backoff


def test_backoff_grows_up_to_its_cap() -> None:
    backoff = Backoff(random.Random(0))
    pauses = [backoff.pause_s() for _ in range(12)]
    for number, pause_s in enumerate(pauses):
        longest_s = min(LONGEST_S, FIRST_S * 2**number)
        assert longest_s / 2 <= pause_s <= longest_s
    assert len({pause_s / LONGEST_S for pause_s in pauses[-4:]}) == 4


def test_backoff_starts_again_after_healthy_operation() -> None:
    backoff = Backoff(random.Random(0))
    for _ in range(6):
        backoff.pause_s()
    backoff.worked(HEALTHY_S / 2)
    assert backoff.pause_s() > 10 * FIRST_S
    backoff.worked(HEALTHY_S)
    assert backoff.pause_s() <= FIRST_S
