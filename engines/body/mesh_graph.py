"""Graphs of Pose2Mesh (Choi et al., ECCV 2020): mesh and joint adjacency, coarsening, Laplacians; numpy and scipy only.

The coarsening is heavy-edge matching (Dhillon et al., Graclus, 2007) as arranged by Defferrard et al. (2016): at each
level vertices are merged in pairs, and fake vertices pad every level so that coarse vertex p has the children 2p and
2p + 1. A checkpoint stores neither the order of the vertices nor the Laplacians, but its weights depend on both, so
the choices of the published implementation are kept here to the letter, its quirks included; each is named where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engines.errors import ModelError

I64: TypeAlias = NDArray[np.int64]
Sparse: TypeAlias = sparse.csr_array

SMALL_SORT = 15  # numpy's introsort leaves ranges of up to 16 elements to insertion sort
DENSE_LIMIT = 64  # graphs up to this size get their eigenvalues from a dense solver


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A mesh graph and its coarser versions; level 0 is the mesh, `levels + 1` levels in all.

    permutations[i] (sizes[i],): the vertex at each padded position; ids >= sizes_unpadded[i] are fake.
    perm_reverse (sizes[0],): the padded position of each vertex, so `padded[..., perm_reverse[:V], :]` is the mesh.
    adjacencies[i] (sizes[i], sizes[i]): weights in padded order, fake vertices without edges.
    parents[i] (sizes_unpadded[i],): the vertex of level i + 1 that each unpadded vertex is merged into.
    """

    permutations: tuple[I64, ...]
    perm_reverse: I64
    adjacencies: tuple[Sparse, ...]
    parents: tuple[I64, ...]
    sizes: tuple[int, ...]
    sizes_unpadded: tuple[int, ...]


def mesh_adjacency(faces: NDArray[np.integer[Any]], vertex_count: int) -> Sparse:
    """Symmetric 0/1 adjacency (V, V) float64 of the edges of triangles (F, 3), diagonal zero.

    Raises ModelError when a face names a vertex that does not exist or a vertex has no face.
    """
    if faces.size == 0 or faces.min() < 0 or faces.max() >= vertex_count:
        raise ModelError(f"faces must name vertices 0 to {vertex_count - 1}")
    unused = np.setdiff1d(np.arange(vertex_count), faces)
    if unused.size:
        raise ModelError(f"vertex {unused[0]} belongs to no face: remove the {unused.size} unused vertices")
    return _binary(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), vertex_count)


def joint_adjacency(edges: Sequence[tuple[int, int]], pairs: Sequence[tuple[int, int]], count: int) -> Sparse:
    """Symmetric 0/1 adjacency (J, J) float64 of skeleton edges and left/right pairs, with ones on the diagonal."""
    loops = [(joint, joint) for joint in range(count)]
    return _binary(np.array([*edges, *pairs, *loops]), count)


def _binary(links: NDArray[np.integer[Any]], count: int) -> Sparse:
    start, end = links.T
    ones = np.ones(2 * len(links))
    graph = sparse.csr_array((ones, (np.r_[start, end], np.r_[end, start])), shape=(count, count))
    graph.sum_duplicates()
    graph.data[:] = 1.0
    return graph


def coarsen(adjacency: Sparse, levels: int) -> Hierarchy:
    """Merge the vertices of a graph (V, V) in pairs `levels` times and pad every level; deterministic.

    Every vertex needs an edge. The coarsest level keeps the order of its vertices.
    """
    graphs = [sparse.csr_array(adjacency)]
    parents: list[I64] = []
    for level in range(levels):
        parents.append(_match(graphs[-1], without_loops=level == 0))
        graphs.append(_merge(graphs[-1], parents[-1]))
    permutations = _permutations(parents, graphs[-1].shape[0])
    return Hierarchy(
        permutations=tuple(permutations),
        perm_reverse=np.argsort(permutations[0], kind="stable"),
        adjacencies=tuple(_pad(graph, order) for graph, order in zip(graphs, permutations, strict=True)),
        parents=tuple(parents),
        sizes=tuple(len(order) for order in permutations),
        sizes_unpadded=tuple(graph.shape[0] for graph in graphs),
    )


def _match(graph: Sparse, without_loops: bool) -> I64:
    """The cluster (V,) of each vertex: pairs of heavily linked neighbors, and single vertices where none is left."""
    graph.sort_indices()
    degree = graph.sum(axis=0)
    order = legacy_argsort(degree).tolist()
    weight = (degree - graph.diagonal() if without_loops else degree).tolist()
    column, value = graph.indices.tolist(), graph.data.tolist()
    start = graph.indptr[:-1].tolist()
    end = graph.indptr[1:].tolist()
    # Quirk: the published row lengths are off by one at both ends. The first vertex also reads the first entry of
    # the second row, the last vertex misses its own last entry.
    end[0] += 1
    end[-1] -= 1
    # Quirk: where the self-loop was meant, the first stored entry of the row is used.
    first = [value[at] for at in start]

    cluster = [-1] * len(order)
    next_cluster = 0
    for vertex in order:
        if cluster[vertex] >= 0:
            continue
        cluster[vertex] = next_cluster
        best, best_score = -1, 0.0
        for at in range(start[vertex], end[vertex]):
            other = column[at]
            if cluster[other] >= 0:
                continue
            linked = 2.0 * value[at] + first[vertex] + first[other]
            score = linked / (weight[vertex] + weight[other] + 1e-9)
            if score > best_score:
                best, best_score = other, score
        if best >= 0:
            cluster[best] = next_cluster
        next_cluster += 1
    return np.array(cluster)


