"""Checks that load drivers and native libraries, each in a process of its own: a crash or a hang is a finding.

`python -m edge.doctor.probes NAME` runs one and prints its findings as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from edge.doctor.finding import Finding
from edge.text import one_line

TIMEOUT_S = 45.0
DEVICES = Path("/dev")
JETSON = Path("/etc/nv_tegra_release")
DECODERS = ("h264", "hevc", "mjpeg", "vp9")
PACKAGES = {
    "openvino": ("openvino", ""),
    "onnxruntime": ("onnxruntime", "onnxruntime"),
    "torch": ("torch", "torch"),
    "tensorrt": ("tensorrt", "tensorrt"),
    "tensorrt_rtx": ("tensorrt_rtx", "tensorrt-rtx"),
    "torch_tensorrt": ("torch_tensorrt", "torch"),
}


def run_probe(name: str, timeout_s: float = TIMEOUT_S) -> list[Finding]:
    """The findings of a probe in a child process; a crash and a hang are findings too."""
    command = [sys.executable, "-m", "edge.doctor.probes", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return [Finding(name, "error", f"no answer within {timeout_s:g} s", "unplug or reset the device, or reboot")]
    try:
        return [Finding(**entry) for entry in json.loads(done.stdout.splitlines()[-1])]
    except (ValueError, IndexError, TypeError):
        ended = f"signal {-done.returncode}" if done.returncode < 0 else f"code {done.returncode}"
        last = one_line(done.stderr.strip().splitlines()[-1]) if done.stderr.strip() else "no message"
        package = PACKAGES.get(name, (name, ""))[0]
        remedy = f"pip install --force-reinstall {package}" if name in PACKAGES else ""
        return [Finding(name, "error", f"ended by {ended}: {last}", remedy)]


def engine(name: str) -> Iterator[Finding]:
    """One inference engine: whether it is installed and loads, its devices and precisions."""
    from engines.files.install_hint import install_hint
    from engines.inference.session import BACKENDS

    package, extra = PACKAGES[name]
    if find_spec(package) is None:
        remedy = install_hint(extra) if extra else "pip install openvino"
        yield Finding(
            name,
            "error" if name == "openvino" and find_spec("onnxruntime") is None else "note",
            "not installed",
            remedy,
        )
        return
    try:
        backend = BACKENDS[name]()
        listed = [f"{device} ({', '.join(backend.precisions(device))})" for device in backend.devices()]
    except Exception as error:  # of any type: packages fail in many ways when they load
        remedy = f"pip install --force-reinstall {package}"
        yield Finding(name, "warning", f"does not load: {one_line(f'{type(error).__name__}: {error}')}", remedy)
        return
    if listed:
        yield Finding(name, "ok", "; ".join(listed))
    else:
        yield Finding(name, "note", "installed, but it has no device here")


def _has_cuda_core() -> bool:
    try:
        return find_spec("cuda.core") is not None
    except ModuleNotFoundError:  # no package `cuda`
        return False


def cuda() -> Iterator[Finding]:
    """The NVIDIA driver and its devices."""
    import edge_kernels
    from engines.inference.cuda.driver import device_count, gpu

    count = device_count()
    if count:
        yield Finding("CUDA", "ok", ", ".join(gpu(index).name for index in range(count)))
        if not edge_kernels.CUDA:
            yield Finding("CUDA operators", "warning", "built without CUDA: meshes stay on the CPU", "make gpu")
        elif not edge_kernels.cuda_device_count():
            yield Finding("CUDA operators", "warning", "not built for these devices", "make gpu")
        elif not _has_cuda_core():
            text = "not installed: images pass through the host's memory"
            yield Finding("cuda-core", "note", text, "pip install 'meshcast[cuda]'")
    elif any(DEVICES.glob("nvidia[0-9]*")) or (DEVICES / "nvhost-gpu").exists():
        remedy = "reboot after an update of the driver; check with nvidia-smi"
        yield Finding("CUDA", "warning", "a GPU is there, but its driver does not answer", remedy)
    else:
        yield Finding("CUDA", "note", "no NVIDIA GPU: everything runs on the CPU")


def gstreamer() -> Iterator[Finding]:
    """GStreamer's Python bindings, for csi:// and gst: sources."""
    needed = JETSON.exists()
    remedy = "sudo apt install python3-gi gir1.2-gstreamer-1.0 gstreamer1.0-plugins-good; pip install PyGObject"
    if find_spec("gi") is None:
        text = "not installed; csi:// and gst: sources need it"
        yield Finding("GStreamer", "warning" if needed else "note", text, remedy)
        return
    try:
        import gi

        gi.require_version("Gst", "1.0")
        from gi.repository import Gst

        Gst.init(None)
    except Exception as error:  # of any type: bindings without the library
        yield Finding("GStreamer", "warning", f"does not load: {one_line(str(error))}", remedy)
        return
    yield Finding("GStreamer", "ok", Gst.version_string())
    if needed and Gst.ElementFactory.find("nvarguscamerasrc") is None:
        yield Finding(
            "GStreamer",
            "warning",
            "nvarguscamerasrc is missing: no CSI cameras",
            "sudo apt install nvidia-l4t-gstreamer",
        )


