"""Ray's messages in one line."""

from __future__ import annotations

import pytest

from edge.ray_cluster import _reason

VERSIONS = """Version mismatch: The cluster was started with:
    Ray: 2.60.0
    Python: 3.12.1
This process on node 10.77.0.1 was started with:
    Ray: 2.59.0
    Python: 3.11.7
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            VERSIONS,
            "it runs Ray 2.60.0 with Python 3.12.1, this process Ray 2.59.0 with Python 3.11.7; install the same",
        ),
        ("Failed to connect to Ray cluster at 10.77.0.1:6379", "if it needs a token or TLS, set RAY_AUTH_MODE"),
        ("Token authentication is enabled but no authentication token was found.", "set RAY_AUTH_TOKEN_PATH"),
        ("Some problem\nand its details", "Some problem"),
        ("", "unknown reason"),
    ],
)
def test_reason_of_ray_is_one_line(text: str, said: str) -> None:
    reason = _reason(text)
    assert said in reason
    assert "\n" not in reason
