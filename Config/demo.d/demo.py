#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the three use cases with real programs; called by Config/demo, which has the manual. Python 3.9, standard library only."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import picture
from play import Failed, Play
from screen import screen
from stage import Stage, Unseen


def tell_failure(failure, stage, binaries):
    print(f"\nFAILED at this hop: {failure.hop}\n{failure.reason}", file=sys.stderr)
    if failure.log.exists():
        lines = failure.log.read_text(errors="replace").splitlines()[-12:]
        print(f"\nThe last lines of {failure.log}:", *(f"    {line[:400]}" for line in lines), sep="\n", file=sys.stderr)
    program, config = binaries / "stationmaster", stage.folder / "stationmaster" / "stationmaster.yaml"
    print(f"\nWhat to do: {failure.advice}", f"All logs, keys and stores are left in {stage.folder}",
          f"To ask the component what it knows: {program} run --config {config} &",
          f"    {program} log --config {config}; {program} explain wx-1 --config {config}", sep="\n", file=sys.stderr, flush=True)


async def show(play, shown):
    while True:
        shown.draw(picture.picture(play), picture.short(play))
        await asyncio.sleep(0.25)


async def perform(stage, arguments, shown):
    """The exit status and the summary."""
    play = Play(stage, arguments.root, arguments.binaries, arguments.seconds, shown)
    showing = asyncio.create_task(show(play, shown))
    try:
        await play.perform()
        return 0, play.figures(), None
    except Failed as failure:
        return 1, {**play.figures(), "failed": failure.hop}, failure
    finally:
        showing.cancel()
        await asyncio.wait([showing])
        shown.draw(picture.picture(play), "")


async def main(arguments):
    interrupted = []
    performing = asyncio.current_task()

    def interrupt(number):
        if not interrupted:     # a second Ctrl-C does not disturb the clearing up
            performing.cancel()
        interrupted.append(number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, interrupt, number)

    shown = screen()
    stage = Stage()
    status, summary, failure = 1, None, None
    try:
        status, summary, failure = await perform(stage, arguments, shown)
    except asyncio.CancelledError:
        status = 128 + interrupted[0]
    finally:
        interrupted.append(0)
        await stage.close()
        shown.close()
        if failure:
            tell_failure(failure, stage, arguments.binaries)
        elif arguments.keep or status == 1:
            print(f"The folder is {stage.folder}", flush=True)
        else:
            stage.remove()
    if summary:
        print(json.dumps(summary, separators=(",", ":")), flush=True)
    else:
        print("interrupted; everything that was started has ended", file=sys.stderr)
    return status


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--binaries", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--keep", action="store_true")
    try:
        sys.exit(asyncio.run(main(parser.parse_args())))
    except Unseen as problem:
        sys.exit(f"Config/demo: {problem}")
