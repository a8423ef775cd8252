"""Workers as processes of this machine.

Each has a pipe of its own, so that a process that is killed at any moment takes down neither the others nor the batch.
Processes are spawned, not forked: engines have threads. Signals of the terminal go to the batch alone, which ends its
workers; a worker whose batch has died ends itself.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection as connections
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from edge.batch.executor import Advanced, Event, Failed, Finished, Load, VideoTask
from edge.errors import OutputError
from engines.errors import MeshcastError
from engines.files.memory_budget import job_budget

MAX_START_DEATHS = 3  # workers in succession that die before they are ready
END_S = 5.0  # after which a worker that does not end is killed
ADVANCED_S = 0.5  # least time between two progress events of a worker


@dataclass(frozen=True, slots=True)
class _Ready:
    """The models of a worker are loaded."""


@dataclass(frozen=True, slots=True)
class _Unusable:
    """The models cannot be loaded."""

    error: str


class _Worker:
    """A process, its pipe and its task."""

    def __init__(self, load: Load) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs, load), name="meshcast-batch-worker", daemon=True
        )
        with _without_interrupts():
            self.process.start()
        theirs.close()
        self.ready = False
        self.task: VideoTask | None = None

    def end(self) -> None:
        """End the process. Idempotent."""
        self.process.join(END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


class ProcessPool:
    """Processes on this machine as workers of a batch; see edge.batch.executor.Executor."""

    def __init__(self, load: Load, workers: int) -> None:
        """
        Args:
            load: a picklable function that loads the models, called once in each process.
            workers: number of processes.
        """
        self._load = load
        self._start_deaths = 0
        resource_tracker.ensure_running()  # before signals are blocked: it unblocks them
        self._workers: list[_Worker] = []
        try:
            for _ in range(workers):
                self._workers.append(_Worker(load))
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

    def idle(self) -> int:
        """Number of workers that are ready and have no task."""
        return sum(worker.ready and worker.task is None for worker in self._workers)

    def start(self, task: VideoTask) -> None:
        """Give a task to an idle worker."""
        worker = next(worker for worker in self._workers if worker.ready and worker.task is None)
        worker.task = task
        with contextlib.suppress(OSError):  # it has died: wait() finds that out
            worker.connection.send(task)

    def wait(self, timeout_s: float) -> Sequence[Event]:
        """See Executor.wait. Raises MeshcastError when the models cannot be loaded."""
        by_connection = {worker.connection: worker for worker in self._workers}
        events: list[Event] = []
        for connection in connections.wait(list(by_connection), timeout_s):
            assert isinstance(connection, Connection)
            worker = by_connection[connection]
            try:
                message = connection.recv()
            except (EOFError, OSError):
                events += self._replace(worker)
                continue
            if isinstance(message, _Unusable):
                raise MeshcastError(message.error)
            if isinstance(message, _Ready):
                worker.ready, self._start_deaths = True, 0
                continue
            if not isinstance(message, Advanced):
                worker.task = None
            events.append(message)
        return events

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.end()
        self._workers = []

    def _replace(self, worker: _Worker) -> list[Event]:
        """Start another process for one that has died; its task has failed."""
        worker.end()
        reason = _reason(worker.process.exitcode)
        self._workers.remove(worker)
        if not worker.ready:
            self._start_deaths += 1
            if self._start_deaths >= MAX_START_DEATHS:
                raise MeshcastError(
                    f"a worker {reason} while it loads the models, {MAX_START_DEATHS} times in succession; use fewer "
                    "--workers if memory is short"
                )
        self._workers.append(_Worker(self._load))
        return [] if worker.task is None else [Failed(worker.task.key, f"its worker {reason}")]


def _reason(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that start within the block never receive Ctrl-C; here it is delivered after the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, load: Load) -> None:
    """The worker: tasks from the pipe are processed on another thread, so that this one sees when the batch dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    logging.getLogger().addHandler(logging.NullHandler())  # problems are part of the results
    tasks: queue.SimpleQueue[VideoTask] = queue.SimpleQueue()
    threading.Thread(target=_work, args=(connection, load, tasks), name="meshcast-batch", daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            tasks.put(connection.recv())
    os._exit(0)  # the interpreter's own end would wait for engines at work


def _work(connection: Connection, load: Load, tasks: queue.SimpleQueue[VideoTask]) -> None:
    with contextlib.suppress(OSError):  # the batch has died
        try:
            with job_budget():
                process = load()
        except MeshcastError as error:
            connection.send(_Unusable(str(error)))
            return
        except Exception as error:
            connection.send(_Unusable(f"the models cannot be loaded: {internal_error(error)}"))
            return
        connection.send(_Ready())
        while True:
            task = tasks.get()
            sender = _AdvancedSender(connection, task.key)
            event: Event
            try:
                with job_budget():
                    event = Finished(task.key, process(task, sender.send))
            except OutputError as error:
                event = Failed(task.key, str(error), fatal=True)
            except MeshcastError as error:
                event = Failed(task.key, str(error))
            except Exception as error:
                event = Failed(task.key, internal_error(error))
            connection.send(event)


class _AdvancedSender:
    """Sends progress, at most every ADVANCED_S."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self._name, self._due_s = connection, name, 0.0

    def send(self, frames: int, total: int | None) -> None:
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._due_s = now_s + ADVANCED_S
            self._connection.send(Advanced(self._name, frames, total))


def internal_error(error: Exception) -> str:
    """An unexpected error in one line."""
    return f"internal error ({type(error).__name__}: {error})"
