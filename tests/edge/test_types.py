"""Deprecated names of the data types."""

import pytest

from tests.support.frames import blank_frame


def test_frame_camera_is_deprecated_name_of_stream() -> None:
    frame = blank_frame(stream="door")
    with pytest.warns(DeprecationWarning, match="use Frame.stream"):
        assert frame.camera == "door"
