"""A new model is tried in a process of its own first: an engine that crashes on it must not take the program along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from engines.cards.card import Card
from engines.errors import MeshcastError, ModelError

PATIENCE_S = 300
USUAL_SIDE = 256  # px, of a picture whose card leaves its size open
ROWS = (1, 3)  # a row alone and several take different ways through an engine
CODE = "from engines.inference.trial import main; main()"


def try_card(card: Card) -> None:
    """Load a card's ONNX model on this machine's CPU and run it on zeros, in a child process.

    Raises ModelError in one line when it fails, crashes or does not come to an end.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(
            [sys.executable, "-c", CODE, str(card.path)],
            cwd=card.path.parent,
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{card.name}: the engine did not come to an end with it in {PATIENCE_S} s") from None
    if done.returncode == 0:
        return
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ModelError(
            f"{card.name}: the engine crashes on it ({name}, in a process of its own); "
            "try another --backend, or other layer sizes"
        )
    lines = done.stderr.strip().splitlines() or ["no reason was given"]
    raise ModelError(f"{card.name}: it does not run: {lines[-1][:300]}")


def main() -> None:
    """What the child process does: sys.argv[1] is the card."""
    import numpy as np

    from engines.cards.card import load_card
    from engines.heads.registry import body_for, make_head
    from engines.inference.session import open_session
    from engines.joint_sets import COCO17

    try:
        card = load_card(Path(sys.argv[1]))
        mesh = card.task == "mesh"
        body = body_for(card, None) if mesh else None
        session = open_session(card, body=body, device="cpu")
        if mesh:
            make_head(card, session, body, card.keypoints or COCO17.joint_names)
        first, *sides = card.input.shape
        usual = card.input.size or USUAL_SIDE
        fixed = [side if isinstance(side, int) else usual for side in sides]
        for rows in ROWS if isinstance(first, str) else (first,):
            session(np.zeros((rows, *fixed), np.float32))
    except MeshcastError as error:
        sys.exit(" ".join(str(error).split()))


if __name__ == "__main__":
    main()
