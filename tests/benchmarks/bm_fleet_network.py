"""A fleet on three Ray nodes in network namespaces of their own, of which one is cut off: python
tests/benchmarks/bm_fleet_network.py

Needs root and Linux. Each node has an address of its own on a bridge, and cameras publish there (host = "node"). A
client in the first node's namespace receives params/. The link of another node is set down, so that its connections
stay open and nothing answers, and up again when the stream is back. Figures: the time without frames, and whether
anything of the former session arrives afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bm_fleet import meshcast, status_of
from metric import Metric, show

from meshcast.protocol.packets import FramePacket
from meshcast.subscriber import subscribe_all

NAMESPACES = ("meshcast-a", "meshcast-b", "meshcast-c")
BRIDGE = "meshcast-br"
NETWORK = "10.77.0"
HEAD = f"{NETWORK}.1:6379"
SITE = "tcp://127.0.0.1:5556"
START_S = 120.0
AFTER_S = 45.0  # that the node is reachable again: longer than the lease of its cameras
FLEET = f"""
[fleet]
publish = "{SITE}"
ray = "{HEAD}"
host = "node"
ports = "5600-5609"
cpus = 1
standby = 1
[playback]
pace = "realtime"
loop = true
""" + "".join(f'[[source]]\nuri = "synthetic:?people=1&fps=5"\nname = "cam{number}"\n' for number in range(3))


def measure() -> list[Metric]:
    """The figures of one cut."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp")))  # of short sockets
        stack.callback(_remove_network)
        _make_network()
        common = ["--disable-usage-stats", "--num-cpus=3", "--object-store-memory=100000000"]
        head = ["--head", "--port=6379", "--include-dashboard=false", f"--temp-dir={folder}"]
        for index, namespace in enumerate(NAMESPACES):
            place = [f"--node-ip-address={NETWORK}.{index + 1}", *common]
            ray = str(Path(sys.executable).parent / "ray")
            _inside(namespace, [ray, "start", *(head if index == 0 else [f"--address={HEAD}"]), *place])
        path = folder / "fleet.toml"
        path.write_text(FLEET, encoding="utf-8")
        stack.enter_context(_started(NAMESPACES[0], [*meshcast("up"), "-q", str(path)]))
        stack.callback(subprocess.run, [*meshcast("down"), str(path)], check=False)
        end_s = time.monotonic() + START_S
        while not _settled(path):
            if time.monotonic() > end_s:
                raise SystemExit(f"bm_fleet_network: the fleet is not complete after {START_S:g} s")
            time.sleep(1.0)
        moved, node = next(
            (camera["name"], camera["node"])
            for camera in status_of(path)["cameras"]
            if not camera["node"].startswith(f"{NETWORK}.1 ")
        )
        link = f"mc{node.split()[0].rpartition('.')[2]}"
        client = stack.enter_context(_started(NAMESPACES[0], [sys.executable, __file__, "client"], stdout=-1))
        stack.callback(client.terminate)
        assert client.stdout is not None
        sessions: dict[str, dict[str, Any]] = {}
        while len(sessions) < 3:
            line = json.loads(client.stdout.readline())
            sessions[line["stream"]] = line
        cut_s = time.monotonic()
        _run(["ip", "link", "set", link, "down"])
        back = json.loads(client.stdout.readline())
        assert back["stream"] == moved
        _run(["ip", "link", "set", link, "up"])
        time.sleep(AFTER_S)
        client.terminate()
        later = [json.loads(line) for line in client.stdout]
    return [
        Metric("fleet, from the cut of a node's network until its stream is back", back["at_s"] - cut_s, "s"),
        Metric("fleet, the stream without frames", back["gap_s"], "s"),
        Metric(f"fleet, changes of sessions in {AFTER_S:g} s after the node is reachable again", len(later), "changes"),
    ]


def client() -> None:
    """Print a line for each session that begins."""
    sessions: dict[str, int] = {}
    heard_s: dict[str, float] = {}
    with subscribe_all(SITE, levels=("params",), timeout_s=START_S) as packets:
        for packet in packets:
            if isinstance(packet, FramePacket):
                name, at_s = packet.stream, time.monotonic()
                if sessions.get(name) != packet.session:
                    line = {"stream": name, "at_s": at_s, "gap_s": at_s - heard_s.get(name, at_s)}
                    print(json.dumps(line), flush=True)
                sessions[name], heard_s[name] = packet.session, at_s


def _settled(path: Path) -> bool:
    status = status_of(path)
    return status is not None and status["standbys"] == 1 and all(each["frames"] for each in status["cameras"])


def _make_network() -> None:
    _run(["ip", "link", "add", BRIDGE, "type", "bridge"])
    _run(["ip", "link", "set", BRIDGE, "up"])
    for index, namespace in enumerate(NAMESPACES, 1):
        _run(["ip", "netns", "add", namespace])
        _run(["ip", "link", "add", f"mc{index}", "type", "veth", "peer", "name", "eth0", "netns", namespace])
        _run(["ip", "link", "set", f"mc{index}", "master", BRIDGE, "up"])
        for device in ("lo", "eth0"):
            _run(["ip", "-n", namespace, "link", "set", device, "up"])
        _run(["ip", "-n", namespace, "addr", "add", f"{NETWORK}.{index}/24", "dev", "eth0"])


def _remove_network() -> None:
    for namespace in NAMESPACES:
        found = subprocess.run(["ip", "netns", "pids", namespace], stdout=subprocess.PIPE, check=False)
        subprocess.run(["kill", "-9", *found.stdout.decode().split()], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "netns", "del", namespace], check=False, stderr=subprocess.DEVNULL)
    for device in (BRIDGE, *(f"mc{index}" for index in range(1, len(NAMESPACES) + 1))):
        subprocess.run(["ip", "link", "del", device], check=False, stderr=subprocess.DEVNULL)


def _started(namespace: str, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["ip", "netns", "exec", namespace, *command], **options)


def _inside(namespace: str, command: list[str]) -> None:
    _run(["ip", "netns", "exec", namespace, *command])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    if sys.argv[1:] == ["client"]:
        client()
    elif os.geteuid() != 0 or not sys.platform.startswith("linux"):
        raise SystemExit("bm_fleet_network: network namespaces need root on Linux")
    else:
        show(measure())
