"""What bm_bodies.py computes from a run of each kind of case."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from body_runs import F64, Figures, Run

from edge.evaluation.evaluate import frame_interval_s
from edge.evaluation.limbs import HIPS, SHOULDERS, UPPER_BODY, WRISTS, compare_lengths, finite_mean, limb_lengths
from edge.evaluation.motion import rotation_second_difference_deg, second_difference
from engines.evaluation.metrics import mpjpe, pa_mpjpe, root_relative

SETTLED_S = 2.0  # after which the size of a body should be known
MM_PER_M = 1000.0


def balance(run: Run, _: Run | None) -> Figures:
    """Errors against the truth, motion beside that of the truth, and limb lengths."""
    if run.scorer is None:
        raise RuntimeError(f"{run.case.name}: has no truth")
    score = run.scorer.result(frame_interval_s(run.t_s))
    motion, true, limbs = score.motion, score.true_motion, score.limbs
    return {
        "found, %": 100 * score.matched / max(score.frames, 1),
        "MPJPE, mm": score.mpjpe_mm,
        "PA-MPJPE, mm": score.pa_mpjpe_mm,
        "root error, m": score.root_error_m,
        **along_and_across(run),
        **at_true_depth(run),
        "second difference, mm": motion.second_difference_mm,
        "true second difference, mm": true.second_difference_mm,
        "root depth residual, mm": motion.root_depth_residual_mm,
        "true root depth residual, mm": true.root_depth_residual_mm,
        "planted ankle median, mm/s": motion.planted_ankle_mm_s,
        "planted ankle mean, mm/s": motion.planted_ankle_mean_mm_s,
        "true planted ankle mean, mm/s": true.planted_ankle_mean_mm_s,
        "delay, ms": score.delay_ms,
        "rotation jitter, degrees": rotation_jitter(run),
        **lengths(run, slice(None)),
        "mean limb length spread, %": limbs.mean_spread_pct,
        "worst limb length spread, %": limbs.worst_spread_pct,
        "mean bone length spread, %": bone_spread(run),
    }


def true_keypoints(run: Run, _: Run | None) -> Figures:
    """What remains with perfect 2D keypoints: the part of the lifter."""
    if run.scorer is None:
        raise RuntimeError(f"{run.case.name}: has no truth")
    score = run.scorer.result(frame_interval_s(run.t_s))
    return {"MPJPE, mm": score.mpjpe_mm, "PA-MPJPE, mm": score.pa_mpjpe_mm, **along_and_across(run)}


def people(run: Run, _: Run | None) -> Figures:
    """A person of known size, once the size should be known."""
    if run.scorer is None:
        raise RuntimeError(f"{run.case.name}: has no truth")
    score = run.scorer.result(frame_interval_s(run.t_s))
    late = np.array(run.t_s) >= SETTLED_S
    joints, truth = np.array(run.joints)[late], run.true_joints[late]
    roots = np.linalg.norm(joints[:, HIPS].mean(axis=1) - truth[:, HIPS].mean(axis=1), axis=-1)
    motion = score.motion
    return {
        **lengths(run, late),
        "worst limb length spread, %": compare_lengths(joints, run.true_lengths).worst_spread_pct,
        "root error, m": finite_mean(roots),
        "MPJPE, mm": MM_PER_M * finite_mean(mpjpe(joints, truth, HIPS)),
        "PA-MPJPE, mm": MM_PER_M * finite_mean(pa_mpjpe_of_known(joints, truth)),
        "second difference, mm": motion.second_difference_mm,
        "true second difference, mm": score.true_motion.second_difference_mm,
        "root depth residual, mm": motion.root_depth_residual_mm,
        "true root depth residual, mm": score.true_motion.root_depth_residual_mm,
        "delay, ms": score.delay_ms,
    }


def size(run: Run, _: Run | None) -> Figures:
    """Limb lengths once the size of the body should be known."""
    late = np.array(run.t_s) >= SETTLED_S
    return lengths(run, late)


def t_pose(run: Run, _: Run | None) -> Figures:
    """Limb lengths of the man in a T-pose, and the distance between his wrists."""
    joints = np.array(run.joints)
    wrists = np.linalg.norm(joints[:, WRISTS[0]] - joints[:, WRISTS[1]], axis=-1)
    shoulders = np.linalg.norm(joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]], axis=-1)
    arms = limb_lengths(joints)[:, :4].sum(axis=-1)
    true_span = run.true_lengths[:4].sum() + true_shoulders(run)
    return {
        "found, %": 100 * run.found / max(run.frames, 1),
        **lengths(run, slice(None)),
        "wrist to wrist error, %": 100 * (finite_median(wrists) / true_span - 1),
        "arms and shoulders error, %": 100 * (finite_median(arms + shoulders) / true_span - 1),
        "worst limb length spread, %": compare_lengths(joints, run.true_lengths).worst_spread_pct,
    }


def cut(run: Run, whole: Run | None) -> Figures:
    """The visible part of the man without his legs in the image, compared with the run on the whole image."""
    if run.scorer is None or whole is None or whole.scorer is None:
        raise RuntimeError(f"{run.case.name}: needs the run on the whole image")
    score = run.scorer.result(frame_interval_s(run.t_s))
    part, same = (each.scorer.joints[:, UPPER_BODY] for each in (run, whole) if each.scorer is not None)
    truth = run.scorer.truth[:, UPPER_BODY]
    both = np.isfinite(part).all(axis=(1, 2)) & np.isfinite(same).all(axis=(1, 2))
    errors = [finite_mean(upper_error(points[both], truth[both])) for points in (part, same)]
    jitters = [
        finite_mean(np.linalg.norm(second_difference(np.where(both[:, None, None], points, np.nan)), axis=-1))
        for points in (part, same)
    ]
    return {
        "found, %": 100 * score.matched / max(score.frames, 1),
        "upper body error, mm": MM_PER_M * errors[0],
        "upper body error of the whole image, mm": MM_PER_M * errors[1],
        "upper body error ratio, 1": errors[0] / errors[1] if errors[1] else float("nan"),
        "upper body second difference, mm": MM_PER_M * jitters[0],
        "upper body second difference of the whole image, mm": MM_PER_M * jitters[1],
        "upper body second difference ratio, 1": jitters[0] / jitters[1] if jitters[1] else float("nan"),
        "root error, m": score.root_error_m,
    }


def lengths(run: Run, chosen: slice | np.ndarray) -> Figures:
    """Errors of the limb lengths in the chosen frames, and the stature."""
    joints = np.array(run.joints)[chosen]
    limbs = compare_lengths(joints, run.true_lengths)
    statures = run.statures_m[chosen]
    known = statures[np.isfinite(statures)]
    return {
        "mean limb length error, %": limbs.mean_error_pct,
        "worst limb length error, %": limbs.worst_error_pct,
        "signed mean limb length error, %": limbs.bias_pct,
        "stature, m": float(np.median(known)) if known.size else float("nan"),
        "range of the stature, m": float(np.ptp(known)) if known.size else float("nan"),
    }


def upper_error(points: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Distances (T, 6) of shoulders, elbows and wrists around the middle of the shoulders."""
    relative = [each - each[:, SHOULDERS].mean(axis=1, keepdims=True) for each in (points, truth)]
    return np.linalg.norm(relative[0] - relative[1], axis=-1)


