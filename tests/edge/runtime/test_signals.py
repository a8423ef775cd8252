"""Signals as shutdown requests."""

from __future__ import annotations

import signal

import pytest

from edge.runtime.signals import interruptible


def test_shutdown_request_sigterm_twice_at_once_is_one_request() -> None:
    with interruptible() as interrupt:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.asked


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_shutdown_request_second_sigint_raises(first: signal.Signals) -> None:
    with interruptible():
        signal.raise_signal(first)
        with pytest.raises(KeyboardInterrupt) as caught:
            signal.raise_signal(signal.SIGINT)
    assert caught.value.args == (signal.SIGINT,)


def test_shutdown_request_earlier_request_raises_in_welcome_block() -> None:
    with interruptible() as interrupt:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt) as caught, interrupt.welcome():
            raise AssertionError
    assert caught.value.args == (signal.SIGTERM,)
