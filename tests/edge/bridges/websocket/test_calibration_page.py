"""The page of a calibration: its server."""

from __future__ import annotations

import json
import struct
from http import HTTPStatus
from typing import Any

import cv2
import numpy as np

from edge.bridges.websocket.calibration_page import LONGER_SIDE, CalibrationPage
from tests.support.board_views import camera, views

IMAGE = np.full((960, 1280, 3), 90, np.uint8)
VIEWS = views(camera(), 2)


def asked(page: CalibrationPage, query: str) -> tuple[dict[str, Any], bytes]:
    answer = page.answer("/calibration/frame", query)
    assert answer.status_code == HTTPStatus.OK
    size = struct.unpack("<I", answer.body[:4])[0]
    return json.loads(answer.body[4 : 4 + size]), answer.body[4 + size :]


def test_calibration_page_sends_each_image_and_new_views_once() -> None:
    page = CalibrationPage((7, 5))
    assert page.answer("/calibration/frame", "after=0").status_code == HTTPStatus.NO_CONTENT
    assert page.watched
    page.show(IMAGE, VIEWS[0], VIEWS[:1], {"rms": None})
    content, jpeg = asked(page, "after=0&have=0")
    assert (content["number"], content["views"], len(content["new"]), content["rms"]) == (1, 1, 1, None)
    assert len(content["found"]) == 35
    assert all(0 <= share <= 1 for point in content["found"] for share in point)
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert max(image.shape) == LONGER_SIDE
    assert page.answer("/calibration/frame", "after=1&have=1").status_code == HTTPStatus.NO_CONTENT
    page.show(IMAGE, None, VIEWS, {})
    content, _ = asked(page, "after=1&have=1")
    assert (content["views"], len(content["new"]), content["found"]) == (2, 1, [])


def test_calibration_page_encodes_no_image_without_a_browser() -> None:
    page = CalibrationPage((7, 5))
    for _ in range(3):
        page.show(IMAGE, None, [], {})
    assert asked(page, "after=0")[0]["number"] == 1  # the first, so that a page has something to show


def test_calibration_page_finish_needs_the_key() -> None:
    ended: list[bool] = []
    page = CalibrationPage((7, 5), lambda: ended.append(True))
    page.show(IMAGE, None, [], {})
    key = asked(page, "after=0")[0]["key"]
    for query in ("", "key=", "key=wrong", "key=%ff"):
        assert page.answer("/calibration/finish", query).status_code == HTTPStatus.FORBIDDEN
    assert not ended
    assert page.answer("/calibration/finish", f"key={key}").status_code == HTTPStatus.OK
    assert ended == [True]


def test_calibration_page_shows_the_result_with_its_coverage() -> None:
    page = CalibrationPage((7, 5))
    page.show(IMAGE, None, [], {})
    page.finish(["error 0.2 px", "wrote camera.toml"], IMAGE)
    assert not page.told.is_set()
    content, data = asked(page, "after=1")
    assert content["result"] == ["error 0.2 px", "wrote camera.toml"]
    assert content["image"]
    assert data.startswith(b"\x89PNG")
    assert page.told.is_set()


def test_calibration_page_invalid_requests_are_refused() -> None:
    page = CalibrationPage((7, 5))
    assert page.owns("/calibration/frame")
    assert not page.owns("/stream")
    for query in ("after=x", "after=1&a=1&b=1&c=1&d=1"):
        assert page.answer("/calibration/frame", query).status_code == HTTPStatus.BAD_REQUEST
    assert page.answer("/calibration/other", "").status_code == HTTPStatus.NOT_FOUND
