"""Annotation lists of all kinds, by the ending of the file."""

from __future__ import annotations

from pathlib import Path

from engines.body.body import Body
from engines.training.readers.coco_json import read_coco_json
from engines.training.readers.densepose import read_charts
from engines.training.readers.human36m_json import is_human36m_json, read_human36m_json
from engines.training.readers.mpi_inf_3dhp import read_mpi_inf_3dhp
from engines.training.readers.people_list import PeopleList
from engines.training.readers.spin_npz import read_spin_npz
from engines.training.readers.threedpw import read_3dpw

LISTS = (".npz", ".json", ".pkl", ".mat")


def read_list(path: Path, images: Path | None, body: Body, size: int, charts: Path | None = None) -> PeopleList:
    """The people of a list in SPIN's layout (.npz), of 3DPW (.pkl), MPI-INF-3DHP (.mat), Human3.6M (NAME_data.json) or
    COCO (.json), in crops of `size` px.

    Args:
        path: The list.
        images: The folder that its images are relative to; None for the folder of the list, or that of the data set.
        body: The body of poses and shapes.
        size: Side of the crops, px.
        charts: DensePose's charts, for COCO-DensePose.

    Raises:
        ModelError: In one line, with what is missing or of another layout.
    """
    folder = path.parent if images is None else images
    if path.suffix.lower() == ".npz":
        return read_spin_npz(path, folder, body, size)
    if path.suffix.lower() == ".pkl":
        return read_3dpw(path, folder, body, size)
    if path.suffix.lower() == ".mat":
        return read_mpi_inf_3dhp(path, images, size)
    if is_human36m_json(path):
        return read_human36m_json(path, folder, body, size)
    return read_coco_json(path, folder, size, None if charts is None else read_charts(charts, body))
