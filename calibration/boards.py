"""Calibration boards: chessboards and ChArUco boards, and their corners in images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.errors import MeshcastError

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
MIN_CORNERS = 8  # of a ChArUco view: fewer determine a homography badly
LARGEST_BOARD = 50  # corners or squares along a side
PLANE_ERROR = 0.06  # rms deviation from a plane's image, as a share of the corners' spacing: more is a wrong grid


class BoardError(MeshcastError):
    """A board cannot be described as it is given."""


@dataclass(frozen=True, slots=True)
class View:
    """The corners of a board in one image.

    Attributes:
        name: of the image.
        points: (N, 3) float32 m, on the board, z = 0.
        corners: (N, 2) float32 px, where they are seen.
        variant: how the board was seen: "as printed", "inverted", "mirrored" or "mirrored and inverted".
    """

    name: str
    points: F32
    corners: F32
    variant: str = "as printed"

    @property
    def spacing_px(self) -> float:
        """The median distance of a corner to its nearest neighbor, px."""
        distance = np.linalg.norm(self.corners[:, None] - self.corners[None], axis=-1)
        np.fill_diagonal(distance, np.inf)
        return float(np.median(distance.min(axis=1)))

    @property
    def plane_error_px(self) -> float:
        """Root mean square deviation of the corners from the image of a plane, px; lens distortion adds to it."""
        homography = homography_of(self)
        if homography is None:
            return float("inf")
        seen = cv2.perspectiveTransform(self.points[None, :, :2], homography)[0]
        return float(np.sqrt(np.square(seen - self.corners).sum(axis=1).mean()))


def homography_of(view: View) -> NDArray[np.float64] | None:
    """The homography (3, 3) from the board in meters to pixels, None where the corners determine none."""
    found: Any = cv2.findHomography(view.points[:, :2], view.corners)[0]
    return None if found is None else np.asarray(found, np.float64)


class Board(Protocol):
    """Something with corners at known positions."""

    @property
    def corner_count(self) -> int:
        """The number of its corners."""
        ...

    @property
    def center(self) -> NDArray[np.float64]:
        """The middle (3,) of its corners, m."""
        ...

    def find(self, gray: U8, name: str = "", *, thorough: bool = True) -> View | None:
        """The board's corners in a gray image (H, W), None where it is not found; `thorough` takes more time."""
        ...


@dataclass(frozen=True, slots=True)
class Chessboard:
    """A chessboard of squares.

    Attributes:
        columns, rows: inner corners along its sides.
        square_m: side of a square, m.
    """

    columns: int
    rows: int
    square_m: float

    def __post_init__(self) -> None:
        _check(self.columns, self.rows, self.square_m, 3, "inner corners")

    @property
    def corner_count(self) -> int:
        """The number of its corners."""
        return self.columns * self.rows

    @property
    def center(self) -> NDArray[np.float64]:
        """The middle (3,) of its corners, m."""
        return np.array([self.columns - 1, self.rows - 1, 0]) * self.square_m / 2

    def find(self, gray: U8, name: str = "", *, thorough: bool = True) -> View | None:
        """All corners, or None. `thorough` also searches images in which the first search finds nothing."""
        size = (self.columns, self.rows)
        points = np.zeros((self.columns * self.rows, 3), np.float32)
        points[:, :2] = np.mgrid[: self.columns, : self.rows].T.reshape(-1, 2) * self.square_m
        best: View | None = None
        for corners in self._candidates(gray, size, thorough):
            view = View(name, points, corners)
            if view.plane_error_px > PLANE_ERROR * view.spacing_px:
                continue
            if best is None or view.plane_error_px < best.plane_error_px:
                best = view
        return best

    def _candidates(self, gray: U8, size: tuple[int, int], thorough: bool) -> list[F32]:
        """What different corner finders say: each of them misses or confuses boards that the others find."""
        found = []
        flags = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_FAST_CHECK
        for image in (gray, cv2.bitwise_not(gray)):
            good, corners = cv2.findChessboardCorners(image, size, flags=flags)
            if good:
                found.append(_refined(gray, np.asarray(corners, np.float32).reshape(-1, 2)))
                break
        if not (found or thorough):
            return found
        flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
        good, corners = cv2.findChessboardCornersSB(gray, size, flags=flags)
        if good:
            found.append(np.ascontiguousarray(corners.reshape(-1, 2), np.float32))
        return found


