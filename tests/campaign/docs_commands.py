"""Run the meshcast commands of README.md and docs: `make docs-commands`, with PAGES=docs/wire.md for some.

The commands of a page run one after another in a folder of their own, with what they read: a short clip, a camera file,
images of boards. Cameras are replaced by the clip in a loop. Commands that do not end are started in the background,
until they report that they are ready, and end with Ctrl-C when the page ends. Where the system allows it, all of them
have a network of their own, so that the ports of the documentation are free.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera_file import camera_toml
from edge.types import U8
from tests.support import board_views
from tests.support.doc_commands import DocCommand, doc_commands
from tests.support.paths import MEDIA, ROOT

MESHCAST = Path(sys.executable).with_name("meshcast")
FRAMES = 24
LIMIT_S = 400.0  # for one command
READY_S = 120.0
END_S = 60.0
# What a command needs that is not here, by a pattern in its text.
NEEDS = {
    r"\.(pth|ckpt|pkl|pt)\b|smpl_neutral|pare|hrnet_w32|yolox_s|img_res50|pose2mesh_coco": "a model of others",
    r"(rtmpose|vitpose|yolo\w+|rtmdet|rtdetr|file|my_\w+)(\.onnx|\.toml)|my_pose": "a model of others",
    r"--device cuda|--nvtx|--precision fp16|--backend tensorrt": "a GPU",
    r"/etc/meshcast": "an installed service",
    r"\bwalk\.mp4\b": "a video of people who walk in front of a calibrated camera",
    r"\b(ADDRESS|SITE)\b|\.example\b": "another machine",
    r"--rerun (spawn|\d)|--open3d": "a display",
    r"config reload": "a run with the file",
    r"v4l2:.*(chessboard|charuco)": "a person who holds a board",
    r"--ray\b": "a Ray cluster",
    r"\bs3://": "an object store",
    r"\bfleet (up|status|reload|down)\b": "a fleet that runs",
    r"\b10\.0\.0\.": "other machines",
    r"\bdct\.toml|--mesh my_\w+": "a training of hours",
    r"--start rough\.toml --people": "a person whom two cameras see",
}
RIG = {"left": "0.3508", "right": "0.8508"}  # where the cameras of a rig are
Poses: TypeAlias = list[tuple[NDArray[Any], NDArray[Any]]]
FLOWS = r"STATUS=.*, (?!0\.0)[\d.]+ frames per second"  # of a run whose frames are published
IN_FOLDER = ("cp", "mkdir")  # other programs that commands of meshcast build on
CAMERAS = r"0|rtsp://\S+|csi://\S+|v4l2://\S+"
PUBLISHER = "run clip.mp4 --loop --pace realtime --publish tcp://127.0.0.1:5556"
ADAPTED = {
    r"tcp://HOST\b": "tcp://127.0.0.1",
    r"^bench tests/media/\S+": "bench clip.mp4",
    r"(--live|--seconds) \d+": r"\1 3",
    r"(data render .*--count) \d+": r"\1 20",
    r"(--\w+-minutes) [\d.]+": r"\1 0.05",
    r"^(watch (?!.*--count).*)$": r"\1 --count 3",
    r"^(record (?!.*--(?:count|seconds)).*)$": r"\1 --count 20",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a command. problem: None where it was left out, "" where it is fine."""

    command: DocCommand
    problem: str | None
    note: str

    def __str__(self) -> str:
        word = "left out" if self.problem is None else "FAILED  " if self.problem else "ok      "
        return f"{word}  {self.command.where}: {self.command.text}  ({self.problem or self.note})"


