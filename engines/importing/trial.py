"""Runs a new model in a child process first, so that an engine that crashes does not end the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from engines.cards.card import Card
from engines.errors import MeshcastError, ModelError

TIMEOUT_S = 300
USUAL_SIDE = 256  # px, of an image whose size the card leaves open
BATCHES = (1, 3)  # one sample and several take different code paths in an engine
CODE = "from engines.importing.trial import main; main()"


def try_card(card: Card) -> None:
    """Loads the ONNX model of a card on the CPU and runs it on zeros, in a child process.

    Raises ModelError when it fails, crashes or does not return in TIMEOUT_S.
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
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{card.name}: the engine did not return in {TIMEOUT_S} s; try another --backend") from None
    if done.returncode == 0:
        return
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ModelError(
            f"{card.name}: the engine crashed ({name}, in a child process{_last_line(done.stderr, ': ')}); "
            "try another --backend, or other layer sizes"
        )
    raise ModelError(f"{card.name}: does not run: {_last_line(done.stderr) or 'no reason was given'}")


def _last_line(text: str, before: str = "") -> str:
    lines = text.strip().splitlines()
    return before + lines[-1][:300] if lines else ""


def main() -> None:
    """The child process; sys.argv[1] is the card."""
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
        for rows in BATCHES if isinstance(first, str) else (first,):
            session(np.zeros((rows, *fixed), np.float32))
    except MeshcastError as error:
        sys.exit(" ".join(str(error).split()))


if __name__ == "__main__":
    main()
