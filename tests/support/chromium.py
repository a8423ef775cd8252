"""A headless Chromium, driven by the DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from websockets.sync.client import connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_S = 40.0  # a limit for failures only
FLAGS = [
    "--headless",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
    "--remote-debugging-port=0",
    "--use-angle=swiftshader",
    "--use-gl=angle",
]
if os.geteuid() == 0:
    FLAGS.append("--no-sandbox")  # root cannot have one


class Chromium:
    """One window with one page; a context manager. profile: an empty folder. size: of the window, px."""

    def __init__(self, profile: Path, size: tuple[int, int] = (960, 640)) -> None:
        assert CHROMIUM is not None
        window = [f"--window-size={size[0]},{size[1]}", f"--user-data-dir={profile}"]
        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, *window, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._open = ExitStack()
        try:
            port = self._port(profile / "DevToolsActivePort")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE_S) as answer:
                target = next(target for target in json.load(answer) if target["type"] == "page")
            where = target["webSocketDebuggerUrl"]
            self._socket = self._open.enter_context(connect(where, max_size=None, compression=None))
        except BaseException:
            self._end()
            raise
        self._numbers = itertools.count(1)
        self.errors: list[str] = []  # what the page wrote to its console as errors
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False
        )

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._end()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(PATIENCE_S))
            self._note(message)
            if message.get("id") == number:
                assert "error" not in message, message
                return dict(message["result"])

    def open(self, url: str) -> None:
        """Go to a page; does not wait for it."""
        self.call("Page.navigate", url=url)

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for(self, expression: str, good: Callable[[Any], bool] = bool) -> Any:
        """Ask, once a drawn frame of the page, until the value is good."""
        deadline = time.monotonic() + PATIENCE_S
        paced = f"new Promise((done) => requestAnimationFrame(() => done({expression})))"
        while not good(value := self.ask(paced)):
            text = self.ask("document.body?.innerText")
            assert time.monotonic() < deadline, f"{expression} stays {value!r}; page: {text!r}; {self.errors}"
        return value

    def image(self) -> NDArray[np.uint8]:
        """What the window shows, (H, W, 3) BGR."""
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        return np.asarray(image, np.uint8)

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(str(details.get("exception", {}).get("description", details.get("text"))))
        elif message.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        elif message.get("method") == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            self.errors.append(str([argument.get("value") for argument in parameters["args"]]))

    def _port(self, file: Path) -> int:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self._process.poll() is None, "Chromium has ended"
            try:
                return int(file.read_text().splitlines()[0])
            except (FileNotFoundError, IndexError, ValueError):
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.02)
        raise AssertionError("Chromium does not answer")

    def _end(self) -> None:
        """Its helpers are in the process group that was made for it."""
        for word in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, word)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
