# SPDX-License-Identifier: Apache-2.0
"""The cast: server, component, stations, information services; each knows the words of its command."""

import asyncio
import json

from stage import CommandFailed, environment
from tally import Tally

DOMAINS = {"component": "devices.localhost", "factory": "factory.localhost", "onboarding": "onboarding.localhost", "stations": "stations.localhost"}
INTERVAL = 1    # seconds between two reports of a station


class Server:
    """A Prosody on 127.0.0.1, made by the script that the tests use as well."""

    def __init__(self, stage, root, base):
        self.stage, self.root, self.base = stage, root, base
        self.folder = stage.folder / "server"
        self.log = self.folder / "log" / "prosody.log"

    async def start(self, trust):
        words = [self.root / "Tests/Servers/prosody", self.folder, self.base]
        line = await self.stage.run(words, env=environment(STATIONMASTER_TRUST=str(trust)))
        self.about = json.loads(line)
        self.stage.adopt(self.about["pid"])
        self.ca = self.about["caFile"]
        self.port = self.about["ports"]["client"]


class Component:
    def __init__(self, stage, binaries):
        self.stage, self.binary = stage, binaries / "stationmaster"
        self.folder = stage.folder / "stationmaster"
        self.config = self.folder / "stationmaster.yaml"
        self.log = stage.folder / "stationmaster.log"
        self.process = None

    async def init(self, component_port):
        await self.stage.run([
            self.binary, "init", "--domain", DOMAINS["component"], "--directory", self.folder, "--server", "prosody",
            "--server-port", component_port, "--factory-host", DOMAINS["factory"], "--onboarding-host", DOMAINS["onboarding"],
            "--stations-host", DOMAINS["stations"], "--owner", "Weather Office"])

    async def start(self):
        self.process = await self.stage.start(
            "stationmaster run", [self.binary, "run", "--config", self.config], self.log,
            env=environment(STATIONMASTER_STATIONS_REPORT_INTERVAL=str(INTERVAL)))

    async def do(self, *words):
        return await self.stage.run([self.binary, *words, "--config", self.config])

    async def ask(self, *words):
        return json.loads(await self.do(*words, "--json"))

    async def without_component(self, *words):
        return await self.stage.run([self.binary, *words])

    async def link(self):
        """`ready` when the server has let us in; else the state, or why nobody answers."""
        try:
            return (await self.ask("status"))["link"]
        except CommandFailed as failure:
            return str(failure)

    async def stations(self):
        return {row["serial"]: row for row in (await self.ask("station", "list"))["stations"]}

    async def entries(self, action):
        """Entries of the log about stations, by serial."""
        return {entry["subject"]: entry for entry in (await self.ask("log", "--limit", "10000"))["entries"] if entry["action"] == action}

    async def committed(self):
        """After its end, from its store: for each serial the last number committed, and how many reports are."""
        committed = {}
        for line in (await self.stage.run([self.binary, "export", "--config", self.config])).splitlines():
            report = json.loads(line)
            last, count = committed.get(report["station"], (0, 0))
            committed[report["station"]] = (max(last, report["seq"]), count + 1)
        return committed


class Station:
    MODEL, HARDWARE = "WS-900", "rev-b"

    def __init__(self, stage, binaries, serial, number):
        self.stage, self.binary, self.serial, self.number = stage, binaries / "station", serial, number
        self.folder = stage.folder / serial
        self.identity = self.folder / "identity"
        self.config = self.folder / "station.yaml"
        self.firmware = self.folder / "firmware"
        self.log = self.folder / "station.log"
        self.folder.mkdir()
        self.process = None

    async def engrave(self, server):
        noise = self.folder / "noise.bin"
        with open("/dev/urandom", "rb") as source:
            noise.write_bytes(source.read(256))
        await self.stage.run([
            self.binary, "engrave", "--serial", self.serial, "--model", self.MODEL, "--hardware", self.HARDWARE,
            "--entropy", noise, "--directory", self.identity, "--factory-host", DOMAINS["factory"], "--component", DOMAINS["component"],
            "--host", "127.0.0.1", "--port", server.port, "--trust", server.ca])

    async def start(self, server):
        """The firmware is a text whose first line says its version and sequence; installing is copying it into place."""
        self.firmware.write_text("1.0.0 1\n")
        hook = self.folder / "install-hook"
        hook.write_text(f'#!/bin/sh\n# install-hook ARTIFACT: run by the station when an update has been fetched and checked\n'
                        f'cp "$1" "{self.firmware}.new" && mv "{self.firmware}.new" "{self.firmware}"\n')
        # JSON is YAML too.
        self.config.write_text(json.dumps({
            "identity": {"directory": str(self.identity)},
            "connection": {"host": "127.0.0.1", "port": server.port, "trust": server.ca},
            "position": {"latitude": 47.0 + self.number, "longitude": 8.0 + self.number, "altitude": 200 * self.number},
            "weather": {"seed": self.number},
            "update": {"install": ["/bin/sh", str(hook), "{artifact}"], "running": ["/usr/bin/head", "-n", "1", str(self.firmware)]},
        }, indent=2) + "\n")
        self.process = await self.stage.start(f"station {self.serial}", [self.binary, "run", "--config", self.config], self.log)

    async def show(self):
        return json.loads(await self.stage.run([self.binary, "show", "--directory", self.identity, "--json"]))


class Service:
    """An information service: `stationmaster follow`, read line by line."""

    def __init__(self, stage, binaries, name, mode):
        self.stage, self.binary, self.name, self.mode = stage, binaries / "stationmaster", name, mode
        self.jid = f"{name}@localhost"
        self.log = stage.folder / f"{name}.log"
        self.lines = stage.folder / f"{name}.jsonl"
        self.tally = Tally()
        self.closing = None     # its own last line
        self.process = self.reading = None

    async def start(self, server):
        password = self.stage.folder / f"{self.name}.password"
        password.touch(0o600)
        password.write_text(server.about["users"][self.jid])
        self.process = await self.stage.start(
            f"follow --mode {self.mode}",
            [self.binary, "follow", "--jid", self.jid, "--password-file", password, "--host", "127.0.0.1", "--port", server.port,
             "--ca", server.ca, "--service", DOMAINS["component"], "--node", "all", "--mode", self.mode],
            self.log, output=asyncio.subprocess.PIPE)
        self.reading = asyncio.create_task(self._read(self.process.child.stdout))

    async def _read(self, stream):
        with open(self.lines, "ab", buffering=0) as kept:
            async for line in stream:
                kept.write(line)
                value = json.loads(line)
                if "item" in value:
                    self.tally.take(value)
                else:
                    self.closing = value

    async def end(self):
        status = await self.process.end()
        await self.reading
        return status
