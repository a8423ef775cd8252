"""Signals as the wish to finish in order."""

from __future__ import annotations

import signal

import pytest

from edge.runtime.signals import interruptible


def test_sigterm_that_is_sent_twice_at_once_is_one_wish() -> None:
    with interruptible() as interrupt:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.asked


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_second_ctrl_c_breaks_off_at_once(first: signal.Signals) -> None:
    with interruptible():
        signal.raise_signal(first)
        with pytest.raises(KeyboardInterrupt) as caught:
            signal.raise_signal(signal.SIGINT)
    assert caught.value.args == (signal.SIGINT,)


def test_wish_from_before_is_raised_where_it_is_welcome() -> None:
    with interruptible() as interrupt:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt) as caught, interrupt.welcome():
            raise AssertionError
    assert caught.value.args == (signal.SIGTERM,)
