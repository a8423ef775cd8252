"""Damaged files for every reader, for minutes: `python tests/campaign/fuzz_files.py --minutes 10`.

Each reader is tried in a child process that may take little more memory than the budget of files, and whose every call
has a time limit. Prints a table and ends with 1 where a reader crashed, hung, took too much memory or raised an error
that is none of the project's; the file that did it is left in the folder that is named.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.campaign.fuzz_mutation import damaged
from tests.campaign.fuzz_targets import BUDGET, TARGETS, attempt, samples_of

SPARE_BYTES = 256 << 20  # beside the budget: what the interpreter and the engines take for themselves
CALL_S = 60  # a call that takes longer hangs
ROUND = 200  # files for each seed


def child(name: str, seconds: float, first: int, folder: Path) -> int:
    """Try one reader; the last file stays in `folder` while it is read."""
    target, path = TARGETS[name], folder / f"{name}{TARGETS[name].suffix}"
    for sample in samples_of(name):
        attempt(target, path, sample.whole())  # imports what it needs before memory is limited
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + BUDGET + SPARE_BYTES,) * 2)
    files = refused = 0
    end_s = time.monotonic() + seconds
    number = first
    while time.monotonic() < end_s:
        number += 1

        @seed(number)
        @settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(damaged(samples_of(name)))
        def read(data: bytes) -> None:
            nonlocal files, refused
            if time.monotonic() > end_s:
                return
            files += 1
            faulthandler.dump_traceback_later(CALL_S, exit=True)
            refused += bool(attempt(target, path, data))
            faulthandler.cancel_dump_traceback_later()

        read()
    print(f"{files} {refused}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Damaged files for every reader.")
    parser.add_argument("--minutes", type=float, default=1.0, help="for all readers together")
    parser.add_argument("--only", choices=TARGETS, help="one reader")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    names = [args.only] if args.only else list(TARGETS)
    seconds = args.minutes * 60 / len(names)
    if args.child is not None:
        return child(args.only, seconds, args.seed, args.child)
    folder = Path(tempfile.mkdtemp(prefix="meshcast-fuzz-"))
    bad = 0
    print(f"seed {args.seed}, files of findings in {folder}")
    print(f"{'reader':18} {'files':>8} {'refused':>8} {'s':>6}  verdict", flush=True)
    for name in names:
        begin_s = time.monotonic()
        command = [sys.executable, __file__, "--only", name, "--minutes", str(seconds / 60), "--seed", str(args.seed)]
        limit_s = seconds + 2 * CALL_S
        try:
            ended = subprocess.run([*command, "--child", folder], capture_output=True, text=True, timeout=limit_s)
            code, out, err = ended.returncode, ended.stdout.split(), ended.stderr
        except subprocess.TimeoutExpired:
            code, out, err = 1, [], "it hangs"
        passed = code == 0 and len(out) == 2
        bad += not passed
        files, refused = out if passed else ("", "")
        verdict = "pass" if passed else f"FAIL ({code})"
        print(f"{name:18} {files:>8} {refused:>8} {time.monotonic() - begin_s:6.1f}  {verdict}", flush=True)
        if not passed:
            print(err[-3000:])
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
