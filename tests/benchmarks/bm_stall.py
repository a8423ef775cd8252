"""Subscribers that take nothing for a minute while ten people are published: python tests/benchmarks/bm_stall.py

Two are stopped as a whole, one that wants the newest only and one that does not; a third goes on living, but does not
read, as an editor does while it compiles.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import psutil
from bm_wire import crowd, one_person
from drain import Drain
from metric import Metric, show

from edge.wire.publisher import Publisher

RATE_HZ = 30
MODES = "latest", "all", "latest, not reading"
BEFORE_S, STALL_S, AFTER_S = 20, 60, 5


def measure() -> list[Metric]:
    """What the stall costs the publisher, a subscriber that goes on, and those who stall."""
    frame, body, model, camera = one_person()
    people = crowd(body, 10)
    process = psutil.Process()
    with ExitStack() as stack:
        publisher = stack.enter_context(Publisher("tcp://127.0.0.1:0", model, streams=[frame.camera]))
        drain = stack.enter_context(Drain(publisher.address))
        sleepers = {mode: stack.enter_context(Sleeper(publisher.address, mode)) for mode in MODES}
        stop = threading.Event()

        def work() -> None:
            index, due = 0, time.monotonic()
            while not stop.is_set():
                now = replace(frame, index=index, t_capture_ns=time.monotonic_ns())
                publisher.publish(now, people, camera)
                index += 1
                due += 1 / RATE_HZ
                stop.wait(max(0.0, due - time.monotonic()))

        thread = threading.Thread(target=work)
        thread.start()
        for sleeper in sleepers.values():
            sleeper.wait_until_it_receives()
        while not drain.ready():
            time.sleep(0.1)
        time.sleep(BEFORE_S)
        rss_before = process.memory_info().rss
        from_s = time.monotonic()
        for sleeper in sleepers.values():
            sleeper.stop()
        most = 0
        while time.monotonic() < from_s + STALL_S:
            time.sleep(0.5)
            most = max(most, process.memory_info().rss)
        to_s = time.monotonic()
        for sleeper in sleepers.values():
            sleeper.wake()
        time.sleep(AFTER_S)
        stop.set()
        thread.join()
        woken = {mode: sleeper.first_after_the_gap() for mode, sleeper in sleepers.items()}
        receipts = drain.receipts(0)

    calm = [each.latency_ms for each in receipts if from_s - BEFORE_S <= each.received_s < from_s]
    stalled = [each.latency_ms for each in receipts if from_s <= each.received_s <= to_s]
    metrics = [
        Metric("wire stall, others, publish() to decoded: p50", *_both(stalled, calm, 50)),
        Metric("wire stall, others, publish() to decoded: p99", *_both(stalled, calm, 99)),
        Metric("wire stall, others: lost", sum(each.lost for each in receipts), "frames"),
        Metric("wire stall, publisher's memory at most", most / 1e6, "MB", rss_before / 1e6),
    ]
    for mode, (age_ms, lost) in woken.items():
        metrics += [
            Metric(f"wire stall, age of the first frame on waking, {mode}", age_ms, "ms"),
            Metric(f"wire stall, lost before it, {mode}", lost, "frames"),
        ]
    return metrics


def _both(stalled: list[float], calm: list[float], percent: int) -> tuple[float, str, float]:
    return float(np.percentile(stalled, percent)), "ms", float(np.percentile(calm, percent))


class Sleeper:
    """A subscriber in a process of its own that can be stopped and woken."""

    def __init__(self, address: str, mode: str) -> None:
        self._lives = mode.endswith("not reading")
        words = [sys.executable, __file__, address, mode]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def wait_until_it_receives(self) -> None:
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the subscriber ended before a packet arrived")

    def stop(self) -> None:
        os.kill(self._process.pid, signal.SIGUSR1 if self._lives else signal.SIGSTOP)

    def wake(self) -> None:
        if not self._lives:  # that one wakes by itself
            os.kill(self._process.pid, signal.SIGCONT)

    def first_after_the_gap(self) -> tuple[float, int]:
        """Age (ms) of the first packet that was handed out after waking, and the packets lost before it."""
        assert self._process.stdout is not None
        age_ms, lost = self._process.stdout.readline().split()
        return float(age_ms), int(lost)

    def __enter__(self) -> Sleeper:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def sleep_and_tell(address: str, mode: str) -> None:
    from meshcast.subscriber import subscribe

    asked = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: asked.set())
    last_s = None
    with subscribe(address, latest=mode.startswith("latest")) as packets:
        for packet in packets:
            now_s = time.monotonic()
            if last_s is None:
                print("ready", flush=True)
            elif now_s - last_s > STALL_S / 2:
                print((time.monotonic_ns() - packet.t_capture_monotonic_ns) * 1e-6, packet.lost, flush=True)
            last_s = now_s
            if asked.is_set():  # between two packets: what the reader hands out next is up to it
                asked.clear()
                time.sleep(STALL_S)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sleep_and_tell(sys.argv[1], sys.argv[2])
    else:
        show(measure())
