# SPDX-License-Identifier: Apache-2.0
"""`scale`: what a report costs must not depend on how many stations and subscriptions there are.

Every station has reported before, so that none is measured with what only a first report costs."""
from results import interleaved

WINDOW = 1000


def cost(run):
    """Microseconds of processor time of the component for each report."""
    return run["componentSeconds"] * 1e6 / run["reports"]


def compare(programs, results, name, unit, pairs, one, base, value, goal):
    """The ratio of the larger case to the smaller one, pair by pair."""
    first, second = interleaved(pairs, lambda: programs.ours(**one), lambda: programs.ours(**base))
    results.add(
        "scale", name, unit, [value(run) for run in first], [value(run) for run in second], goal,
        cpu_us=sorted(map(cost, first))[len(first) // 2], limit_cpu_us=sorted(map(cost, second))[len(second) // 2],
        p99_ms=sorted(run["p99"] for run in first)[len(first) // 2])


def measure(programs, results, quick):
    reports = 15_000 if quick else 100_000
    base = {"stations": 1000, "subscribers": 0, "window": WINDOW, "reports": reports, "reported": 1}
    for stations in (20_000,) if quick else (10_000, 100_000, 1_000_000):
        compare(
            programs, results, f"processor time of a report, {stations:,} stations against 1,000", "µs", 5,
            {**base, "stations": stations}, base, cost, ("<=", 1.5))
    for idle in () if quick else (1000, 100_000):
        compare(
            programs, results, f"reports among {idle:,} subscriptions that do not match, against none", "reports/s", 7,
            {**base, "idle": idle}, base, lambda run: run["reportsPerSecond"], (">=", 0.95))
    for subscribers in () if quick else (10, 100, 1000):
        compare(
            programs, results, f"processor time of a delivery, {subscribers:,} subscribers against 1", "µs", 5,
            {**base, "subscribers": subscribers, "reports": max(500, 200_000 // subscribers)},
            {**base, "subscribers": 1, "reports": 50_000},
            lambda run: run["componentSeconds"] * 1e6 / run["messages"], ("<=", 1.0))
