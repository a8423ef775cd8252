"""The head of the bundled mesh model: what it remembers of people, and models with and without a state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.cards.card import Card, load_card
from engines.heads.base import People
from engines.heads.pose2mesh_open import BESIDE_STATE, SINGLE_FRAME, Pose2MeshOpenHead, States, state_size
from engines.joint_sets import COCO17

F32 = NDArray[np.float32]
COARSE, SIZE = 295, 8


class Counting:
    """A session whose state counts the frames of each person; it keeps the inputs of each call."""

    backend, device, precision = "none", "cpu", "fp32"

    def __init__(self) -> None:
        self.inputs: list[F32] = []

    def __call__(self, *inputs: F32) -> tuple[F32, ...]:
        (x,) = inputs
        self.inputs.append(x.copy())
        count = len(x)
        points = (np.zeros((count, 47, 3), np.float32), np.zeros((count, COARSE, 3), np.float32))
        if x.shape[1] == SINGLE_FRAME:
            return points
        return (*points, np.full((count, 47), 0.1, np.float32), np.full((count, 2), 0.7, np.float32), x[:, -SIZE:] + 1)

    def last(self) -> tuple[F32, F32, F32]:
        """Up vectors, elapsed times and states of the last call."""
        x = self.inputs[-1]
        return x[:, SINGLE_FRAME : BESIDE_STATE - 1], x[:, BESIDE_STATE - 1], x[:, BESIDE_STATE:]


def card_of(columns: int) -> Card:
    card = load_card("pose2mesh_open")
    return replace(card, input=replace(card.input, shape=("N", columns)))


def head_of(session: Counting, columns: int = BESIDE_STATE + SIZE) -> Pose2MeshOpenHead:
    return Pose2MeshOpenHead(session, card_of(columns), COCO17.joint_names)


def people(ids: list[int], t_s: float, up: F32 | None = None) -> People:
    rays = np.random.default_rng(len(ids)).uniform(-0.2, 0.2, (len(ids), 17, 2)).astype(np.float32)
    return People(rays * 500, np.full((len(ids), 17), 0.8, np.float32), rays, None, np.array(ids, np.int32), t_s, up)


def test_state_size_of_a_single_frame_model_is_zero() -> None:
    assert state_size(card_of(SINGLE_FRAME)) == 0
    assert state_size(card_of(BESIDE_STATE + SIZE)) == SIZE


def test_head_keeps_a_state_for_each_id() -> None:
    session = Counting()
    head = head_of(session)
    head(people([3, 5], 0.0))
    head(people([5], 0.1))
    head(people([7, 5, 3], 0.2))
    _, elapsed_s, states = session.last()
    np.testing.assert_array_equal(states[:, 0], [0, 2, 1])
    np.testing.assert_allclose(elapsed_s, [0, 0.1, 0.2], atol=1e-6)


@pytest.mark.parametrize("t_s", [0.9, -0.1, 0.0])
def test_head_after_a_gap_or_a_step_back_starts_people_again(t_s: float) -> None:
    session = Counting()
    head = head_of(session)
    head(people([3], 0.0))
    head(people([3], t_s))
    _, elapsed_s, states = session.last()
    assert not states.any()
    assert not elapsed_s.any()


def test_head_reset_forgets_people() -> None:
    session = Counting()
    head = head_of(session)
    head(people([3], 0.0))
    head.reset()
    head(people([3], 0.1))
    assert not session.last()[2].any()


def test_head_gives_the_up_vector_in_the_virtual_camera_and_zeros_without_one() -> None:
    session = Counting()
    head = head_of(session)
    up = np.array([0, -1, 0], np.float32)
    head(people([3], 0.0, up))
    given = session.last()[0]
    np.testing.assert_allclose(np.linalg.norm(given, axis=1), 1, atol=1e-5)
    assert given[0, 1] < -0.9
    head(people([3], 0.1))
    assert not session.last()[0].any()


def test_head_passes_on_deviations_and_contacts() -> None:
    made = head_of(Counting())(people([1, 2], 0.0))
    assert made.sigma is not None
    assert made.sigma.shape == made.joints.shape[:2]
    assert made.contacts is not None
    np.testing.assert_allclose(made.contacts, 0.7)


def test_head_of_a_single_frame_model_gives_its_features_only() -> None:
    session = Counting()
    made = head_of(session, SINGLE_FRAME)(people([1], 0.0))
    assert session.inputs[0].shape == (1, SINGLE_FRAME)
    assert made.sigma is None
    assert made.contacts is None


def test_states_keep_does_not_keep_numbers_that_are_not_finite() -> None:
    states = States(2)
    ids = np.array([1, 2], np.int32)
    states.keep(ids, 0.0, np.array([[1, np.nan], [1, 2]], np.float32))
    _, kept = states.before(ids, 0.1, 2)
    np.testing.assert_array_equal(kept, [[0, 0], [1, 2]])


def test_states_keep_forgets_people_who_are_gone() -> None:
    states = States(1)
    for frame in range(200):
        states.keep(np.array([frame], np.int32), frame / 30, np.ones((1, 1), np.float32))
    assert len(states._of) < 20
