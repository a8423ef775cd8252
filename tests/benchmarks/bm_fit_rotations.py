"""Times the fit of rotations, and fits the clips' bodies: python tests/benchmarks/bm_fit_rotations.py"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from metric import CLIPS, MEDIA, Metric, show
from scipy.spatial.transform import Rotation

import edge_kernels
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import open_source
from edge.stages.inverse_kinematics import LEARN_FRAMES, STIFFNESS_M2_S, RigFitter
from edge.types import Bodies, BodyModel, RigPose
from engines.body.body import SurfaceBody, open_body
from meshcast.protocol.body import Rig
from meshcast.protocol.rotations import rotmat

BODY = open_body()
WARM_UP, ROUNDS = 10, 50
PEOPLE = (1, 10)
NOISE_M = 0.01
WITHOUT_M2_S = 1e-9  # settles what nothing determines
JOINTS = (24, 55)  # SMPL's and SMPL-X's


def measure() -> list[Metric]:
    """Times on one thread, then errors and jitter on real bodies."""
    edge_kernels.set_threads(1)
    model = rigged(BODY)
    metrics = [metric for people in PEOPLE for metric in stage(model, people)]
    metrics += [metric for joints in JOINTS for metric in operator(joints)]
    edge_kernels.set_threads(0)
    return [*metrics, *(metric for clip in CLIPS for metric in on_clip(model, clip))]


def rigged(body: SurfaceBody) -> BodyModel:
    """A body's constants with its rig, the four largest weights of every vertex."""
    joints = np.argsort(-body.weights, 1, kind="stable")[:, :4]
    weights = np.take_along_axis(body.weights, joints, 1)
    rig = Rig(
        rest_joints=body.joint_regressor @ body.v_template,
        joints=np.where(weights > 0, joints, 0).astype(np.uint8),
        weights=weights / weights.sum(1, keepdims=True),
        shape_dirs=body.shape_dirs,
        joint_shape_dirs=np.einsum("jv,vcb->jcb", body.joint_regressor, body.shape_dirs),
    )
    return BodyModel(body.name, body.faces, body.v_template, body.parents, body.joint_names, (), rig)


def stage(model: BodyModel, people: int) -> list[Metric]:
    """The whole stage for a person of several, while the shape is learnt and when it is known; the reference is
    SciPy's Procrustes for every joint alone, on the same vertices, which knows neither shape nor memory."""
    moving = [walk(people, step) for step in range(WARM_UP + ROUNDS)]
    fit, learner = RigFitter(model), RigFitter(model)
    for step in range(LEARN_FRAMES):
        fit(step / 30, moving[0])
    steps = {"known": LEARN_FRAMES, "learning": 0, "scipy": 0}

    def step_of(name: str) -> int:
        steps[name] += 1
        return steps[name]

    def learning() -> None:
        step = step_of("learning")
        if step % (LEARN_FRAMES - 5) == 0:
            learner.reset()
        learner(step / 30, moving[step % len(moving)])

    def known() -> None:
        step = step_of("known")
        fit(step / 30, moving[step % len(moving)])

    procrustes = each_joint_alone(model)

    def scipy() -> None:
        procrustes(moving[step_of("scipy") % len(moving)])

    times = interleaved({"known": known, "learning": learning, "scipy": scipy})
    size = f"{people} of them" if people > 1 else "alone"
    alone = times["scipy"] / people
    return [
        Metric(f"fit a person, {size}: shape known, reference SciPy a joint", times["known"] / people, "ms", alone),
        Metric(f"fit a person, {size}: shape learnt, reference SciPy a joint", times["learning"] / people, "ms", alone),
    ]


def walk(people: int, step: int) -> Bodies:
    """Noisy people who swing all their joints."""
    rng = np.random.default_rng(2)
    base, swing = rng.normal(0, 0.3, (2, people, 24, 3))
    shape = rng.normal(0, 1, (people, 10)).astype(np.float32)
    vertices, joints = BODY.skin(rotmat(base + 0.5 * swing * np.sin(step / 10)), shape)
    noise = np.random.default_rng(step).normal(0, NOISE_M, vertices.shape)
    return Bodies(
        ids=np.arange(people, dtype=np.int32),
        scores=np.ones(people, np.float32),
        keypoints=np.zeros((people, 17, 3), np.float32),
        joints=joints,
        vertices=(vertices + noise).astype(np.float32),
        translation=joints[:, 0],
    )


