"""What a proxy adds to the way of a message, alone and with 200 clients of which 10 stall: python
tests/benchmarks/bm_proxy.py

Publisher, proxy and clients use CURVE keys. One client receives the same frames from the publisher and from the proxy;
the difference of the two arrivals is what the proxy adds. The 190 clients receive joints/ of one person, the 10
mesh/, of which they take one message and then none.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import zmq
from bm_wire import one_person
from metric import Metric, show

from edge.wire.curve_auth import Security
from edge.wire.keys import new_keys
from edge.wire.publisher import Publisher
from meshcast.transport.curve import Curve, read_keys, secure_client

RATE_HZ = 30
ALONE_S, CROWD_S = 20, 60
CLIENTS, STALLED = 200, 10
SEQ = slice(56, 64)  # of a message
CHANGE_S = 5.0  # after a change, not counted
PATIENCE_S = 60.0


def measure() -> list[Metric]:
    """Added latency in both phases, losses, and the memory and processor time of the proxy."""
    frame, body, model, camera = one_person()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clients = folder / "clients"
        clients.mkdir()
        keys = read_keys(new_keys(folder / "server")[0])
        (clients / "server.pub").write_bytes((folder / "server.pub").read_bytes())
        security = Security(keys, clients)
        publisher = stack.enter_context(
            Publisher("tcp://127.0.0.1:0", model, streams=[frame.stream], security=security)
        )
        proxy, address = _proxy(stack, publisher.address, folder)
        stop = threading.Event()

        def work() -> None:
            index, due = 0, time.monotonic()
            while not stop.is_set():
                publisher.publish(replace(frame, index=index, t_capture_ns=time.monotonic_ns()), body, camera)
                index += 1
                due += 1 / RATE_HZ
                stop.wait(max(0.0, due - time.monotonic()))

        thread = threading.Thread(target=work)
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop.set)
        probe = stack.enter_context(Child("probe", str(folder), publisher.address, address))
        probe.line()
        alone = _phase(proxy, ALONE_S)
        crowd = stack.enter_context(Child("crowd", str(folder), address))
        crowd.line()
        crowded = _phase(proxy, CROWD_S)
        received = json.loads(crowd.ask())
        rows = np.array(json.loads(probe.ask()))  # seq, directly, through the proxy
    return [
        *_latencies("alone", rows, alone),
        *_latencies(f"{CLIENTS} clients, {STALLED} stalled", rows, crowded),
        Metric("proxy, clients that received 90 % of the frames", received["healthy"], "clients", CLIENTS - STALLED),
        Metric(
            "proxy, resident memory after the crowd's first 5 s", crowded["rss"][0] / 1e6, "MB", alone["rss"][0] / 1e6
        ),
        Metric("proxy, the most in the following minute", max(crowded["rss"]) / 1e6, "MB", crowded["rss"][0] / 1e6),
        Metric("proxy, at its end", crowded["rss"][-1] / 1e6, "MB", crowded["rss"][0] / 1e6),
        Metric("proxy, processor time a second, alone", 1e3 * alone["cpu"], "ms"),
        Metric("proxy, processor time a second, with the crowd", 1e3 * crowded["cpu"], "ms"),
    ]


def _proxy(stack: ExitStack, publisher: str, folder: Path) -> tuple[psutil.Process, str]:
    key, public, clients = folder / "server.key", folder / "server.pub", folder / "clients"
    words = ["proxy", publisher, "--publish", "tcp://127.0.0.1:0", "--curve", key, "--allow", clients]
    words += ["--client-curve", key, "--server", public]
    program = "import sys; from edge.cli.main import main; sys.exit(main())"
    process = subprocess.Popen([sys.executable, "-c", program, *map(str, words)], stderr=subprocess.PIPE, text=True)
    stack.callback(process.wait)
    stack.callback(process.send_signal, signal.SIGINT)
    assert process.stderr is not None
    line = process.stderr.readline()
    return psutil.Process(process.pid), line.split(" at ")[1].split(";")[0]


def _phase(proxy: psutil.Process, seconds: float) -> dict[str, Any]:
    """Its beginning and end, and the proxy's memory (once a second) and processor time a second."""
    time.sleep(CHANGE_S)
    begin_s, cpu = time.monotonic(), sum(proxy.cpu_times()[:2])
    rss = [proxy.memory_info().rss]
    while time.monotonic() < begin_s + seconds:
        time.sleep(1)
        rss.append(proxy.memory_info().rss)
    end_s = time.monotonic()
    return {"s": (begin_s, end_s), "rss": rss, "cpu": (sum(proxy.cpu_times()[:2]) - cpu) / (end_s - begin_s)}


