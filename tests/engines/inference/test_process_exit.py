"""Native calls at the end of the process and after a fork."""

from __future__ import annotations

import threading

import pytest

from engines.errors import ModelError
from engines.inference.process_exit import NativeCalls


def test_native_calls_end_waits_for_running_calls() -> None:
    calls, inside, leave = NativeCalls(), threading.Event(), threading.Event()

    def work() -> None:
        with calls, calls:  # nested, as a pipeline's call into a session
            inside.set()
            leave.wait()

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    assert not calls.end(0.0)
    leave.set()
    assert calls.end(60.0)
    thread.join()


def test_native_calls_after_end_block_daemon_threads_only() -> None:
    calls, entered, begun = NativeCalls(), [], threading.Event()
    assert calls.end(0.0)

    def work() -> None:
        begun.set()
        with calls:
            entered.append(threading.current_thread().daemon)

    threading.Thread(target=work, daemon=True).start()
    begun.wait()
    thread = threading.Thread(target=work, daemon=False)
    thread.start()
    thread.join()
    with calls:
        assert entered == [False]


def test_native_calls_failed_call_is_not_running() -> None:
    calls = NativeCalls()
    with pytest.raises(ValueError, match="inside"), calls:
        raise ValueError("inside")
    assert calls.end(0.0)


@pytest.mark.parametrize("used", [False, True])
def test_native_calls_in_forked_child_raise_after_use_in_parent(used: bool) -> None:
    calls = NativeCalls()
    if used:
        with calls:
            pass
    calls.after_fork()
    if not used:
        with calls:
            return
    with pytest.raises(ModelError, match="spawn"):
        calls.__enter__()
