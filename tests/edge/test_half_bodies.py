"""People whose legs are outside of the image, through the whole pipeline."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest

from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig, Pipeline
from edge.stages.config import PipelineConfig, VisibilityConfig
from edge.types import Bodies, Frame
from tests.support.paths import ROOT

CLIP = ROOT / "tests/media/balance_cam03.mp4"
BELOW_HIPS = 940  # px
FRAMES, STEP_S = 12, 1 / 60


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    with av.open(str(CLIP)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame, _ in zip(container.decode(video=0), range(FRAMES))]  # noqa: B905
    return [np.ascontiguousarray(image[:BELOW_HIPS]) for image in frames]


@pytest.fixture(scope="module")
def models() -> LoadedModels:
    return LoadedModels(Models())


def people(models: LoadedModels, images: list[np.ndarray], config: PipelineConfig) -> tuple[Pipeline, list[Bodies]]:
    pipeline = Pipeline(models, CameraConfig(fov_deg=60), config)
    return pipeline, [
        pipeline.process(Frame("cam", index, 0, index * STEP_S, image)) for index, image in enumerate(images)
    ]


def test_person_cut_below_the_hips_is_found_with_legs_at_rest(models: LoadedModels, images: list[np.ndarray]) -> None:
    pipeline, found = people(models, images, PipelineConfig())
    names = list(pipeline.model.joint_names)
    assert [len(bodies) for bodies in found] == [1] * FRAMES
    visibility = np.array([bodies.visibility[0] for bodies in found if bodies.visibility is not None])
    assert visibility.shape == (FRAMES, len(names))
    for name, seen in (("head", 1), ("left_shoulder", 1), ("pelvis", 1), ("left_ankle", 0), ("right_foot", 0)):
        assert (visibility[:, names.index(name)] == seen).all(), name
    shins = [names.index(f"{side}_knee") for side in ("left", "right")]
    for bodies in found[1:]:
        assert bodies.rotations is not None
        np.testing.assert_allclose(bodies.rotations[0, shins], np.tile(np.eye(3), (2, 1, 1)), atol=0.02)


def test_keypoints_of_cut_legs_have_no_score_unless_masks_are_off(
    models: LoadedModels, images: list[np.ndarray]
) -> None:
    config = PipelineConfig()
    off = replace(config, visibility=VisibilityConfig(mask_keypoints=False))
    masked, measured = (people(models, images[:3], each)[1][-1] for each in (config, off))
    assert (masked.keypoints[0, 15:, 2] == 0).all()
    assert (measured.keypoints[0, 15:, 2] > 0).all()
    np.testing.assert_array_equal(masked.keypoints[0, :11], measured.keypoints[0, :11])
