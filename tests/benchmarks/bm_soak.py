"""A long live run from a real RTSP server: python tests/benchmarks/bm_soak.py [--minutes 30]

Latency must not grow, memory must stay flat, and every frame must be accounted for. The server is that of
tests/support/rtsp_server.py, which needs GStreamer for the system's Python.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
import psutil
from drain import Drain, Receipt
from metric import MEDIA, Metric, note, show

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).parents[1] / "support" / "rtsp_server.py"
CLIP = MEDIA / "balance_cam03.mp4"
FPS, WIDTH, HEIGHT = 25, 432, 768
WARM_UP_S = 120.0  # engines, decoder and allocator have met everything by then
LOOK_S = 10.0
SHARE = 6  # first and last sixth of the run are compared
RSS_LIMIT, LATENCY_LIMIT = 1.02, 1.2


def measure(minutes: float = 30.0) -> list[Metric]:
    """Ages of the packets at a subscriber and the size of the process at the run's beginning and end."""
    with tempfile.TemporaryDirectory() as folder:
        clip, summary = Path(folder) / "long.mkv", Path(folder) / "summary.json"
        lengthen(CLIP, clip, minutes * 60 + WARM_UP_S)
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as other:
            ports = listener.getsockname()[1], other.getsockname()[1]
        server = subprocess.Popen(
            [SYSTEM_PYTHON, str(SERVER), str(ports[0]), str(clip)], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        address = f"tcp://127.0.0.1:{ports[1]}"
        command = ["run", f"rtsp://127.0.0.1:{ports[0]}/live", "--publish", address, "--summary", str(summary), "-q"]
        run = subprocess.Popen([sys.executable, "-m", "edge.cli.main", *command])
        try:
            await_port(ports[1])
            with Drain(address) as drain:
                sizes = watch(psutil.Process(run.pid), minutes * 60)
                run.send_signal(signal.SIGINT)
                run.wait(30)
                assert drain.ready()
                receipts = drain.receipts(0)
        finally:
            run.kill()
            server.kill()
        report = json.loads(summary.read_text())
    return metrics(receipts, sizes, report, minutes)


def lengthen(clip: Path, out: Path, seconds: float) -> None:
    """The clip, smaller and at FPS, again and again until it is that long."""
    with av.open(str(out), "w", format="matroska") as target:
        stream = target.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = FPS, 0
        packets = []
        with av.open(str(clip)) as source:
            for index, frame in enumerate(source.decode(video=0)):
                small = frame.reformat(WIDTH, HEIGHT, "yuv420p")
                small.pts, small.time_base = index, Fraction(1, FPS)
                packets += stream.encode(small)
        packets += stream.encode(None)
        length = len(packets)
        contents = [(bytes(packet), packet.is_keyframe, packet.time_base) for packet in packets]
        for index in range(int(seconds * FPS)):
            content, is_key, time_base = contents[index % length]
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, time_base, is_key
            packet.pts = packet.dts = round(index / FPS / float(time_base))
            target.mux(packet)


def await_port(port: int) -> None:
    """Return when the port is open, which is when the models are loaded."""
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)


def watch(process: psutil.Process, seconds: float) -> list[float]:
    """Resident megabytes of the process, every LOOK_S, after WARM_UP_S."""
    sizes = []
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        time.sleep(min(LOOK_S, seconds - elapsed))
        size = process.memory_info().rss / 1e6
        if time.monotonic() - begin > min(WARM_UP_S, seconds / 4):
            sizes.append(size)
        note(f"{elapsed / 60:5.1f} min  {size:7.1f} MB")
    return sizes


def metrics(receipts: list[Receipt], sizes: list[float], report: dict[str, object], minutes: float) -> list[Metric]:
    part, few = len(receipts) // SHARE, max(1, len(sizes) // SHARE)
    early = median(receipt.latency_ms for receipt in receipts[part : 2 * part])
    late = median(receipt.latency_ms for receipt in receipts[-part:])
    drops = report["drops"]
    assert isinstance(drops, dict)
    counted = int(str(report["frames"])) + sum(drops.values())
    name = f"soak {minutes:g} min, rtsp {WIDTH} x {HEIGHT} at {FPS} Hz"
    return [
        Metric(f"{name}: packets received", len(receipts), "", float(str(report["frames"]))),
        Metric(
            "soak: frames published and dropped, of those captured", counted, "", float(str(report["captured_frames"]))
        ),
        *(Metric(f"soak: frames dropped {place}", number, "") for place, number in drops.items()),
        Metric("soak: capture to subscriber, median of the last sixth, of the second", late, "ms", early),
        Metric(
            "soak: RSS, mean of the last sixth, of the first", sum(sizes[-few:]) / few, "MB", sum(sizes[:few]) / few
        ),
        Metric("soak: highest RSS", max(sizes), "MB"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    table = measure(parser.parse_args().minutes)
    show(table)
    grown = [f for f in table if (f.ratio or 0) > (RSS_LIMIT if "RSS, mean" in f.name else LATENCY_LIMIT)]
    lost = [f for f in table if "of those captured" in f.name and f.ratio != 1]
    for metric in (*grown, *lost):
        note(f"error: {metric.name}")
    return 1 if grown or lost else 0


if __name__ == "__main__":
    sys.exit(main())
