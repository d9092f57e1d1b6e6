# SPDX-License-Identifier: Apache-2.0
"""Counts what the component asks of the heap while reports come in, and fails beyond the stated numbers.

Times depend on the machine, counts do not: so this is a test. `Tests/Benchmarks/run allocations` runs it.
"""
import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from programs import Failed, Programs

STATIONS = 1000
# Subscribers, window, reports, and the most allocations of a report with all its deliveries. A batch allocates, so a
# report costs a share of one, a larger one on a busy machine, where batches are small; what would cost every report at
# least one goes beyond the limit. With 100 subscribers there is a chunk of output for each other report.
CASES = [(0, 1000, 50_000, 0.8), (1, 1000, 50_000, 0.8), (10, 1000, 30_000, 0.8), (100, 1000, 5_000, 3.0)]


def main():
    parser = argparse.ArgumentParser()
    for name in ("tools", "swift", "binary"):
        parser.add_argument("--" + name, required=True)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="stationmaster-allocations."))
    passed = failed = 0
    try:
        programs = Programs(chosen.tools, chosen.swift, chosen.binary, None, folder)
        for subscribers, window, reports, most in CASES:
            name = f"a report to {subscribers} subscribers, window {window}"
            try:
                each, size = count(programs, subscribers, window, reports)
            except Failed as failure:
                failed += 1
                print(f"FAILED {name}: {failure}")
                continue
            good = 0 < each <= most
            passed += good
            failed += not good
            print(f"{'ok' if good else 'FAILED'} {name}: {each:.3f} allocations, {size:.0f} bytes; at most {most}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def count(programs, subscribers, window, reports):
    """Allocations and bytes for each report; what the harness counted must be there at all."""
    counter = programs.folder / "counter"
    environment = {"LD_PRELOAD": str(programs.tools / "count-allocations.so"), "COUNT_ALLOCATIONS": str(counter)}
    run = programs.ours(
        STATIONS, subscribers, reported=1, environment=environment, window=window, reports=reports,
        warmup=max(reports // 5, 4 * window), counter=counter)
    return run["allocations"] / reports, run["allocatedBytes"] / reports


if __name__ == "__main__":
    sys.exit(main())
