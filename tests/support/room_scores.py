"""Errors of fused people against the truth of a synthetic room."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edge.room.fusion import RoomFusion, RoomMoment
from tests.support.rooms import HIPS, LIMBS, Room

NEAR_M = 0.5


@dataclass
class RoomScore:
    """Sums over a run. switches: changes of a person's id; ghosts: bodies without a person; missed: the other way."""

    errors_mm: list[float] = field(default_factory=list)
    roots_mm: list[float] = field(default_factory=list)
    switches: int = 0
    ghosts: int = 0
    missed: int = 0
    people: int = 0
    ids: set[int] = field(default_factory=set)
    latest: dict[int, int] = field(default_factory=dict)

    def add(self, room: Room, moment: RoomMoment, fusion: RoomFusion) -> None:
        truth, roots, _ = room.truth(moment.t_s)
        bodies = moment.bodies
        self.people += len(roots)
        free = set(range(len(bodies)))
        for person, root in enumerate(roots):
            far = np.linalg.norm(bodies.translation - root, axis=1) if len(bodies) else np.empty(0)
            rows = [row for row in np.argsort(far).tolist() if row in free and far[row] < NEAR_M]
            if not rows:
                self.missed += 1
                continue
            row = rows[0]
            free.discard(row)
            identity = int(bodies.ids[row])
            self.ids.add(identity)
            if self.latest.get(person, identity) != identity:
                self.switches += 1
            self.latest[person] = identity
            assert bodies.rotations is not None
            assert bodies.shape is not None
            found = room.rig(bodies.rotations[[row]], bodies.shape[[row]], bodies.translation[[row]])[0]
            middle, true_middle = found[HIPS].mean(0), truth[person, HIPS].mean(0)
            off = found[LIMBS] - middle - (truth[person, LIMBS] - true_middle)
            self.errors_mm.append(1e3 * float(np.linalg.norm(off, axis=-1).mean()))
            self.roots_mm.append(1e3 * float(np.linalg.norm(middle - true_middle)))
        self.ghosts += len(free)

    def line(self) -> str:
        """The figures in one line."""
        return (
            f"error {np.mean(self.errors_mm):.0f} mm, root {np.mean(self.roots_mm):.0f} mm, switches {self.switches}, "
            f"ids {len(self.ids)}, ghosts {100 * self.ghosts / self.people:.1f} %, "
            f"missed {100 * self.missed / self.people:.1f} %"
        )


def walk_through(room: Room, fusion: RoomFusion, seconds: float, skip_s: float = 1.0, fps: float = 30.0) -> RoomScore:
    """Fuse a room for some seconds; the first ones are not scored."""
    score = RoomScore()
    for t_s, views in room.moments(seconds, fps):
        moment = fusion(t_s, views)
        if t_s >= skip_s:
            score.add(room, moment, fusion)
    return score
