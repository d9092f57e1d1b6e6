# SPDX-License-Identifier: Apache-2.0
"""The `stationmaster` command, as an operator would type it. The one place that knows its words."""

import asyncio
import json
import os
import signal
from pathlib import Path


class CommandFailed(Exception):
    pass


class Stationmaster:
    def __init__(self, binary, directory, lists=None):
        # Where the server reads the lists of revoked certificates.
        self.lists = {} if lists is None else {
            "STATIONMASTER_REVOCATION_OWNER_LIST": str(Path(lists) / "stations.pem"),
            "STATIONMASTER_REVOCATION_MAKER_LIST": str(Path(lists) / "onboarding.pem")}
        self.binary = str(Path(binary).resolve())
        self.directory = Path(directory).resolve()
        self.config = str(self.directory / "stationmaster.yaml")
        self.process = None
        self.log_file = self.directory / "stationmaster.log"

    async def _run(self, *arguments, config=True):
        words = [self.binary, *map(str, arguments)] + (["--config", self.config] if config else [])
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        try:
            output, errors = await asyncio.wait_for(process.communicate(), 60)
        except asyncio.TimeoutError:
            process.kill()
            raise CommandFailed(f"{' '.join(map(str, arguments[:2]))} did not end in 60 s") from None
        if process.returncode != 0:
            said = (errors or output).decode(errors="replace").strip().replace("\n", " | ")
            raise CommandFailed(f"{' '.join(map(str, arguments[:2]))}: exit {process.returncode}: {said[-300:]}")
        return output.decode()

    async def _json(self, *arguments):
        return json.loads(await self._run(*arguments, "--json"))

    # The component itself

    async def start(self):
        with open(self.log_file, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                self.binary, "run", "--config", self.config,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.lists, "LOG_LEVEL": "debug"})

    @property
    def ended(self):
        return self.process is None or self.process.returncode is not None

    async def kill(self):
        """As the power failing: no goodbye."""
        self.process.kill()
        await self.process.wait()

    async def stop(self):
        """The exit status after a polite request to end; None if it did not listen."""
        if self.ended:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.process.wait(), 20)
        except asyncio.TimeoutError:
            await self.kill()
            return None

    # Operators and owners

    async def open_batch(self, name, serials, model="WS-900", hours=1):
        await self._run("batch", "open", name, "--serials", ",".join(serials), "--model", model, "--hours", hours)

    async def announce(self, *serials):
        await self._run("station", "announce", *serials)

    async def stations(self):
        return (await self._json("station", "list"))["stations"]

    async def station(self, serial):
        return await self._json("station", "show", serial)

    async def revoke_station(self, serial):
        await self._run("station", "revoke", serial)

    async def grant(self, consumer, station):
        await self._run("grant", consumer, station)

    async def revoke(self, consumer, station):
        await self._run("revoke", consumer, station)

    async def new_release_key(self, file):
        await self._run("release", "key", "--out", file, config=False)

    async def trust_release_key(self, file):
        await self._run("release", "trust", file)

    async def sign_release(self, key, identifier, sequence, version, hardware, artifact, uri, out):
        await self._run(
            "release", "sign", "--key", key, "--id", identifier, "--sequence", sequence, "--version", version,
            "--hardware", hardware, "--artifact", artifact, "--uri", uri, "--out", out, config=False)

    async def offer_update(self, manifest, seconds, *serials):
        await self._run("update", "offer", "--manifest", manifest, "--deadline", seconds, *serials)

    async def jobs(self):
        return (await self._json("update", "status"))["jobs"]

    async def explain(self, serial):
        return await self._run("explain", serial)

    async def log(self):
        return (await self._json("log"))["entries"]
