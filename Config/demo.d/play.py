# SPDX-License-Identifier: Apache-2.0
"""The play: the three use cases, and what has to be seen in each. A hop is one step with a name, a log, and advice."""

import asyncio
import contextlib
import json
import time

from cast import INTERVAL, Component, Server, Service, Station
from stage import Unseen, free_base

SERIALS = ["wx-1", "wx-2", "wx-3"]
UPDATED = "wx-2"
VERSION = "2.0.0"
DARK = 2            # seconds between the kill and the new start
PATIENCE = 60       # seconds until a stream must be whole again after the kill: an unanswered report is sent again after 30


class Failed(Exception):
    def __init__(self, hop, reason, log, advice):
        super().__init__(reason)
        self.hop, self.reason, self.log, self.advice = hop, reason, log, advice


class Play:
    def __init__(self, stage, root, binaries, seconds, screen):
        self.stage, self.seconds, self.screen = stage, seconds, screen
        base = free_base(3)
        self.server = Server(stage, root, base)
        self.component = Component(stage, binaries)
        self.stations = {serial: Station(stage, binaries, serial, number) for number, serial in enumerate(SERIALS, 1)}
        self.feed = Service(stage, binaries, "weather1", "feed")
        self.live = Service(stage, binaries, "weather2", "live")
        self.now = ("", time.monotonic())       # the hop of the moment
        self.begun = self.ended = None          # of the stream
        self.known = {}                         # serial → row of `station list`
        self.summary = {"engraved": 0, "installed": 0, "reports_acknowledged": 0, "feed_received": 0, "feed_missing": 0,
                        "feed_duplicates": 0, "updated": 0}

    @contextlib.asynccontextmanager
    async def hop(self, text, log, advice):
        before = self.now
        begun = time.monotonic()
        self.now = (text, begun)
        said = []
        try:
            yield said.append
            self.stage.check_alive()
        except (Unseen, OSError, ValueError, LookupError, asyncio.TimeoutError) as problem:
            self.screen.say(text, "FAILED")
            reason = str(problem) if isinstance(problem, (Unseen, OSError)) else f"{type(problem).__name__}: {problem}"
            raise Failed(text, reason, log, advice) from problem
        finally:
            self.now = before
        detail = f" - {said[-1]}" if said else ""
        self.screen.say(f"{text}{detail} ({time.monotonic() - begun:.1f} s)", "ok")

    # The acts

    async def perform(self):
        await self.opening()
        await self.engraving()
        await self.subscribing()
        await self.installing()
        await self.streaming()
        await self.closing()

    async def opening(self):
        server, component = self.server, self.component
        async with self.hop("stationmaster init: configuration, secret and keys", component.log, "Is there room under TMPDIR?"):
            await component.init(server.base + 2)
        async with self.hop("Prosody listens on 127.0.0.1", server.log, "Are the packages prosody and prosody-modules whole?") as note:
            await server.start(component.folder)
            note(f"{server.about['version']}, client port {server.port}")
        async with self.hop("the component attaches to the server", component.log,
                            "The log says why. The secret in stationmaster.yaml and the server's must be the same, and the port the component port."):
            await component.start()

            async def missing():
                state = await component.link()
                return "" if state == "ready" else f"the link is not ready: {state}"
            await self.stage.until(30, missing)

    async def engraving(self):
        component = self.component
        advice = "`stationmaster explain SERIAL` (see below) names refusals; the serial must be in an open batch, the factory's host in hosts.factory."
        async with self.hop("UC007-1: a batch of three serials is opened", component.log, advice):
            await component.do("batch", "open", "demo", "--serials", ",".join(SERIALS), "--model", Station.MODEL, "--hours", "1")
        async with self.hop("UC007-1: three units are engraved and released", component.log, advice) as note:
            await asyncio.gather(*(station.engrave(self.server) for station in self.stations.values()))
            engraved, released = await component.entries("engraved"), await component.entries("released")
            rows = await component.stations()
            for serial, station in self.stations.items():
                if serial not in engraved or serial not in released:
                    raise Unseen(f"the log has no receipt that {serial} was engraved and released")
                if rows[serial]["state"] != "released":
                    raise Unseen(f"{serial} is {rows[serial]['state']}, not released")
                own = (await station.show())["idevid"]["fingerprint"]
                if json.loads(engraved[serial]["detail"])["certificate"] != own:
                    raise Unseen(f"the receipt of {serial} names another certificate than the one it holds")
                self.summary["engraved"] += 1
            note("each holds the certificate that its receipt in the log names")

    async def subscribing(self):
        component = self.component
        async with self.hop("a release key is made, and trusted", component.log, "See `stationmaster release --help`."):
            # Before the installation, since `online` tells a station which keys to believe.
            await component.without_component("release", "key", "--out", self.stage.folder / "release.key")
            await component.do("release", "trust", self.stage.folder / "release.key.pub")
        async with self.hop("two information services are granted all stations and subscribe", self.feed.log,
                            f"Without a grant nobody subscribes. What the services say is in {self.feed.log} and {self.live.log}.") as note:
            for service in (self.feed, self.live):
                await component.do("grant", service.jid, "all")
                await service.start(self.server)

            async def missing():
                count = (await component.ask("status"))["subscriptions"]
                return "" if count == 2 else f"{count} subscriptions instead of 2"
            await self.stage.until(20, missing)
            note(f"{self.feed.jid} by a feed, {self.live.jid} live")

    async def installing(self):
        component = self.component
        async with self.hop("UC007-2: the owner announces the stations", component.log, "The reason is above; the component's log may tell more."):
            await component.do("station", "announce", *SERIALS)
        async with self.hop("UC007-2: the stations introduce themselves, are installed and online", component.log,
                            f"The stations' logs are {self.stage.folder}/wx-*/station.log; `stationmaster explain SERIAL` (see below) names refusals."):
            for station in self.stations.values():
                await station.start(self.server)

            async def missing():
                self.known = await component.stations()
                late = [serial for serial in SERIALS if self.known[serial]["state"] != "installed" or not self.known[serial]["online"]]
                return f"not installed and online: {', '.join(late)}" if late else ""
            await self.stage.until(30, missing)
            installed = await component.entries("installed")
            for serial, station in self.stations.items():
                own = await station.show()
                if serial not in installed or own["phase"] != "installed" or "ldevid" not in own:
                    raise Unseen(f"{serial} does not hold its owner's identity, or the log does not know of it")
                self.summary["installed"] += 1

    # The stream

    async def streaming(self):
        self.begun = time.monotonic()
        watching = asyncio.create_task(self._watch())
        try:
            async with self.hop("reports reach both services", self.feed.log, "What do the stations log? Do both services say that they are subscribed?"):
                await self.stage.until(20, lambda: self._silent(self.feed) or self._silent(self.live))
            await self._reach(0.2)
            await self.updating()
            await self._reach(0.5)
            await self.killing()
            await self._reach(1)
            self.ended = time.monotonic()
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    def _silent(self, service):
        silent = [serial for serial in SERIALS if not service.tally.count(serial)]
        return f"{service.jid} has received nothing of {', '.join(silent)}" if silent else ""

    async def _reach(self, share):
        while time.monotonic() < self.begun + share * self.seconds:
            self.stage.check_alive()
            await asyncio.sleep(0.1)

    async def _watch(self):
        """What the component knows of the stations, once a second."""
        while True:
            with contextlib.suppress(Unseen, ValueError, LookupError):
                self.known = await self.component.stations()
            await asyncio.sleep(1)

    async def updating(self):
        component, station, folder = self.component, self.stations[UPDATED], self.stage.folder
        text = f"UC007-3: {UPDATED} is offered version {VERSION}, fetches, checks and installs it"
        async with self.hop(text, station.log, "The station's log says why it has not taken it, or what its install hook said.") as note:
            artifact, manifest = folder / f"ws-900-{VERSION}.firmware", folder / f"ws-900-{VERSION}.json"
            artifact.write_text(f"{VERSION} 2\n" + "what a firmware is made of\n" * 4000)
            await component.without_component(
                "release", "sign", "--key", folder / "release.key", "--id", f"ws-900-{VERSION}", "--sequence", "2", "--version", VERSION,
                "--hardware", Station.HARDWARE, "--artifact", artifact, "--uri", artifact.as_uri(), "--out", manifest)
            await component.do("update", "offer", "--manifest", manifest, "--deadline", "600", UPDATED)

            async def missing():
                jobs = [job for job in (await component.ask("update", "status"))["jobs"] if job["serial"] == UPDATED]
                if len(jobs) != 1:
                    raise Unseen(f"{len(jobs)} jobs for {UPDATED} instead of one")
                if jobs[0]["state"] in ("failed", "rolledBack", "refused", "expired"):
                    raise Unseen(f"the update is {jobs[0]['state']}: {jobs[0].get('detail')}")
                return "" if jobs[0]["state"] == "completed" else f"the update is {jobs[0]['state']}"
            await self.stage.until(45, missing)
            if station.firmware.read_text() != artifact.read_text():
                raise Unseen("the station has installed something else than the artifact")
            row = (await component.stations())[UPDATED]
            if row["firmware"] != VERSION or UPDATED not in await component.entries("updated"):
                raise Unseen(f"the component knows version {row['firmware']}, not {VERSION}, or its log does not")
            self.summary["updated"] = 1
            note("under the station's signature")
        after = self.feed.tally.highest(UPDATED)
        async with self.hop(f"{UPDATED} goes on reporting after its restart", station.log, "The station's log says what it does."):
            await self.stage.until(30, lambda: "" if self.feed.tally.highest(UPDATED) > after else f"no report after number {after}")

    async def killing(self):
        component, tally = self.component, self.feed.tally
        async with self.hop("the component is killed in the midst of the stream (SIGKILL)", component.log, "Do the stations still report?") as note:
            await self.stage.until(20, lambda: "" if time.monotonic() - tally.last_at < 2 * INTERVAL else "the stream stands still")
            await component.process.kill()
            before = {serial: tally.highest(serial) for serial in SERIALS}
            await asyncio.sleep(DARK)
            note(f"{tally.received} reports had come; {DARK} s of darkness, in which the stations go on measuring")
        async with self.hop("it starts again, and the feed goes on without a hole", component.log,
                            f"{self.feed.lines} holds every item received; `stationmaster explain SERIAL` (see below) tells of gaps.") as note:
            await component.start()

            def missing():
                waiting = [serial for serial in SERIALS if tally.highest(serial) < before[serial] + DARK]
                holes = self._holes()
                return f"no new reports of {', '.join(waiting)}" if waiting else f"the feed lacks {holes}" if holes else ""
            await self.stage.until(PATIENCE, missing)
            if tally.flaws:
                raise Unseen(tally.flaws[0])
            note(f"{tally.duplicates} came twice, under the same item id" if tally.duplicates else "nothing came twice")

    def _holes(self, committed=None):
        """Which numbers the feed lacks, as text. It subscribed before the first report, so none may be missing."""
        lacking = []
        for serial in SERIALS:
            numbers = self.feed.tally.missing(serial, committed and committed[serial][0])
            if numbers:
                lacking.append(f"{serial}: {', '.join(map(str, numbers[:10]))}")
        return "; ".join(lacking)

    # The end

    async def closing(self):
        component, feed = self.component, self.feed
        async with self.hop("the stations end", component.log, "The stations' logs say what they wait for."):
            # Whatever is under way is let through first.
            await self.stage.until(PATIENCE, lambda: (holes := self._holes()) and f"the feed lacks {holes}")
            for station in self.stations.values():
                status = await station.process.end()
                if status != 0:
                    raise Unseen(f"{station.serial} ended with status {status}, see {station.log}")
            await self.stage.until(20, lambda: "" if time.monotonic() - feed.tally.last_at > 1.5 * INTERVAL else "the feed does not come to rest")
        async with self.hop("the log of receipts is whole", component.log, "An entry that does not fit was changed after it was written.") as note:
            note((await component.do("log", "--verify")).strip())
        async with self.hop("services and component end by themselves", component.log, "Their logs say what they wait for."):
            for name, ending in (("feed", feed.end()), ("live", self.live.end()), ("component", component.process.end())):
                status = await ending
                if status != 0:
                    raise Unseen(f"the {name} ended with status {status}")
        await self.counting()

    async def counting(self):
        feed, live = self.feed.tally, self.live.tally
        async with self.hop("the feed has received every report that was acknowledged", self.feed.log, f"Compare {self.feed.lines} with the store.") as note:
            committed = {serial: (0, 0) for serial in SERIALS} | await self.component.committed()
            self.summary["reports_acknowledged"] = sum(count for _, count in committed.values())
            self._count(committed)
            for serial in SERIALS:
                last, count = committed[serial]
                if count != last:
                    raise Unseen(f"{serial} has numbered its reports up to {last}, and {count} are stored")
                if feed.highest(serial) != last:
                    raise Unseen(f"the feed ends with report {feed.highest(serial)} of {serial}, the store with {last}")
            if self.summary["feed_missing"]:
                raise Unseen(f"the feed lacks {self._holes(committed)}")
            said = self.feed.closing
            if said != {"received": feed.received, "missing": 0, "duplicates": feed.duplicates}:
                raise Unseen(f"follow counts {said}, we counted {feed.received} received and {feed.duplicates} duplicates")
            if live.flaws or feed.flaws:
                raise Unseen((live.flaws + feed.flaws)[0])
            note(f"{self.summary['reports_acknowledged']} of {self.summary['reports_acknowledged']}; the live service had {live.received}")

    def _count(self, committed=None):
        feed = self.feed.tally
        self.summary["feed_received"] = feed.received
        self.summary["feed_duplicates"] = feed.duplicates
        self.summary["feed_missing"] = sum(
            len(feed.missing(serial, committed and committed[serial][0])) for serial in SERIALS)

    def figures(self):
        """The summary, also of a play that broke off."""
        if not self.summary["reports_acknowledged"]:
            self._count()
            self.summary["reports_acknowledged"] = sum(self.feed.tally.count(serial) for serial in SERIALS)
        return self.summary
