"""Where a Rerun recording goes: a file, a viewer that listens, or one that is started."""

from __future__ import annotations

import importlib.util
import logging
import re
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge.errors import OutputError, UsageError
from edge.text import one_line
from engines.files.install_hint import install_hint

log = logging.getLogger("meshcast.sinks")

SPAWN = "spawn"
SUFFIX = ".rrd"
PORT = 9876  # of Rerun's viewers
SCHEMES = ("rerun+http", "rerun+https", "rerun")
START_S = 20.0  # in which a started viewer has to listen
CONNECT_S = 2.0
VIEWER_MEMORY = "25%"  # of the machine's; the viewer then drops the oldest data


@dataclass(slots=True)
class ImageRate:
    """Images per second of the stream's time; 0: none. It may be changed while streams are written."""

    fps: float


@dataclass(frozen=True, slots=True)
class RerunConfig:
    """What a run shows in Rerun.

    Attributes:
        target: a path that ends with .rrd, "spawn", or the address of a viewer.
        image_fps: images per second of the stream's time at first; 0: none.
        recording: identifier that the streams of one run share: viewers show them as one recording.
        rate: that the streams of one run share, and that may be changed; None: image_fps.
    """

    target: str
    image_fps: float = 10.0
    recording: str = ""
    rate: ImageRate | None = None

    def __post_init__(self) -> None:
        if self.path is None and self.target != SPAWN:
            viewer_address(self.target)

    @property
    def path(self) -> Path | None:
        """The file; None for a viewer."""
        return Path(self.target) if self.target.lower().endswith(SUFFIX) else None


def viewer_address(text: str) -> str:
    """The address of a viewer as Rerun writes it, from one with or without scheme and path. Raises UsageError."""
    problem = UsageError(f"--rerun: {text!r} is none of OUT.rrd, HOST:PORT, rerun+http://HOST:PORT/proxy and {SPAWN}")
    address = text if "://" in text else f"rerun+http://{text}"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in SCHEMES or not parts.hostname or not re.fullmatch(r"[\w.:-]+", parts.hostname):
        raise problem
    if "://" not in text and port is None:
        raise problem
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port or PORT}{parts.path if parts.path.strip('/') else '/proxy'}"


def check_rerun(config: RerunConfig) -> None:
    """Raise OutputError if the package is missing, or if no viewer listens at the address."""
    if importlib.util.find_spec("rerun") is None:
        raise OutputError(f"--rerun: needs the package rerun-sdk; {install_hint('rerun')}")
    if config.path is None and config.target != SPAWN:
        address = viewer_address(config.target)
        if not _listens(address):
            raise OutputError(f"{address}: no Rerun viewer listens there; start one (rerun), or use --rerun {SPAWN}")


def resolved(config: RerunConfig) -> RerunConfig:
    """The configuration that all streams of a run share; starts the viewer of "spawn". Raises OutputError."""
    check_rerun(config)
    target = config.target
    if target == SPAWN:
        target = f"rerun+http://127.0.0.1:{PORT}/proxy"
        if not _listens(target):
            _start_viewer(target)
    return RerunConfig(target, config.image_fps, secrets.token_hex(8), ImageRate(config.image_fps))


def _start_viewer(address: str) -> None:
    """Start a viewer that listens on the loopback interface and outlives this process. Raises OutputError."""
    command = [sys.executable, "-m", "rerun_cli", "--bind", "127.0.0.1", "--port", str(PORT)]
    command += ["--memory-limit", VIEWER_MEMORY, "--expect-data-soon"]
    viewer = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    assert viewer.stderr is not None
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s:
        code = viewer.poll()
        if code is not None:
            log.info("rerun: %s", one_line(viewer.stderr.read().decode(errors="replace").strip()))
            raise OutputError(
                f"--rerun {SPAWN}: the viewer ended at once (exit code {code}); it needs a display: write OUT.rrd, or "
                "give the address of a viewer on another machine"
            )
        if _listens(address):
            viewer.stderr.close()
            return
        time.sleep(0.05)
    viewer.terminate()
    raise OutputError(f"--rerun: the viewer did not start within {START_S:g} s; start it by hand (rerun)")


def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or PORT), CONNECT_S).close()
    except OSError:
        return False
    return True
