"""Settings of the tracker, its births, identities and camera motion. Distances are in box lengths: the longer
side of a track's box."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MotionConfig:
    """Motion and box model of the tracks. All values are tuned.

    Attributes:
        min_keypoint_score: score, 0..1, above which a keypoint is used.
        min_keypoints: number of used keypoints from which a box is computed.
        box_margins: left, top, right and bottom margin of a box around its keypoints, in longer sides of their extent,
            as the detector draws its boxes.
        size_gain: share of a new box size taken over in a frame; the center follows at once.
        velocity_time_s: time constant of the velocity filter, s.
        coast_time_s: time constant with which the velocity of an unobserved track decays, s.
        hidden_time_s: time for which a hidden keypoint counts for the box, s: the box keeps its size and its place
            relative to the visible keypoints.
        min_moving_keypoints: number of visible keypoints that this takes.
        offset_gain: share of a keypoint's new distance from the center taken over in a frame.
        appearance_gain: share of a new appearance taken over in a frame.
        max_appearance_overlap: share of a person's box, 0..1, covered by another's, above which the appearance is not
            updated: the colors may be those of the other.
    """

    min_keypoint_score: float = 0.20
    min_keypoints: int = 5
    box_margins: tuple[float, float, float, float] = (0.06, 0.09, 0.06, 0.08)
    size_gain: float = 0.35
    velocity_time_s: float = 0.25
    coast_time_s: float = 1.0
    hidden_time_s: float = 1.5
    offset_gain: float = 0.2
    min_moving_keypoints: int = 3
    appearance_gain: float = 0.1
    max_appearance_overlap: float = 0.25


@dataclass(frozen=True, slots=True)
class AppearanceConfig:
    """Color descriptor of people. All values are tuned.

    Attributes:
        min_keypoint_score: score, 0..1, above which the keypoints of a body part count as visible.
        lightness_weight: weight of lightness against color, 0..1: shadows change lightness most.
    """

    min_keypoint_score: float = 0.25
    lightness_weight: float = 0.5


@dataclass(frozen=True, slots=True)
class BirthConfig:
    """Which detections become candidates, and which candidates are people. All values are tuned.

    A candidate is a detection that no track explains. The pose model runs on it once; its keypoints decide.

    Attributes:
        max_low_score: candidates in a detector pass whose detection score is below TrackerConfig.high_threshold.
        merge_iou: intersection over union, 0..1, above which two boxes are of one person.
        merge_inside: share of the smaller box, 0..1, inside the larger one above which they are of one person.
        min_keypoints: number of used keypoints of a person.
        min_box_iou: overlap, 0..1, of the keypoints' box with the detection.
        max_covered: share of a candidate's box, 0..1, inside that of a tracked person from which the candidate is
            doubtful, as it is with a low detection score.
        min_doubtful_keypoint_score: mean keypoint score, 0..1, of a doubtful candidate that is a person.
        min_doubtful_keypoints: number of used keypoints of a doubtful candidate that is a person.
        min_doubtful_box_iou: overlap, 0..1, of the keypoints' box with a doubtful candidate that is a person.
        duplicate_similarity: object keypoint similarity, 0..1, to a tracked person above which a candidate is that
            person.
        search_hidden: look for people behind tracked ones.
        hidden_frames: frames after its birth in which someone is looked for behind a person; later, the detector's
            frames, one person in each.
        max_hidden: most new people in a frame for whom this is done.
        min_tentative_keypoint_score: mean keypoint score, 0..1, of someone who may be behind another one. Such a one is
            tracked without being reported: with each painted over in the crop of the other, both become clearer.
        min_tentative_keypoints: number of used keypoints of such a one.
        max_tentative_frames: frames after which such a one is a person, or is dropped.
        min_hidden_keypoint_score: mean keypoint score, 0..1, of a person behind another one without a detection.
        min_hidden_beside: number of sure keypoints that lie beside the person in front.
        beside: distance from that person's limbs, in box lengths, that is beside.
        sure_keypoint_score: score, 0..1, of a sure keypoint.
        hidden_size: area of the box of such a person, least and most, in those of the person in front.
        retry_s: time for which a place whose keypoints were no person gets no candidate of low score, s.
        same_place_iou: overlap, 0..1, of two boxes at the same place in this sense.
        max_rejected: number of such places that are remembered.
    """

    max_low_score: int = 3
    merge_iou: float = 0.5
    merge_inside: float = 0.8
    min_keypoints: int = 5
    min_box_iou: float = 0.2
    min_doubtful_keypoint_score: float = 0.35
    min_doubtful_keypoints: int = 11
    max_covered: float = 0.25
    min_doubtful_box_iou: float = 0.5
    duplicate_similarity: float = 0.5
    search_hidden: bool = True
    hidden_frames: int = 3
    max_hidden: int = 2
    min_tentative_keypoint_score: float = 0.22
    min_tentative_keypoints: int = 9
    max_tentative_frames: int = 5
    min_hidden_keypoint_score: float = 0.4
    min_hidden_beside: int = 4
    beside: float = 0.07
    sure_keypoint_score: float = 0.4
    hidden_size: tuple[float, float] = (0.4, 1.8)
    retry_s: float = 0.5
    same_place_iou: float = 0.8
    max_rejected: int = 16


@dataclass(frozen=True, slots=True)
class IdentityConfig:
    """Whether an observed person is a certain track: a sum of log-likelihood ratios (same person against another one).

    Spreads are standard deviations of differences, (of one person, of different people). All values are tuned.

    Attributes:
        max_lost_s: time after which a lost person is forgotten, s.
        min_hits: frames in which a person must have been seen to be remembered.
        max_lost: number of lost people that are remembered; the first lost are forgotten first.
        lightness: spreads of the weighted lightness of a body part.
        color: spreads of the two color axes of a body part.
        exceptions: share of measurements of one person, 0..1, that are as different as those of two people, because
            something hides a part of the person.
        place: spread of the predicted position of one person: at once, more per second since it was seen, at most.
        reach: distance of the centers beyond which people are not compared: at once, and in spreads of the position.
        length: spreads of the logarithm of the box length.
        prior: log odds, at once, that a person is a certain one who was lost.
        sight_prior: the same for a track in sight.
        prior_decay: by which these odds fall, 1/s.
        own_crop: by which they are higher for a track whose own crop shows the person.
        entering: by which they are lower for a lost person and one at the edge of the image, who may have entered.
        edge: distance from the edge of the image at which people enter.
        min_evidence: log odds from which a person is a lost one; 0 for tracks in sight.
        min_margin: by which they exceed those of every other lost person who is not found at the same time.
    """

    max_lost_s: float = 10.0
    min_hits: int = 4
    max_lost: int = 64
    lightness: tuple[float, float] = (10.0, 28.0)
    color: tuple[float, float] = (5.0, 10.0)
    exceptions: float = 0.1
    place: tuple[float, float, float] = (0.03, 0.3, 2.0)
    reach: tuple[float, float] = (0.4, 4.0)
    length: tuple[float, float] = (0.12, 0.4)
    prior: float = 0.5
    sight_prior: float = 1.5
    prior_decay: float = 0.1
    own_crop: float = 0.5
    entering: float = 4.0
    edge: float = 0.25
    min_evidence: float = 1.0
    min_margin: float = 1.0


@dataclass(frozen=True, slots=True)
class CameraMotionConfig:
    """Compensation of camera motion by sparse optical flow on a small gray image. All values are tuned.

    Attributes:
        enabled: compensate at all.
        changed: difference of a thumbnail's pixel, 0..255, that is a change.
        min_changed: share of changed pixels, 0..1, from which the image as a whole moves; below, nothing is computed.
        width: approximate width of the small image, px.
        grid: points of the flow along each side of the image.
        window: side of the flow's window, px of the small image.
        levels: levels of the flow's pyramid.
        tolerance_px: distance from the common motion, px of the small image, of a point of the background.
        min_points: fewest points from which a motion is estimated.
        min_inliers: least share, 0..1, of points that follow the common motion.
    """

    enabled: bool = True
    changed: float = 8.0
    min_changed: float = 0.3
    width: int = 320
    grid: int = 12
    window: int = 15
    levels: int = 2
    tolerance_px: float = 1.5
    min_points: int = 20
    min_inliers: float = 0.4


@dataclass(frozen=True, slots=True)
class QuietConfig:
    """When a due detector pass is left out because nothing has changed around the people since the last one. All values
    are tuned.

    Attributes:
        people_s: time between two passes, s, while people are in sight and all are surely seen; 0 leaves none out:
            detections keep the boxes of people in place, so that 0.5 s cost 0.9 mm on a clip.
        empty_s: the same while no person is in sight.
        columns: blocks of pixels in a row of the image.
        changed: difference of the gray means of a block, 0..255, that is a change.
        min_changed: number of changed blocks from which the image has changed.
        margin: distance from people's boxes within which changes do not count.
        min_keypoint_score: mean keypoint score, 0..1, from which a person is surely seen.
    """

    people_s: float = 0.0
    empty_s: float = 0.25
    columns: int = 160
    changed: float = 6.0
    min_changed: int = 4
    margin: float = 0.15
    min_keypoint_score: float = 0.4


@dataclass(frozen=True, slots=True)
class TrackerConfig:
    """Settings of the Tracker. The two detection thresholds are those of ByteTrack's method; all values are tuned.

    Attributes:
        interval: frames between two detector passes while all people are in sight, but see `quiet`; 1: all frames.
        high_threshold: detection score, 0..1, that starts a track.
        low_threshold: detection score, 0..1, that confirms a track.
        min_keypoint_score: mean keypoint score, 0..1, of a new person.
        min_confirmed_keypoint_score: the same for a tracked person.
        max_missed_frames: consecutive frames without accepted keypoints after which a track is lost, when max_hidden_s
            is over too.
        max_hidden_s: time without them after which a track is lost, s.
        max_covered_s: the same where another person covers it, s.
        min_cover: share of its box, 0..1, inside that of another person from which it is covered.
        min_covered_hits: frames in which a track must have been seen to be kept where another one has its place;
            before, it is on the same person.
        duplicate_iou: overlap, 0..1, of boxes that is one place in this sense.
        search_s: time after a loss in which the detector runs more often, s.
        max_gap_s: time between two frames, s, beyond which the detector runs.
        max_gap_steps: the same on a live stream in usual steps of the processed frames, where that is longer: an
            overloaded stream has gaps all the time.
        longest_gap_s: bound of that, s.
        duplicate_similarity: object keypoint similarity, 0..1, above which keypoints of two crops are of one person.
        return_similarity: the same for the crop of a person who was not seen in the last frame.
        min_iou: least overlap, 0..1, of a detection and the track that it confirms.
        min_search_iou: least overlap, 0..1, of a detection and the predicted box of a lost person who may be there.
        detection_gain: share by which a detection moves the box of a track.
        max_missed_detections: detector passes that miss a track with poor keypoints before it is lost.
        poor_keypoint_score: mean keypoint score, 0..1, below which keypoints are poor in this sense.
        scene_change: mean absolute difference of thumbnails, 0..255, that is another scene.
        motion: motion and box model of the tracks.
        appearance: color descriptor of people.
        births: which detections start a track.
        identity: which observed people are which tracks.
        camera_motion: compensation of the camera's motion.
        quiet: when a detector pass is left out.
    """

    interval: int = 8
    high_threshold: float = 0.45
    low_threshold: float = 0.30
    min_keypoint_score: float = 0.25
    min_confirmed_keypoint_score: float = 0.20
    max_missed_frames: int = 3
    max_hidden_s: float = 0.12
    max_covered_s: float = 2.0
    min_cover: float = 0.4
    min_covered_hits: int = 12
    duplicate_iou: float = 0.5
    search_s: float = 1.5
    max_gap_s: float = 0.4
    max_gap_steps: float = 2.5
    longest_gap_s: float = 1.5
    duplicate_similarity: float = 0.65
    return_similarity: float = 0.5
    min_iou: float = 0.25
    min_search_iou: float = 0.35
    detection_gain: float = 0.3
    max_missed_detections: int = 6
    poor_keypoint_score: float = 0.35
    scene_change: float = 45.0
    motion: MotionConfig = field(default_factory=MotionConfig)
    appearance: AppearanceConfig = field(default_factory=AppearanceConfig)
    births: BirthConfig = field(default_factory=BirthConfig)
    identity: IdentityConfig = field(default_factory=IdentityConfig)
    camera_motion: CameraMotionConfig = field(default_factory=CameraMotionConfig)
    quiet: QuietConfig = field(default_factory=QuietConfig)
