"""Coarser meshes on a mesh's own vertices: quadric edge collapse (Garland and Heckbert, SIGGRAPH 1997).

An edge collapses into one of its two ends (a half-edge collapse), so that what remains is a subset of the vertices: a
posed coarse mesh is a selection of the posed vertices.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.errors import ModelError
from meshcast.protocol.body import F32, I32, Lod

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Point = tuple[float, float, float]
Quadric = tuple[float, ...]  # aa, ab, ac, ad, bb, bc, bd, cc, cd, dd of planes ax + by + cz + d = 0, summed


@dataclass(frozen=True, slots=True)
class LodConfig:
    """Settings of the simplification, without units.

    Attributes:
        share: vertices of the full mesh for each vertex of the coarser one.
        fewest: vertices that a coarser mesh has at least, where the full one has them; a hand with fewer loses its
            fingers.
        border: weight of the plane on a border, in planes of faces.
        spread: weight of the squared edge length in the cost; on flat surfaces short edges collapse first.
        bend: additional weight where the ends have different skinning weights; vertices at joints are kept.
        turn: cosine of the largest angle by which a collapse may turn a face.
    """

    share: float = 4.0
    fewest: int = 400
    border: float = 10.0
    spread: float = 0.01
    bend: float = 1.0
    turn: float = 0.5


DEFAULT = LodConfig()


def lod_of(body: Body, config: LodConfig = DEFAULT) -> Lod:
    """The coarser mesh of a body: its own where it has one, else a simplified one (see LodConfig.share and fewest).

    Raises ModelError where the body has no surface.
    """
    if body.lod is not None:
        return body.lod
    count = len(body.v_template)
    try:
        target = max(round(count / config.share), min(count, config.fewest))
        return coarser(body.v_template, body.faces, target, body.weights, config)
    except ModelError as reason:
        raise ModelError(f"{body.name}: {reason}") from None


def coarser(vertices: F32, faces: I32, target: int, weights: F32 | None = None, config: LodConfig = DEFAULT) -> Lod:
    """`target` of the vertices (V, 3), and faces between them, that preserve the shape of the faces (F, 3).

    weights (V, J): the skinning weights of a body that will be posed; more vertices are kept where it bends. The
    topology and the borders are preserved, no face flips, and the result is deterministic. Where no further edge can
    collapse, more than `target` vertices are kept. Faces that name a vertex twice and vertices without a face are
    removed; the ends of an edge with more than two faces are kept. Raises ModelError when the vertices are not finite,
    an index is out of range, or no face is left.
    """
    points, corners = _checked(vertices, faces)
    skinning = np.zeros((len(points), 0)) if weights is None else np.asarray(weights, np.float64)
    mesh = _Mesh(points, corners, skinning, config)
    mesh.collapse(target)
    coarse = np.array([face for face in mesh.faces if face is not None], np.int32)
    kept = np.unique(coarse)
    return Lod(kept, np.searchsorted(kept, coarse).astype(np.int32))


def _checked(vertices: F32, faces: I32) -> tuple[F64, I64]:
    points, corners = np.asarray(vertices, np.float64), np.asarray(faces, np.int64)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise ModelError("mesh: cannot be simplified, as its vertices are not finite numbers of shape (V, 3)")
    if corners.ndim != 2 or corners.shape[1] != 3:
        raise ModelError("mesh: cannot be simplified, as its faces are not of shape (F, 3)")
    if corners.size and not (corners.min() >= 0 and corners.max() < len(points)):
        raise ModelError(f"mesh: cannot be simplified, as its faces name vertices beyond the {len(points)} it has")
    a, b, c = corners.T
    corners = corners[(a != b) & (b != c) & (c != a)]
    if not len(corners):
        raise ModelError("mesh: cannot be simplified, as no face has three different corners")
    return points - (points.min(0) + points.max(0)) / 2, corners


class _Mesh:
    """The mesh during simplification, in Python lists and sets, because the collapses are sequential."""

    def __init__(self, points: F64, corners: I64, weights: F64, config: LodConfig) -> None:
        self._config = config
        self.points: list[Point] = [(x, y, z) for x, y, z in points.tolist()]
        self.faces: list[tuple[int, int, int] | None] = [(a, b, c) for a, b, c in corners.tolist()]
        self._moved: list[dict[int, float]] = [{} for _ in self.points]  # skinning weight of each joint of a vertex
        for vertex, joint in zip(*(where.tolist() for where in np.nonzero(weights)), strict=True):
            self._moved[vertex][joint] = float(weights[vertex, joint])
        self._around: list[set[int]] = [set() for _ in self.points]  # the faces of each vertex
        self._near: list[set[int]] = [set() for _ in self.points]  # the neighbors of each vertex
        for number, (a, b, c) in enumerate(corners.tolist()):
            for vertex, others in ((a, (b, c)), (b, (c, a)), (c, (a, b))):
                self._around[vertex].add(number)
                self._near[vertex].update(others)
        edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), 1)
        _, first, count = np.unique(edges, axis=0, return_index=True, return_counts=True)
        border = first[count == 1]
        self._border = set(edges[border].ravel().tolist())
        self._fixed = set(edges[first[count > 2]].ravel().tolist())
        summed = _quadrics(points, corners, border, config.border)
        self._quadrics: list[Quadric] = [tuple(row) for row in summed.tolist()]
        self._own = [_error(q, p) for q, p in zip(self._quadrics, self.points, strict=True)]
        self._version = [0] * len(self.points)

    def collapse(self, target: int) -> None:
        """Collapses the edge of least cost until `target` vertices are left or no edge can collapse."""
        left = sum(map(bool, self._around))
        queue = [self._entry(u, v) for u, near in enumerate(self._near) for v in near]
        heapify(queue)
        while left > target and queue:
            _, u, v, version = heappop(queue)
            # Versions only grow, and that of a collapsed vertex stays negative: an entry with an equal sum is up to
            # date.
            if version != self._version[u] + self._version[v] or not self._allowed(u, v):
                continue
            self._join(u, v)
            left -= 1
            for near in self._near[v]:
                heappush(queue, self._entry(near, v))
                heappush(queue, self._entry(v, near))

    def _entry(self, u: int, v: int) -> tuple[float, int, int, int]:
        """The queue entry and cost of collapsing u into v; ties are broken by index."""
        at, end = self.points[u], self.points[v]
        length = (at[0] - end[0]) ** 2 + (at[1] - end[1]) ** 2 + (at[2] - end[2]) ** 2
        some, other = self._moved[u], self._moved[v]
        apart = sum((some.get(joint, 0.0) - other.get(joint, 0.0)) ** 2 for joint in some.keys() | other.keys())
        cost = (
            _error(self._quadrics[u], end) + self._own[v] + (self._config.spread + self._config.bend * apart) * length
        )
        return cost, u, v, self._version[u] + self._version[v]

    def _allowed(self, u: int, v: int) -> bool:
        """Whether u may collapse into v: link condition (Dey et al., 1999), borders along borders, no face flips."""
        shared = self._around[u] & self._around[v]
        common = self._near[u] & self._near[v]
        opposite = {corner for face in shared for corner in self._corners(face)} - {u, v}
        if u in self._fixed or common != opposite or len(opposite) != len(shared):
            return False
        if u in self._border and not (v in self._border and len(shared) == 1):
            return False
        across = [set(self._corners(face)) - {v} for face in self._around[v] - shared]
        for number in self._around[u] - shared:
            corners = self._corners(number)
            rest = set(corners) - {u}
            if rest <= common and rest in across:  # a tetrahedron would become two faces back to back
                return False
            if self._turns(corners, u, v):
                return False
        # A triangle of the border alone, or the last two faces of a part, would vanish.
        return len(self._around[u]) > len(shared) or len(self._around[v]) > len(shared)

    def _turns(self, corners: tuple[int, int, int], u: int, v: int) -> bool:
        before = _normal(*(self.points[corner] for corner in corners))
        after = _normal(*(self.points[v if corner == u else corner] for corner in corners))
        along = before[0] * after[0] + before[1] * after[1] + before[2] * after[2]
        return along <= 0 or along * along <= self._config.turn**2 * _square(before) * _square(after)

    def _join(self, u: int, v: int) -> None:
        for number in self._around[u]:
            corners = self._corners(number)
            if v in corners:
                self.faces[number] = None
                for corner in corners:
                    if corner != u:
                        self._around[corner].discard(number)
            else:
                a, b, c = (v if corner == u else corner for corner in corners)
                self.faces[number] = (a, b, c)
                self._around[v].add(number)
        for near in self._near[u]:
            self._near[near].discard(u)
            if near != v:
                self._near[near].add(v)
                self._near[v].add(near)
        self._around[u], self._near[u] = set(), set()
        self._quadrics[v] = tuple(a + b for a, b in zip(self._quadrics[u], self._quadrics[v], strict=True))
        self._own[v] = _error(self._quadrics[v], self.points[v])
        self._version[v] += 1
        self._version[u] = -len(self.points) - 1

    def _corners(self, number: int) -> tuple[int, int, int]:
        corners = self.faces[number]
        assert corners is not None, "a removed face belongs to no vertex"
        return corners


def _quadrics(points: F64, corners: I64, border: I64, weight: float) -> F64:
    """The quadrics (V, 10): of the planes of each vertex's faces, and of planes upright on the borders that it is on.

    All faces have the same weight, so that more of the small ones, as in a face or a hand, are kept. border: edges
    with one face, by their number in the order ab, bc, ca of all faces; weight: of their planes.
    """
    a, b, c = (points[corners[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    planes = _planes(normals, a)
    summed = np.zeros((len(points), 10))
    for k in range(3):
        np.add.at(summed, corners[:, k], planes)
    side, face = np.divmod(border, len(corners))
    starts, ends = corners[face, side], corners[face, (side + 1) % 3]
    planes = weight * _planes(np.cross(points[ends] - points[starts], normals[face]), points[starts])
    np.add.at(summed, starts, planes)
    np.add.at(summed, ends, planes)
    return summed


def _planes(normals: F64, on: F64) -> F64:
    """Quadrics (N, 10) of planes by normals (N, 3) of any length and a point (N, 3) of each; 0 where there is none."""
    x, y, z = normals.T
    length = np.sqrt(x * x + y * y + z * z)
    a, b, c = normals.T / np.where(length > 0, length, 1)
    d = -(a * on[:, 0] + b * on[:, 1] + c * on[:, 2])
    return np.stack([a * a, a * b, a * c, a * d, b * b, b * c, b * d, c * c, c * d, d * d], 1)


def _error(q: Quadric, p: Point) -> float:
    """The sum of squared distances of a point from a quadric's planes."""
    aa, ab, ac, ad, bb, bc, bd, cc, cd, dd = q
    x, y, z = p
    return x * (aa * x + 2 * (ab * y + ac * z + ad)) + y * (bb * y + 2 * (bc * z + bd)) + z * (cc * z + 2 * cd) + dd


def _normal(a: Point, b: Point, c: Point) -> Point:
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


def _square(v: Point) -> float:
    return v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
