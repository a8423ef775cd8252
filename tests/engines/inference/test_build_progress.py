"""Phases in phases become one fraction that only grows."""

from __future__ import annotations

from engines.inference.build_progress import BuildProgress, listening


def test_steps_of_inner_phases_are_parts_of_the_outer_ones_step() -> None:
    heard: list[tuple[str, float]] = []
    phases = BuildProgress("net")
    phases.start("nobody listens", 1)
    phases.finish("nobody listens")
    phases = BuildProgress("net")
    with listening(lambda model, fraction: heard.append((model, fraction))):
        phases.start("whole", 2)
        phases.start("part", 4)
        phases.step("part", 0)
        phases.step("part", 2)
        phases.finish("part")
        phases.step("whole", 0)
        phases.start("part", 0)
        phases.finish("part")
        phases.finish("whole")
    assert heard == [("net", fraction) for fraction in (0, 0, 0.125, 0.375, 0.375, 0.5, 0.5, 0.5, 1)]
