"""Scripts that end while streams run: exit codes, and no output."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import MEDIA

LIMIT_S = 120.0  # for failures only
HEAD = f"""
import multiprocessing, os, sys, threading
import edge
CLIP = {str(MEDIA / "balance_cam01.mp4")!r}
"""
NEVER_CLOSED = """
class Holder:
    pass
holder = Holder()
holder.itself = holder
holder.stream = edge.stream(CLIP, loop=True, pace="realtime")
next(holder.stream)
stream = edge.stream(CLIP, loop=True)
for _ in stream:
    sys.exit(3)
"""
# One that iterates and one that calls the pipeline itself: both are inside an engine most of the time.
DAEMON_THREADS = """
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import open_source

def read(begun):
    for _ in edge.stream(CLIP, loop=True):
        begun.set()

def process(begun):
    pipeline = Pipeline(Models(), CameraConfig())
    for frame in open_source(CLIP, loop=True):
        pipeline.process(frame)
        begun.set()

for work in (read, process):
    begun = threading.Event()
    threading.Thread(target=work, args=(begun,), daemon=True).start()
    begun.wait()
"""
SUBSCRIPTIONS = """
never_read = edge.subscribe("tcp://127.0.0.1:9")
begun = threading.Event()

def read(subscription):
    begun.set()
    for _ in subscription:
        pass

threading.Thread(target=read, args=(edge.subscribe("tcp://127.0.0.1:9"),), daemon=True).start()
begun.wait()
"""
# In the child of a fork the engines' threads are missing: it is told so, and nothing waits for them.
FORK = """
stream = edge.stream(CLIP, loop=True)
next(stream)

def said(iterate):
    try:
        for _ in range(10):  # more than can be waiting
            next(iterate)
    except Exception as error:
        return str(error)

def child(answers):
    answers.put((said(stream), said(edge.stream(CLIP))))

context = multiprocessing.get_context("fork")
answers = context.Queue()
process = context.Process(target=child, args=(answers,))
process.start()
of_the_parent, of_its_own = answers.get(timeout=60)
process.join()
assert process.exitcode == 0
assert "open it in the process that reads it" in of_the_parent, of_the_parent
assert "get_context('spawn')" in of_its_own, of_its_own
if (number := os.fork()) == 0:
    sys.exit(7)  # with the parent's stream in the module
assert os.waitpid(number, 0)[1] >> 8 == 7
next(stream)
"""


@pytest.mark.parametrize(
    ("script", "code"),
    [(NEVER_CLOSED, 3), (DAEMON_THREADS, 0), (SUBSCRIPTIONS, 0), (FORK, 0)],
    ids=["never-closed", "daemon-threads", "subscriptions", "fork"],
)
def test_script_with_running_streams_ends_cleanly(script: str, code: int) -> None:
    ended = subprocess.run([sys.executable, "-c", HEAD + script], capture_output=True, text=True, timeout=LIMIT_S)
    assert (ended.returncode, ended.stderr) == (code, "")
