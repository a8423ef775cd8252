"""The choice of a video encoder."""

from __future__ import annotations

import av
import pytest

from edge.errors import OutputError
from edge.sinks.encoders import GPL, choose_encoder


def test_choose_encoder_prefers_permissive_license(monkeypatch: pytest.MonkeyPatch):
    assert choose_encoder() not in GPL
    monkeypatch.setattr(av, "codecs_available", {"libx264", "mpeg4"})
    assert choose_encoder() == "mpeg4"
    monkeypatch.setattr(av, "codecs_available", {"libx264"})
    assert choose_encoder() == "libx264"
    monkeypatch.setattr(av, "codecs_available", set())
    with pytest.raises(OutputError, match="has none of the encoders"):
        choose_encoder()
