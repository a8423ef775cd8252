"""Ids of people over the seams of a split video."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.batch.part_file import PartWriter
from edge.batch.part_ids import FramePeople, match_people, stitched
from edge.sources.video_part import VideoPart
from edge.types import F32
from tests.edge.batch.test_part_file import result


def keypoints(x_px: float) -> F32:
    """A standing person of 200 px."""
    made = np.ones((17, 3), np.float32)
    made[:, 0], made[:, 1] = x_px, np.linspace(0, 200, 17)
    return made


def seen(index: int, **people: float) -> FramePeople:
    ids = [int(name[1:]) for name in people]
    return FramePeople(index / 10, np.array(ids, np.int32), np.stack([keypoints(x_px) for x_px in people.values()]))


def test_match_people_by_place_in_the_same_frames() -> None:
    before = {index: seen(index, _4=100 + index, _7=300, _9=900) for index in range(20)}
    after = {index: seen(index, _0=301, _1=102 + index, _2=600) for index in range(5, 20)}
    assert match_people(before, after) == {0: 7, 1: 4}
    assert match_people({}, after) == {}
    assert match_people(before, {30: seen(30, _0=100)}) == {}


def test_match_people_ids_swapped_before_the_seam_are_those_at_it() -> None:
    """A tracker that starts in the middle may be wrong in the beginning: the frames next to the seam decide."""
    before = {index: seen(index, _4=100, _7=300) for index in range(300)}
    after = {index: seen(index, _0=100, _1=300) if index < 200 else seen(index, _0=300, _1=100) for index in range(300)}
    assert match_people(before, after) == {0: 7, 1: 4}


def test_match_people_who_left_before_the_seam_are_remembered() -> None:
    before = {index: seen(index, _4=100, **({"_7": 300} if index < 40 else {})) for index in range(100)}
    after = {index: seen(index, _3=100, **({"_5": 300} if index < 40 else {})) for index in range(100)}
    assert match_people(before, after) == {3: 4, 5: 7}


def test_stitched_frames_follow_each_other_with_continuing_ids(tmp_path: Path) -> None:
    parts = (
        VideoPart(0, 0, 20, 0, 20, -1, 0),
        VideoPart(10, 20, 40, 10, 40, 0.9, 0),
        VideoPart(30, 40, 50, 30, None, 2.9, 0),
    )
    local = ((2, 5), (1, 0), (0, 2))  # ids of the people at 100 and 300 px in each part
    for number, (part, ids) in enumerate(zip(parts, local, strict=True)):
        writer = PartWriter(tmp_path / f"{number}.part", begin=part.begin, surface=True)
        for index in range(part.first, part.end):
            people = dict(zip(ids, (100.0, 300.0), strict=True))
            if index >= 45:
                people[7] = 900.0  # enters
            made = result(index, list(people), begin=part.begin)
            rows = np.stack([keypoints(x_px) for x_px in people.values()])
            writer.write(replace(made, bodies=replace(made.bodies, keypoints=rows)))
        assert writer.close()
    frames = list(stitched(parts, [tmp_path / f"{number}.part" for number in range(3)]))
    assert [entry.frame.index for entry in frames] == list(range(50))
    assert [entry.bodies.ids.tolist() for entry in frames] == [[2, 5]] * 45 + [[2, 5, 6]] * 5