@dataclass(frozen=True, slots=True)
class CharucoBoard:
    """A chessboard with a marker in each white square, as OpenCV's ArUco module draws it.

    Boards that are printed inverted, or seen from behind through a transparent sheet, are recognized.

    Attributes:
        columns, rows: squares along its sides.
        square_m, marker_m: sides of a square and of a marker, m.
        dictionary: OpenCV's name of the markers, for example "DICT_4X4_50".
    """

    columns: int
    rows: int
    square_m: float
    marker_m: float
    dictionary: str

    def __post_init__(self) -> None:
        _check(self.columns, self.rows, self.square_m, 2, "squares")
        if not 0 < self.marker_m < self.square_m:
            raise BoardError(f"marker side {self.marker_m * 1e3:g} mm: it must be smaller than the square's")
        self._dictionary()

    @property
    def corner_count(self) -> int:
        """The number of its corners."""
        return (self.columns - 1) * (self.rows - 1)

    @property
    def center(self) -> NDArray[np.float64]:
        """The middle (3,) of its corners, m."""
        return np.array([self.columns, self.rows, 0]) * self.square_m / 2

    def _dictionary(self) -> cv2.aruco.Dictionary:
        names = sorted(name for name in dir(cv2.aruco) if name.startswith("DICT_"))
        if self.dictionary not in names:
            raise BoardError(f"unknown dictionary {self.dictionary!r:.40}; there are: {', '.join(names)}")
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, self.dictionary))
        needed = self.columns * self.rows // 2
        if len(dictionary.bytesList) < needed:
            raise BoardError(
                f"dictionary {self.dictionary} has {len(dictionary.bytesList)} markers; {needed} are needed"
            )
        return dictionary

    def find(self, gray: U8, name: str = "", *, thorough: bool = True) -> View | None:
        """The corners that are seen, at least MIN_CORNERS; None where there are fewer."""
        board = cv2.aruco.CharucoBoard((self.columns, self.rows), self.square_m, self.marker_m, self._dictionary())
        detector = cv2.aruco.CharucoDetector(board)
        positions = np.asarray(board.getChessboardCorners(), np.float32)
        best: View | None = None
        for mirrored in (False, True):
            for inverted in (False, True):
                image = np.asarray(cv2.bitwise_not(gray) if inverted else gray, np.uint8)
                image = np.ascontiguousarray(image[:, ::-1]) if mirrored else image
                corners, ids = _detected(detector, image)
                if len(ids) < MIN_CORNERS:
                    continue
                if mirrored:
                    corners[:, 0] = gray.shape[1] - 1 - corners[:, 0]
                view = View(name, positions[ids], corners, _VARIANTS[mirrored, inverted])
                flat = np.linalg.matrix_rank(view.points[:, :2] - view.points[:1, :2], tol=1e-6) < 2
                if flat or view.plane_error_px > PLANE_ERROR * view.spacing_px:
                    continue
                if best is None or len(view.corners) > len(best.corners):
                    best = view
            if best is not None:
                return best
        return best


_VARIANTS = {
    (False, False): "as printed",
    (False, True): "inverted",
    (True, False): "mirrored",
    (True, True): "mirrored and inverted",
}


def _detected(detector: cv2.aruco.CharucoDetector, image: U8) -> tuple[F32, NDArray[np.intp]]:
    """Corners (N, 2) px and their numbers (N,) on the board."""
    corners, ids, _, _ = detector.detectBoard(image)
    numbers: Any = ids  # None without any
    if numbers is None:
        return np.zeros((0, 2), np.float32), np.zeros(0, np.intp)
    return np.asarray(corners, np.float32).reshape(-1, 2).copy(), np.asarray(numbers, np.intp).ravel()


def _check(columns: int, rows: int, square_m: float, least: int, what: str) -> None:
    if not (least <= columns <= LARGEST_BOARD and least <= rows <= LARGEST_BOARD):
        raise BoardError(f"board {columns}x{rows}: it needs {least} to {LARGEST_BOARD} {what} along each side")
    if not 1e-4 <= square_m <= 10:
        raise BoardError(f"square side {square_m * 1e3:g} mm: it must be from 0.1 mm to 10 m")


def _refined(gray: U8, corners: F32) -> F32:
    """Corners at sub-pixel accuracy, in windows that do not reach the next corner."""
    distance = np.linalg.norm(corners[:, None] - corners[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    half = int(np.clip(0.35 * distance.min(), 2, 15))
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-3)
    refined = cv2.cornerSubPix(gray, corners.reshape(-1, 1, 2).astype(np.float32), (half, half), (-1, -1), stop)
    return np.ascontiguousarray(np.asarray(refined).reshape(-1, 2), np.float32)
