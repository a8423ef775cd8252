"""Stream names that are valid in topics, paths and labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.stream_names import MAX_LENGTH, check_stream_name, clean_stream_name, distinct
from meshcast.protocol.layout import MAX_STREAM, Kind, topic


@pytest.mark.parametrize("name", ["left", "a.b", "..a", "-", "x" * MAX_LENGTH, "0"])
def test_check_stream_name_valid_names(name: str) -> None:
    assert check_stream_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "...", "a/b", "../a", "a b", "a\n", "x" * (MAX_LENGTH + 1), "a\0"])
def test_check_stream_name_invalid_names_raise(name: str) -> None:
    with pytest.raises(UsageError, match="the stream's name"):
        check_stream_name(name)


@given(st.text())
def test_clean_stream_name_is_valid_for_any_text(text: str) -> None:
    assert MAX_LENGTH == MAX_STREAM
    name = check_stream_name(clean_stream_name(text))
    assert topic(Kind.MESH, name)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "b"], ["a-1", "a-2", "b"]),
        (["x" * 30, "x" * 30], ["x" * 28 + "-1", "x" * 28 + "-2"]),
    ],
)
def test_distinct_numbers_repeated_names_within_length(names: list[str], expected: list[str]) -> None:
    assert distinct(names) == expected


@given(st.lists(st.sampled_from(["a", "a-1", "a-2", "a-1x", "b"]), max_size=6))
def test_distinct_results_are_distinct(names: list[str]) -> None:
    found = distinct(names)
    assert len(set(found)) == len(names)
    assert all(check_stream_name(name) == name for name in found)
