"""Writes the results of `meshcast calibrate rig`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge import console

if TYPE_CHECKING:
    import argparse

    from calibration.boards import Board
    from calibration.rig.calibrate import RigCalibration
    from calibration.rig.world_frame import WorldFrame
    from calibration.rig_file import Rig


def write_result(
    args: argparse.Namespace, rig: Rig, calibration: RigCalibration | None, frame: WorldFrame, board: Board | None
) -> None:
    """Write the rig file and the image, and say so."""
    import cv2
    import numpy as np

    from calibration.rig.board_poses import moved
    from calibration.rig.rig_image import rig_image
    from calibration.rig_file import write_rig
    from engines.files.atomic import write_atomically

    write_rig(args.out, rig, ("Written by meshcast calibrate rig. World to camera, z up, meters.",))
    if args.image is not None:
        boards = np.zeros((0, 3))
        pairs: list[tuple[str, str]] = []
        if calibration is not None and board is not None:
            solution = calibration.solution
            boards = moved(frame.transform @ solution.bundle.boards, board.center[None])[:, 0]
            pairs = [
                (pair.first, pair.second) for pair in solution.pairs if {pair.first, pair.second} <= set(rig.names)
            ]
        good, data = cv2.imencode(".png", rig_image(rig, boards, pairs))
        assert good
        write_atomically(args.image, data.tobytes())
        console.out(f"wrote {args.image}")
    console.out(f"wrote {args.out}")
