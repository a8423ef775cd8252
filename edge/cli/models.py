"""`meshcast models`: the models that can be chosen by name; bringing in published ones, and giving them out as ONNX."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.errors import EXIT_WHOLE
from edge.text import one_line

if TYPE_CHECKING:
    from engines.cards.card import Card

TASKS = ("detector", "pose", "mesh", "body")
OF_THE_LOG = {"-v", "--verbose", "--log-format", "--log-format=json", "--log-format=text", "json", "text"}
COMMANDS = ("show", "import", "export", "remove")

EPILOG = """\
meshcast models                               the list
meshcast models NAME                          one model's card
meshcast models import pose_hrnet_w32_256x192.pth
meshcast models import SMPL_NEUTRAL.pkl       a body for PARE, Pose2Mesh and DecoMR
meshcast models export hrnet_w32 hrnet.onnx
meshcast models remove NAME                   an imported one
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `models` command to the command line."""
    parser = subparsers.add_parser(
        "models",
        help="list, import and export models",
        description="List the models that `meshcast run` takes by name, show the card of one, import published "
        "checkpoints and body models, export networks as ONNX.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--task", choices=TASKS, help="list only models for this task")
    parser.set_defaults(run=run_list)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")

    show = commands.add_parser("show", help="show one model's card")
    show.add_argument("model", metavar="NAME")
    show.set_defaults(run=run_show)

    bring = commands.add_parser(
        "import",
        help="import a checkpoint, an ONNX model or a body model",
        description="Recognise a published checkpoint (HRNet, YOLOX, Pose2Mesh, PARE, DCT, DecoMR) or a body model "
        "(SMPL, SMPL-H, SMPL-X, MANO), convert it and keep it under a name; or copy an ONNX model that has a card "
        "beside it or in it, as those of `meshcast train` and of the export. Nothing in the file is executed.",
    )
    bring.add_argument(
        "file", type=Path, metavar="FILE", help=".pth, .pt, .ckpt, .safetensors; .onnx; .pkl, .npz of a body"
    )
    bring.add_argument("--as", dest="name", metavar="NAME", help="the model that it is, or what to call it")
    bring.add_argument("--mean", type=Path, metavar="MEAN.npz", help="mean pose and shape, for DCT")
    bring.add_argument("--weights", metavar="KEY", help="which weights, where the file holds several (model, ema, ...)")
    bring.add_argument("--trust", action="store_true", help="let the file run code while it is read")
    bring.set_defaults(run=run_import)

    give = commands.add_parser(
        "export",
        help="write a network as ONNX",
        description="Write a network as ONNX, opset 17, "
        "with a free batch axis and all its outputs, checked against the network itself.",
    )
    give.add_argument("model", metavar="NAME")
    give.add_argument("file", type=Path, metavar="OUT.onnx")
    give.add_argument("--body", metavar="NAME", help="whose mesh a graph network is for")
    give.set_defaults(run=run_export)

    remove = commands.add_parser("remove", help="delete an imported model")
    remove.add_argument("model", metavar="NAME")
    remove.set_defaults(run=run_remove)


def with_command(arguments: list[str]) -> list[str]:
    """`models NAME` is short for `models show NAME`."""
    values = {index + 1 for index, word in enumerate(arguments) if word == "--log-format"}
    words = [index for index, word in enumerate(arguments) if not word.startswith("-") and index not in values]
    if len(words) != 2 or arguments[words[0]] != "models":
        return arguments
    if not set(arguments[words[0] + 1 : words[1]]) <= OF_THE_LOG:
        return arguments
    if arguments[words[1]] in COMMANDS:
        return arguments
    return [*arguments[: words[1]], "show", *arguments[words[1] :]]


def run_list(args: argparse.Namespace) -> int:
    """Print one line a model."""
    from engines.cards.card import cards

    console.out(table_text(cards(args.task)))
    return EXIT_WHOLE


def run_show(args: argparse.Namespace) -> int:
    """Print one card. Raises UnknownNameError when there is no such model."""
    from engines.cards.card import load_card

    console.out(card_text(load_card(args.model)))
    return EXIT_WHOLE


def run_import(args: argparse.Namespace) -> int:
    """Import a file and say what it became. Raises ModelError when it cannot be used; then nothing is written."""
    from engines.importing.import_model import import_file

    made = import_file(args.file, args.name, trust=args.trust, mean=args.mean, weights=args.weights)
    card = made.card
    _say(f"{args.file.name} is {made.identified}")
    for warning in made.warnings:
        _say(f"note: {warning}")
    _say(f"license: {card.license}")
    if card.notes:
        _say(f"         {' '.join(card.notes.split())}")
    option = {"detector": "--detector", "pose": "--pose", "mesh": "--mesh", "body": "--body"}[card.task]
    _say(f"imported as {card.name}: meshcast run SOURCE {option} {card.name}")
    _say(f"wrote {card.path}")
    return EXIT_WHOLE


def run_export(args: argparse.Namespace) -> int:
    """Write a network as ONNX. Raises ModelError when it is none or the file does not compute the same."""
    from edge.sinks.output_file import OutputFile
    from engines.body.select import select_body
    from engines.cards.card import load_card
    from engines.errors import ModelError
    from engines.files.install_hint import install_hint
    from engines.onnx_tools.packed_model import pack_card

    card = load_card(args.model)
    target = OutputFile(args.file)
    try:
        if card.variants and not card.network:  # it is ONNX already; what lies beside it goes into the file
            data = pack_card(card)
            target.write(data)
            _say(f"wrote {args.file} ({len(data) / 1e6:.1f} MB), with its card in it")
            return EXIT_WHOLE
        try:
            from engines.onnx_tools.export import export
        except ImportError as error:
            raise ModelError(f"exporting needs torch and onnx ({error}); {install_hint('export')}") from None
        data = export(card, select_body(args.body, "mano" if card.name.endswith("_mano") else "smpl"))
    except BaseException:
        target.discard()
        raise
    target.write(data)
    if card.untrained:
        console.warn(f"{card.name} is untrained: the file holds random weights")
    _say(f"wrote {args.file} ({len(data) / 1e6:.1f} MB)")
    return EXIT_WHOLE


def run_remove(args: argparse.Namespace) -> int:
    """Delete an imported model. Raises UnknownNameError when it was not imported."""
    from engines.importing.import_model import remove

    for path in remove(args.model):
        _say(f"removed {path}")
    return EXIT_WHOLE


def table_text(cards: tuple[Card, ...]) -> str:
    """One line a model under a heading, by task."""
    ordered = sorted(cards, key=lambda card: (TASKS.index(card.task), card.untrained, card.name))
    lines = [("TASK", "NAME", "WEIGHTS", "LICENCE", "TITLE")]
    lines += [(c.task, one_line(c.name), _weights(c), one_line(c.license), one_line(c.title)) for c in ordered]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join([*(text.ljust(w) for text, w in zip(line, widths, strict=False)), line[4]]) for line in lines
    )


def card_text(card: Card) -> str:
    """All that a person wants to know of one card."""
    shape = " x ".join(str(side) for side in card.input.shape)
    files = [(f"{v.precision} file", f"{v.file} (sha256 {v.sha256[:12]}...)") for v in card.variants]
    gates = [
        (f"{v.precision} gate" if number == 0 else "", str(figure))
        for v in card.variants
        if v.gate is not None
        for number, figure in enumerate(v.gate.metrics)
    ]
    licenses = [("license text", str(path)) for path in card.license_files]
    precision = f"{_precisions(card)}; auto takes the first that the device has of: {', '.join(card.auto)}"
    entries = [
        ("name", ", ".join([card.name, *card.aliases])),
        ("title", card.title),
        ("task", f"{card.task}, family {card.family}"),
        (
            "weights",
            "none: untrained until a checkpoint is imported (meshcast models import)" if card.untrained else "",
        ),
        ("precision", precision if card.task != "body" else ""),
        ("input", f"{card.input.name} {shape} {card.input.color}".strip()),
        ("keypoints", ", ".join(card.keypoints)),
        ("body", card.body),
        ("license", card.license),
        *licenses,
        ("source", card.source),
        ("imported", f"from a file with sha256 {card.imported_sha256}" if card.imported_sha256 else ""),
        *files,
        *gates,
        ("notes", " ".join(card.notes.split())),
    ]
    return "\n".join(f"{key:<14}{one_line(value)}" for key, value in entries if value)


def _say(line: str) -> None:
    """One line of a result: names and texts of others cannot begin another one."""
    console.out(one_line(line))


def _weights(card: Card) -> str:
    if card.untrained:
        return "-"
    return _precisions(card) if card.task != "body" else "yes"


def _precisions(card: Card) -> str:
    """What the card's files and its own choice allow; bfloat16 needs no file of its own."""
    from engines.cards.card import PRECISIONS

    have = {*card.auto, *(variant.precision for variant in card.variants)}
    return " ".join(precision for precision in PRECISIONS if precision in have)
