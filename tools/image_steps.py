"""Run the steps of a Dockerfile without Docker: `python tools/image_steps.py [DOCKERFILE]`.

The build context is what .dockerignore leaves of the repository. The folders of the image lie below a scratch folder,
its Python is this one, and steps that change the system (packages, users) are left out and named. The command of the
image then processes a clip, as the image's user if this program may change users, until the health check passes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "deploy/docker/cpu.Dockerfile"
CLIP = ROOT / "tests/media/balance_cam01.mp4"
SYSTEM = ("apt-get", "useradd", "install -d", "rm -rf /var")  # commands that change the machine
FOLDERS = ("/opt/meshcast", "/source", "/var/lib", "/var/cache", "/etc/meshcast")
METRICS = "9464"  # the port of the health check
HEALTHY_S = 90.0


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction of a Dockerfile: its keyword and everything behind it."""

    word: str
    text: str

    @property
    def words(self) -> list[str]:
        """The JSON list behind the keyword; for HEALTHCHECK that behind CMD."""
        return list(json.loads(self.text[self.text.index("[") :]))


def instructions(dockerfile: Path) -> list[Instruction]:
    """All instructions in order, without comments; continued lines are joined."""
    lines = (line for line in dockerfile.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def last(steps: list[Instruction], word: str) -> Instruction:
    """The last instruction with a keyword, which is the one that counts."""
    return [step for step in steps if step.word == word][-1]


def ignored(patterns: list[str]) -> Callable[[str], bool]:
    """Whether .dockerignore leaves out a path: the last pattern decides that matches it or a folder above it."""
    rules = [(not line.startswith("!"), _pattern(line.lstrip("!"))) for line in patterns]

    def leaves_out(path: str) -> bool:
        parts = path.split("/")
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        decided = [out for out, rule in rules if any(rule.fullmatch(name) for name in above)]
        return bool(decided) and decided[-1]

    return leaves_out


def _pattern(glob: str) -> re.Pattern[str]:
    parts = [".*" if part == "**" else translate(part)[4:-3].replace(".*", "[^/]*") for part in glob.split("/")]
    return re.compile("/".join(parts).replace(".*/", "(?:.*/)?"))


def context() -> list[str]:
    """Files of the repository that are sent to Docker: those of git, new ones included, that .dockerignore leaves."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    leaves_out = ignored([line for line in lines if line and not line.startswith("#")])
    return sorted(
        name for name in filter(None, listed.stdout.split("\0")) if not leaves_out(name) if (ROOT / name).exists()
    )


def copy_context(folder: Path) -> None:
    """Copy the build context into a folder."""
    for name in context():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)


class Image:
    """The folders of an image below a scratch folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.environment = dict(os.environ)
        python = Path(sys.executable).parent  # of this interpreter, not the first one on the path
        self.environment["PATH"] = os.pathsep.join((str(python), self.environment.get("PATH", os.defpath)))
        self.environment["PIP_NO_COMPILE"] = "1"  # byte code is written when it is needed
        self.folder = root

    def here(self, text: str) -> str:
        """A text with the image's folders and its port replaced."""
        for folder in FOLDERS:
            text = re.sub(rf"(?<![\w.]){folder}\b", str(self.root) + folder, text)
        return text.replace(METRICS, self.port)

    def process(self, words: Sequence[str], user: int | None) -> dict[str, Any]:
        """Arguments of subprocess functions for a command in the image. user: None for that of this program."""
        program, *arguments = (self.here(word) for word in words)
        found = shutil.which(program, path=self.environment["PATH"]) or program
        command = {"args": [found, *arguments], "cwd": self.folder, "env": self.environment}
        return command if user is None else {**command, "user": user, "group": user, "extra_groups": []}

    def apply(self, step: Instruction) -> str:
        """Carry out an instruction. Returns why it was left out, or an empty text."""
        if step.word == "WORKDIR":
            self.folder = Path(self.here(step.text))
            self.folder.mkdir(parents=True, exist_ok=True)
        elif step.word == "ENV":
            for name, value in (part.split("=", 1) for part in step.text.split()):
                self.environment[name] = self.here(value).replace(f"${name}", self.environment.get(name, ""))
        elif step.word == "COPY" and step.text == ". .":
            copy_context(self.folder)
        elif step.word == "COPY":
            copied = Path(self.here(step.text.split()[-1]))  # the stages share their folders here
            if not copied.exists():
                raise SystemExit(f"error: {step.text}: there is no {copied}")
        elif step.word == "RUN":
            if any(command in step.text for command in SYSTEM):
                return "changes the system"
            shell = ["bash", "-euo", "pipefail", "-c", self.here(step.text)]
            subprocess.run(shell, cwd=self.folder, env=self.environment, check=True)
        return ""


def ready(port: str) -> bool:
    """Whether the sources deliver images."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return int(answer.status) == 200
    except OSError:
        return False


def serve(image: Image, steps: list[Instruction], user: int | None) -> None:
    """Run the image's command until it processes a clip and its health check passes, then end it. Raises SystemExit."""
    config = Path(image.here("/etc/meshcast/meshcast.toml"))
    config.parent.mkdir(parents=True, exist_ok=True)
    clip = shutil.copy(CLIP, config.parent)
    source = f'[[source]]\nuri = "{clip}"\nloop = true\npace = "realtime"\n'
    config.write_text(f'{source}[monitoring]\nmetrics = "127.0.0.1:{image.port}"\n')
    for folder in ("/var/lib/meshcast", "/var/cache/meshcast"):
        owned = Path(image.here(folder))
        owned.mkdir(parents=True, exist_ok=True)
        if user is not None:
            os.chown(owned, user, user)
    words = (*last(steps, "ENTRYPOINT").words, *last(steps, "CMD").words)
    running = subprocess.Popen(**image.process(words, user))
    check = image.process(last(steps, "HEALTHCHECK").words, user)
    until_s = time.monotonic() + HEALTHY_S
    try:
        while not ready(image.port) or subprocess.run(**check).returncode:
            if running.poll() is not None or time.monotonic() > until_s:
                raise SystemExit(
                    f"error: no image arrives, or the health check fails; the command's exit code: {running.poll()}"
                )
            time.sleep(0.5)
    finally:
        running.send_signal(signal.SIGTERM)
        code = running.wait(timeout=30)
    if code:
        raise SystemExit(f"error: the command ended with exit code {code} after SIGTERM")


def user_of(image: Image, steps: list[Instruction]) -> int | None:
    """The image's user; None if this program may not change users, or only its own user may run this Python."""
    user = int(last(steps, "USER").text.split(":")[0])
    if os.geteuid() != 0:
        return None
    try:
        subprocess.run(**image.process(["python3", "-c", ""], user), check=True)
    except PermissionError:
        return None
    return user


def check_install(image: Image) -> None:
    """The installed package is the image's own and has the native operators. Raises SystemExit."""
    code = "import edge, edge_kernels; assert edge_kernels.NATIVE; print(edge.__file__)"
    python = image.here("/opt/meshcast/bin/python3")
    done = subprocess.run([python, "-I", "-c", code], cwd=image.root, capture_output=True, text=True)
    if done.returncode or not done.stdout.startswith(str(image.root)):
        raise SystemExit(f"error: the installed package does not work: {done.stdout}{done.stderr}")


def build(dockerfile: Path, root: Path) -> Iterator[str]:
    """Carry out all steps below a scratch folder; yields a line for each."""
    image, steps = Image(root), instructions(dockerfile)
    for step in steps:
        began_s = time.monotonic()
        reason = image.apply(step)
        note = f"left out: {reason}" if reason else f"{time.monotonic() - began_s:.1f} s"
        yield f"{step.word} {step.text[:90]}  ({note})"
    check_install(image)
    yield "the installed package has the native operators"
    user = user_of(image, steps)
    serve(image, steps, user)
    who = "this program's user" if user is None else f"user {user}"
    yield f"the command runs as {who}, its health check passes, SIGTERM ends it with exit code 0"


def main(arguments: list[str]) -> None:
    """Run the steps of a Dockerfile."""
    with tempfile.TemporaryDirectory(prefix="meshcast-image-") as scratch:
        Path(scratch).chmod(0o755)
        for line in build(Path(arguments[0]) if arguments else DOCKERFILE, Path(scratch)):
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
