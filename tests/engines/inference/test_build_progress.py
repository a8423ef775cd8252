"""Nested build phases give one increasing fraction."""

from __future__ import annotations

from engines.inference.build_progress import BuildProgress


def test_build_progress_nested_phases_are_parts_of_outer_steps() -> None:
    reported: list[tuple[str, float]] = []
    phases = BuildProgress("net", lambda model, fraction: reported.append((model, fraction)))
    phases.start("whole", 2)
    phases.start("part", 4)
    phases.step("part", 0)
    phases.step("part", 2)
    phases.finish("part")
    phases.step("whole", 0)
    phases.start("part", 0)
    phases.finish("part")
    phases.finish("whole")
    assert reported == [("net", fraction) for fraction in (0, 0, 0.125, 0.375, 0.375, 0.5, 0.5, 0.5, 1)]


def test_build_progress_without_callback_accepts_phases() -> None:
    phases = BuildProgress("net")
    phases.start("whole", 1)
    phases.finish("whole")
    assert phases._fraction == 1.0
