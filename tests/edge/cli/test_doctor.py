"""`meshcast doctor` as a user runs it."""

from __future__ import annotations

import json

from edge.errors import EXIT_WHOLE
from tests.support.commands import Command


def test_doctor_json_has_every_topic(meshcast: Command) -> None:
    said = meshcast("doctor", "--json")
    assert said.code == EXIT_WHOLE, said.out
    findings = json.loads(said.out)
    topics = {finding["topic"] for finding in findings}
    assert {"Python", "packages", "processor", "disk", "models", "ports", "openvino", "CUDA", "GStreamer"} <= topics
    assert not [finding for finding in findings if finding["state"] == "error"]
