"""What of a person was seen: keypoints with hysteresis in time, and the visibility of the joints that follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.stages.config import VisibilityConfig
from edge.types import F32, Array, Pose2D, TrackedFrame

_FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_HIPS = ("left_hip", "right_hip")
_LEGS = ("left_knee", "right_knee", "left_ankle", "right_ankle")
_SHOULDERS = ("left_shoulder", "right_shoulder")
# Keypoints that show a joint that is none of them: the joint is as visible as the most visible one.
_OBSERVERS = {
    "pelvis": _HIPS,
    "torso": _SHOULDERS,
    "neck": _SHOULDERS,
    "head": _FACE,
    **dict.fromkeys(("spine1", "spine2", "spine3"), _SHOULDERS),
    **{
        f"{side}_{part}": (f"{side}_{keypoint}",)
        for side in ("left", "right")
        for part, keypoint in (
            ("collar", "shoulder"),
            ("hand", "wrist"),
            ("foot", "ankle"),
            ("heel", "ankle"),
            ("big_toe", "ankle"),
            ("small_toe", "ankle"),
        )
    },
}


class KeypointVisibility:
    """TrackedFrame -> TrackedFrame with score 0 for the keypoints that are not seen, and visibilities (N, K) in 0..1.

    A keypoint outside of the image or of a low score for some frames is not seen until its score is high again, so that
    the stages that follow use the same keypoints from frame to frame. The visibility moves to 0 or 1 smoothly.
    """

    def __init__(self, keypoint_names: tuple[str, ...], config: VisibilityConfig | None = None) -> None:
        self._config = config or VisibilityConfig()
        self._people: dict[int, _Person] = {}
        index = {name: k for k, name in enumerate(keypoint_names)}
        self._legs = [index[name] for name in _LEGS if name in index]
        self._trunk = [[index[name] for name in names if name in index] for names in (_SHOULDERS, _HIPS)]

    def __call__(self, tracked: TrackedFrame) -> tuple[TrackedFrame, F32]:
        """Frames come in order."""
        pose, t_s, config = tracked.pose, tracked.frame.t_s, self._config
        self._people = {i: p for i, p in self._people.items() if 0 <= t_s - p.t_s <= config.forget_s}
        evidence = self._evidence(pose, tracked.frame.pixels.shape)
        scores, visibility = pose.scores.copy(), np.ones_like(pose.scores)
        for row, identity in enumerate(pose.ids.tolist()):
            person = self._people.get(identity)
            if person is None:
                person = self._people[identity] = _Person(evidence[row], t_s, config)
            else:
                person.see(evidence[row], t_s, config)
            visibility[row] = person.visibility
            scores[row, ~person.seen] = 0
        if not config.mask_keypoints:
            return tracked, visibility
        return replace(tracked, pose=replace(pose, scores=scores)), visibility

    def reset(self) -> None:
        """Forget all people."""
        self._people.clear()

    def _evidence(self, pose: Pose2D, shape: tuple[int, ...]) -> F32:
        """Scores (N, K), 0 outside of the image. Those of legs count less for people who are cut at the hips, because a
        pose model puts the legs of half a person somewhere in the image."""
        height, width = shape[:2]
        inside = ((pose.keypoints >= 0) & (pose.keypoints <= (width - 1, height - 1))).all(-1)
        evidence: F32 = np.where(inside, pose.scores, np.float32(0))
        if all(self._trunk) and self._legs:
            shoulders, hips = (pose.keypoints[:, part].mean(1) for part in self._trunk)
            torso = np.linalg.norm(hips - shoulders, axis=1)
            cut = hips[:, 1] + self._config.cut_margin * torso > height - 1
            evidence[np.ix_(cut, self._legs)] *= self._config.cut_leg_weight
        return evidence


class _Person:
    """Evidence (K,), whether a keypoint is seen (K,) and its visibility (K,) of one person."""

    def __init__(self, evidence: F32, t_s: float, config: VisibilityConfig) -> None:
        self.t_s = t_s
        self.evidence = evidence.astype(np.float64)
        self.seen: Array = evidence >= (config.hide_score + config.show_score) / 2
        self.visibility = self.seen.astype(np.float64)

    def see(self, evidence: F32, t_s: float, config: VisibilityConfig) -> None:
        elapsed_s = t_s - self.t_s
        self.t_s = t_s
        self.evidence += (1 - np.exp(-elapsed_s / config.time_s)) * (evidence - self.evidence)
        self.seen = self.evidence >= np.where(self.seen, config.hide_score, config.show_score)
        step = elapsed_s / config.fade_s
        self.visibility += np.clip(self.seen - self.visibility, -step, step)


class JointVisibility:
    """Visibilities (N, K) of keypoints -> those (N, J) of joints, by name.

    A joint that is no keypoint has the visibility of the keypoints next to it, one without such names that of the
    person: of the keypoint that is seen best.
    """

    def __init__(self, joint_names: tuple[str, ...], keypoint_names: tuple[str, ...]) -> None:
        index = {name: k for k, name in enumerate(keypoint_names)}
        observers = []
        for name in joint_names:
            names = (name,) if name in index else _OBSERVERS.get(name, ())
            found = [index[keypoint] for keypoint in names if keypoint in index]
            observers.append(found or list(range(len(keypoint_names))))
        most = max(map(len, observers), default=0)
        # (J, most), the first one again where there are fewer.
        self._observers = np.array([each + each[:1] * (most - len(each)) for each in observers], int).reshape(-1, most)

    def __call__(self, visibility: F32) -> F32:
        joints: F32 = visibility[:, self._observers].max(axis=-1).astype(np.float32)
        return joints
