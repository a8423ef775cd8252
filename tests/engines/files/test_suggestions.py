"""A mistyped name is answered with the one that was meant."""

from __future__ import annotations

import pytest

from engines.cards.card import load_card
from engines.errors import UnknownNameError
from engines.files.suggestions import closest, did_you_mean, unknown
from engines.inference.session import open_session
from engines.networks.registry import network


def test_the_most_similar_name_is_suggested() -> None:
    assert closest("nanodet", ["movenet_thunder", "nanodet_g"]) == "nanodet_g"
    assert closest("NANODET_G", ["nanodet_g"]) == "nanodet_g"
    assert closest("zebra", ["movenet_thunder", "nanodet_g"]) is None
    assert did_you_mean("zebra", ["nanodet_g"]) == ""
    assert str(unknown("engine", "x" * 500, [])) == f"unknown engine '{'x' * 80}...'; there are: none"


def test_names_of_models_networks_backends_and_precisions_are_suggested() -> None:
    card = load_card("nanodet_g")
    for call, said in (
        (
            lambda: load_card("movenet_thundr", "pose"),
            "unknown pose 'movenet_thundr' (did you mean movenet_thunder?); ",
        ),
        (lambda: load_card("hrnet_w23"), "(did you mean hrnet_w32?)"),
        (lambda: network("yolox_tinny"), "unknown network 'yolox_tinny' (did you mean yolox_tiny?); there are: "),
        (lambda: open_session(card, backend="openvno"), "unknown backend 'openvno' (did you mean openvino?); "),
        (lambda: open_session(card, precision="fp23"), "unknown precision 'fp23' (did you mean fp32?); "),
    ):
        with pytest.raises(UnknownNameError) as caught:
            call()
        assert said in str(caught.value)
