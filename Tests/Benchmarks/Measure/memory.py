# SPDX-License-Identifier: Apache-2.0
"""`memory`: what a station that is online costs, and how soon a large store is ready."""
from pathlib import Path

from programs import Attached
from results import interleaved

FEW = 1000


def resident(pid):
    """Bytes in memory: all, and those that belong to no file."""
    sizes = {}
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "RssAnon"):
            sizes[name] = int(value.split()[0]) * 1024
    return sizes


def run(programs, stations):
    """All stations come online with a resource; nothing is stored, so the fixture serves many runs."""
    folder = programs.fixture(stations, 0)
    hold = programs.folder / "hold"
    hold.touch()
    options = {"stations": stations, "online": stations, "reports": 0, "hold": hold}
    with Attached(programs, programs.stationmaster(folder), **options) as attached:
        attached.await_line("holding")
        sizes = resident(attached.component.pid)
        online = programs.call([programs.binary, "status", "--config", folder / "stationmaster.yaml"])
        hold.unlink()
        figures = attached.result()
    figures.update(sizes, status=online)
    return figures


def ready(programs, stations):
    folder = programs.fixture(stations, 0)
    options = {"stations": stations, "reports": 0, "settle": 0}
    with Attached(programs, programs.stationmaster(folder), **options) as attached:
        return attached.result()["readySeconds"]


def measure(programs, results, quick):
    many, runs = (50_000, 1) if quick else (1_000_000, 5)
    large, small = interleaved(runs, lambda: run(programs, many), lambda: run(programs, FEW))
    for key, name, goal in (("VmRSS", "resident", 64), ("RssAnon", "not of a file", None)):
        results.add(
            "memory", f"a station online, {name} ({many:,} against {FEW:,})", "B",
            [(one[key] - other[key]) / (many - FEW) for one, other in zip(large, small)],
            goal=("<=", goal) if goal and not quick else None, large_bytes=large[0][key], small_bytes=small[0][key])
    times = [ready(programs, many) for _ in range(5)]
    few = [ready(programs, FEW) for _ in range(5)]
    results.add(
        "memory", f"from start to handshake, {many:,} stations in the store", "s", times,
        goal=("<=", 1.0) if not quick else None, with_few=sorted(few)[2])
