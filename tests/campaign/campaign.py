"""Long runs under bad conditions: `python tests/campaign/campaign.py [--only NAME] [--scale 0.01]`.

Prints what was measured, the bar and a verdict, and ends with 1 where a bar is missed. Everything runs on loopback, in
child processes and temporary folders. At scale 1 the live runs alone take four hours; counts shrink with the scale.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.campaign.harness import Row

SCENARIOS = ("flaps", "subscribers", "kills", "full_disk", "descriptors", "live")


def measured(name: str, scale: float) -> list[Row]:
    """The rows of a scenario; one that fails in itself is a row too."""
    scenario = importlib.import_module(f"tests.campaign.{name}")
    try:
        rows: list[Row] = scenario.run(scale)
    except Exception as error:  # the other scenarios go on
        traceback.print_exc()
        return [Row(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:80], "", "", False)]
    return rows


def table(name: str, rows: list[Row]) -> str:
    """The rows as text."""
    return "\n".join(
        f"{name:12} {row.what:56} {row.value:>24} {row.bar:>12}  {'pass' if row.passed else 'FAIL'}" for row in rows
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Long runs under bad conditions.")
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="a scenario; may be given several times")
    parser.add_argument("--scale", type=float, default=1.0, help="share of all counts and times, for shorter runs")
    args = parser.parse_args()
    missed = 0
    for name in args.only or SCENARIOS:
        begin_s = time.monotonic()
        rows = measured(name, args.scale)
        missed += sum(not row.passed for row in rows)
        print(table(name, rows), f"{name:12} took {time.monotonic() - begin_s:.0f} s", sep="\n", flush=True)
    print(f"{missed} bars missed" if missed else "all bars held")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
