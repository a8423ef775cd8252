"""A fleet of six synthetic cameras on three Ray nodes of this machine, one of which dies: python
tests/benchmarks/bm_fleet.py [--standby N] [--silent]

A client of the site's address receives params/ all the time. Figures: until all cameras have published, from the death
of the node until each of its streams is back at that client, and what a camera takes. With --silent the node's
processes are stopped (SIGSTOP), so that connections stay open and nothing answers, as after the loss of its power or
network, and go on when the streams are back: none of the former sessions may appear at the client again.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
from metric import Metric, show

from meshcast.protocol.packets import FramePacket
from meshcast.subscriber import subscribe_all

CAMERAS, NODES = 6, 3
FPS = 5  # of a camera
STEADY_S = 20.0
PATIENCE_S = 90.0
AFTER_S = 45.0  # that the stopped node runs again: longer than the lease of its cameras


def measure(standby: int, *, silent: bool) -> list[Metric]:
    """The figures of one fleet."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # read when ray is imported: loopback stays loopback
    from ray.cluster_utils import Cluster

    here = {"node_ip_address": "127.0.0.1"}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **here})
        stack.callback(cluster.shutdown)
        nodes = [cluster.add_node(num_cpus=CAMERAS, **here) for _ in range(NODES)]
        path = folder / "fleet.toml"
        path.write_text(_file(cluster.address, standby), encoding="utf-8")
        fleet = subprocess.Popen([*meshcast("up"), str(path)], stderr=subprocess.PIPE, text=True)
        stack.callback(fleet.wait)
        stack.callback(fleet.send_signal, signal.SIGINT)
        assert fleet.stderr is not None
        begin_s = time.monotonic()
        address = fleet.stderr.readline().split(" at ")[1].split(";")[0]
        noticed: list[float] = []  # times at which the fleet has logged that a camera starts again
        lines = fleet.stderr
        threading.Thread(
            target=lambda: noticed.extend(time.monotonic() for line in lines if "starts again" in line), daemon=True
        ).start()
        packets = stack.enter_context(subscribe_all(address, levels=("params",), timeout_s=PATIENCE_S))
        frames: list[tuple[float, str, int, int]] = []  # arrival, stream, session, seq

        def read() -> None:
            packet = next(packets)
            if isinstance(packet, FramePacket):
                frames.append((time.monotonic(), packet.stream, packet.session, packet.seq))

        while len({frame[1] for frame in frames}) < CAMERAS:
            read()
        up_s = time.monotonic() - begin_s
        while standby and status_of(path)["standbys"] < standby:
            read()
        start_s = time.monotonic()
        usage = _usage(path)
        before = {pid: _cpu_s(pid) for pid in usage}
        counted = len(frames)
        while time.monotonic() < start_s + STEADY_S:
            read()
        cpu = sum(_cpu_s(pid) - before[pid] for pid in usage) / (len(frames) - counted)
        rss = [psutil.Process(pid).memory_info().rss / 1e6 for pid in usage]
        where = {camera["name"]: camera["node"] for camera in status_of(path)["cameras"]}
        killed = where["cam0"]
        node = next(node for node in nodes if node.node_id[:8] in killed)
        sessions = {frame[1]: frame[2] for frame in frames}
        moved = [name for name, place in where.items() if place == killed]
        noticed.clear()
        death_s = time.monotonic()
        stopped = _processes(node) if silent else []
        if silent:
            _send(stopped, signal.SIGSTOP)
        else:
            cluster.remove_node(node, allow_graceful=False)
        removed_s = time.monotonic()
        back: dict[str, float] = {}
        while len(back) < len(moved):
            read()
            arrival_s, name, session, _ = frames[-1]
            if name in moved and session != sessions[name]:
                back.setdefault(name, arrival_s)
        begin_s = time.monotonic()
        counted = len(frames)
        _send(stopped, signal.SIGCONT)
        while silent and time.monotonic() < begin_s + AFTER_S:
            read()
        former = sum(name in moved and session == sessions[name] for _, name, session, _ in frames[counted:])
        old = [process for process in stopped if process.pid in usage]
        alive = sum(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in old)
        doubled = len(frames) - len({frame[1:] for frame in frames})
    gaps = sorted(at_s - death_s for at_s in back.values())
    return [
        Metric(f"fleet, {CAMERAS} cameras on {NODES} Ray nodes: from the start until all publish", up_s, "s"),
        Metric("fleet, cameras of the killed node", len(moved), "cameras", CAMERAS),
        Metric("fleet, Ray's own time to kill the node", removed_s - death_s, "s"),
        Metric("fleet, from the kill until the fleet notices", noticed[0] - death_s, "s"),
        Metric("fleet, from the kill until the first of its streams is back", gaps[0], "s"),
        Metric("fleet, until the last one is back", gaps[-1], "s"),
        Metric("fleet, sequence numbers received twice in a session", doubled, "frames", len(frames)),
        *(
            [
                Metric(f"fleet, frames of former sessions in {AFTER_S:g} s after the node ran again", former, "frames"),
                Metric("fleet, its former cameras that still run after this time", alive, "processes", len(old)),
            ]
            if silent
            else []
        ),
        Metric("fleet, processor time of a camera per frame", 1e3 * cpu, "ms"),
        Metric("fleet, resident memory of a camera's process, the largest", max(rss), "MB"),
    ]


def _processes(node: Any) -> list[psutil.Process]:
    """All processes of a node, with the cameras."""
    roots = [psutil.Process(info.process.pid) for infos in node.all_processes.values() for info in infos]
    return [*roots, *(child for root in roots for child in root.children(recursive=True))]


def _send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        process.send_signal(number)


def _file(cluster: str, standby: int) -> str:
    head = f'[fleet]\npublish = "tcp://127.0.0.1:0"\nray = "{cluster}"\ncpus = 1\nstandby = {standby}\n'
    head += '[playback]\npace = "realtime"\nloop = true\n'
    return head + "".join(
        f'[[source]]\nuri = "synthetic:?people=1&fps={FPS}"\nname = "cam{index}"\n' for index in range(CAMERAS)
    )


def meshcast(command: str) -> list[str]:
    """The command line of `meshcast fleet COMMAND`."""
    return [sys.executable, "-c", "import sys; from edge.cli.main import main; sys.exit(main())", "fleet", command]


def status_of(path: Path) -> Any:
    """The state of the fleet of this file, None if none runs."""
    command = [*meshcast("status"), "--json", str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return json.loads(done.stdout) if done.stdout else None


def _usage(path: Path) -> list[int]:
    """The processes of the cameras."""
    return [camera["pid"] for camera in status_of(path)["cameras"] if camera["pid"]]


def _cpu_s(pid: int) -> float:
    return sum(psutil.Process(pid).cpu_times()[:2])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--standby", type=int, default=0, help="standby processes of the fleet")
    parser.add_argument("--silent", action="store_true", help="the node falls silent instead of being killed")
    arguments = parser.parse_args()
    show(measure(arguments.standby, silent=arguments.silent))
