# SPDX-License-Identifier: Apache-2.0
"""Figures: pairs of runs taken in turn, their medians, and a line of JSON for each."""
import json
import statistics
import sys


def median(values):
    return statistics.median(values)


def interleaved(runs, ours, limit):
    """Runs both in turn, each first as often as second, since the machine's speed drifts. Returns two lists."""
    first, second = [], []
    for number in range(runs):
        order = [(ours, first), (limit, second)]
        for measure, into in order if number % 2 == 0 else reversed(order):
            into.append(measure())
    return first, second


class Results:
    """Collects the figures of one run; each is printed as soon as it is known."""

    def __init__(self, folder):
        self.folder = folder
        self.groups = {}
        self.missed = 0
        self.file = open(folder / "results.jsonl", "w", encoding="utf-8")

    def add(self, group, name, unit, values, limits=None, goal=None, ratio=None, **more):
        """`values` and `limits` pair by pair. `goal` is a pair of comparison and number that the ratio has to meet, or
        the value if there is no limit. `more` is written beside it."""
        ratios = None
        if limits:
            ratios = [value / limit for value, limit in zip(values, limits) if limit]
        value = median(values)
        figure = {
            "name": f"{group}/{name}",
            "value": rounded(value),
            "unit": unit,
            "limit": rounded(median(limits)) if limits else None,
            "ratio": rounded(median(ratios) if ratios else ratio),
            "runs": len(values),
        }
        if goal:
            compare, wanted = goal
            got = figure["ratio"] if figure["ratio"] is not None else value
            met = got >= wanted if compare == ">=" else got <= wanted
            self.missed += not met
            figure["goal"] = f"{compare} {wanted:g}"
            figure["met"] = met
        if ratios and len(ratios) > 1:
            figure["ratios"] = [rounded(min(ratios)), rounded(max(ratios))]
        figure.update({key: rounded(one) for key, one in more.items()})
        self.groups.setdefault(group, []).append(figure)
        line = json.dumps(figure)
        print(line, flush=True)
        self.file.write(line + "\n")
        self.file.flush()
        return figure


def rounded(value):
    """Four significant digits: more would promise more than such a machine can keep."""
    if isinstance(value, float):
        return float(f"{value:.4g}") if abs(value) < 10_000 else round(value)
    return value


def note(text):
    """For people; the figures alone go to standard output."""
    print(text, file=sys.stderr, flush=True)
