"""Hours of live running in pieces, each a process of its own: nothing grows, nothing is lost that is not counted."""

from __future__ import annotations

import json
import signal
import time

from tests.campaign.harness import LIVE, Row, at_most, published, scaled, warm_up

HOURS = 4.0
PIECE_S = 1200.0
SLOWER = 1.1  # times the median age of the first quarter


def run(scale: float) -> list[Row]:
    pieces = scaled(round(HOURS * 3600 / PIECE_S), scale)
    piece_s = max(10.0, min(PIECE_S, HOURS * 3600 * scale))
    rows: list[Row] = []
    for number in range(pieces):
        rows += [
            Row(f"piece {number + 1}: {row.what}", row.value, row.bar, row.passed) for row in _piece(piece_s, scale)
        ]
    return rows


def _piece(seconds: float, scale: float) -> list[Row]:
    with published(LIVE, "--summary", "summary.json") as (child, listener, folder):
        growth = warm_up(scale)
        warm = child.usage()
        first = len(listener.heard.times)
        time.sleep(seconds)
        end = child.usage()
        heard = listener.heard
        quarter = max(1, (len(heard.times) - first) // 4)
        early_ms, late_ms = heard.p50_ms(first, first + quarter), heard.p50_ms(len(heard.ages_ms) - quarter)
        code = child.end(signal.SIGINT)
        summary = json.loads((folder / "summary.json").read_text())
        unaccounted = summary["captured_frames"] - summary["frames"] - summary["dropped_frames"]
        return [
            Row("frames", str(len(heard.times)), "", True),
            at_most(f"p50 age, ms ({early_ms:.1f} at first)", late_ms, SLOWER * early_ms + 2),
            at_most("frames lost on the way", heard.lost, 0),
            at_most("frames neither through nor counted as dropped", abs(unaccounted), 0),
            *end.rows_since(warm, growth),
            at_most("exit code", code if code >= 0 else 255, 3),
        ]