def _merge(graph: Sparse, cluster: I64) -> Sparse:
    """The graph of the clusters: all weights between two clusters added up, those inside one kept as self-loop."""
    entries = graph.tocoo()
    count = int(cluster.max()) + 1
    merged = sparse.csr_array((entries.data, (cluster[entries.row], cluster[entries.col])), shape=(count, count))
    merged.sum_duplicates()
    return merged


def _permutations(parents: Sequence[I64], coarsest: int) -> list[I64]:
    """Per level, finest first, the padded order in which positions 2p and 2p + 1 are the children of position p."""
    orders = [list(range(coarsest))]
    for cluster in reversed(parents):
        children: dict[int, list[int]] = {}
        for vertex, parent in enumerate(cluster.tolist()):
            children.setdefault(parent, []).append(vertex)
        fake = len(cluster)
        order: list[int] = []
        for parent in orders[-1]:
            real = children.get(parent, [])
            missing = 2 - len(real)
            order += [*real, *range(fake, fake + missing)]
            fake += missing
        orders.append(order)
    return [np.array(order) for order in reversed(orders)]


def _pad(graph: Sparse, order: I64) -> Sparse:
    """The graph in padded order; ids beyond the graph are vertices without edges."""
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    entries = graph.tocoo()
    shape = (len(order), len(order))
    padded = sparse.csr_array((entries.data, (position[entries.row], position[entries.col])), shape=shape)
    padded.sort_indices()
    return padded


def laplacian(adjacency: Sparse) -> Sparse:
    """Normalized Laplacian L = I - D^-1/2 A D^-1/2 (V, V) float64, where D counts self-loops too.

    A vertex without edges has 1 on the diagonal and nothing else.
    """
    degree = adjacency.sum(axis=0)
    scale = _diagonal(1.0 / np.sqrt(np.where(degree > 0, degree, 1.0)))
    result = sparse.csr_array(_diagonal(np.ones(len(degree))) - scale @ adjacency @ scale)
    result.sort_indices()
    return result


def largest_eigenvalue(matrix: Sparse) -> float:
    """The eigenvalue of largest magnitude of a symmetric matrix; the start vector is fixed, so runs agree."""
    size = matrix.shape[0]
    if size <= DENSE_LIMIT:
        values = np.linalg.eigvalsh(matrix.toarray())
        return float(values[np.abs(values).argmax()])
    start = np.random.default_rng(0).standard_normal(size)
    from scipy.sparse.linalg import eigsh  # a tenth of a second to import, and needed for the export only

    return float(eigsh(matrix, k=1, which="LM", v0=start, return_eigenvectors=False)[0])


def rescaled_laplacian(adjacency: Sparse) -> Sparse:
    """L / (2 lambda_max) - I (V, V), the operand of the Chebyshev polynomials on the mesh levels.

    Quirk: the textbook scaling to [-1, 1] is 2 L / lambda_max - I; the published weights were trained with this one.
    """
    plain = laplacian(adjacency)
    scaled = plain / (2.0 * largest_eigenvalue(plain)) - _diagonal(np.ones(plain.shape[0]))
    return sparse.csr_array(scaled)


def _diagonal(values: NDArray[np.float64]) -> Sparse:
    return sparse.csr_array(sparse.diags(values))


def legacy_argsort(values: NDArray[Any]) -> I64:
    """Indices (n,) that sort values (n,) ascending, equal values in the order of numpy's scalar introsort.

    The order of ties decides the whole hierarchy (vertex degrees are small integers), and numpy's default sort breaks
    them differently from release to release and processor to processor. This is its original scalar algorithm:
    median-of-three quicksort on an index array, insertion sort on short ranges. (numpy falls back to heapsort on
    inputs made to defeat quicksort; vertex degrees are not, and the fall-back is left out.)
    """
    v = values.tolist()
    t = list(range(len(v)))
    ranges = [(0, len(v) - 1)]
    while ranges:
        left, right = ranges.pop()
        while right - left > SMALL_SORT:
            i, right_part = _partition(v, t, left, right), right
            if i - left < right_part - i:
                ranges.append((i + 1, right_part))
                right = i - 1
            else:
                ranges.append((left, i - 1))
                left = i + 1
        for at in range(left + 1, right + 1):
            index, j = t[at], at
            while j > left and v[index] < v[t[j - 1]]:
                t[j] = t[j - 1]
                j -= 1
            t[j] = index
    return np.array(t, np.int64)


def _partition(v: list[Any], t: list[int], left: int, right: int) -> int:
    """Split t[left..right] about the median of three values; returns where the pivot ends up."""
    middle = left + ((right - left) >> 1)
    for low, high in ((left, middle), (middle, right), (left, middle)):
        if v[t[high]] < v[t[low]]:
            t[low], t[high] = t[high], t[low]
    pivot = v[t[middle]]
    i, j = left, right - 1
    t[middle], t[j] = t[j], t[middle]
    while True:
        i += 1
        while v[t[i]] < pivot:
            i += 1
        j -= 1
        while pivot < v[t[j]]:
            j -= 1
        if i >= j:
            break
        t[i], t[j] = t[j], t[i]
    t[i], t[right - 1] = t[right - 1], t[i]
    return i
