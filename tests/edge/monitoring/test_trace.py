"""Traces are valid JSON, complete or absent."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, OutputError
from edge.monitoring.trace import Trace
from edge.timing import Timings
from tests.support.commands import Command, report
from tests.support.interrupts import interrupt_at
from tests.support.small_disk import SmallDisk

RIG_STAGES = {"inverse_kinematics", "refine", "unseen_pose", "smooth", "foot_lock", "skin"}
STAGES = {"decode", "track", "pose", "second_pose", "mesh", "localize", "publish"} | RIG_STAGES


def events_of(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text())["traceEvents"])


def names_of(events: list[dict[str, Any]], kind: str) -> dict[tuple[int, int], str]:
    return {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == kind}


def spans_of(events: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Spans by process and row, in order."""
    processes, rows = names_of(events, "process_name"), names_of(events, "thread_name")
    spans: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for event in sorted((e for e in events if e["ph"] == "X"), key=lambda e: e["ts"]):
        assert rows[event["pid"], event["tid"]] == event["name"]
        spans[processes[event["pid"], 0], event["name"]].append(event)
    return spans


def test_trace_of_run_contains_all_stages(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    trace = tmp_path / "t.json"
    said = meshcast("run", person_clip, person_clip, "--trace", trace, "--publish", "tcp://127.0.0.1:0")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert f"wrote {trace}" in said.out
    events = events_of(trace)
    spans = spans_of(events)
    for row in spans.values():
        for before, after in pairwise(row):
            assert before["ts"] + before["dur"] <= after["ts"] + 1e-6
    for stream in ("person-1", "person-2"):
        assert {name for process, name in spans if process == stream} == STAGES | {"detect"}
        for stage in STAGES - {"track"}:
            assert [span["args"]["frame"] for span in spans[stream, stage]] == list(range(12)), stage
        assert {span["args"]["frame"] for span in spans[stream, "track"]} == set(range(12))
    assert {name for process, name in spans if process == "engines"} == {
        "detector engine",
        "pose engine",
        "second_pose engine",
        "mesh engine",
    }
    assert [event for event in events if event["ph"] == "i"] == []


def test_trace_flow_connects_stages_of_a_frame(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    meshcast("run", person_clip, person_clip, "--trace", tmp_path / "t.json", "--max-frames", "4")
    arrows = defaultdict(list)
    for event in events_of(tmp_path / "t.json"):
        if "bind_id" in event:
            arrows[event["bind_id"]].append(event)
    through = [spans for spans in arrows.values() if any(span["name"] == "smooth" for span in spans)]
    assert len(through) == 8
    for spans in through:
        spans.sort(key=lambda span: float(span["ts"]))
        assert [span.get("flow_in", False) for span in spans] == [False] + [True] * (len(spans) - 1)
        assert all(span["flow_out"] for span in spans)
        assert len({(span["pid"], span["args"]["frame"]) for span in spans}) == 1


def test_trace_marks_drops(tmp_path: Path) -> None:
    with Trace(tmp_path / "t.json") as trace:
        rows = trace.process("door")
        rows.lost("before mesh", 7)
        trace.close()
    events = events_of(tmp_path / "t.json")
    (mark,) = (event for event in events if event["ph"] == "i")
    assert (mark["name"], mark["args"]) == ("before mesh", {"frame": 7})
    assert names_of(events, "thread_name") == {(1, 1): "dropped"}


def test_trace_of_run_marks_drops(meshcast: Command, person_clip: Path, tmp_path: Path, first_mesh_late: None) -> None:
    """Played in real time, with the first frame's mesh late."""
    words = ("--pace", "realtime", "--loop", "--max-frames", "12", "--publish", "tcp://127.0.0.1:0")
    assert meshcast("run", person_clip, *words, "--trace", tmp_path / "t.json").code == EXIT_WHOLE
    events = events_of(tmp_path / "t.json")
    marks = {event["args"]["frame"]: event["name"] for event in events if event["ph"] == "i"}
    published = {span["args"]["frame"] for span in spans_of(events)["person", "publish"]}
    assert len(published) == 12
    assert "before pose" in marks.values()
    assert published.isdisjoint(marks)
    assert set(range(max(published))) <= published | set(marks)


def test_trace_is_thread_safe(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "t.json")
    rows, begin_ns = trace.process("door"), time.monotonic_ns()

    def work(stage: str) -> None:
        for index in range(3000):
            rows.end(stage, index, begin_ns + index * 10, begin_ns + index * 10 + 10)

    threads = [threading.Thread(target=work, args=(f"stage {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trace.close()
    spans = spans_of(events_of(tmp_path / "t.json"))
    assert sorted(name for _, name in spans) == [f"stage {number}" for number in range(4)]
    assert all([span["args"]["frame"] for span in row] == list(range(3000)) for row in spans.values())


def test_trace_memory_is_bounded(tmp_path: Path) -> None:
    with Trace(tmp_path / "t.json") as trace:
        rows = trace.process("door")
        for index in range(10_000):
            rows.end("pose", index, 0, 10)
        (part,) = tmp_path.iterdir()
        assert part.stat().st_size > 500_000
    assert list(tmp_path.iterdir()) == []


def test_trace_of_interrupted_run_is_complete(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 2)
    said = meshcast("run", person_clip, "--trace", tmp_path / "t.json")
    assert said.code == EXIT_PARTIAL
    assert {span["args"]["frame"] for span in spans_of(events_of(tmp_path / "t.json"))["person", "mesh"]} >= {0, 1}


def test_trace_of_failed_start_is_not_written(meshcast: Command, tmp_path: Path) -> None:
    assert meshcast("run", tmp_path / "no.mp4", "--trace", tmp_path / "t.json").code == EXIT_INPUT
    assert list(tmp_path.iterdir()) == []


def test_trace_unwritable_path_raises_at_once(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", blank_clip, "--trace", tmp_path / "missing" / "t.json", "--summary", tmp_path / "s.json")
    assert said.code == EXIT_INPUT
    (error,) = said.errors
    assert error.startswith(f"meshcast: {tmp_path}/missing/t.json: the folder {tmp_path}/missing does not exist")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("room", "kept"), [(0, False), (60, False), (6000, True)])
def test_trace_full_disk_keeps_whole_events_and_does_not_end_run(
    room: int, kept: bool, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.monitoring.trace.OutputFile", lambda path: SmallDisk(Path(path), room))
    said = meshcast("run", person_clip, "--trace", tmp_path / "t.json", "--summary", tmp_path / "s.json")
    problem = f"{tmp_path}/t.json: cannot be written: No space left on device"
    problem += "; the events before are kept" if kept else ""
    assert (said.code, said.errors[0]) == (EXIT_PARTIAL, f"meshcast: {problem}")
    assert (report(tmp_path / "s.json")["frames"], report(tmp_path / "s.json")["problems"]) == (12, [problem])
    assert {path.name for path in tmp_path.iterdir()} == {"s.json", *(["t.json"] if kept else [])}
    if kept:
        assert spans_of(events_of(tmp_path / "t.json"))


def test_trace_contains_stage_that_raises(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "t.json")
    timings = Timings(trace.process("door"))
    with pytest.raises(OutputError), timings.measure("publish"):
        raise OutputError("no")
    trace.close()
    assert [name for _, name in spans_of(events_of(tmp_path / "t.json"))] == ["publish"]
