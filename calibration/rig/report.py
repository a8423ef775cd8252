"""The result of a rig's calibration in words."""

from __future__ import annotations

import numpy as np

from calibration.rig.board_poses import inverse
from calibration.rig.calibrate import RigCalibration
from calibration.rig_file import Rig

MOST_NAMED = 8  # views of one camera that a line names
LATE_S = 0.004  # spread of the moments of one frame that is worth a word


def rig_table(calibration: RigCalibration, rig: Rig, world: str) -> str:
    """Cameras, pairs, and the world, as a table."""
    solution = calibration.solution
    lines = [
        f"world              {world}",
        f"error              {solution.rms_px():.2f} px rms, {len(solution.frames)} frames",
    ]
    late = float(np.std(solution.bundle.delays_s)) if len(solution.bundle.delays_s) else 0.0
    if late > LATE_S:
        check = calibration.delays
        held = (
            f"; corners left out: {check.delayed_px:.2f} px rms, {check.simultaneous_px:.2f} without delays"
            if check is not None
            else ""
        )
        lines.append(f"synchronization    images of one frame are {late * 1e3:.0f} ms (standard deviation) apart{held}")
    for name in solution.names:
        pose, spread = rig.poses[name], calibration.uncertainty[name]
        x, y, z = pose.position
        lines.append(
            f"camera {name:<12} {solution.rms_px(name):.2f} px rms in {len(solution.frames_of(name))} views; at "
            f"{x:.2f}, {y:.2f}, {z:.2f} m +- {spread.position_m * 1e3:.0f} mm, "
            f"looks down by {pose.floor.tilt_deg:.1f} +- {spread.rotation_deg:.2f} degrees"
        )
    positions = dict(zip(solution.names, inverse(solution.bundle.poses)[:, :3, 3], strict=True))
    for pair in solution.pairs:
        if pair.first in positions and pair.second in positions:
            distance = float(np.linalg.norm(positions[pair.first] - positions[pair.second]))
            ends, rms = f"{pair.first}, {pair.second}", _pair_rms(calibration, pair.first, pair.second)
            lines.append(f"pair {ends:<14} {rms:.2f} px rms, {len(pair.frames)} common views, {distance:.3f} m apart")
    return "\n".join(lines)


def _pair_rms(calibration: RigCalibration, first: str, second: str) -> float:
    """The rms error of both cameras in the frames that they share, px."""
    solution = calibration.solution
    one, other = solution.names.index(first), solution.names.index(second)
    seen = solution.seen
    shared = np.intersect1d(seen.frame[seen.camera == one], seen.frame[seen.camera == other])
    rows = np.isin(seen.frame, shared) & np.isin(seen.camera, [one, other])
    return float(np.sqrt(np.square(solution.errors[rows]).mean())) if rows.any() else float("nan")


def findings(calibration: RigCalibration) -> list[str]:
    """What is wrong with the recordings, one line each."""
    solution = calibration.solution
    lines = []
    for group in calibration.unconnected:
        which = f"camera {group[0]} shares" if len(group) == 1 else f"cameras {', '.join(group)} share"
        lines.append(
            f"{which} no view of the board with {', '.join(solution.names)}; left out: show the board to both at a time"
        )
    for (first, second), count in calibration.contradicting.items():
        lines.append(f"cameras {first} and {second}: their {count} common views contradict each other and are not used")
    for move in calibration.moved:
        which = f"camera {move.cameras[0]} was" if len(move.cameras) == 1 else f"one of {', '.join(move.cameras)} was"
        lines.append(
            f"{which} moved at frame {move.frame}, by {move.rotation_deg:.1f} degrees and "
            f"{move.distance_m * 1e3:.0f} mm; the pose is that {'after' if move.after else 'before'} the move"
            f"{'' if move.after else ': calibrate again'}"
        )
    for name in solution.names:
        views = [view for view in solution.dropped if view.camera == name]
        if views:
            named = "; ".join(f"{view.name}: {view.reason}" for view in views[:MOST_NAMED])
            more = f"; and {len(views) - MOST_NAMED} more" if len(views) > MOST_NAMED else ""
            lines.append(f"camera {name}: {len(views)} views left out ({named}{more})")
    return lines
