"""The process of a desktop window: it shows the scenes that come through a pipe.

The window has a process of its own because its toolkit needs a main thread, and because a graphics driver that fails
ends the process.
"""

from __future__ import annotations

import contextlib
import os
from multiprocessing.connection import Connection
from typing import Any

from edge.sinks.open3d_people import ScenePeople
from edge.types import I32

READY, TAKEN = "ready", "taken"  # answers: the window is open; a scene is shown
LONGEST_PX = 1000  # longer side of the window at first
SMALLEST_PX = 240
HELP = "drag: look from elsewhere   C: camera   S: skeletons"


def show(connection: Connection, title: str, faces: I32, log_path: str) -> None:
    """Show scenes until the pipe or the window is closed.

    Args:
        connection: ScenePeople come in; READY, and TAKEN for each, go out.
        title: of the window.
        faces: (F, 3) int32 triangles of every person.
        log_path: file that gets what Open3D and drivers print.
    """
    log_file = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log_file, 1)
    os.dup2(log_file, 2)
    first = connection.recv()  # its size is that of the window
    window = Window(connection, title, faces, first)
    window.run()


class Window:
    """A window with one scene."""

    def __init__(self, connection: Connection, title: str, faces: I32, first: ScenePeople) -> None:
        """
        Args:
            connection: see `show`.
            title: of the window.
            faces: (F, 3) int32.
            first: the first scene.
        """
        import open3d as o3d

        from edge.sinks.open3d_scene import SceneView

        self._gui = o3d.visualization.gui
        self._connection = connection
        self._app = self._gui.Application.instance
        self._app.initialize()
        width, height = window_size(first.size)
        self._aspect = first.size[0] / first.size[1]
        self._window = self._app.create_window(title, width, height)
        self._widget = self._gui.SceneWidget()
        self._widget.scene = o3d.visualization.rendering.Open3DScene(self._window.renderer)
        self._view = SceneView(self._widget.scene, faces)
        self._caption = self._gui.Label(HELP)
        self._window.add_child(self._widget)
        self._window.add_child(self._caption)
        self._window.set_on_layout(self._layout)
        self._widget.set_on_mouse(self._on_mouse)
        self._widget.set_on_key(self._on_key)
        self._show(first)
        self._connection.send(READY)

    def run(self) -> None:
        """Show what comes until the pipe or the window is closed."""
        with contextlib.suppress(EOFError, OSError):
            while self._app.run_one_tick():
                if self._connection.poll():
                    self._show(self._connection.recv())
                    self._connection.send(TAKEN)

    def _show(self, people: ScenePeople) -> None:
        self._view.update(people)
        self._caption.text = f"{people.caption}   {HELP}"
        aspect = people.size[0] / people.size[1]
        if aspect != self._aspect:
            self._aspect = aspect
            self._window.set_needs_layout()
        self._redraw()

    def _redraw(self) -> None:
        self._widget.force_redraw()
        self._window.post_redraw()

    def _layout(self, _context: Any) -> None:
        area = self._window.content_rect
        left, top, width, height = letterbox(area.width, area.height, self._aspect)
        rect = self._gui.Rect
        self._widget.frame = rect(area.x + left, area.y + top, width, height)
        line = self._window.theme.font_size + 8
        self._caption.frame = rect(area.x + 8, area.y + 4, area.width - 16, line)

    def _on_mouse(self, event: Any) -> Any:
        if event.type == self._gui.MouseEvent.Type.DRAG and self._view.from_camera:
            self._view.leave()
            bounds = self._widget.scene.bounding_box
            self._widget.setup_camera(60.0, bounds, bounds.get_center())
            self._widget.look_at(bounds.get_center(), [0.0, -0.5, -1.5], [0.0, -1.0, 0.0])
        return self._gui.Widget.EventCallbackResult.IGNORED

    def _on_key(self, event: Any) -> Any:
        results = self._gui.Widget.EventCallbackResult
        if event.type != self._gui.KeyEvent.Type.DOWN or event.key not in (ord("c"), ord("s")):
            return results.IGNORED
        if event.key == ord("c"):
            self._view.look()
        else:
            self._view.toggle_skeletons()
        self._redraw()
        return results.HANDLED


def window_size(image: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a window for an image of a width and height, px."""
    scale = min(1.0, LONGEST_PX / max(image))
    return max(SMALLEST_PX, round(image[0] * scale)), max(SMALLEST_PX, round(image[1] * scale))


def letterbox(width: int, height: int, aspect: float) -> tuple[int, int, int, int]:
    """The largest rectangle (left, top, width, height) of an aspect ratio in the middle of an area, px."""
    inner_width = min(width, round(height * aspect))
    inner_height = min(height, round(width / aspect))
    return (width - inner_width) // 2, (height - inner_height) // 2, max(1, inner_width), max(1, inner_height)
