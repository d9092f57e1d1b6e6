# SPDX-License-Identifier: Apache-2.0
"""`micro`: single parts beside the same work in C: parsing, JSON, fan-out into a buffer, storing, matching."""
import json
import shutil

from results import interleaved, note

HEADER = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:component:accept' id='s1'>"


def body(seq, v):
    """A report of some 190 bytes, like the harness's."""
    records = [
        {"bt": 1795413600, "n": "temperature", "u": "Cel", "v": v}, {"n": "humidity", "u": "%RH", "v": 63.2},
        {"n": "pressure", "u": "hPa", "v": 1013.25}, {"n": "wind-speed", "u": "m/s", "v": 4.1}]
    return json.dumps({"seq": seq, "records": records}, separators=(",", ":"))


def stanza(number, quote):
    text = body(number, 10.5 + number % 20).replace('"', quote)
    return (
        f"<iq type='set' id='r{number}' from='ws{number * 7919 % 10000}@localhost/st' to='devices.localhost' xml:lang='en'>"
        f"<report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>{text}</json></report></iq>\n")


def measure(programs, results, quick):
    seconds = 0.15 if quick else 0.6
    runs = 5 if quick else 9
    for name, quote in (("&quot; as servers write it", "&quot;"), ("bare quotes", '"')):
        path = programs.folder / "stanzas.xml"
        path.write_text(HEADER + "\n" + "".join(stanza(number, quote) for number in range(2000)), encoding="utf-8")
        pair(programs, results, runs, f"XML into the arena, {name}, against expat with empty handlers", "stanzas/s",
             ["xml", "--input", path, "--seconds", seconds], ["micro-expat", path, seconds], (">=", 0.85))
    text = programs.folder / "report.json"
    text.write_text(body(4711, 21.5), encoding="utf-8")
    for rival, goal in (("simdjson", (">=", 0.5)), ("jansson", None)):
        pair(programs, results, runs, f"JSON validated, against {rival}", "texts/s",
             ["json", "--input", text, "--seconds", seconds], [f"micro-{rival}", text, seconds], goal)
    pair(programs, results, runs, "fan-out into a buffer, against memcpy", "messages/s",
         ["writer", "--count", 100, "--seconds", seconds], ["micro-copy", 100, seconds], None)
    for batch in (1000,) if quick else (1, 100, 1000):
        folder = programs.folder / "micro-store"
        pair(programs, results, runs, f"store, {batch} reports a commit, against SQLite without an index", "reports/s",
             ["store", "--folder", folder, "--count", batch, "--seconds", seconds],
             ["micro-sqlite", programs.folder, seconds, batch], None)
    matching(programs, results, runs, quick)


def pair(programs, results, runs, name, unit, ours, limit, goal):
    if not (programs.tools / limit[0]).exists():
        note(f"micro: no {limit[0]} here; '{name}' is left out")
        return
    first, second = interleaved(
        runs, lambda: figures(programs, [programs.swift, "micro", *ours]),
        lambda: figures(programs, [programs.tools / limit[0], *limit[1:]]))
    add(results, name, unit, first, second, goal)


def matching(programs, results, runs, quick):
    """The whole way of a report behind the parser, in one process, with and without subscriptions that match nothing."""
    idle, reports = (10_000, 20_000) if quick else (100_000, 60_000)
    fixtures = [programs.fixture(1000, 0, count) for count in (idle, 0)]

    def run(fixture):
        folder = programs.folder / "matching"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(fixture, folder)
        return figures(programs, [programs.swift, "micro", "matching", "--input", folder, "--count", reports])

    first, second = interleaved(runs, lambda: run(fixtures[0]), lambda: run(fixtures[1]))
    add(results, f"matching among {idle:,} subscriptions that do not match, against none", "reports/s", first, second,
        (">=", 0.95))


def figures(programs, command):
    return json.loads(programs.call(command))


def add(results, name, unit, first, second, goal):
    results.add(
        "micro", name, unit, [run["perSecond"] for run in first], [run["perSecond"] for run in second], goal,
        thread_ns=middle(first), limit_thread_ns=middle(second))


def middle(runs):
    return sorted(run["threadNanoseconds"] for run in runs)[len(runs) // 2]
