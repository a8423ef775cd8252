"""C# programs, compiled and run with Mono, and a publisher for them."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.types import Bodies, BodyModel, Frame
from edge.wire.curve_auth import Security
from edge.wire.publisher import Publisher
from tests.support import golden_packets
from tests.support.paths import ROOT
from tests.support.rig_poses import RigPoses

PACKAGE = ROOT / "clients/unity"
PATIENCE_S = 30

needs_mono = pytest.mark.skipif(
    not (shutil.which("mcs") and shutil.which("mono")), reason="needs Mono: apt install mono-mcs"
)


def has_libzmq() -> bool:
    try:
        ctypes.CDLL("libzmq.so.5")
    except OSError:
        return False
    return True


# The libzmq inside pyzmq cannot be found by other programs.
receiving = pytest.mark.skipif(not has_libzmq(), reason="needs libzmq.so.5: apt install libzmq5")


def sources(*folders: str) -> list[str]:
    return [str(path) for folder in folders for path in sorted((ROOT / folder).glob("*.cs"))]


def compile_cs(target: Path, files: list[str], *references: Path, options: tuple[str, ...] = ()) -> Path:
    kind = "exe" if target.suffix == ".exe" else "library"
    libraries = [f"-r:{reference}" for reference in references]
    done = subprocess.run(
        ["mcs", "-langversion:7", f"-target:{kind}", f"-out:{target}", *options, *libraries, *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return target


CORE = ("clients/unity/Runtime/Core", "clients/unity/Runtime/Receiver")
STRICT = ("-warnaserror",)


class Client:
    """A program in its own process, controlled line by line."""

    def __init__(self, program: Path, *arguments: object) -> None:
        words = ["mono", str(program), *map(str, arguments)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request: str) -> dict[str, Any]:
        self.tell(request)
        return self.answer()

    def tell(self, request: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        finally:
            self.process.kill()
            self.process.wait()


@contextmanager
def client(program: Path, *arguments: object) -> Iterator[Client]:
    with closing(Client(program, *arguments)) as opened:
        yield opened


class Source:
    """A real publisher with people, in opencv axes by default, to be converted by the client; the two golden people."""

    def __init__(
        self,
        address: str = "tcp://127.0.0.1:0",
        *,
        axes: str = "opencv",
        model: BodyModel | None = None,
        bodies: Bodies | None = None,
        streams: tuple[str, ...] = ("cam0",),
        security: Security | None = None,
    ) -> None:
        self.bodies: Bodies = golden_packets.bodies(2) if bodies is None else bodies
        model = model or golden_packets.rigged()
        self.publisher = Publisher(address, model, streams=streams, axes=axes, status_s=0.1, security=security)
        self.address = self.publisher.address
        self._rig_pose = RigPoses(model)
        self.sent = 0

    def publish(self, count: int = 1, *, bodies: Bodies | None = None, stream: str = "cam0") -> None:
        for _ in range(count):
            image = np.zeros((48, 64, 3), np.uint8)
            frame = Frame(stream, self.sent, time.monotonic_ns(), self.sent / 30, image)
            sent = self.bodies if bodies is None else bodies
            self.publisher.publish(frame, sent, None, self._rig_pose(frame, sent))
            self.sent += 1

    def wait_for_subscribers(self, level: str = "mesh/", stream: str = "cam0") -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self.publisher._socket.wants(f"{level}{stream}\0".encode()):
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def close(self) -> None:
        self.publisher.close()
