"""The shell commands of the documentation, and what is wrong with each of them."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from edge import console
from edge.cli import main, models
from tests.support.paths import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/media/README.md")),
    *(ROOT / name for name in ("examples/README.md", "tests/benchmarks/README.md")),
    *sorted((ROOT / "clients").glob("*/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^ *```(?:sh|bash|shell|console)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`(meshcast [^`]+)`(?!`)")
ENDS = {"&&", "||", ";", "|", "&"}
REDIRECTS = {">", ">>", "<", "2>", ">|"}
# Programs of others, whose arguments are theirs to check.
PROGRAMS = """
apt apt-get brew cat cd chmod cmake cp curl docker echo export fallocate fuser git gst-launch-1.0 install jetson_clocks
journalctl ln ls mkdir mkswap npm nvidia-smi nvpmodel openssl pre-commit promtool ray rm screen ss sudoedit swapon
systemctl systemd-sysusers tee timedatectl usermod vcpkg
"""
OTHERS = frozenset(PROGRAMS.split())


@dataclass(frozen=True, slots=True)
class DocCommand:
    """A command of a page: where it is, how it is written, and its words without what stands in front of a program."""

    page: str
    line: int
    text: str
    words: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def program(self) -> str:
        return self.words[0].rpartition("/")[2]


def doc_commands() -> list[DocCommand]:
    """Every command of every shell block of the documentation, in order."""
    return [command for path in DOCUMENTS for command in commands_of(path)]


def commands_of(path: Path) -> Iterator[DocCommand]:
    """The commands of the shell blocks of a page."""
    text = path.read_text(encoding="utf-8")
    page = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
    for block in FENCE.finditer(text):
        number = text.count("\n", 0, block.start(1)) + 1
        waiting, first = "", number
        for line in block[1].splitlines():
            waiting, first = (waiting + line.strip().removeprefix("$ "), first if waiting else number)
            number += 1
            if waiting.endswith("\\"):
                waiting = waiting[:-1] + " "
                continue
            for words in split(waiting):
                yield DocCommand(page, first, shlex.join(words), tuple(words))
            waiting = ""


def inline_commands() -> list[DocCommand]:
    """The meshcast commands with options in the sentences of the documentation."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        bare = FENCE.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
        for match in INLINE.finditer(bare):
            line = bare.count("\n", 0, match.start()) + 1
            words = shlex.split(match[1])
            if " --" in match[1] and not {"...", "--help", "--version"} & set(words):
                found.append(DocCommand(str(path.relative_to(ROOT)), line, match[1], tuple(words)))
    return found


def split(line: str) -> Iterator[list[str]]:
    """The commands of a line of shell, without redirections, environment and programs that start others."""
    lexer = shlex.shlex(re.sub(r"(^|\s)#.*", "", line), posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    tokens = [*lexer, ";"]
    for index, token in enumerate(tokens):
        if token in ENDS:
            bare = _without_prefix(words)
            if bare:
                yield bare
            words = []
        elif token not in REDIRECTS and (index == 0 or tokens[index - 1] not in REDIRECTS):
            words.append(token)


def _without_prefix(words: list[str]) -> list[str]:
    """A command without variables, sudo, env, and profilers in front."""
    while words:
        if re.match(r"\w+=", words[0]) or words[0] in ("sudo", "env", "time", "exec"):
            words = words[1:]
        elif words[0] == "-u" or words[:2] == ["nsys", "profile"]:
            words = words[2:]
        else:
            break
    return words


def problem_of(command: DocCommand) -> str:
    """What is wrong with a command, in one line; "" for nothing."""
    words = command.words
    if command.program == "meshcast":
        return parser_problem(words[1:])
    if command.program == "make":
        unknown = [word for word in words[1:] if "=" not in word and word not in make_targets()]
        return f"the Makefile has no target {', '.join(unknown)}" if unknown else ""
    if command.program in ("python", "python3"):
        return _python_problem(words)
    if command.program == "pip":
        return _pip_problem(words[1:])
    if command.program == "docker":
        return _docker_problem(words)
    if command.program in ("bash", "sh") or words[0].startswith(("./", "tests/", "tools/", "clients/", "examples/")):
        script = words[1] if command.program in ("bash", "sh") else words[0]
        return "" if (ROOT / script).is_file() else f"there is no file {script}"
    if words[0].startswith("build/"):
        return ""  # made by a command before it
    if command.program not in OTHERS:
        return f"unknown program {command.program}; correct it, or add it to PROGRAMS of tests/support/doc_commands.py"
    missing = [
        word for word in words[1:] if re.match(r"(deploy|clients)/[\w./@-]+$", word) and not (ROOT / word).exists()
    ]
    return f"there is no {', '.join(missing)}" if missing else ""


def parser_problem(arguments: tuple[str, ...] | list[str]) -> str:
    """What the parser says against the arguments of meshcast, in one line; "" for nothing."""
    with mock.patch.object(console, "error") as error:
        try:
            args = main.parser().parse_args(models.with_command(list(arguments)))
        except SystemExit:
            return str(error.call_args.args[0]) if error.call_args is not None else "help, not a command"
    return "" if callable(getattr(args, "run", None)) else "it is not a whole command"


@functools.cache
def make_targets() -> frozenset[str]:
    """The targets of the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    declared = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    rules = re.findall(r"^([\w/.$()-]+):(?!=)", text, re.MULTILINE)
    named = {name.replace("$(VENV)", ".venv").replace("$(BIN)", ".venv/bin") for name in rules}
    return frozenset(" ".join(declared).split()) | named


def _python_problem(words: tuple[str, ...]) -> str:
    arguments = [word for word in words[1:] if word not in ("-u", "-I")]
    if not arguments or arguments[0] == "-c":
        return ""
    if arguments[0] != "-m":
        return "" if (ROOT / arguments[0]).is_file() else f"there is no file {arguments[0]}"
    if arguments[1] == "pip":
        return _pip_problem(arguments[2:])
    return "" if arguments[1] in ("venv", "http.server", "pytest") else f"unknown module {arguments[1]}"


def _pip_problem(arguments: tuple[str, ...] | list[str]) -> str:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for word in arguments:
        path, _, extras = word.partition("[")
        if path.startswith("clients/") or path in (".", "./clients/python"):
            if not (ROOT / path / "pyproject.toml").is_file():
                return f"{path} is not a package"
            unknown = [name for name in extras.rstrip("]").split(",") if name and f"\n{name} = [" not in declared]
            if unknown:
                return f"pyproject.toml has no extra {', '.join(unknown)}"
    return ""


def _docker_problem(words: tuple[str, ...]) -> str:
    files = [words[index + 1] for index, word in enumerate(words) if word == "-f"]
    missing = [file for file in files if not (ROOT / file).is_file()]
    if missing:
        return f"there is no {', '.join(missing)}"
    images = [index for index, word in enumerate(words) if re.fullmatch(r"meshcast(:[\w.-]+)?", word)]
    if words[1] == "run" and images and words[images[0] + 1 :]:
        return parser_problem(words[images[0] + 1 :])
    return ""
