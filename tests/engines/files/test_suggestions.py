"""Suggestions for mistyped names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engines.cards.card import load_card
from engines.errors import UnknownNameError
from engines.files.suggestions import closest, did_you_mean, unknown
from engines.inference.session import open_session
from engines.networks.registry import network


@pytest.mark.parametrize(("name", "found"), [("nanodet", "nanodet_g"), ("NANODET_G", "nanodet_g"), ("zebra", None)])
def test_closest_returns_the_most_similar_name(name: str, found: str | None) -> None:
    assert closest(name, ["movenet_thunder", "nanodet_g"]) == found


def test_did_you_mean_no_similar_name_is_empty() -> None:
    assert did_you_mean("zebra", ["nanodet_g"]) == ""


def test_unknown_long_name_is_shortened() -> None:
    assert str(unknown("engine", "x" * 500, [])) == f"unknown engine '{'x' * 80}...'; there are: none"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: load_card("movenet_thundr", "pose"),
            "unknown pose 'movenet_thundr' (did you mean movenet_thunder?); ",
        ),
        (lambda: load_card("hrnet_w23"), "(did you mean hrnet_w32?)"),
        (lambda: network("yolox_tinny"), "unknown network 'yolox_tinny' (did you mean yolox_tiny?); there are: "),
        (
            lambda: open_session(load_card("nanodet_g"), backend="openvno"),
            "unknown backend 'openvno' (did you mean openvino?); ",
        ),
        (
            lambda: open_session(load_card("nanodet_g"), precision="fp23"),
            "unknown precision 'fp23' (did you mean fp32?); ",
        ),
    ],
    ids=["model", "network card", "network", "backend", "precision"],
)
def test_unknown_name_suggests_a_similar_one(call: Callable[[], object], said: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        call()
    assert said in str(caught.value)
