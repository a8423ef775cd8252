"""A second pose model that corrects the keypoints of the first: every few frames, its correction carried between them.

Errors of a pose model on one person change slowly, so the difference of two models is almost the same a few frames
later. The mean of two models is better than both, unless one of them found another limb: where they disagree, the
first model's keypoint stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from edge.stages.config import SecondOpinionConfig
from edge.types import F32, Array, Frame, Pose2D, Tracks

PoseModel = Callable[[Frame, Tracks], Pose2D]


@dataclass(slots=True)
class _Correction:
    """The offsets (K, 2) of one person's keypoints, in box lengths; age: frames since the second model ran, large when
    it has not run yet."""

    offsets: Array
    t_s: float
    age: int = 1_000_000
    known: bool = False


class SecondOpinion:
    """(Frame, Tracks, Pose2D) -> Pose2D with corrected keypoints of the people in `pose`; scores stay.

    The second model runs for each person every `interval` frames, for different people on different frames.
    """

    def __init__(
        self,
        second: PoseModel,
        second_names: tuple[str, ...],
        names: tuple[str, ...],
        config: SecondOpinionConfig | None = None,
    ) -> None:
        """
        Args:
            second: the second model, for example a `Pose`.
            second_names: its keypoints.
            names: the keypoints of the first model; those that both have, by name, are corrected,
                without the excluded ones.
            config: settings.
        """
        self._second = second
        self._config = config or SecondOpinionConfig()
        self._interval = max(1, self._config.interval)
        common = [name for name in names if name in second_names and name not in self._config.excluded]
        self._of_first = np.array([names.index(name) for name in common], np.intp)
        self._of_second = np.array([second_names.index(name) for name in common], np.intp)
        self._people: dict[int, _Correction] = {}

    def reset(self) -> None:
        """Forget all people."""
        self._people.clear()

    def __call__(self, frame: Frame, tracks: Tracks, pose: Pose2D) -> Pose2D:
        config = self._config
        self._people = {i: p for i, p in self._people.items() if 0 <= frame.t_s - p.t_s <= config.forget_s}
        if not len(pose.ids) or not len(self._of_first):
            return pose
        row_of = {identity: row for row, identity in enumerate(tracks.ids.tolist())}
        ids = pose.ids.tolist()
        boxes = tracks.boxes[[row_of[identity] for identity in ids]]
        lengths = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1.0)
        people = [self._aged(identity, frame.t_s) for identity in ids]
        due = self._due(people)
        for row in due:
            people[row].age = 0
        if len(due):
            chosen = Tracks(pose.ids[due], boxes[due], pose.scores[due].mean(axis=1))
            self._learn(self._second(frame, chosen), pose, people, lengths)
        offsets = np.stack([person.offsets for person in people]) * (config.weight * lengths)[:, None, None]
        keypoints = pose.keypoints.copy()
        keypoints[:, self._of_first] += offsets.astype(np.float32)
        return replace(pose, keypoints=keypoints)

    def _aged(self, identity: int, t_s: float) -> _Correction:
        """The person's correction, decayed to this frame; none for a new person."""
        person = self._people.get(identity)
        if person is None:
            person = self._people[identity] = _Correction(np.zeros((len(self._of_first), 2)), t_s)
        person.offsets = person.offsets * np.exp(-(t_s - person.t_s) / self._config.decay_s)
        person.t_s = t_s
        person.age += 1
        return person

    def _due(self, people: list[_Correction]) -> Array:
        """Rows of the people whom the second model sees now: no more than their share of a frame, the oldest first."""
        share = -(-len(people) // self._interval)
        ages = np.array([person.age for person in people])
        oldest = np.argsort(-ages, kind="stable")[:share]
        return np.sort(oldest[ages[oldest] >= self._interval])

    def _learn(self, second: Pose2D, pose: Pose2D, people: list[_Correction], lengths: F32) -> None:
        """Take over the differences between both models where they agree."""
        config = self._config
        row_of = {identity: row for row, identity in enumerate(pose.ids.tolist())}
        for keypoints, scores, identity in zip(second.keypoints, second.scores, second.ids.tolist(), strict=True):
            row = row_of[identity]
            person = people[row]
            measured = (keypoints[self._of_second] - pose.keypoints[row, self._of_first]) / lengths[row]
            agree = np.hypot(measured[:, 0], measured[:, 1]) < config.agreement
            agree &= scores[self._of_second] >= config.min_keypoint_score
            gain = config.gain if person.known else 1.0
            moved = person.offsets + gain * (measured - person.offsets)
            person.offsets = np.where(agree[:, None], moved, 0.0)
            person.known = True
