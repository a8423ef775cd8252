"""FootLock: planted feet stay, others go where they are seen."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.world import Floor
from edge.stages.config import FootLockConfig
from edge.stages.foot_lock import FootLock
from edge.types import F32, PosedRigs
from engines.body.rig_points import Chain
from meshcast.protocol.rotations import rotmat
from tests.support.open_rig import BODY, open_model, posed_rigs, standing

MODEL = open_model()
CHAIN = Chain(MODEL.parents)
ANKLES = [BODY.joint_names.index(f"{side}_ankle") for side in ("left", "right")]
HIPS = [BODY.joint_names.index(f"{side}_hip") for side in ("left", "right")]
KNEES = [BODY.joint_names.index(f"{side}_knee") for side in ("left", "right")]
AT = np.array([[0.0, 0.0, 4.0]])
SOLE_M = 0.1  # about the height of an ankle above the sole
FPS = 30
UP = np.array([0.0, -1.0, 0.0])


def joints_of(posed: PosedRigs) -> F32:
    rest = MODEL.rig.rest_joints[None] + np.tensordot(posed.shape, MODEL.rig.joint_shape_dirs, (1, 2))
    orientations = CHAIN.orientations(posed.rotations)
    return CHAIN.positions(orientations, CHAIN.bones(rest)) + posed.translation[:, None]


def crouch(angle: float) -> F32:
    """Standing with both knees bent by twice the angle, thighs forward."""
    rotations = standing()
    rotations[0, HIPS] = rotmat(np.array([-angle, 0, 0]))
    rotations[0, KNEES] = rotmat(np.array([2 * angle, 0, 0]))
    return rotations


def run(
    frames: list[PosedRigs],
    contacts: list[list[float]] | None = None,
    fps: float = FPS,
    config: FootLockConfig | None = None,
) -> tuple[np.ndarray, np.ndarray, list[PosedRigs]]:
    """Ankles (T, 2, 3) before and after the lock, and the locked rigs."""
    lock, out = FootLock(MODEL, config), []
    for index, posed in enumerate(frames):
        known = None if contacts is None else np.array([contacts[index]], np.float32)
        out.append(lock(index / fps, posed, known))
    before, after = (np.array([joints_of(posed)[0, ANKLES] for posed in rigs]) for rigs in (frames, out))
    return before, after, out


def speeds(ankles: np.ndarray, fps: float = FPS) -> np.ndarray:
    return np.linalg.norm(np.diff(ankles, axis=0), axis=-1) * fps


def swaying(rng: np.random.Generator, count: int) -> list[PosedRigs]:
    """A person with bent knees whose observed position wanders by centimeters."""
    wander = np.cumsum(rng.normal(0, [0.001, 0.001, 0.004], (count, 3)), 0) + rng.normal(
        0, [0.002, 0.002, 0.006], (count, 3)
    )
    return [posed_rigs(crouch(0.3), AT + step) for step in wander]


def test_foot_lock_standing_feet_stay(rng: np.random.Generator) -> None:
    before, after, _ = run(swaying(rng, 60))
    assert speeds(after)[10:].mean() < 0.25 * speeds(before)[10:].mean()
    assert np.abs(after - before).max() < 0.1


def test_foot_lock_contacts_of_the_head_decide(rng: np.random.Generator) -> None:
    frames = swaying(rng, 40)
    _, locked, _ = run(frames, [[0.9, 0.1]] * 40)
    left, right = speeds(locked)[10:].mean(0)
    assert left < 0.25 * right


def test_foot_lock_unknown_contacts_fall_back_to_speed(rng: np.random.Generator) -> None:
    frames = swaying(rng, 40)
    np.testing.assert_array_equal(run(frames, [[np.nan, np.nan]] * 40)[1], run(frames)[1])


def test_foot_lock_keeps_bones_and_foot_orientation(rng: np.random.Generator) -> None:
    frames = swaying(rng, 30)
    _, _, out = run(frames)
    given, made = (joints_of(rigs[-1])[0] for rigs in (frames, out))
    length = [np.linalg.norm(j[1:] - j[MODEL.parents[1:]], axis=-1) for j in (given, made)]
    np.testing.assert_allclose(*length, atol=1e-5)
    given, made = (CHAIN.orientations(rigs[-1].rotations)[0, ANKLES] for rigs in (frames, out))
    np.testing.assert_allclose(given, made, atol=1e-5)
    others = np.setdiff1d(np.arange(24), [*HIPS, *KNEES, *ANKLES])
    np.testing.assert_array_equal(frames[-1].rotations[0, others], out[-1].rotations[0, others])


@pytest.mark.parametrize("fps", [30, 60])
def test_foot_lock_jump_releases_within_three_frames(fps: int) -> None:
    still = fps
    heights = [0.0] * still + [0.3 * np.sin(np.pi * k / (fps // 2)) for k in range(fps // 2)]
    frames = [posed_rigs(crouch(0.3), AT + height * UP) for height in heights]
    before, after, _ = run(frames, fps=fps)
    late = np.linalg.norm(after - before, axis=-1).max(-1)
    assert late[:still].max() < 1e-3
    free = still + 3 + int(np.ceil(0.1 * fps))  # the speed is seen after a tenth of a second
    assert late[free:].max() < 1e-3
    assert late.max() < 0.15


def test_foot_lock_release_by_contact_takes_three_frames() -> None:
    still = [posed_rigs(crouch(0.3), AT)] * 10
    moved = [posed_rigs(crouch(0.3), AT + np.array([0.05, 0, 0]))] * 10
    contacts = [[0.9, 0.9]] * 12 + [[0.1, 0.1]] * 8
    before, after, _ = run(still + moved, contacts)
    late = np.linalg.norm(after - before, axis=-1)[:, 0]
    assert late[11] > 0.04
    assert (np.diff(late[11:17]) <= 1e-9).all()
    assert late[15:].max() < 1e-6


def test_foot_lock_sliding_feet_slide() -> None:
    frames = [posed_rigs(crouch(0.3), AT + np.array([0.8 * k / FPS, 0, 0])) for k in range(60)]
    before, after, _ = run(frames)
    np.testing.assert_allclose(after[10:], before[10:], atol=1e-6)


@pytest.mark.parametrize("speed_m_s", [0.15, 0.3, 1.2])
def test_foot_lock_carried_person_is_not_held_back(speed_m_s: float) -> None:
    config = FootLockConfig()
    frames = [posed_rigs(standing(), AT + np.array([speed_m_s * k / FPS, 0, 0])) for k in range(90)]
    before, after, _ = run(frames)
    assert np.linalg.norm(after - before, axis=-1).max() <= config.max_offset_m + speed_m_s / FPS


def walk(count: int) -> tuple[list[PosedRigs], np.ndarray]:
    """A walk across the picture with steps of 0.6 m, and whether each foot stands (T, 2)."""
    frames, stands = [], []
    for k in range(count):
        phase = k / FPS  # one step in a second
        rotations, lifted = crouch(0.25), []
        for side, offset in enumerate((0.0, 0.5)):
            cycle = (phase / 2 + offset) % 1
            stance = cycle < 0.5
            along = 0.3 - 1.2 * cycle if stance else -0.3 + 1.2 * (cycle - 0.5)
            rotations[0, HIPS[side]] = rotmat(np.array([0, 0, along / 0.8])) @ rotations[0, HIPS[side]]
            if not stance:
                rotations[0, KNEES[side]] = rotmat(np.array([0.5 + 0.6 * np.sin(2 * np.pi * (cycle - 0.5)), 0, 0]))
            lifted.append(stance)
        frames.append(posed_rigs(rotations, AT + np.array([0.6 * phase - 1.5, 0, 0])))
        stands.append(lifted)
    return frames, np.array(stands)


def test_foot_lock_walking_feet_stay_in_stance_and_swing_free() -> None:
    frames, stands = walk(120)
    before, after, _ = run(frames)
    late = np.linalg.norm(after - before, axis=-1)
    assert late.max() < 0.13
    middle = stands.copy()
    for shift in (-6, -3, 3, 6):
        middle &= np.roll(stands, shift, 0)
    assert speeds(after)[middle[1:]].mean() < 0.6 * speeds(before)[middle[1:]].mean()


def test_foot_lock_feet_do_not_go_below_a_known_floor() -> None:
    lock = FootLock(MODEL)
    posed = posed_rigs(crouch(0.3), AT)
    low = joints_of(posed)[0, ANKLES, 1].max()
    sole = MODEL.rig.rest_joints[ANKLES[0], 1] - MODEL.rest_vertices[:, 1].min()
    floor = Floor(UP, float(low + sole - 0.04))  # 4 cm too high for these feet
    made = lock(0.0, posed, None, floor)
    heights = floor.heights(joints_of(made)[0, ANKLES])
    assert heights.min() > sole - 1e-3
    far = Floor(UP, float(low + sole + 0.2))
    assert lock(0.1, posed, None, far) is posed


def test_foot_lock_long_gap_and_reset_start_again() -> None:
    lock = FootLock(MODEL)
    for k in range(10):
        lock(k / FPS, posed_rigs(crouch(0.3), AT))
    moved = posed_rigs(crouch(0.3), AT + np.array([0.05, 0, 0]))
    assert lock(5.0, moved) is moved
    for k in range(10):
        lock(5 + k / FPS, posed_rigs(crouch(0.3), AT))
    lock.reset()
    assert lock(5.4, moved) is moved


def test_foot_lock_body_without_legs_passes() -> None:
    model = open_model()
    names = tuple(name.replace("ankle", "hoof") for name in model.joint_names)
    lock = FootLock(type(model)(**{**{f: getattr(model, f) for f in model.__slots__}, "joint_names": names}))
    posed = posed_rigs(standing(), AT)
    assert not lock.usable
    assert lock(0.0, posed) is posed
    lock.reset()


def test_foot_lock_without_people_gives_no_rows() -> None:
    assert len(FootLock(MODEL)(0.0, posed_rigs(standing(0), np.empty((0, 3)))).ids) == 0
