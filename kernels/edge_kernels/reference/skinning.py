"""skinning in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check
from edge_kernels.skinning_model import BLOCK, SkinningModel

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U16 = NDArray[np.uint16]

TRANSFORM = 16  # floats of a joint in the workspace
LEVELS = 65535  # steps between the lowest and the highest coordinate of a person


def workspace_floats(blocks: int, joints: int, pose_dirs: int, quantized: bool) -> int:
    """Columns that the workspace of `skinning` must have at least."""
    return TRANSFORM * joints + pose_dirs + ((3 * BLOCK + 6) * blocks if quantized else 0)


def skinning(
    model: SkinningModel,
    rotations: F32,
    shape: F32,
    translation: F32 | None,
    workspace: F32,
    vertices: NDArray[np.float32 | np.float16 | np.uint16],
    joints: F32,
    bounds: F32 | None = None,
    stream: int = 0,
) -> None:
    """Pose a body of blend shapes and linear blend skinning; see skinning.hpp for the contract."""
    _check_all(model, rotations, shape, translation, workspace, vertices, joints, bounds)
    people, count = vertices.shape[:2]
    # The elements of R - I of every joint but the root, row by row.
    feature = (rotations[:, 1:] - np.eye(3, dtype=np.float32)).reshape(people, 9 * len(model.parents) - 9)
    rest = model.template.reshape(-1, 1, 3 * BLOCK) + _blend(model.shape_dirs, shape)
    rest += model.pose_scale.reshape(-1, 1, 3 * BLOCK) * _blend(model.pose_dirs, feature[:, : model.pose_dirs.shape[1]])

    # Transforms are (joints, people, 4 columns, 3 rows), blended ones (blocks, people, 12, BLOCK).
    transforms = _pose(model.joint_template, model.joint_dirs, model.parents, rotations, shape, joints)
    dense = np.zeros((len(model.template), BLOCK, len(model.parents)), np.float32)
    dense[np.repeat(np.arange(len(model.template)), np.diff(model.starts)), :, model.bones] = model.weights
    blended = np.matmul(transforms.reshape(len(model.parents), -1).T, dense.transpose(0, 2, 1))
    blended = blended.reshape(len(model.template), people, 4, 3, BLOCK)
    rest = rest.reshape(len(model.template), people, 3, 1, BLOCK)
    posed = (blended[:, :, :3] * rest).sum(2) + blended[:, :, 3]
    posed = posed.transpose(1, 0, 3, 2).reshape(people, BLOCK * len(model.template), 3)[:, :count]
    if translation is not None:
        posed += translation[:, None]
        joints += translation[:, None]
    if bounds is None:
        with np.errstate(over="ignore"):
            vertices[:] = posed
    else:
        _quantize(posed, vertices, bounds)


def _blend(dirs: NDArray[Any], weights: F32) -> F32:
    """Blend shapes (C, D, 3, BLOCK) of people with weights (N, D), as (C, N, 3 * BLOCK)."""
    blended: F32 = np.matmul(weights, dirs.reshape(*dirs.shape[:2], 3 * BLOCK).astype(np.float32, copy=False))
    return blended


def _pose(joint_template: F32, joint_dirs: F32, parents: I32, rotations: F32, shape: F32, joints: F32) -> F32:
    """Transforms (J, N, 4, 3), columns first, from rest to posed; the posed joints are written to `joints`."""
    rest = joint_template + np.einsum("jcb,nb->njc", joint_dirs, shape)
    world = np.empty_like(rotations)
    world[:, 0], joints[:, 0] = rotations[:, 0], rest[:, 0]
    for child in range(1, len(parents)):
        parent = parents[child]
        world[:, child] = world[:, parent] @ rotations[:, child]
        bone = (rest[:, child] - rest[:, parent])[..., None]
        joints[:, child] = joints[:, parent] + (world[:, parent] @ bone)[..., 0]
    offset = joints - np.einsum("njab,njb->nja", world, rest)
    transforms: F32 = np.concatenate([world, offset[..., None]], -1).transpose(1, 0, 3, 2)
    return transforms


def _quantize(posed: F32, levels: NDArray[Any], bounds: F32) -> None:
    """Levels between the bounds, as skinning.hpp says; numbers that are not finite give bounds that are not."""
    tiny = np.finfo(np.float32).tiny
    for person, vertices in enumerate(posed):
        low = vertices.min(0)
        with np.errstate(over="ignore", invalid="ignore"):
            step = (vertices.max(0) - low) / np.float32(LEVELS)
        if not (np.isfinite(vertices).all() and np.isfinite(step).all()):
            bounds[person], levels[person] = np.nan, 0
            continue
        flat = step < tiny
        inverse = np.where(flat, 0, 1 / np.where(flat, 1, step)).astype(np.float32)
        bounds[person] = low, np.where(flat, 0, step)
        levels[person] = (vertices - low) * inverse + np.float32(0.5)


def _check_all(
    model: SkinningModel,
    rotations: F32,
    shape: F32,
    translation: F32 | None,
    workspace: F32,
    vertices: NDArray[Any],
    joints: F32,
    bounds: F32 | None,
) -> None:
    """The same errors as the native operator's."""
    f32 = np.float32
    if vertices.dtype not in (f32, np.float16, np.uint16):
        raise TypeError(f"vertices must be float32, float16 or uint16, not {vertices.dtype}")
    _check.array(rotations, "rotations", f32, (None, None, 3, 3))
    people, joint_count = rotations.shape[:2]
    _check.array(shape, "shape", f32, (people, None))
    if translation is not None:
        _check.array(translation, "translation", f32, (people, 3))
    directions = _check_model(model, joint_count, shape.shape[1])
    blocks = len(model.template)

    _check.output(vertices, "vertices", vertices.dtype, (people, None, 3))
    count = vertices.shape[1]
    if count == 0 or -(-count // BLOCK) != blocks:
        raise ValueError(f"vertices must be {BLOCK * (blocks - 1) + 1} to {BLOCK * blocks}, not {count}")
    _check.output(joints, "joints", f32, (people, joint_count, 3))
    quantized = vertices.dtype == np.uint16
    if (bounds is not None) != quantized:
        raise ValueError("bounds must be given with uint16 vertices, and only with those")
    if bounds is not None:
        _check.output(bounds, "bounds", f32, (people, 2, 3))
    _check.output(workspace, "workspace", f32, (people, None))
    needed = workspace_floats(blocks, joint_count, directions, quantized)
    if workspace.shape[1] < needed:
        raise ValueError(f"workspace must have at least {needed} columns, not {workspace.shape[1]}")

    inputs = {"rotations": rotations, "shape": shape, "translation": translation}
    outputs = {"workspace": workspace, "vertices": vertices, "joints": joints, "bounds": bounds}
    for i, (name, output) in enumerate(outputs.items()):
        for other_name, other in (inputs | dict(list(outputs.items())[:i])).items():
            if output is not None and other is not None and np.may_share_memory(output, other):
                raise ValueError(f"{name} must not overlap {other_name}")


def _check_model(model: SkinningModel, joints: int, shapes: int) -> int:
    """Checks the ten constants; the number of pose blend shapes."""
    f32, i32 = np.float32, np.int32
    _check.array(model.template, "template", f32, (None, 3, BLOCK))
    blocks = len(model.template)
    _check.array(model.shape_dirs, "shape_dirs", f32, (blocks, shapes, 3, BLOCK))
    kind = model.pose_dirs.dtype if model.pose_dirs.dtype == np.int16 else f32
    _check.array(model.pose_dirs, "pose_dirs", kind, (blocks, None, 3, BLOCK))
    directions = int(model.pose_dirs.shape[1])
    if joints == 0:
        raise ValueError("rotations must have at least one joint")
    if directions not in (0, 9 * (joints - 1)):
        raise ValueError(f"pose_dirs must have 0 or {9 * (joints - 1)} directions, not {directions}")
    _check.array(model.pose_scale, "pose_scale", f32, (blocks, 3, BLOCK))
    _check.array(model.starts, "starts", i32, (blocks + 1,))
    _check.array(model.bones, "bones", i32, (None,))
    _check.array(model.weights, "weights", f32, (len(model.bones), BLOCK))
    _check.array(model.joint_template, "joint_template", f32, (joints, 3))
    _check.array(model.joint_dirs, "joint_dirs", f32, (joints, 3, shapes))
    _check.array(model.parents, "parents", i32, (joints,))
    return directions
