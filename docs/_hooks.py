"""Hooks of mkdocs: the command-line reference, and links to files of the repository outside of docs/."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 100  # characters of the help texts, independent of the terminal
CLI_MARK = "<!-- meshcast-cli -->"
LINK = re.compile(r"(!?\[[^\]]*\])\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Fill in the command-line reference and resolve links that leave docs/."""
    if CLI_MARK in markdown:
        markdown = markdown.replace(CLI_MARK, command_reference())
    folder = PurePosixPath("docs", page.file.src_uri).parent
    return LINK.sub(lambda match: _link(match, folder, config.repo_url), markdown)


def command_reference() -> str:
    """A section with the help text of each command."""
    from edge.cli.main import parser
    from edge.cli.parser import commands_of

    top = parser()
    sections = []
    for command in (top, *commands_of(top)):
        command.formatter_class = functools.partial(command.formatter_class, width=WIDTH)  # type: ignore[assignment]
        sections.append(f"## {command.prog}\n\n```text\n{command.format_help().rstrip()}\n```\n")
    return "\n".join(sections)


def _link(match: re.Match[str], folder: PurePosixPath, repo_url: str | None) -> str:
    text, target, anchor = match.group(1), match.group(2), match.group(3) or ""
    path = PurePosixPath(os.path.normpath(folder / target))
    if path.parts[:1] == ("docs",) or not (ROOT / path).exists():
        return match.group(0)  # mkdocs resolves it, or reports it
    if repo_url:
        return f"{text}({repo_url.rstrip('/')}/blob/main/{path}{anchor})"
    return f"`{path}`"
