# SPDX-License-Identifier: Apache-2.0
"""`link`: the whole component against the harness, beside C over expat that stores nothing, and the libraries that a
developer would take instead."""
import json
import shutil
import subprocess
import threading
import time

from programs import Attached, Failed
from results import interleaved, note

STATIONS = 10_000
# Reports of one run, by subscribers: about a second of work on the machine for which they were chosen.
REPORTS = {0: 100_000, 1: 80_000, 10: 30_000, 100: 5_000}
GOALS = {(1000, 0): 0.6, (1000, 1): 0.7, (1000, 10): 0.9, (1000, 100): 1.0, (100, 10): 0.6}
RIVALS = {"strophe": (15_000, 5), "gloox": (6_000, 7), "slixmpp": (2_000, 80)}


def reports(window, subscribers, quick):
    count = REPORTS[subscribers]
    if window == 1:
        return 400 if quick else 1500
    if window == 100:
        count //= 2
    return count // 2 if quick else count


def cpu(runs):
    """Microseconds of processor time for each stanza in or out: all threads, and the busiest one."""
    stanzas = [run["messages"] + 2 * run["reports"] for run in runs]
    return tuple(
        sorted(run[key] * 1e6 / count for run, count in zip(runs, stanzas))[len(runs) // 2]
        for key in ("componentSeconds", "busiestThreadSeconds"))


def against_expat(programs, results, pairs, cases, quick):
    for window, subscribers in cases:
        load = {"window": window, "reports": reports(window, subscribers, quick)}
        seed = iter(range(1, 1000))
        ours, limit = interleaved(
            pairs, lambda: programs.ours(STATIONS, subscribers, seed=next(seed), **load),
            lambda: programs.theirs("expat", STATIONS, subscribers, seed=next(seed), **load))
        goal = GOALS.get((window, subscribers))
        ours_cpu, limit_cpu = cpu(ours), cpu(limit)
        results.add(
            "link", f"window {window}, {subscribers} subscribers, against C over expat", "stanzas/s",
            [run["stanzasPerSecond"] for run in ours], [run["stanzasPerSecond"] for run in limit],
            (">=", goal) if goal else None, cpu_us=ours_cpu[0], busiest_thread_us=ours_cpu[1], limit_cpu_us=limit_cpu[0],
            p50_ms=middle(ours, "p50"), p99_ms=middle(ours, "p99"), limit_p50_ms=middle(limit, "p50"),
            reports_per_second=middle(ours, "reportsPerSecond"), rss_kilobytes=middle(ours, "rssKilobytes"),
            harness_share=max(run["harnessSeconds"] / run["seconds"] for run in ours + limit))


def middle(runs, key):
    return sorted(run[key] for run in runs)[len(runs) // 2]


def against_libraries(programs, results, pairs):
    for name, (count, goal) in RIVALS.items():
        if not programs.has(name):
            note(f"link: no {name} here; left out")
            continue
        ours, theirs = interleaved(
            pairs, lambda: programs.ours(STATIONS, 10, window=1000, reports=30_000),
            lambda: programs.theirs(name, STATIONS, 10, window=1000, reports=count))
        results.add(
            "link", f"window 1000, 10 subscribers, against {name}", "stanzas/s",
            [run["stanzasPerSecond"] for run in ours], [run["stanzasPerSecond"] for run in theirs], (">=", goal),
            cpu_us=cpu(ours)[0], limit_cpu_us=cpu(theirs)[0])


def one_at_a_time(programs, results, pairs, quick):
    """One report at a time is one commit at a time: beside it, what one appending fdatasync costs on this disk."""
    load = {"window": 1, "reports": reports(1, 0, quick)}
    ours, disk = interleaved(
        pairs, lambda: programs.ours(STATIONS, 0, **load),
        lambda: json.loads(programs.call([programs.tools / "disk", programs.folder, 300])))
    results.add(
        "link", "one at a time, p50, against one fdatasync", "ms", [run["p50"] for run in ours],
        [run["p50"] for run in disk], ("<=", 2.5), p99_ms=middle(ours, "p99"), limit_p99_ms=middle(disk, "p99"))


def sustained(programs, results, count):
    """Long enough for checkpoints, segments and the history's index to take part."""
    ours, limit = interleaved(
        1, lambda: programs.ours(STATIONS, 0, window=1000, reports=count, warmup=20_000),
        lambda: programs.theirs("expat", STATIONS, 0, window=1000, reports=count // 4, warmup=20_000))
    run = ours[0]
    results.add(
        "link", f"{count:,} reports on end, durable", "reports/s", [run["reportsPerSecond"]],
        goal=(">=", 100_000), quarters=run["quarters"], cpu_us=cpu(ours)[0], busiest_thread_us=cpu(ours)[1],
        expat_reports_per_second=limit[0]["reportsPerSecond"], p99_ms=run["p99"])
    results.add(
        "link", f"{count:,} reports on end, worst pause between two acknowledgements", "ms", [run["pause"]],
        goal=("<=", 50))


# What an operator does, again and again, while reports come.
CARE = (["backup", "{}"], ["verify"], ["export", "--station", "ws7"], ["status"])


def beside_care(programs, results, count):
    """The same while backups are made, the store is looked over, reports are exported, and old segments go."""
    folder = programs.fresh(programs.fixture(STATIONS, 0))
    component = programs.stationmaster(folder, {"STATIONMASTER_INFORMATION_RETENTION_BYTES": "150000000"})
    done, failed = [0], []
    over = threading.Event()

    def care():
        while not (folder / "control.socket").exists() and not over.is_set():
            time.sleep(0.1)
        time.sleep(0.5)
        for number in range(1000):
            for words in CARE:
                if over.is_set():
                    return
                command = [programs.binary, *(word.format(folder / f"backup{number}") for word in words), "--config", folder / "stationmaster.yaml"]
                status = subprocess.run(
                    [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
                if status.returncode and not over.is_set():
                    failed.append(f"{words[0]}: {status.stderr.strip()}")
                done[0] += 1
            shutil.rmtree(folder / f"backup{number}", ignore_errors=True)

    with Attached(programs, component, stations=STATIONS, subscribers=0, window=1000, reports=count, warmup=20_000) as attached:
        worker = threading.Thread(target=care)
        worker.start()
        try:
            run = attached.result()
        finally:
            over.set()
            worker.join()
    if failed:
        raise Failed(failed[0])
    results.add(
        "link", f"{count:,} reports on end beside backup, verify, export and retention, worst pause between two acknowledgements",
        "ms", [run["pause"]], goal=("<=", 50), p99_ms=run["p99"], reports_per_second=run["reportsPerSecond"], commands=done[0])


def measure(programs, results, quick):
    if quick:
        against_expat(programs, results, 5, [(1000, 0), (1000, 10)], True)
        one_at_a_time(programs, results, 5, True)
        return
    cases = [(window, subscribers) for window in (1000, 100, 1) for subscribers in (0, 1, 10, 100)]
    against_expat(programs, results, 5, cases, False)
    one_at_a_time(programs, results, 5, False)
    sustained(programs, results, 2_000_000)
    beside_care(programs, results, 2_000_000)
    against_libraries(programs, results, 5)
