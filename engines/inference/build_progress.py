"""Progress of the build of a TensorRT plan."""

from __future__ import annotations

from collections.abc import Callable

OnBuild = Callable[[str, float], None]
"""Called with a model's name and the fraction of its plan that is built, 0..1, on the thread that builds."""


class BuildProgress:
    """The fraction of a build that consists of nested phases: each step of a phase may be a phase itself."""

    def __init__(self, name: str, on_build: OnBuild | None = None) -> None:
        self._name = name
        self._on_build = on_build
        self._open: dict[str, tuple[int, int]] = {}  # steps done and in all, the outermost phase first
        self._fraction = 0.0

    def start(self, phase: str, steps: int) -> None:
        """A phase begins, within those that are open."""
        self._open[phase] = (0, max(steps, 1))
        self._report()

    def step(self, phase: str, index: int) -> None:
        """A phase has done its step of this index."""
        if phase in self._open:
            self._open[phase] = (index + 1, self._open[phase][1])
            self._report()

    def finish(self, phase: str) -> None:
        """A phase ends."""
        self._open.pop(phase, None)
        if not self._open:
            self._fraction = 1.0
        self._report()

    def _report(self) -> None:
        share, fraction = 1.0, 0.0
        for done, steps in self._open.values():
            fraction += share * min(done / steps, 1.0)
            share /= steps
        self._fraction = max(self._fraction, min(fraction, 1.0))  # phases may end before their last step
        if self._on_build is not None:
            self._on_build(self._name, self._fraction)
