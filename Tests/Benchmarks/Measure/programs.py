# SPDX-License-Identifier: Apache-2.0
"""The programs that are measured, and how one run of each goes. Only what was started here is ended here."""
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

DOMAIN, SECRET = "devices.localhost", "secret"


class Failed(Exception):
    """A run that did not end well says nothing."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ended(process, seconds=10):
    """Ends a process politely, and after a while not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Programs:
    """`tools`: the C programs; `swift`: stationmaster-benchmarks; `binary`: stationmaster."""

    def __init__(self, tools, swift, binary, python, folder):
        self.tools, self.swift, self.binary, self.python = Path(tools), swift, binary, python
        self.folder = Path(folder)
        self.port = free_port()
        self.fixtures = {}
        self.sources = Path(__file__).resolve().parent.parent / "Tools"

    # Fixtures

    def fixture(self, stations, subscribers, idle=0, reported=0, clients=None, port=None):
        """A folder to copy from; made once."""
        key = (stations, subscribers, idle, reported, clients, port)
        if key not in self.fixtures:
            folder = self.folder / f"fixture-{len(self.fixtures)}"
            command = [
                self.swift, "fixture", "--dir", folder, "--stations", stations, "--subscribers", subscribers,
                "--idle-subscribers", idle, "--domain", DOMAIN, "--secret", SECRET, "--port", port or self.port]
            if reported:
                command.append("--reported")
            if clients:
                command += ["--clients", clients]
            self.call(command, 900)
            self.fixtures[key] = folder
        return self.fixtures[key]

    def fresh(self, fixture):
        """A copy that one run may fill."""
        folder = self.folder / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(fixture, folder)
        os.sync()  # or the copy would be written while the run syncs
        return folder

    def call(self, command, seconds=300):
        done = subprocess.run(
            [str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds,
            check=False)
        if done.returncode != 0:
            raise Failed(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-500:]}{done.stderr[-1500:]}")
        return done.stdout

    # Runs

    def stationmaster(self, folder, environment=None):
        """The command line and environment of the component with this folder."""
        return [self.binary, "run", "--config", folder / "stationmaster.yaml"], {**os.environ, **(environment or {})}

    def rival(self, name, subscribers):
        """The command line of a rival."""
        arguments = [str(self.port), DOMAIN, SECRET, str(subscribers)]
        if name == "slixmpp":
            return [self.python, self.sources / "rival_slixmpp.py", *arguments], None
        return [self.tools / f"rival-{name}", *arguments], None

    def has(self, name):
        return self.python is not None if name == "slixmpp" else (self.tools / f"rival-{name}").exists()

    def attach(self, component, **options):
        """One run of the harness against one component; returns what the harness measured."""
        with Attached(self, component, **options) as attached:
            return attached.result()

    def ours(self, stations, subscribers, idle=0, reported=0, environment=None, **options):
        """A run of Stationmaster with a fresh copy of the fixture."""
        folder = self.fresh(self.fixture(stations, subscribers, idle, reported))
        return self.attach(
            self.stationmaster(folder, environment), stations=stations, subscribers=subscribers, reported=reported,
            **options)

    def theirs(self, name, stations, subscribers, **options):
        """A run of a rival."""
        return self.attach(self.rival(name, subscribers), stations=stations, subscribers=subscribers, **options)


class Attached:
    """Harness and component, from start to end."""

    def __init__(self, programs, component, **options):
        self.log = programs.folder / "component.log"
        self.pid_file = programs.folder / "component.pid"
        self.component = None
        words = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), str(value))]
        self.harness = subprocess.Popen(
            [str(programs.tools / "harness"), "--port", str(programs.port), "--domain", DOMAIN, "--secret", SECRET,
             "--pid-file", str(self.pid_file), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.await_line("listening")
        command, environment = component
        self.started_at = time.monotonic_ns()
        with open(self.log, "wb") as log:
            self.component = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.pid_file.write_text(str(self.component.pid), encoding="utf-8")

    def await_line(self, wanted):
        line = self.harness.stdout.readline().strip()
        if line != wanted:
            raise Failed(f"the harness said '{line}', not '{wanted}': {self.stderr()}")

    def stderr(self):
        ended(self.harness)
        log = self.log.read_text(errors="replace")[-500:] if self.component else ""
        return self.harness.stderr.read()[-1000:] + log

    def result(self):
        """Waits for the end."""
        text = self.harness.stdout.readline()
        if not text.startswith("{"):
            raise Failed("the harness measured nothing: " + self.stderr())
        figures = json.loads(text)
        if figures.get("errors"):
            raise Failed(f"{figures['errors']} reports were refused")
        figures["readySeconds"] = (figures["handshakeAt"] - self.started_at) / 1e9
        return figures

    def __enter__(self):
        return self

    def __exit__(self, *_):
        ended(self.harness)
        if self.component:
            ended(self.component)
        self.harness.stdout.close()
        self.harness.stderr.close()
