"""Findings of the checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warning", "error"]
STATES: tuple[State, ...] = ("ok", "note", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        topic: what was checked, a word or two.
        state: "ok"; "note" for something absent that not every user needs; "warning" for something that works badly;
            "error" for something without which Meshcast does not run.
        text: what was found, one line.
        remedy: what to do about it, a command where there is one; "" for nothing.
    """

    topic: str
    state: State
    text: str
    remedy: str = ""