def rotation_jitter(run: Run) -> float:
    return rotation_second_difference_deg(np.array(run.rotations)) if run.rotations else float("nan")


def bone_spread(run: Run) -> float:
    """Mean spread of the lengths between the skeleton's own joints, percent."""
    return compare_lengths(np.array(run.skeleton), run.true_lengths).mean_spread_pct


def along_and_across(run: Run) -> Figures:
    """Root mean square errors of the limb joints around the mid-hip, along the rays to the true joints and across."""
    if run.scorer is None:
        return {}
    truth = run.scorer.truth
    error = root_relative(run.scorer.joints, HIPS) - root_relative(truth, HIPS)
    along = (error * truth / np.linalg.norm(truth, axis=-1, keepdims=True)).sum(axis=-1)
    across = (error**2).sum(axis=-1) - along**2
    return {
        "error along the ray, mm rms": MM_PER_M * float(np.sqrt(finite_mean(along**2))),
        "error across the ray, mm rms": MM_PER_M * float(np.sqrt(finite_mean(across))),
    }


def at_true_depth(run: Run) -> Figures:
    """Errors of the detected keypoints at the true depths of their joints: the part of the 2D keypoints."""
    rays = np.array(run.rays)
    truth = run.true_joints[: len(rays)]
    points = np.concatenate([rays, np.ones_like(rays[..., :1])], -1) * truth[..., 2:]
    return {
        "MPJPE of the keypoints at the true depth, mm": MM_PER_M * finite_mean(mpjpe(points, truth, HIPS)),
        "PA-MPJPE of the keypoints at the true depth, mm": MM_PER_M * finite_mean(pa_mpjpe_of_known(points, truth)),
    }


def pa_mpjpe_of_known(points: F64, truth: F64) -> F64:
    """PA-MPJPE of the frames in which all joints are known."""
    known = np.isfinite(points).all(axis=(1, 2)) & np.isfinite(truth).all(axis=(1, 2))
    return pa_mpjpe(points[known], truth[known])


def true_shoulders(run: Run) -> float:
    joints = run.true_joints
    return finite_median(np.linalg.norm(joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]], axis=-1))


def finite_median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


KINDS: Mapping[str, Callable[[Run, Run | None], Figures]] = {
    "balance": balance,
    "true": true_keypoints,
    "size": size,
    "tpose": t_pose,
    "cut": cut,
    "people": people,
}
