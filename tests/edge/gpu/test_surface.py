"""Surfaces as far as they are used: vertices, the levels of messages, nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.types import Bodies, SurfaceUse
from edge.wire.frames import FrameEncoder, Stamp
from engines.body.body import open_body
from engines.body.lod import lod_of
from meshcast.protocol.axes import SYSTEMS
from meshcast.protocol.decoding import decode
from tests.support.emulated.clips import Clip
from tests.support.emulated.pipelines import pipelines
from tests.support.emulated.runtime import Runtime

STAMP = Stamp("synthetic", 3, 5, 7, "body", 1_000_000_000, 1_000_000_000)
HALF_STEP_M = 2e-5


def bodies_for(use: SurfaceUse, clip: Clip, runtime: Runtime) -> Bodies:
    with pipelines(runtime, second_pose="auto") as (pipeline,):
        pipeline.surface_use = lambda: use
        bodies = pipeline.process(clip.frames[0])
        if bodies.surfaced:
            assert pipeline.solve_rotations(clip.frames[0], bodies).error_mm.max() < 10
    assert runtime.checker.hazards == []
    return bodies


@pytest.fixture(scope="module")
def levels(one_person: Clip) -> Bodies:
    runtime = Runtime(eagerness=0)
    bodies = bodies_for(SurfaceUse.LEVELS, one_person, runtime)
    assert runtime.counts["skinning to levels"] == 1
    assert runtime.counts["skinning"] == 0
    return bodies


def test_surface_that_nothing_uses_is_not_computed(one_person: Clip) -> None:
    runtime = Runtime()
    bodies = bodies_for(SurfaceUse.NONE, one_person, runtime)
    assert not bodies.surfaced
    assert runtime.counts["skinning"] == runtime.counts["skinning to levels"] == 0
    np.testing.assert_array_equal(bodies.rotations, one_person.bodies[0].rotations)


def test_levels_of_several_people_give_their_rotations_and_joints(crowd: Clip) -> None:
    runtime = Runtime()
    with pipelines(runtime, second_pose="auto") as (pipeline,):
        pipeline.surface_use = lambda: SurfaceUse.LEVELS
        bodies = pipeline.process(crowd.frames[0])
        rig_pose = pipeline.solve_rotations(crowd.frames[0], bodies)
    expected = crowd.bodies[0]
    assert len(bodies) > 1
    assert bodies.levels is not None
    assert rig_pose is not None
    assert rig_pose.error_mm.max() < 10
    every = np.arange(expected.vertices.shape[1])
    np.testing.assert_allclose(bodies.levels.at(every), expected.vertices, atol=HALF_STEP_M)
    np.testing.assert_allclose(bodies.joints, expected.joints, atol=HALF_STEP_M)


def test_coarse_surface_gives_the_messages_that_need_no_more(levels: Bodies, one_person: Clip) -> None:
    runtime = Runtime(eagerness=0)
    frame, coarse = one_person.frames[0], bodies_for(SurfaceUse.COARSE, one_person, runtime)
    assert coarse.levels is not None
    assert levels.levels is not None
    assert coarse.levels.levels.shape[1] < levels.levels.levels.shape[1] / 3
    encoder = FrameEncoder("opencv", lod_of(open_body()).vertices)
    for level in (encoder.mesh_lod, encoder.joints):
        made, wanted = (decode(level(frame, each, STAMP)).people for each in (coarse, one_person.bodies[0]))
        np.testing.assert_allclose(made.vertices, wanted.vertices, atol=HALF_STEP_M)
        np.testing.assert_allclose(made.joints, wanted.joints, atol=HALF_STEP_M)


def test_message_of_levels_is_that_of_vertices_bit_for_bit(levels: Bodies, one_person: Clip) -> None:
    frame, expected = one_person.frames[0], one_person.bodies[0]
    encoder = FrameEncoder()
    given = replace(levels, joints=expected.joints)  # some joints are made of vertices, here rounded ones
    assert encoder.mesh(frame, given, STAMP) == encoder.mesh(frame, expected, STAMP)
    assert np.abs(levels.joints - expected.joints).max() < HALF_STEP_M


@pytest.mark.parametrize("axes", sorted(SYSTEMS))
def test_messages_of_levels_hold_the_same_vertices_in_any_axes(axes: str, levels: Bodies, one_person: Clip) -> None:
    frame, expected = one_person.frames[0], one_person.bodies[0]
    chosen = np.arange(0, expected.vertices.shape[1], 7, dtype=np.int32)
    encoder = FrameEncoder(axes, chosen)
    for level in (encoder.mesh, encoder.mesh_lod, encoder.joints):
        made, wanted = (decode(level(frame, each, STAMP)).people for each in (levels, expected))
        tolerance = 2 * HALF_STEP_M / SYSTEMS[axes].unit_m
        np.testing.assert_allclose(made.vertices, wanted.vertices, atol=tolerance)
        np.testing.assert_allclose(made.joints, wanted.joints, atol=tolerance)


def test_pipeline_on_shared_memory_copies_images_alone(one_person: Clip) -> None:
    runtime = Runtime(eagerness=0, unified=True)
    with pipelines(runtime, second_pose="auto") as (pipeline,):
        before = runtime.counts["copies"]
        found = [pipeline.process(frame) for frame in one_person.frames[:8]]
        assert runtime.counts["copies"] - before == 8
    for made, expected in zip(found, one_person.bodies, strict=False):
        np.testing.assert_array_equal(made.vertices, expected.vertices)
    assert runtime.checker.hazards == []
