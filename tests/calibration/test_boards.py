"""Boards in images: chessboards, and ChArUco boards as printed, inverted and mirrored."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from calibration.boards import BoardError, CharucoBoard, Chessboard
from tests.support.board_views import camera, grid, image_of, poses

CHARUCO = CharucoBoard(5, 4, 0.05, 0.0375, "DICT_4X4_50")


def printed_chessboard(columns: int, rows: int, cell: int = 60) -> np.ndarray:
    """Inner corners columns x rows, with a white margin of one cell."""
    cells = np.indices((rows + 1, columns + 1)).sum(axis=0) % 2
    board = np.kron(cells, np.ones((cell, cell))).astype(np.uint8) * 255
    return np.pad(board, cell, constant_values=255)


def printed_charuco() -> np.ndarray:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    board = cv2.aruco.CharucoBoard((5, 4), 0.05, 0.0375, dictionary)
    return np.pad(board.generateImage((500, 400)), 50, constant_values=255)


@pytest.mark.parametrize("index", range(4))
def test_chessboard_corners_are_found_where_they_are(index: int) -> None:
    seen = camera()
    pose = poses(4, seed=3)[index]
    view = Chessboard(7, 5, 0.03).find(image_of(seen, printed_chessboard(7, 5), (0.3, 0.24), pose), "a.jpg")
    assert view is not None
    expected = seen.project(grid(7, 5, 0.03) @ pose[0].T + pose[1])
    # A board with an odd and an even number of squares looks the same only one way round; others may be turned.
    error = min(np.abs(view.corners - expected).max(), np.abs(view.corners - expected[::-1]).max())
    assert error < 0.3
    assert view.name == "a.jpg"


def test_chessboard_of_another_size_is_not_found() -> None:
    image = image_of(camera(), printed_chessboard(7, 5), (0.3, 0.24), poses(1)[0])
    assert Chessboard(6, 9, 0.03).find(image) is None


def test_chessboard_in_an_image_without_one_is_not_found() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (480, 640)).astype(np.uint8)
    assert Chessboard(7, 5, 0.03).find(noise) is None


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("inverted", [False, True])
def test_charuco_variants_are_recognized(mirrored: bool, inverted: bool) -> None:
    seen, pose = camera(), poses(1, seed=2)[0]
    board = printed_charuco()
    board = 255 - board if inverted else board
    image = image_of(seen, board[:, ::-1] if mirrored else board, (0.3, 0.25), pose)
    view = CHARUCO.find(image)
    assert view is not None
    assert (("mirrored" in view.variant), ("inverted" in view.variant)) == (mirrored, inverted)
    centered = view.points - [0.125, 0.1, 0]
    if mirrored:
        centered[:, 0] *= -1
    expected = seen.project(centered @ pose[0].T + pose[1])
    assert np.abs(view.corners - expected).max() < 0.5


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Chessboard(1, 5, 0.03), "needs 3 to 50 inner corners"),
        (lambda: Chessboard(7, 5, 0.0), "square side 0 mm"),
        (lambda: CharucoBoard(5, 4, 0.05, 0.06, "DICT_4X4_50"), "must be smaller"),
        (lambda: CharucoBoard(5, 4, 0.05, 0.03, "DICT_9X9"), "unknown dictionary 'DICT_9X9'; there are: DICT_4X4_100"),
        (lambda: CharucoBoard(20, 20, 0.05, 0.03, "DICT_4X4_50"), "has 50 markers; 200 are needed"),
    ],
)
def test_board_that_cannot_be_is_refused(make: object, problem: str) -> None:
    with pytest.raises(BoardError, match=problem):
        make()  # type: ignore[operator]
