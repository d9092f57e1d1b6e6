# SPDX-License-Identifier: Apache-2.0
"""`history`: an hour of one station out of a large log, of stations that reported in random order."""
import json


def measure(programs, results, quick):
    reports = 1_000_000 if quick else 50_000_000
    folder = programs.folder / "history"
    figures = json.loads(programs.call(
        [programs.swift, "history", "--folder", folder, "--reports", reports], seconds=1200))
    results.add(
        "history", f"an hour of one station among {reports:,} reports, 99th percentile", "ms", [figures["p99"]],
        goal=("<=", 5.0), p50_ms=figures["p50"], max_ms=figures["max"], found=figures["found"])
