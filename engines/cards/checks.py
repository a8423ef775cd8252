"""Checks the entries of a model card against their limits, and that its files are in its folder."""

from __future__ import annotations

from engines.cards.paths import inside
from engines.cards.types import FITS, PRECISIONS, REFINEMENTS, TASKS, Card
from engines.files.suggestions import did_you_mean

LONGEST_NAME = 100  # characters of a name of a model, tensor, keypoint or file
LONGEST_LINE = 500  # of a title, license or source
LONGEST_NOTES = 8000
MOST_NAMES = 1000  # keypoints, outputs, aliases, files
LARGEST_SIDE = 8192  # px of an input, or numbers along another axis
LARGEST_MARGIN = 10.0
MOST_BINS = 64.0


def check_card(card: Card, *, bundled: bool) -> None:
    """Raises ValueError, which names the invalid entry and what is allowed.

    bundled: the card is part of the installation, where files may be links (some installers use links).
    """
    for good, message in (*_texts(card), *_entries(card), *_input(card), *_decode(card)):
        if not good:
            raise ValueError(message)
    folder = card.path.parent
    named = [(f"variants.{v.precision}.file", str(v.file.relative_to(folder))) for v in card.variants]
    named += [(f"variants.{v.precision}.data", name) for v in card.variants for name, _ in v.data]
    named += [("license_files", str(path.relative_to(folder))) for path in card.license_files]
    named += [(entry, name) for entry, name in (("mean", card.mean), ("body", card.body)) if name]
    for entry, name in named:
        inside(folder, name, entry, follow=not bundled)


def _texts(card: Card) -> tuple[tuple[bool, str], ...]:
    names = (card.name, card.family, card.network, card.mean, card.body, card.input.name)
    lists = {"keypoints": card.keypoints, "aliases": card.aliases, "outputs": card.outputs}
    lines = {"title": card.title, "license": card.license, "source": card.source}
    return (
        (all(len(name) <= LONGEST_NAME for name in names), f"a name is longer than {LONGEST_NAME} characters"),
        (card.name.isprintable() and bool(card.name.strip()), "name is empty or holds control characters"),
        *(
            (len(text) <= LONGEST_LINE, f"{key} is longer than {LONGEST_LINE} characters")
            for key, text in lines.items()
        ),
        (len(card.notes) <= LONGEST_NOTES, f"notes are longer than {LONGEST_NOTES} characters"),
        *((len(entries) <= MOST_NAMES, f"{key} has more than {MOST_NAMES} entries") for key, entries in lists.items()),
        *(
            (
                all(len(entry) <= LONGEST_NAME for entry in entries),
                f"{key}: one is longer than {LONGEST_NAME} characters",
            )
            for key, entries in lists.items()
        ),
        (len(card.license_files) <= MOST_NAMES, f"license_files has more than {MOST_NAMES} entries"),
    )


def _entries(card: Card) -> tuple[tuple[bool, str], ...]:
    return (
        (card.name == card.path.stem, f"name {card.name!r} differs from the file's"),
        _one_of("task", card.task, TASKS),
        (bool(card.variants or card.network), "no variants, and no network that could run untrained"),
        (all(p in PRECISIONS for p in card.auto), f"auto holds a precision that is not one of {', '.join(PRECISIONS)}"),
        (all(len(v.sha256) in (0, 64) for v in card.variants), "a sha256 is not 64 hexadecimal digits"),
        (
            all(len(digest) == 64 for v in card.variants for _, digest in v.data),
            "a sha256 in data is not 64 hexadecimal digits",
        ),
    )


def _input(card: Card) -> tuple[tuple[bool, str], ...]:
    given = card.input
    return (
        (bool(given.shape) or card.task == "body", "input.shape is missing"),
        (all(isinstance(v, str) or v > 0 for v in given.shape), "input.shape must be positive"),
        (
            len(given.shape) <= 8 and all(isinstance(v, str) or v <= LARGEST_SIDE for v in given.shape),
            f"input.shape has an axis above {LARGEST_SIDE}, or too many axes",
        ),
        (
            all(len(v) <= LONGEST_NAME for v in given.shape if isinstance(v, str)),
            f"input.shape: a name is longer than {LONGEST_NAME} characters",
        ),
        (given.color in ("", "bgr", "rgb"), f"input.color {given.color[:LONGEST_NAME]!r} is not bgr or rgb"),
        (not given.color or len(given.mean) == len(given.std) == 3, "input.mean and std need three numbers"),
        (not given.color or given.size > 0, "input.size must be positive"),
        (given.size <= LARGEST_SIDE, f"input.size is above {LARGEST_SIDE}"),
        (all(v > 0 for v in given.std), "input.std must be positive"),
        (0 <= given.pad <= 255, "input.pad is not in 0..255"),
    )


def _decode(card: Card) -> tuple[tuple[bool, str], ...]:
    decode = card.decode
    return (
        (1 <= decode.margin <= LARGEST_MARGIN, f"decode.margin is not in 1..{LARGEST_MARGIN:g}"),
        _one_of("decode.refine", decode.refine, REFINEMENTS),
        (0 < decode.bins_per_px <= MOST_BINS, f"decode.bins_per_px is not positive, or above {MOST_BINS:g}"),
        _one_of("decode.fit", decode.fit, FITS),
        (decode.person >= 0, "decode.person must not be negative"),
        (0 <= decode.score <= 1, "decode.score is not in 0..1"),
    )


def _one_of(entry: str, value: str, known: tuple[str, ...]) -> tuple[bool, str]:
    shown = value[:LONGEST_NAME]
    return value in known, f"{entry} {shown!r} is not one of {', '.join(known)}{did_you_mean(value, known)}"