def cameras() -> Iterator[Finding]:
    """Whether the cameras of this machine give images."""
    from edge.errors import SourceError
    from edge.sources import open_source

    found = sorted(DEVICES.glob("video[0-9]*"), key=lambda path: (len(path.name), path.name))
    if not found:
        yield Finding("cameras", "note", "no USB camera (/dev/video*)")
    for device in found:
        if not os.access(device, os.R_OK | os.W_OK):
            remedy = "sudo usermod -aG video $USER, then log in again"
            yield Finding(device.name, "warning", "no permission to open it", remedy)
            continue
        try:
            with open_source(f"v4l2://{device}") as source:
                frame = next(iter(source))
            height, width = frame.image.shape[:2]
            yield Finding(device.name, "ok", f"{width} x {height}: meshcast run v4l2://{device}")
        except (SourceError, StopIteration, OSError) as error:
            remedy = f"close other programs that use it (fuser {device}), or unplug it once"
            yield Finding(device.name, "warning", one_line(str(error) or "no image"), remedy)


def video() -> Iterator[Finding]:
    """FFmpeg's libraries and their decoders, for every file and network camera."""
    remedy = "pip install --force-reinstall av"
    try:
        import av
    except Exception as error:  # of any type: a missing or wrong library
        yield Finding("FFmpeg", "error", f"does not load: {one_line(f'{type(error).__name__}: {error}')}", remedy)
        return
    missing = [name for name in DECODERS if name not in av.codecs_available]
    library = ".".join(map(str, av.library_versions["libavcodec"]))
    if missing:
        text = f"libavcodec {library} has no decoder for {', '.join(missing)}"
        yield Finding("FFmpeg", "warning", text, remedy)
    else:
        yield Finding("FFmpeg", "ok", f"libavcodec {library}: {', '.join(DECODERS)}")


def images() -> Iterator[Finding]:
    """OpenCV, which reads images and scales frames."""
    try:
        import cv2
    except Exception as error:  # of any type: a missing or wrong library
        text = f"does not load: {one_line(f'{type(error).__name__}: {error}')}"
        yield Finding("OpenCV", "error", text, "pip install --force-reinstall opencv-python-headless")
        return
    yield Finding("OpenCV", "ok", cv2.__version__)


def sockets() -> Iterator[Finding]:
    """ZeroMQ, for publishing and subscribing, and its encryption."""
    remedy = "pip install --force-reinstall pyzmq"
    try:
        import zmq

        encrypts = zmq.has("curve")
    except Exception as error:  # of any type: a missing or wrong library
        yield Finding("ZeroMQ", "error", f"does not load: {one_line(f'{type(error).__name__}: {error}')}", remedy)
        return
    if encrypts:
        yield Finding("ZeroMQ", "ok", f"{zmq.zmq_version()}, with encryption")
    else:
        yield Finding("ZeroMQ", "warning", f"{zmq.zmq_version()}, without encryption: no --curve", remedy)


PROBES: dict[str, Callable[[], Iterator[Finding]]] = {
    **{name: partial(engine, name) for name in PACKAGES},
    "video": video,
    "images": images,
    "sockets": sockets,
    "cuda": cuda,
    "gstreamer": gstreamer,
    "cameras": cameras,
}


def main(name: str) -> None:
    """Run a probe and print its findings."""
    sys.stdout.write(json.dumps([asdict(finding) for finding in PROBES[name]()]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
