"""Clips of several people, made of clips of one: side by side in one image of 1920 x 1080."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from metric import CLIPS, MEDIA

from edge.sources import open_source

WIDTH, HEIGHT, FPS = 1920, 1080, 60
PANEL = (480, 852)  # as many as four beside each other, of the clips' shape
ROW = WIDTH // PANEL[0]
MARGIN = PANEL[0] // 6
GRAY = 110
FRAMES = 100


def write_crowd(people: int, path: Path) -> Path:
    """One to four people, each as large as in any other crowd; the third and fourth are the first two mirrored.

    More, up to sixteen, are half as large, in two rows.
    """
    sources = [open_source(str(MEDIA / CLIPS[person % len(CLIPS)])) for person in range(people)]
    part = 1 if people <= ROW else 2
    size, margin = (PANEL[0] // part, PANEL[1] // part), MARGIN // part
    top = (HEIGHT - part * size[1]) // 2
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frames in islice(zip(*sources, strict=False), FRAMES):
            canvas = np.full((HEIGHT, WIDTH, 3), GRAY, np.uint8)
            for person, frame in enumerate(frames):
                panel = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
                panel[:, :margin] = GRAY  # covers a bystander
                row, column = divmod(person, part * ROW)
                below, left = top + row * size[1], column * size[0]
                turn = 1 if person % ROW < len(CLIPS) else -1
                canvas[below : below + size[1], left : left + size[0]] = panel[:, ::turn]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(canvas, format="bgr24")))
        container.mux(stream.encode(None))
    for source in sources:
        source.close()
    return path
