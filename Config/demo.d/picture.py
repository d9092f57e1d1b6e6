# SPDX-License-Identifier: Apache-2.0
"""The live picture of a play: the step of the moment, how far the stream is, and a table of the stations."""

import time

from play import SERIALS

SPINNER = "|/-\\"
COLUMNS = (("STATION", 8), ("STATE", 10), ("PRESENCE", 9), ("FIRMWARE", 9), ("REPORT", 7), ("FEED", 6), ("LIVE", 6), ("HOLES", 6), ("WEATHER", 34))


def picture(play):
    now = time.monotonic()
    lines = []
    text, since = play.now
    if text:
        lines.append(f"{SPINNER[int(now * 4) % 4]}  {text} … {now - since:.0f} s")
    elif play.begun and not play.ended:
        lines.append(f"{SPINNER[int(now * 4) % 4]}  the stations report")
    if not play.begun:
        return lines
    if lines:
        lines.append("")
    lines += [bar((play.ended or now) - play.begun, play.seconds), ""]
    lines.append(row(name for name, _ in COLUMNS))
    lines += [row(station(play, serial)) for serial in SERIALS]
    return lines


def bar(passed, seconds):
    width, passed = 40, min(passed, seconds)
    full = int(width * passed / seconds)
    return f"[{'#' * full}{'.' * (width - full)}] {passed:.0f} of {seconds} s of weather"


def row(cells):
    return "".join(str(cell).ljust(width) for cell, (_, width) in zip(cells, COLUMNS)).rstrip()


def station(play, serial):
    known = play.known.get(serial, {})
    # While the component is down nobody knows; at the end it is as it was last.
    presence = known.get("presence", "") if play.component.process.running or play.ended else "?"
    return (serial, known.get("state", ""), presence, known.get("firmware", ""), play.feed.tally.highest(serial) or "-",
            play.feed.tally.count(serial), play.live.tally.count(serial), len(play.feed.tally.missing(serial)), weather(play, serial))


def weather(play, serial):
    values = play.feed.tally.latest.get(serial, {})
    shown = (("temperature", 1, "°C"), ("humidity", 1, "%"), ("pressure", 0.01, "hPa"), ("wind-speed", 1, "m/s"))
    return "  ".join(f"{values[name] * factor:.1f} {unit}" for name, factor, unit in shown if isinstance(values.get(name), (int, float)))


def short(play):
    """For those without a terminal: one line now and then."""
    if not play.begun or play.ended:
        return ""
    feed = play.feed.tally
    parts = [f"{serial} report {feed.highest(serial)} {weather(play, serial)}".rstrip() for serial in SERIALS]
    return f"{min(time.monotonic() - play.begun, play.seconds):.0f} of {play.seconds} s: " + "; ".join(parts)