def each_joint_alone(model: BodyModel) -> Callable[[Bodies], None]:
    """World rotations by SciPy from the vertices that a joint moves most, then local ones."""
    assert model.rig is not None
    every = np.arange(0, len(model.rest_vertices), 4)
    owner = model.rig.joints[every, 0]
    groups = [every[owner == joint] for joint in range(len(model.parents))]
    rest = [model.rest_vertices[group] - model.rest_vertices[group].mean(0) for group in groups]

    def procrustes(bodies: Bodies) -> None:
        for vertices in bodies.vertices:
            world = [
                Rotation.align_vectors(vertices[group] - vertices[group].mean(0), resting)[0].as_matrix()
                for group, resting in zip(groups, rest, strict=True)
            ]
            for joint, parent in enumerate(model.parents.tolist()):
                _ = world[joint] if parent < 0 else world[parent].T @ world[joint]

    return procrustes


def operator(joint_count: int) -> list[Metric]:
    """The operator alone on 1,700 vertices of a random rig."""
    rng = np.random.default_rng(0)
    vertices = 1700
    parents = np.array([-1, *(int(rng.integers(max(0, k - 3), k)) for k in range(1, joint_count))], np.int32)
    rest_joints = rng.normal(0, 0.3, (1, joint_count, 3)).astype(np.float32)
    owner = np.arange(vertices) % joint_count
    joints = np.stack([owner, np.maximum(parents[owner], 0), owner * 0, owner * 0], -1).astype(np.uint8)
    weights = np.tile(np.float32([0.7, 0.3, 0, 0]), (vertices, 1))
    rest = (rest_joints[:, owner] + rng.normal(0, 0.08, (1, vertices, 3))).astype(np.float32)
    body = (joints, weights, parents, rest, rest_joints)
    before = np.tile(np.eye(3, dtype=np.float32), (1, joint_count, 1, 1))
    moved = (rest - rest_joints[:, :1] + rng.normal(0, 0.01, rest.shape)).astype(np.float32)
    stiffness, out, error = np.full(1, 5e-5, np.float32), np.empty_like(before), np.empty(1, np.float32)
    times = interleaved(
        {"fit": lambda: edge_kernels.fit_rotations(*body, moved, before, stiffness, out, error)},
    )
    return [Metric(f"fit_rotations, {joint_count} joints, 1700 vertices", times["fit"], "ms")]


def interleaved(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median milliseconds of each call, the candidates interleaved; nothing here leaves spinning threads behind."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(WARM_UP + ROUNDS):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            if turn >= WARM_UP:
                spent[name].append((time.perf_counter() - begin) * 1e3)
    return {name: median(values) for name, values in spent.items()}


def on_clip(model: BodyModel, clip: str) -> list[Metric]:
    """The fit's error and the jitter of rotations on real bodies; the reference is a fit without a prior that holds."""
    frames = bodies_of(clip)
    held, free = run(model, frames, STIFFNESS_M2_S), run(model, frames, WITHOUT_M2_S)
    errors = [np.concatenate([posed.error_mm for posed in fits]) for fits in (held, free)]
    middle, reference_middle = (float(np.median(error)) for error in errors)
    p95, reference_p95 = (float(np.percentile(error, 95)) for error in errors)
    jitters = [jitter(fits, frames) for fits in (held, free)]
    name = f"fit {clip}, reference no prior"
    return [
        Metric(f"{name}: error, median, n = {len(errors[0])}", middle, "mm", reference_middle),
        Metric(f"{name}: error, p95", p95, "mm", reference_p95),
        Metric(f"{name}: rms second difference of rotations", jitters[0], "deg", jitters[1]),
    ]


def bodies_of(clip: str) -> list[tuple[float, Bodies]]:
    path = MEDIA / clip
    pipeline = Pipeline(Models(), CameraConfig(camera=path.with_suffix(".toml")))
    with open_source(str(path)) as source:
        return [(frame.t_s, pipeline.process(frame)) for frame in source]


def run(model: BodyModel, frames: list[tuple[float, Bodies]], stiffness: float) -> list[RigPose]:
    fit = RigFitter(model, stiffness)
    return [fit(t_s, bodies) for t_s, bodies in frames]


def jitter(fits: list[RigPose], frames: list[tuple[float, Bodies]]) -> float:
    """Degrees, over all people and joints: how much a rotation's step differs from the one before."""
    tracks: dict[int, list[np.ndarray]] = {}
    for posed, (_, bodies) in zip(fits, frames, strict=True):
        for identity, rotations in zip(bodies.ids.tolist(), posed.rotations.astype(np.float64), strict=True):
            tracks.setdefault(identity, []).append(rotations)
    squares = []
    for track in tracks.values():
        rotations = np.stack(track)
        steps = np.swapaxes(rotations[:-1], -1, -2) @ rotations[1:]
        rotvec = Rotation.from_matrix(steps.reshape(-1, 3, 3)).as_rotvec(degrees=True).reshape(steps.shape[:-1])
        squares.append((np.diff(rotvec, axis=0) ** 2).sum(-1).ravel())
    return float(np.sqrt(np.concatenate(squares).mean()))


if __name__ == "__main__":
    show(measure())
