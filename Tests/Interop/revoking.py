# SPDX-License-Identifier: Apache-2.0
"""A station is revoked: its session ends, and where the server reads revocation lists it does not come in again."""

import asyncio
import time

from checks import true
from link import Refused, refused


async def until(happened, seconds, sentence):
    end = time.monotonic() + seconds
    while not await happened():
        true(time.monotonic() < end, sentence)
        await asyncio.sleep(0.1)


async def station(play):
    checks, station = play.checks, play.station
    if play.server["server"] == "jabberd2":
        print("SKIPPED: that the session of a revoked station ends: jabberd2 has no command for it (XEP-0133)", flush=True)
        return await goes_on_in_vain(play)
    ended = asyncio.Event()
    station.link.add_event_handler("disconnected", lambda _: ended.set())
    with checks.that("the server ends the session of a revoked station within a few seconds"):
        await play.command.revoke_station(play.serial)
        await asyncio.wait_for(ended.wait(), 10)
    with checks.that("its timeline says that the session has ended"):
        async def is_told():
            return "session ended" in await play.command.explain(play.serial)
        await until(is_told, 10, await play.command.explain(play.serial))
    if play.server["server"] == "prosody":
        with checks.that("a server that reads revocation lists does not let it log in again"):
            await refuses(station)
            true(await another(play), "another station does not come in either")
    else:
        with checks.that("a server that reads no lists lets it in, the component refuses it, and its session is ended again"):
            await station.login_to_stations()
            ended = asyncio.Event()
            station.link.add_event_handler("disconnected", lambda _: ended.set())
            try:
                await station.introduce()
                raise AssertionError("it was introduced")
            except Refused as refusal:
                true(refusal.condition == "forbidden", f"refused with {refusal}")
            await asyncio.wait_for(ended.wait(), 10)


async def goes_on_in_vain(play):
    checks, station = play.checks, play.station
    with checks.that("a station is revoked, and its timeline says that the server does not end its session"):
        await play.command.revoke_station(play.serial)
        async def is_told():
            return "session not ended" in await play.command.explain(play.serial)
        await until(is_told, 10, "the timeline does not say so")
    with checks.that("all that it asks is refused, in its old session and in a new one"):
        await refused(station.report(), "forbidden")
        await station.login_to_stations()
        await refused(station.introduce(), "forbidden")
        await refused(station.report(), "forbidden")


async def refuses(station):
    try:
        await asyncio.wait_for(station.login_to_stations(), 10)
    except Exception:
        return
    raise AssertionError("it was let in")


async def another(play):
    """The lists are good: who is not on them comes in."""
    other = play.new_station(play.unannounced + "-2")
    await play.command.open_batch(f"batch-{other.serial}", [other.serial])
    await other.login_to_factory()
    await other.engrave()
    await other.release()
    await other.login_to_onboarding()
    return other.link is not None
