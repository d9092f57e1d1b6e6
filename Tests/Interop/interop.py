#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""interop.py SERVERJSON STATIONMASTER WORKDIR

Plays stations and consumers written in Python against a real server and the `stationmaster` command: engraving, introduction, reports,
deliveries, an update, refusals; first in plain XML, then wholly in XEP-0295 stanzas in containers.

SERVERJSON    file with the line printed by a script in Tests/Servers, started with STATIONMASTER_TRUST=WORKDIR
STATIONMASTER the command
WORKDIR       folder made by `stationmaster init`; holds the configuration, and takes the store and this play's files
"""

import asyncio
import json
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import delivering
import provisioning
import reporting
import revoking
import updating
from checks import Checks, Stop, true
from command import Stationmaster
from link import Refused, log_in
from play import Play

LIMIT = 600


async def ready(play):
    """Until the component answers a ping through the server."""
    jid = f"person@{play.server['domains']['consumers']}"
    person = await log_in(play.server, jid, play.server["users"][jid])
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                await person.request_raw("get", delivering.element("ping", "urn:xmpp:ping"))
                return
            except (Refused, TimeoutError):
                true(not play.command.ended, f"it has ended; see {play.command.log_file}")
                true(time.monotonic() < deadline, "no answer to a ping within 30 s")
                await asyncio.sleep(0.3)
    finally:
        await person.logout()


async def killed_and_back(play):
    """What was acknowledged is still there, and nobody has to be asked twice."""
    checks, station, consumer = play.checks, play.station, play.feed
    with checks.that("a report is acknowledged, the component is killed, and started again", must=True):
        seq = await station.report(50)
        await consumer.next_delivery()
        await play.command.kill()
        await play.command.start()
        await ready(play)
    with checks.that("the station goes on, introduced again if it was forgotten"):
        try:
            await station.report(51)
        except Refused as refusal:
            true(refusal.condition == "forbidden", f"refused with {refusal}")
            true((await station.introduce())["nextSeq"] == seq + 1, "nextSeq is not the one after the last acknowledged report")
            await station.report(51)
    with checks.that("the feed goes on after the last acknowledged item"):
        await consumer.resume(play.subid)
        delivered = await consumer.deliveries(2)
        true([delivery.seq for delivery in delivered] == [seq, seq + 1], f"delivered {[delivery.seq for delivery in delivered]}")
        await consumer.acknowledge(delivered[1], play.subid)


async def scenes(play):
    await provisioning.engraving(play)
    await provisioning.unknown_station(play)
    await provisioning.introduction(play)
    await reporting.reports(play)
    await reporting.mallory(play)
    await delivering.grants(play)
    await delivering.live(play)
    await delivering.feed(play)
    await delivering.twin(play)
    await reporting.bad_input(play)
    with play.checks.that("the good report after the bad ones is delivered to the feed"):
        delivery = await play.feed.next_delivery()
        true(delivery.seq == play.station.seq, f"report {delivery.seq} came")
        await play.feed.acknowledge(delivery, play.subid)
    await delivering.revoking(play)
    await play.feed.acknowledge(await play.feed.next_delivery(), play.subid)
    await updating.update(play)
    await play.feed.acknowledge(await play.feed.next_delivery(), play.subid)
    await updating.traces(play)
    if not play.container:
        await killed_and_back(play)
        await revoking.station(play)


async def perform(server, command, folder, checks):
    play = Play(server, command, folder, checks)
    with checks.that("the component starts and answers a ping", must=True):
        await command.start()
        await ready(play)
    for container in (False, True):
        play = Play(server, command, folder, checks, container)
        try:
            await scenes(play)
        except Stop as stop:
            print(f"this part ends here, since this failed: {stop}", flush=True)
        except Exception as problem:
            with checks.that("no scene breaks off"):
                raise problem
        await play.everybody_leaves()


async def main(server_file, binary, workdir):
    server = json.loads(Path(server_file).read_text())
    checks = Checks()
    command = Stationmaster(binary, workdir, Path(server["directory"]) / "trust")
    folder = Path(workdir).resolve() / "interop"
    folder.mkdir(exist_ok=True)
    try:
        await asyncio.wait_for(perform(server, command, folder, checks), LIMIT)
    except Stop:
        pass
    except asyncio.TimeoutError:
        with checks.that("all of it ends in time"):
            raise AssertionError(f"not within {LIMIT} s") from None
    finally:
        status = await command.stop()
    checks.prefix = f"{server['server']}: "
    with checks.that("asked to end, the component ends by itself with exit status 0"):
        true(status == 0, f"exit status {status}")
    print(checks.summary())
    return 1 if checks.failed or not checks.passed else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:])))
