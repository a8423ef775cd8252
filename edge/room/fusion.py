"""The fusion of a room: the people of all cameras at one moment in, one body for each person out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.world import Floor
from edge.room.body_fit import BodyFitter, Fitted, PersonViews
from edge.room.config import RoomConfig
from edge.room.people import RoomPeople
from edge.room.views import F64, RoomCamera, Sight, ViewPeople, sight
from edge.stages.foot_lock import FootLock
from edge.stages.rig_pose import Skin
from edge.stages.smooth_rigs import SmoothRigs
from edge.stages.unseen_pose import UnseenPose
from edge.types import U8, Bodies, BodyModel, SurfaceUse
from engines.body.body import Body

UP = np.array([0.0, 0.0, 1.0], np.float32)
FLOOR = Floor(np.array([0.0, 0.0, 1.0]), 0.0)


@dataclass(frozen=True, slots=True)
class RoomMoment:
    """The room at one moment: bodies (in the room's frame), and what they were made of, row for row; untrusted: camera
    and root (3,) m of tracks that are no people because their camera is not trusted."""

    t_s: float
    bodies: Bodies
    people: tuple[PersonViews, ...]
    sights: tuple[Sight | None, ...]
    fitted: Fitted | None
    untrusted: tuple[tuple[int, F64], ...] = ()


class RoomFusion:
    """(t_s, people of each camera) -> RoomMoment, one call after the other.

    Attributes:
        surface_use: see Pipeline.
    """

    def __init__(
        self,
        body: Body,
        model: BodyModel,
        cameras: Sequence[RoomCamera],
        config: RoomConfig | None = None,
        *,
        predict_s: float = 0.0,
    ) -> None:
        """
        Args:
            body: the body of all people.
            model: its constants, with a rig.
            cameras: of the room.
            config: settings.
            predict_s: time by which the bodies are ahead of the moment, s.
        """
        self._config = config = config or RoomConfig()
        self.cameras, self.model = tuple(cameras), model
        self._people = RoomPeople(self.cameras, config.match)
        self._fit = BodyFitter(body, model, self.cameras, config)
        self._unseen_pose = UnseenPose(model.joint_names, model.parents)
        self._smooth = SmoothRigs(config.smoothing, predict_s=predict_s) if config.smooth else None
        self._foot_lock = FootLock(model, config.foot_lock) if config.smooth else None
        self.surface_use: Callable[[], SurfaceUse] = lambda: SurfaceUse.FLOATS
        self._skin = Skin(body, model, lambda: self.surface_use())

    def __call__(self, t_s: float, views: Sequence[ViewPeople | None]) -> RoomMoment:
        """The room at a moment.

        Args:
            t_s: time of the room, s; it increases from call to call.
            views: the people of each camera, in the order of the cameras; None for a camera that gives nothing.
        """
        sights = tuple(
            sight(camera, view) if view is not None else None for camera, view in zip(self.cameras, views, strict=True)
        )
        people = tuple(self._people.assign(t_s, sights))
        self._fit.forget(self._people.known)
        if not people:
            return RoomMoment(t_s, self._empty(), people, sights, None, tuple(self._people.untrusted))
        fitted = self._fit(t_s, sights, people)
        self._people.observe(t_s, people, fitted)
        posed = self._unseen_pose(t_s, fitted.posed, fitted.visibility, up=UP, contacts=fitted.contacts)
        if self._smooth is not None:
            posed = self._smooth(t_s, posed)
        if self._foot_lock is not None:
            posed = self._foot_lock(t_s, posed, fitted.contacts, FLOOR, fitted.visibility)
        bodies = self._skin(posed, self._bodies(people, fitted))
        return RoomMoment(t_s, bodies, people, sights, fitted, tuple(self._people.untrusted))

    def distrust(self, cameras: frozenset[int]) -> None:
        """People whom only one of these cameras sees are left out where other cameras should see them."""
        self._people.distrusted = cameras

    def reset(self) -> None:
        """Forget all people."""
        self._people.reset()
        self._fit.forget(set())
        for stage in (self._unseen_pose, self._smooth, self._foot_lock):
            if stage is not None:
                stage.reset()

    def _bodies(self, people: Sequence[PersonViews], fitted: Fitted) -> Bodies:
        """Bodies without a surface."""
        count = len(people)
        seen = np.array([[row >= 0 for row in person.rows] for person in people], np.uint8)
        # The room has no image: keypoints have a score, and no place in one.
        keypoints = np.zeros((*fitted.scores.shape, 3), np.float32)
        keypoints[..., 2] = fitted.scores
        return Bodies(
            ids=fitted.posed.ids,
            scores=fitted.scores.mean(1),
            keypoints=keypoints,
            joints=np.zeros((count, 0, 3), np.float32),
            vertices=np.zeros((count, 0, 3), np.float32),
            translation=fitted.posed.translation,
            visibility=fitted.visibility,
            contacts=fitted.contacts,
            views=seen,
        )

    def _empty(self) -> Bodies:
        model = self.model
        assert model.rig is not None
        joints, _, shapes = model.rig.joint_shape_dirs.shape
        none = np.zeros((0, len(model.joint_names), 3), np.float32)
        views: U8 = np.zeros((0, len(self.cameras)), np.uint8)
        return Bodies(
            ids=np.zeros(0, np.int32),
            scores=np.zeros(0, np.float32),
            keypoints=np.zeros((0, len(model.keypoint_names), 3), np.float32),
            joints=none,
            vertices=np.zeros((0, len(model.rest_vertices), 3), np.float32),
            translation=np.zeros((0, 3), np.float32),
            rotations=np.zeros((0, joints, 3, 3), np.float32),
            shape=np.zeros((0, shapes), np.float32),
            visibility=none[..., 0],
            contacts=np.zeros((0, 2), np.float32),
            views=views,
        )