def own_network() -> bool:
    """Give this process a network of its own with a loopback interface; False where the system does not allow it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000) != 0:  # CLONE_NEWNET
        return False
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up and running
    return True


def short_clip(path: Path) -> None:
    """The first frames of a clip, as they are stored."""
    with av.open(str(MEDIA / "balance_cam01.mp4")) as source, av.open(str(path), "w") as target:
        copied: Any = target.add_stream_from_template(source.streams.video[0])
        for count, packet in enumerate(source.demux(video=0)):
            if packet.dts is None or count == FRAMES:
                break
            packet.stream = copied
            target.mux(packet)


def boards(folder: Path) -> None:
    """Images of a chessboard of 4 x 7 inner corners, and a video of a ChArUco board of 4 x 5 squares, each by one
    camera and by the three of a rig."""
    rows, columns = np.indices((8, 5))
    chessboard = np.kron(((rows + columns) % 2 * 255).astype(np.uint8), np.ones((60, 60), np.uint8))
    framed = cv2.copyMakeBorder(chessboard, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=255)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_1000)
    charuco = cv2.aruco.CharucoBoard((4, 5), 0.054, 0.0405, dictionary).generateImage((432, 540))
    near = board_views.poses(14, seed=3, distance=0.9)
    photographs(folder / "photographs", framed, near)
    shutil.copy(folder / "photographs/03.png", folder / "board_on_the_floor.jpg")
    board_video(folder / "board.mp4", charuco, board_views.poses(14, seed=4, distance=0.5))
    several = board_views.poses(40, seed=5, distance=0.6)
    for name, angle in (("left", 0.0), ("right", 0.25), ("back", -0.25)):
        turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        about = np.array([0, 0, 0.7])  # the cameras stand around a point in front of the first one
        photographs(folder / name, framed, [(turn @ r, turn @ (1.4 * t - about) + about) for r, t in several])
        board_video(folder / f"{name}.mp4", charuco, [(turn @ r, turn @ (t - about) + about) for r, t in several])
    of = board_views.camera()
    table = {"width": of.size[0], "height": of.size[1], "fx": of.K[0, 0], "fy": of.K[1, 1]}
    table |= {"cx": of.K[0, 2], "cy": of.K[1, 2], "distortion": of.distortion[:4].tolist()}
    for name in ("left", "right"):
        (folder / f"{name}.toml").write_text(camera_toml(table), encoding="utf-8")


def photographs(folder: Path, board: U8, poses: Poses) -> None:
    """An image of a board of 5 x 8 squares, with a margin, at each pose."""
    folder.mkdir()
    for index, pose in enumerate(poses):
        image = board_views.image_of(board_views.camera(), board, (0.42, 0.6), pose)
        cv2.imwrite(str(folder / f"{index:02}.png"), image)


def board_video(path: Path, board: U8, poses: Poses) -> None:
    """A video of a board of 4 x 5 squares with a frame for each pose."""
    of = board_views.camera()
    with av.open(str(path), "w") as video:
        stream: Any = video.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *of.size, "yuv420p", 8_000_000
        for pose in poses:
            gray = board_views.image_of(of, board, (0.216, 0.27), pose)
            frame = av.VideoFrame.from_ndarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), format="bgr24")
            video.mux(stream.encode(frame))
        video.mux(stream.encode(None))


def rooms(folder: Path) -> None:
    """What pages of several cameras and of archives read: a rig of two cameras, and folders of videos."""
    camera = (MEDIA / "balance_cam01.toml").read_text(encoding="utf-8")
    keys = "\n".join(line for line in camera.splitlines() if not line.startswith("#"))
    tables = [f"[cameras.{name}]\n{keys.replace('0.3508', place)}\n" for name, place in RIG.items()]
    (folder / "rig.toml").write_text("\n".join(tables), encoding="utf-8")
    for name in ("videos/door", "day1/door", "day1/yard"):
        path = folder / f"{name}.mp4"
        path.parent.mkdir(exist_ok=True)
        shutil.copy(folder / "clip.mp4", path)
    (folder / "more.txt").write_text("clip.mp4\n", encoding="utf-8")


class Page:
    """The folder in which the commands of a page run, and those that run in the background."""

    def __init__(self, folder: Path, inputs: Path) -> None:
        self.folder = folder
        for path in inputs.iterdir():
            (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / path.name)
        for name in ("tests", "tools", "examples", "docs"):
            (folder / name).symlink_to(ROOT / name)
        self.environment = os.environ | {
            "PATH": f"{MESHCAST.parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_DATA_HOME": str(folder / ".data"),
            "XDG_CACHE_HOME": str(folder / ".cache"),
            "NOTIFY_SOCKET": str(folder / ".notify"),
        }
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / ".notify"))
        self.manager.settimeout(1.0)
        self.running: list[tuple[DocCommand, subprocess.Popen[str], Path]] = []

    def make_keys(self) -> None:
        """Keys of a publisher and a client, for pages that use those of another page."""
        for owner in ("server", "phone"):
            subprocess.run([MESHCAST, "keys", "new", owner], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        (self.folder / "clients").mkdir()
        shutil.copy(self.folder / "phone.pub", self.folder / "clients")

    def run(self, command: DocCommand) -> Result:
        """Run a command, or start it."""
        reason = needs(command)
        if reason:
            return Result(command, None, reason)
        if command.program in IN_FOLDER:
            code = subprocess.run(command.words, cwd=self.folder).returncode
            return Result(command, f"exit code {code}" if code else "", "")
        text, live = adapted(command)
        began_s = time.monotonic()
        published = any(publishes(" ".join(entry[0].words[1:])) for entry in self.running)
        if text.startswith(("watch ", "record ")) and not published:
            words = ("meshcast", *PUBLISHER.split())
            publisher = DocCommand(command.page, command.line, "the publisher for it", words)
            problem = self._start(publisher, PUBLISHER)
            if problem:
                return Result(publisher, problem, "")
        problem = self._start(command, text) if live else self._finish(text)
        note = f"{time.monotonic() - began_s:.1f} s{', in the background' if live else ''}"
        return Result(command, problem, note)

    def _hear(self) -> str:
        """The next notification, "" if none comes within a second."""
        with contextlib.suppress(TimeoutError):
            return self.manager.recv(4096).decode()
        return ""

    def _forget(self) -> None:
        """Drop notifications of processes that have ended."""
        self.manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.manager.recv(4096)
        self.manager.settimeout(1.0)

    def _finish(self, text: str) -> str:
        try:
            done = subprocess.run(
                [MESHCAST, *split_words(text)],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return f"no end within {LIMIT_S:g} s"
        if text.startswith("config init "):  # its source is a camera
            file = self.folder / text.split()[-1]
            file.write_text(file.read_text().replace('uri = "0"', 'uri = "clip.mp4"'))
        return "" if done.returncode == 0 else f"exit code {done.returncode}: {last_line(done.stderr)}"

    def _start(self, command: DocCommand, text: str) -> str:
        if streams(text):  # publishers share one address, and all report to one manager
            problems = [result.problem for result in self.end(running=True) if result.problem]
            if problems:
                return f"the one before it: {problems[0]}"
        self._forget()
        log = self.folder / f".log{len(list(self.folder.glob('.log*')))}"
        with log.open("w") as file:
            process = subprocess.Popen(
                [MESHCAST, *split_words(text)],
                cwd=self.folder,
                env=self.environment,
                stdout=file,
                stderr=file,
                text=True,
                stdin=subprocess.DEVNULL,
            )
        self.running.append((command, process, log))
        runs = re.match(r"(-\S+ )*run\b", text) is not None
        until_s = time.monotonic() + READY_S
        while process.poll() is None and time.monotonic() < until_s:
            said = self._hear()
            if re.search(FLOWS, said) if runs else said.startswith("READY=1"):
                return ""
        self.running.pop()
        process.kill()
        ended = f"exit code {process.wait()}" if process.poll() is not None else f"not ready within {READY_S:g} s"
        return f"{ended}: {last_line(log.read_text())}"

    def end(self, *, running: bool = False) -> Iterator[Result]:
        """End the commands in the background; yields those that end badly. running: only runs and replays."""
        for entry in list(self.running):
            command, process, log = entry
            if running and not streams(" ".join(command.words[1:])):
                continue
            self.running.remove(entry)
            process.send_signal(signal.SIGINT)
            try:
                code = process.wait(timeout=END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            if code != 0:
                yield Result(command, f"exit code {code} after Ctrl-C: {last_line(log.read_text())}", "")

    def kill(self) -> None:
        """End what still runs in the background, at once."""
        for _, process, _ in self.running:
            process.kill()


def streams(text: str) -> bool:
    """Whether the arguments of meshcast are those of a run or a replay."""
    return re.match(r"(-\S+ )*(run|replay)\b", text) is not None


def publishes(text: str) -> bool:
    """Whether they are those of one that publishes."""
    return streams(text) and re.search(r"--(publish|config)\b", text) is not None


def needs(command: DocCommand) -> str:
    """Why a command cannot run here; "" if it can."""
    if command.program not in ("meshcast", *IN_FOLDER):
        return "not a command of meshcast"
    found = (what for pattern, what in NEEDS.items() if re.search(pattern, command.text))
    what = next(found, "")
    return f"needs {what}" if what else ""


def adapted(command: DocCommand) -> tuple[str, bool]:
    """A command with stand-ins for cameras and shorter times, and whether it runs until Ctrl-C."""
    text = " ".join(quoted(word) for word in command.words[1:])
    source = re.sub(rf"(?<=\s)({CAMERAS})(?=\s|$)", "clip.mp4", text)
    source = re.sub(r"(?<=\s)SOURCE(?=\s|$)", "board.mp4", source)  # which the camera of that page recorded
    looped = source != text and re.match(r"(-v )?run\b", text) is not None
    text = f"{source} --loop --pace realtime" if looped and "--max-frames" not in source else source
    for pattern, other in ADAPTED.items():
        text = re.sub(pattern, other, text)
    live = looped or (" --loop" in text) or text.startswith(("bridge ", "view "))
    return text, live and "--max-frames" not in text


def quoted(word: str) -> str:
    return f"'{word}'" if re.search(r"[\s'*{}]", word) else word


def split_words(text: str) -> list[str]:
    return [word.strip("'") for word in re.findall(r"'[^']*'|\S+", text)]


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "no message"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", help="such as docs/how-to/bridges.md (default: all)")
    wanted = parser.parse_args().pages
    if not own_network():
        print("note: no network of its own; ports of the documentation may be in use")
    commands = [command for command in doc_commands() if not wanted or command.page in wanted]
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="meshcast-docs-") as scratch:
        inputs = Path(scratch) / "inputs"
        inputs.mkdir()
        short_clip(inputs / "clip.mp4")
        boards(inputs)
        rooms(inputs)
        for name in ("camera", "door", "yard"):
            shutil.copy(MEDIA / "balance_cam01.toml", inputs / f"{name}.toml")
        (inputs / "recordings").mkdir()
        shutil.copy(inputs / "clip.mp4", inputs / "recordings")
        (inputs / "cameras.toml").write_text('["door"]\nuser = "admin"\npassword = "secret"\n')
        (inputs / "cameras.toml").chmod(0o600)
        (inputs / "metrics.token").write_text("0123456789abcdef0123456789abcdef\n")
        (inputs / "out").mkdir()
        for number, name in enumerate(dict.fromkeys(command.page for command in commands)):
            folder = Path(scratch) / f"page{number}"
            folder.mkdir()
            page = Page(folder, inputs)
            if not any(command.page == name and "keys new" in command.text for command in commands):
                page.make_keys()
            try:
                for command in (command for command in commands if command.page == name):
                    results.append(page.run(command))
                    print(results[-1], flush=True)
                for ended in page.end():
                    results.append(ended)
                    print(ended, flush=True)
            finally:
                page.kill()
            shutil.rmtree(folder, ignore_errors=True)
    failed = sum(bool(result.problem) for result in results)
    left_out = sum(result.problem is None for result in results)
    print(f"{len(results) - failed - left_out} passed, {failed} failed, {left_out} left out")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
