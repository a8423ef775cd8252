"""What CURVE adds to a message on its way over loopback TCP: python tests/benchmarks/bm_curve.py"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import zmq
from metric import Metric, run_interleaved, show

from edge.wire.curve_auth import CurveAuthenticator
from edge.wire.keys import new_keys
from meshcast.transport.curve import Curve, read_keys, secure_client

SIZES = (300, 42_216, 420_288)  # bytes; the larger ones are mesh messages of one person and of ten
WARM_UP, ROUNDS = 5, 50


def measure() -> list[Metric]:
    """Milliseconds from send() to recv(), with CURVE and without."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        keys = read_keys(new_keys(folder / "both")[0])
        context = stack.enter_context(zmq.Context())
        guard = stack.enter_context(CurveAuthenticator(context, keys, folder))
        ways = {}
        for name, curve in (("plain", None), ("curve", Curve(keys, keys.public))):
            sender = stack.enter_context(context.socket(zmq.XPUB))
            receiver = stack.enter_context(context.socket(zmq.SUB))
            if curve is not None:
                guard.secure_server(sender)
                secure_client(receiver, curve)
            sender.bind("tcp://127.0.0.1:0")
            receiver.subscribe(b"")
            receiver.connect(sender.get_string(zmq.LAST_ENDPOINT))
            sender.recv()
            ways[name] = partial(there, sender, receiver)
        metrics = []
        for size in SIZES:
            ms = run_interleaved({way: partial(call, bytes(size)) for way, call in ways.items()}, WARM_UP, ROUNDS)
            metrics.append(
                Metric(f"curve, {size} bytes: median of {ROUNDS}, reference plain", ms["curve"], "ms", ms["plain"])
            )
        return metrics


def there(sender: zmq.Socket[bytes], receiver: zmq.Socket[bytes], message: bytes) -> None:
    sender.send(message)
    receiver.recv()


if __name__ == "__main__":
    show(measure())
