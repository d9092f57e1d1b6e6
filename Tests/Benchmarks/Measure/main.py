# SPDX-License-Identifier: Apache-2.0
"""Runs groups of benchmarks. `Tests/Benchmarks/run` calls it with the paths of what it has built."""
import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from plot import plot
from programs import Failed, Programs
from results import Results, note

GROUPS = ["micro", "link", "history", "memory", "scale", "server"]


def arguments():
    parser = argparse.ArgumentParser(prog="Tests/Benchmarks/run")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS) + "; all if none is named")
    parser.add_argument("--quick", action="store_true", help="under a minute: fewer cases, shorter runs")
    parser.add_argument("--out", help="folder for results.jsonl and the plots")
    parser.add_argument("--strict", action="store_true", help="exit with status 1 if a goal is missed")
    for name in ("tools", "swift", "binary", "python"):
        parser.add_argument("--" + name, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    for group in chosen.groups:
        if group not in GROUPS:
            parser.error(f"there is no group '{group}'")
    return chosen


def main():
    chosen = arguments()
    out = Path(chosen.out)
    out.mkdir(parents=True, exist_ok=True)
    results = Results(out)
    folder = Path(tempfile.mkdtemp(prefix="stationmaster-benchmarks.", dir=os.environ.get("TMPDIR", "/var/tmp")))
    failures = 0
    start = time.monotonic()
    try:
        programs = Programs(chosen.tools, chosen.swift, chosen.binary, chosen.python or None, folder)
        for group in chosen.groups or GROUPS:
            note(f"== {group} ({time.monotonic() - start:.0f} s)")
            try:
                importlib.import_module(group).measure(programs, results, chosen.quick)
            except Failed as failure:
                failures += 1
                note(f"FAILED {group}: {failure}")
            picture = plot(group, results.groups.get(group, []))
            if picture:
                (out / f"{group}.svg").write_text(picture, encoding="utf-8")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    note(f"{time.monotonic() - start:.0f} s; {results.missed} goals missed, {failures} groups failed")
    note("results.jsonl and a plot for each group are in the folder given by --out")
    return 1 if failures or (chosen.strict and results.missed) else 0


if __name__ == "__main__":
    sys.exit(main())
