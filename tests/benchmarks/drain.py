"""A subscriber in a process of its own that decodes everything and says at the end what it got, and how late."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from types import TracebackType

QUIET_S = 2.0  # so long without a packet is the end


@dataclass(frozen=True, slots=True)
class Receipt:
    """One packet: latency_ms from the frame's capture to the decoded packet, lost packets just before it, received_s
    on the monotonic clock."""

    frame_index: int
    latency_ms: float
    lost: int
    received_s: float


class Drain:
    """Starts the subscriber. Publish until `ready()`, then what is to be measured; `receipts()` waits for the end."""

    def __init__(self, address: str) -> None:
        self._process = subprocess.Popen([sys.executable, __file__, address], stdout=subprocess.PIPE, text=True)

    def ready(self) -> bool:
        """Whether the first packet has arrived. Ask until it is True, then no more."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], 0)[0]:
            return False
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the subscriber ended before a packet arrived")
        return True

    def receipts(self, first_index: int) -> list[Receipt]:
        """What arrived of the frames from `first_index` on; returns QUIET_S after the last packet."""
        assert self._process.stdout is not None
        received = [Receipt(*entry) for entry in json.loads(self._process.stdout.read())]
        return [receipt for receipt in received if receipt.frame_index >= first_index]

    def __enter__(self) -> Drain:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def main(address: str) -> None:
    from meshcast.subscriber import subscribe

    received: list[tuple[int, float, int, float]] = []
    with subscribe(address, timeout_s=QUIET_S) as packets:
        for packet in packets:
            now_ns = time.monotonic_ns()
            if not received:
                print("ready", flush=True)
            latency_ms = (now_ns - packet.t_capture_monotonic_ns) * 1e-6
            received.append((packet.frame_index, latency_ms, packet.lost, now_ns * 1e-9))
    print(json.dumps(received))


if __name__ == "__main__":
    main(sys.argv[1])
