"""kill -9 at random moments with all outputs on: what is left can be read, and a file with a final name is whole."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import av
import numpy as np

from edge.errors import RecordingError
from edge.recording.mcap_file import Recording
from tests.campaign.harness import BEGIN_S, LIVE, MESHCAST, Listener, Row, Run, at_least, at_most, scaled, until

COUNT = 100
LATEST_S = 5.0  # after the first frame
OUTPUTS = ("--save", "a.npz", "--overlay", "a.mp4", "--trace", "a.json", "--summary", "summary.json")


def run(scale: float) -> list[Row]:
    rng = random.Random(1)
    found: Counter[str] = Counter()
    bad: list[str] = []
    count = scaled(COUNT, scale)
    for _ in range(count):
        with tempfile.TemporaryDirectory(prefix="meshcast-campaign-") as name:
            folder = Path(name)
            _killed(folder, rng.random() * LATEST_S)
            for path in sorted(folder.iterdir()):
                kind = _kind(path)
                if kind:
                    said = _checked(path, kind)
                    found[f"{kind}{' part' if path.name.endswith('.part') else ''}"] += 1
                    bad += [f"{path.name}: {said}"] if said else []
    parts = {kind: number for kind, number in found.items() if kind.endswith("part")}
    return [
        Row("killed", str(count), "", True),
        Row("files left", ", ".join(f"{number} {kind}" for kind, number in sorted(found.items())) or "none", "", True),
        at_least("recordings left that can be read", parts.get("mcap part", 0), count),
        at_most("files that cannot be read", len(bad), 0),
        *(Row(text[:80], "", "", False) for text in bad[:5]),
    ]


def _killed(folder: Path, after_s: float) -> None:
    with Run(*LIVE, *OUTPUTS, folder=folder) as child:
        command = [*MESHCAST, "record", child.address, "a.mcap"]
        with Listener(child.address) as listener:
            recorder = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                part = folder / "a.mcap.part"
                if not until(lambda: bool(listener.heard.times) and part.exists(), BEGIN_S):
                    raise RuntimeError(f"no frame came: {child.said()[-2000:]}")
                time.sleep(after_s)
                recorder.kill()
            finally:
                recorder.kill()
                recorder.wait()
        child.end(signal.SIGKILL)


def _kind(path: Path) -> str:
    """What a file would be, by its name without the marks of a temporary one."""
    for kind in ("mcap", "mp4", "npz", "json"):
        if f".{kind}" in path.name:
            return kind
    return ""


def _checked(path: Path, kind: str) -> str:
    """Why a file cannot be read; "" where it can. Of parts, recordings and overlays must be readable."""
    part = path.name.endswith(".part") or path.name.startswith(".")
    try:
        if kind == "mcap":
            sum(1 for _ in Recording(path))
        elif path.stat().st_size == 0 and part:
            return ""
        elif kind == "mp4" and part and b"moof" not in path.read_bytes():
            return ""  # the first fragment was not finished
        elif kind == "mp4":
            with av.open(str(path), format="mp4") as container:
                first = next(container.decode(video=0), None)
            return "" if part or first is not None else "it has no frame"  # of a part the first fragment may be missing
        elif part:
            return ""
        elif kind == "npz":
            np.load(path, allow_pickle=False).close()
        else:
            json.loads(path.read_text())
    except (RecordingError, OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return ""
