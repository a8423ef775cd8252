"""Proxies that run on a thread, and publishers behind them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from edge.wire.proxy import Proxy
from edge.wire.upstream import UpstreamConfig

PATIENCE_S = 60.0  # a limit for failures only


@contextmanager
def proxied(*upstreams: UpstreamConfig | str, address: str = "tcp://127.0.0.1:0", **options: Any) -> Iterator[Proxy]:
    """A running proxy of these publishers."""
    configs = [each if isinstance(each, UpstreamConfig) else UpstreamConfig(each) for each in upstreams]
    stop = threading.Event()
    with Proxy(address, configs, **options) as proxy:
        thread = threading.Thread(target=proxy.run, args=(stop.is_set,))
        thread.start()
        try:
            yield proxy
        finally:
            stop.set()
            proxy.wake()
            thread.join()


def eventually(condition: Callable[[], bool], what: str = "the condition", patience_s: float = PATIENCE_S) -> None:
    """Wait until a condition holds; fails after `patience_s`."""
    end_s = time.monotonic() + patience_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end_s, f"{what} did not come"
        pause.wait(0.01)


def no_doubles(numbers: Sequence[tuple[int, int]]) -> bool:
    """Whether no sequence number comes twice within a session, of (session, seq)."""
    return len(numbers) == len(set(numbers))
