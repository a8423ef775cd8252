from __future__ import annotations

from edge.wire.peers import Limits, Peers
from edge.wire.request_budget import RequestBudget

LIMITS = Limits(sent_bytes=1000, sent_bytes_per_s=100)


def test_budget_refills_with_time() -> None:
    budget = RequestBudget(LIMITS)
    assert budget.take(500, 0.0)
    assert not budget.take(50, 0.0)
    assert budget.ready_s(50, 0.0) == 1.0
    assert budget.take(50, 1.0)
    assert not budget.take(1, 1.0)
    assert budget.take(500, 1e6)
    assert not budget.take(500, 1e6)


def test_budget_spent_at_once_stays_within_limits_of_a_publisher() -> None:
    budget, peers, now_s = RequestBudget(), Peers(Limits()), 0.0
    peers.connect(1, None, now_s)
    for step in range(20_000):
        now_s = step / 100
        while budget.take(80, now_s):
            assert peers.sent(1, 80, now_s) is None