def _latencies(name: str, rows: np.ndarray[Any, Any], phase: dict[str, Any]) -> list[Metric]:
    begin_s, end_s = phase["s"]
    inside = rows[(rows[:, 1] >= begin_s) & (rows[:, 1] <= end_s)]
    both = inside[np.isfinite(inside[:, 2])]
    added = 1e3 * (both[:, 2] - both[:, 1])
    return [
        Metric(f"proxy, {name}: added, median", float(np.median(added)), "ms"),
        Metric(f"proxy, {name}: added, 99th percentile", float(np.percentile(added, 99)), "ms"),
        Metric(f"proxy, {name}: frames lost on the way", len(inside) - len(both), "frames", len(inside)),
    ]


class Child:
    """This file as a process with a role, which answers a line once and says something on request."""

    def __init__(self, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def ask(self) -> str:
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self.line()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def connected(context: zmq.Context[Any], folder: str, address: str, topic: bytes, waiting: int = 8) -> zmq.Socket[Any]:
    keys = read_keys(Path(folder, "server.key"))
    socket = context.socket(zmq.SUB)
    secure_client(socket, Curve(keys, keys.public))
    socket.set(zmq.RCVHWM, waiting)
    socket.set(zmq.LINGER, 0)
    socket.subscribe(topic)
    socket.connect(address)
    return socket


def probe(folder: str, *addresses: str) -> None:
    context = zmq.Context()
    poller = zmq.Poller()
    poller.register(sys.stdin, zmq.POLLIN)
    sockets = [connected(context, folder, address, b"mesh/") for address in addresses]
    for socket in sockets:
        poller.register(socket, zmq.POLLIN)
    arrivals: dict[int, list[float]] = {}
    ready = False
    while True:
        for socket, _ in poller.poll():
            if socket not in sockets:
                print(
                    json.dumps([[seq, *times] for seq, times in arrivals.items() if times[0] == times[0]]), flush=True
                )
                context.destroy(0)
                return
            seq = int.from_bytes(socket.recv()[SEQ], "little")
            now_s = time.monotonic()
            arrivals.setdefault(seq, [float("nan")] * 2)[sockets.index(socket)] = now_s
            if not ready and all(np.isfinite(arrivals[seq])):
                ready = True
                print("ready", flush=True)


def crowd(folder: str, address: str) -> None:
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 2 * CLIENTS)
    poller = zmq.Poller()
    poller.register(sys.stdin, zmq.POLLIN)
    stalled = [connected(context, folder, address, b"mesh/", 1) for _ in range(STALLED)]
    counts: dict[Any, list[int]] = {}  # the first and the latest seq, and the number of frames
    for _ in range(CLIENTS - STALLED):
        socket = connected(context, folder, address, b"joints/")
        counts[socket] = [-1, 0, 0]
        poller.register(socket, zmq.POLLIN)
    for socket in stalled:
        socket.poll(1e3 * PATIENCE_S)
    ready = False
    while True:
        for socket, _ in poller.poll():
            if socket not in counts:
                healthy = [first >= 0 and number >= 0.9 * (last - first + 1) for first, last, number in counts.values()]
                print(json.dumps({"healthy": sum(healthy)}), flush=True)
                context.destroy(0)
                return
            seq = int.from_bytes(socket.recv()[SEQ], "little")
            count = counts[socket]
            count[:] = [seq if count[0] < 0 else count[0], seq, count[2] + 1]
        if not ready and all(first >= 0 for first, _, _ in counts.values()):
            ready = True
            print("ready", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        {"probe": probe, "crowd": crowd}[sys.argv[1]](*sys.argv[2:])
    else:
        show(measure())
