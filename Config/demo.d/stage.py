# SPDX-License-Identifier: Apache-2.0
"""The stage: a throw-away folder and the processes that were started for it. Everything begun here ends here."""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

ENDING = 10     # seconds a process has to end by itself


class Unseen(Exception):
    """What should have been seen was not."""


class CommandFailed(Unseen):
    pass


def environment(**more):
    """Without the variables that would override the configuration files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STATIONMASTER_", "STATION_"))}
    return {**kept, **more}


def free_base(count):
    """The first of `count` neighbouring ports on 127.0.0.1 that nobody has."""
    for base in range(17200, 18200, 10):
        held = []
        try:
            for port in range(base, base + count):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for each in held:
                each.close()
    raise Unseen("no free ports between 17200 and 18200")


class Process:
    """A program that runs along, in a process group of its own, with its output in a log."""

    def __init__(self, name, child, log):
        self.name, self.child, self.log = name, child, log
        self.wanted = True

    @property
    def running(self):
        return self.child.returncode is None

    def signal_group(self, number):
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            pass

    async def kill(self):
        """As the power failing: no goodbye."""
        self.wanted = False
        self.signal_group(signal.SIGKILL)
        await self.child.wait()

    async def end(self):
        """The exit status after a polite request; None if it had to be killed."""
        self.wanted = False
        if self.running:
            self.child.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.child.wait(), ENDING)
        except asyncio.TimeoutError:
            await self.kill()
            return None


class Adopted:
    """A server that a script has left behind for us. It is ended only while its command line names our folder."""

    def __init__(self, pid, mark):
        self.pid, self.mark = pid, str(mark).encode()

    @property
    def running(self):
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
            return state != "Z" and self.mark in Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except (OSError, IndexError):
            return False

    async def end(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + ENDING
            if self.running:
                os.kill(self.pid, number)
            while self.running and time.monotonic() < deadline:
                await asyncio.sleep(0.05)


class Stage:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="stationmaster-demo."))
        self.folder.chmod(0o755)    # the server runs as a user of its own
        self.processes = []

    async def start(self, name, words, log, env=None, output=None):
        """`output`: where standard output goes if not to the log."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as stream:
            child = await asyncio.create_subprocess_exec(
                *map(str, words), stdin=asyncio.subprocess.DEVNULL, stdout=output or stream, stderr=stream,
                env=env or environment(), start_new_session=True, limit=1 << 20)
        process = Process(name, child, log)
        self.processes.append(process)
        return process

    def adopt(self, pid):
        self.processes.append(Adopted(pid, self.folder))

    async def run(self, words, seconds=60, env=None):
        """Standard output of a command that ends by itself. Its whole group ends if we are interrupted."""
        words = list(map(str, words))
        child = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=env or environment(), start_new_session=True)
        line = " ".join([Path(words[0]).name, *words[1:]])
        try:
            output, errors = await asyncio.wait_for(child.communicate(), seconds)
        except asyncio.TimeoutError:
            raise CommandFailed(f"it did not end within {seconds} s: {line}") from None
        finally:
            if child.returncode is None:
                try:
                    os.killpg(child.pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass
                await child.wait()
        if child.returncode != 0:
            said = (errors.strip() or output.strip()).decode(errors="replace")
            raise CommandFailed(f"exit status {child.returncode}: {line}\n{said[-1500:]}")
        return output.decode()

    def check_alive(self):
        for process in self.processes:
            if isinstance(process, Process) and process.wanted and not process.running:
                raise Unseen(f"{process.name} has ended by itself, with status {process.child.returncode}; see {process.log}")

    async def until(self, seconds, missing):
        """Waits until `missing()` (plain or async) says nothing any more; else what it said last is why."""
        deadline = time.monotonic() + seconds
        while True:
            self.check_alive()
            reason = missing()
            if asyncio.iscoroutine(reason):
                reason = await reason
            if not reason:
                return
            if time.monotonic() > deadline:
                raise Unseen(f"{reason} (waited {seconds} s)")
            await asyncio.sleep(0.1)

    async def close(self):
        """Ends what still runs: last begun, first ended."""
        for process in reversed(self.processes):
            await process.end()
        self.processes.clear()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
