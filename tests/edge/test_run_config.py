"""Sources of a run: their names, and settings for all or for each."""

from __future__ import annotations

import pytest

from edge.errors import SourceError, UsageError
from edge.run_config import PlaybackConfig, SourceConfig

TWO = ("synthetic:", "synthetic:?people=2")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), ["synthetic-1", "synthetic-2"]),
        (("door", "yard"), ["door", "yard"]),
        (("door", ""), ["door", "synthetic"]),
        (("", "synthetic"), ["synthetic-1", "synthetic"]),
    ],
)
def test_stream_names_are_given_or_the_sources_own(names: tuple[str, ...], expected: list[str]) -> None:
    assert SourceConfig(TWO, names).stream_names() == expected


@pytest.mark.parametrize(
    ("names", "error", "says"),
    [
        (("door",), SourceError, "2 sources and 1 names"),
        (("door", "door"), SourceError, "two streams cannot both be called door"),
        (("door", "a b"), UsageError, "the stream's name 'a b'"),
    ],
)
def test_stream_names_that_do_not_fit_are_an_error(names: tuple[str, ...], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        SourceConfig(TWO, names).stream_names()


def test_playbacks_are_one_for_all_or_one_for_each() -> None:
    loop, fast = PlaybackConfig(loop=True), PlaybackConfig(pace="fast")
    assert SourceConfig(TWO, playback=(loop,)).playbacks() == (loop, loop)
    assert SourceConfig(TWO, playback=(loop, fast)).playbacks() == (loop, fast)
    with pytest.raises(SourceError, match="2 sources and 3 playback settings"):
        SourceConfig(TWO, playback=(loop, fast, fast)).playbacks()
