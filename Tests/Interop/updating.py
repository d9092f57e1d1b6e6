# SPDX-License-Identifier: Apache-2.0
"""UC007-3: an update signed offline, offered, taken and reported."""

import secrets

from checks import equal, true
from identity import Key
from link import Refused


async def state_of(play):
    jobs = [job for job in await play.command.jobs() if job["serial"] == play.serial]
    true(len(jobs) == 1, f"{len(jobs)} jobs for the station")
    return jobs[0]["state"]


async def forged(play, update, **how):
    """A `completed` that must not count, whether it is refused or passed over."""
    try:
        await how.pop("send")(update, **how)
    except Refused:
        pass
    state = await state_of(play)
    true(state != "completed", "a forged word was believed")


async def update(play):
    checks, station = play.checks, play.station
    artifact = secrets.token_bytes(20_000)
    key = play.folder / f"{play.serial}.key"
    with checks.that("a release key is made and trusted while the station is on line", must=True):
        await play.command.new_release_key(key)
        await play.command.trust_release_key(key)
    files = play.folder / f"{play.serial}.bin", play.folder / f"{play.serial}.json"
    files[0].write_bytes(artifact)
    with checks.that("a release is signed", must=True):
        await play.command.sign_release(
            key, f"release-{play.serial}", 2, "2.0.0", "rev-b", files[0], "https://updates.example/ws-900-2.0.0.bin", files[1])
    with checks.that("it is offered to the station", must=True):
        await play.command.offer_update(files[1], 3600, play.serial)
    with checks.that("the station receives the offer, finds it signed by both roles and accepts", must=True):
        offered = await station.take_offer(artifact)
        equal(offered["manifest"]["version"], "2.0.0", "the version")
        true(offered["window"]["notBefore"] < offered["window"]["deadline"], "a window that never opens")
    for status in ("downloading", "installing", "restarting"):
        with checks.that(f"the station reports {status}"):
            await station.update_status(offered, status)
            equal(await state_of(play), status, "the state of the job")
    with checks.that("the station restarts and introduces itself with the new version", must=True):
        await station.restart(offered["manifest"])
    with checks.that("completed without a signature does not count"):
        await forged(play, offered, send=station.update_status, status="completed", version="2.0.0", sequence=2, nonce=offered["nonce"])
    with checks.that("completed with another's signature does not count"):
        await forged(play, offered, send=station.complete, key=Key())
    with checks.that("completed with the station's signature counts"):
        await station.complete(offered)
        equal(await state_of(play), "completed", "the state of the job")
    with checks.that("the station can report again"):
        await station.report(41)


async def traces(play):
    """What an operator can read afterwards."""
    checks = play.checks
    with checks.that("explain tells the station's story"):
        story = await play.command.explain(play.serial)
        true(len(story.splitlines()) >= 3, f"only {story!r}")
    with checks.that("show names the running version"):
        equal((await play.command.station(play.serial))["firmware"], "2.0.0", "the firmware")
    with checks.that("the log holds the engraving and the grant, in order"):
        entries = await play.command.log()
        equal([entry["sequence"] for entry in entries], sorted(entry["sequence"] for entry in entries), "the order")
        true(any(play.serial.lower() in str(entry).lower() for entry in entries), "the serial is not in the log")
