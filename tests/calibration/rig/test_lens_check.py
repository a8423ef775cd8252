"""Camera files that do not fit the views."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.rig.lens_check import contradicted, exchanged, focal_lengths
from tests.support.rigs import ring, simulate


def test_exchanged_and_wrong_camera_files_are_named_and_right_ones_are_not() -> None:
    cameras = ring(3, seed=1)
    scene = simulate(cameras, frames=30, two_sided=True)
    views = {name: [seen[name] for seen in scene.views.values() if name in seen] for name in cameras}
    lengths = focal_lengths(cameras, views)
    assert set(lengths) == set(cameras)
    assert exchanged(cameras, lengths) == []
    assert contradicted(lengths) == []
    # What a file says is compared with the same views: no further calibration is needed.
    swapped = {"c0": "c2", "c2": "c0"}
    crossed = {
        name: replace(length, given_px=float(cameras[swapped.get(name, name)].K[0, 0]))
        for name, length in lengths.items()
    }
    assert exchanged(cameras, crossed) == [("c0", "c2")]
    assert contradicted(crossed) == ["c0", "c2"]
    refocused = {**lengths, "c1": replace(lengths["c1"], given_px=0.9 * lengths["c1"].given_px)}
    assert exchanged(cameras, refocused) == []
    assert contradicted(refocused) == ["c1"]
    assert np.isclose(lengths["c1"].seen_px, cameras["c1"].K[0, 0], rtol=0.02)
