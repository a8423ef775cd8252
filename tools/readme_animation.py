"""Compose the animation of the README from two overlays of `meshcast run`; docs/media/README.md has the commands."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import av
from PIL import Image

HEIGHT = 440  # px of the animation
GAP = 6  # px between the two clips
FRAME_MS = 50
COUNT = 100  # frames of the animation
BALANCE_CROP = (0, 300, 1088, 1700)  # left, top, right, bottom in px of the overlay
PEDESTRIANS_CROP = (128, 20, 768, 440)
PEDESTRIANS_START = 150  # first frame of the second clip; each of its frames is shown twice, as the clip has 10 fps


def overlay_frames(path: Path, crop: tuple[int, int, int, int], start: int, count: int) -> list[Image.Image]:
    """Frames of an overlay, cropped and scaled to HEIGHT."""
    width = round((crop[2] - crop[0]) * HEIGHT / (crop[3] - crop[1]))
    with av.open(str(path)) as container:
        frames = itertools.islice(container.decode(video=0), start, start + count)
        return [frame.to_image().crop(crop).resize((width, HEIGHT), Image.Resampling.LANCZOS) for frame in frames]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("balance", type=Path, metavar="BALANCE.mp4")
    parser.add_argument("pedestrians", type=Path, metavar="PEDESTRIANS.mp4")
    parser.add_argument("output", type=Path, metavar="OUT.webp")
    parser.add_argument("--quality", type=int, default=60)
    arguments = parser.parse_args()
    left = overlay_frames(arguments.balance, BALANCE_CROP, 0, COUNT)
    right = overlay_frames(arguments.pedestrians, PEDESTRIANS_CROP, PEDESTRIANS_START, COUNT // 2)
    images = []
    for index, image in enumerate(left):
        other = right[index // 2]
        canvas = Image.new("RGB", (image.width + GAP + other.width, HEIGHT), "white")
        canvas.paste(image, (0, 0))
        canvas.paste(other, (image.width + GAP, 0))
        images.append(canvas)
    images[0].save(
        arguments.output, save_all=True, append_images=images[1:], duration=FRAME_MS, loop=0, method=4,
        quality=arguments.quality,
    )  # fmt: skip


if __name__ == "__main__":
    main()
