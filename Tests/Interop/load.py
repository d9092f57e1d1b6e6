#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""load.py kills|faults|power|crowd SERVERJSON BINARIES WORKDIR [--times N] [--stations N]

kills  a feed is followed while simulated stations report and the component is killed (SIGKILL) again and again:
       no acknowledged report is missing from the feed, and the order of each station is kept
faults the same, but each time the disk fails (strace): a write or sync at a random point returns EIO or ENOSPC. The component
       must acknowledge nothing afterwards, say what is wrong and exit, and be well at the next start
power  stations report for some seconds while strace notes what is written; then for each of many moments a disk is made that may
       be left if the power had gone just then, and the store on it is whole and has all that was acknowledged
crowd  many stations introduce themselves and report every 10 s for a minute: all is acknowledged

SERVERJSON  file with the line printed by Tests/Servers/prosody or Tests/Servers/ejabberd
BINARIES    folder with `stationmaster` and `station`
WORKDIR     folder made by `stationmaster init`
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import power
from checks import Checks, equal, true


class Load:
    def __init__(self, options):
        self.server = json.loads(Path(options.server).read_text())
        self.binaries = Path(options.binaries).resolve()
        self.folder = Path(options.folder).resolve()
        self.environment = {**os.environ, "STATIONMASTER_CONFIG": str(self.folder / "stationmaster.yaml")}
        self.component = None
        self.followed = 0

    def command(self, *words):
        done = subprocess.run(
            [self.binaries / "stationmaster", *map(str, words)], env=self.environment, capture_output=True, text=True, timeout=60)
        true(done.returncode == 0, f"{words[0]} {words[1]}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def start(self, watched_by=()):
        with open(self.folder / "stationmaster.log", "ab") as log:
            self.component = subprocess.Popen(
                [*watched_by, self.binaries / "stationmaster", "run"], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start_failing(self, call, error, when):
        """Starts the component; from then on the `when`-th `call` and each one after it fails."""
        trace = self.folder / "strace"
        with open(self.folder / "failing.log", "wb") as log:
            self.component = subprocess.Popen(
                ["strace", "-f", "-qq", "-y", "-o", trace, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}+",
                 self.binaries / "stationmaster", "run"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return trace

    def ready(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if json.loads(self.command("status", "--json"))["link"] == "ready":
                    return
            except AssertionError:
                pass
            time.sleep(0.05)
        raise AssertionError("the component was not ready within 30 s")

    def announce(self, prefix, count):
        serials = self.folder / f"{prefix}serials"
        serials.write_text("".join(f"{prefix}{number}\n" for number in range(1, count + 1)))
        self.command("batch", "open", prefix, "--file", serials, "--model", "simulated", "--hours", 8)
        self.command("station", "announce", "--file", serials)

    def simulate(self, prefix, count, seconds, interval, logins):
        return subprocess.Popen(
            [self.binaries / "station", "simulate", "--stations", str(count), "--seconds", str(seconds), "--interval", str(interval),
             "--prefix", prefix, "--directory", self.folder / prefix, "--factory-host", self.server["domains"]["factory"],
             "--host", self.server["host"], "--port", str(self.server["ports"]["client"]), "--trust", self.server["caFile"],
             "--component", self.server["domains"]["component"], "--logins-per-second", str(logins)],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=open(self.folder / f"{prefix}out", "w"), stderr=subprocess.STDOUT)

    def summary(self, name):
        return json.loads((self.folder / name).read_text().strip().splitlines()[-1])

    def follow(self, jid):
        password = self.folder / "password"
        password.touch(0o600)
        password.write_text(self.server["users"][jid])
        self.command("grant", jid, "all")
        return subprocess.Popen(
            [self.binaries / "stationmaster", "follow", "--jid", jid, "--password-file", password, "--host", self.server["host"],
             "--port", str(self.server["ports"]["client"]), "--ca", self.server["caFile"],
             "--service", self.server["domains"]["component"], "--mode", "feed"],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=open(self.folder / "feed", "w"), stderr=subprocess.DEVNULL)

    def end(self, *processes):
        for process in processes:
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def under_load(load, checks, prefix, seconds, sentence, disturb):
    """Stations report for so long and a feed is followed while `disturb` does its work; then nothing is missing."""
    stations = 20
    load.announce(prefix, stations)
    follower = load.follow("weather1@localhost")
    crowd = load.simulate(prefix, stations, seconds, 0.2, 0)
    try:
        with checks.that(sentence):
            time.sleep(3)
            disturb(lambda: true(crowd.poll() is None, "the stations have ended too early"))
        crowd.wait(seconds + 60)
        reported = load.summary(f"{prefix}out")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and len(set(delivered(load))) < reported["reports_acknowledged"]:
            time.sleep(0.5)
    finally:
        load.end(crowd, follower)
    items = delivered(load)
    with checks.that("stations got on"):
        true(reported["reports_acknowledged"] > stations * 10, f"only {reported['reports_acknowledged']} reports were acknowledged")
    with checks.that("no acknowledged report is missing from the feed"):
        numbers = {}
        for station, seq in items:
            numbers.setdefault(station, set()).add(seq)
        equal(len(numbers), stations, "stations in the feed")
        for station, seen in numbers.items():
            equal(len(seen), max(seen), f"numbers of {station}")
        true(len(set(items)) >= reported["reports_acknowledged"],
             f"{len(set(items))} in the feed, {reported['reports_acknowledged']} acknowledged")
    with checks.that("the order of each station is kept"):
        highest = {}
        for station, seq in items:
            true(seq <= highest.get(station, 0) + 1, f"{station}: {seq} came after {highest.get(station, 0)}")
            highest[station] = max(highest.get(station, 0), seq)
    with checks.that("the log is whole"):
        load.command("log", "--verify")
    print(f"   {reported['reports_acknowledged']} acknowledged, {len(items)} delivered, {len(items) - len(set(items))} of them again")


def kills(load, checks, times):
    def disturb(go_on):
        chance = random.Random(7)
        for _ in range(times):
            time.sleep(chance.uniform(0.1, 1.0))
            go_on()
            load.component.kill()
            load.component.wait()
            load.start()
            load.ready()

    under_load(
        load, checks, "kill-", times * 1.2 + 15, f"the component is killed {times} times under load, and comes back each time", disturb)


def faults(load, checks, times):
    """A failed sync is never tried again: what the kernel dropped is not there, whatever a second one says."""
    if not may_trace():
        return
    kinds = [("fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("fdatasync", "ENOSPC"), ("pwrite64", "EIO"), ("pwritev", "EIO")]
    seen = {}

    def disturb(go_on):
        chance = random.Random(11)
        for number in range(times):
            go_on()
            load.end(load.component)
            call, error = kinds[number % len(kinds)]
            trace = load.start_failing(call, error, chance.randint(1, 40))
            fail(load, trace, call, error)
            seen[call] = seen.get(call, 0) + 1
            load.start()
            load.ready()
            time.sleep(0.3)

    under_load(
        load, checks, "fault-", times * 3 + 15,
        f"the disk fails {times} times under load; the component exits, says why, and is well at the next start", disturb)
    print(f"   faults: {seen}")


def fail(load, trace, call, error):
    """Waits for the component to end by itself, with a message and a status."""
    try:
        status = load.component.wait(30)
    except subprocess.TimeoutExpired as problem:
        injected = trace.read_text(errors="replace").count("(INJECTED)")
        raise AssertionError(f"{call} {error}: goes on after {injected} faults") from problem
    failed = [line.split(call, 1)[1].split(")")[0] for line in trace.read_text(errors="replace").splitlines() if "(INJECTED)" in line]
    true(failed, f"{call} {error}: no fault was injected, the status is {status}")
    if call == "fdatasync":
        true(len(failed) == len(set(failed)), f"{error}: a sync that failed was tried again: {failed}")
    true(status not in (0, None), f"{call} {error}: the status is {status}")
    said = (load.folder / "failing.log").read_text(errors="replace")
    true("Input/output error" in said or "No space left" in said or "disk" in said, f"{call} {error}: it said {said[-300:]!r}")


def power_losses(load, checks, times):
    if not may_trace():
        return
    before = power.Disk(load.folder)
    trace = load.folder.parent / "trace"
    load.start(power.command(trace))
    load.ready()
    load.announce("power-", 10)
    crowd = load.simulate("power-", 10, 8, 0.1, 0)
    crowd.wait(60)
    load.component.kill()
    load.component.wait()
    seen = list(power.calls(trace))
    talk = power.Talk(load.server["ports"]["component"])
    for call in seen:
        talk.take(call)
    with checks.that("the trace shows what was acknowledged"):
        reported = load.summary("power-out")["reports_acknowledged"]
        true(reported > 100 and len(talk.acknowledged) >= reported, f"{len(talk.acknowledged)} in the trace of {reported}")
    writes = [number for number, call in enumerate(seen) if before.has(call.place)]
    chance = random.Random(13)
    moments = sorted(chance.choices(writes, k=times))
    with checks.that(f"after {times} losses of power the store is whole and has all that was acknowledged"):
        for moment in moments:
            lose_power(load, before, seen, moment, talk, chance)
    print(f"   {len(seen)} calls, {len(writes)} of them on files, {len(talk.acknowledged)} reports acknowledged")


def lose_power(load, disk, seen, moment, talk, chance):
    """Brings the disk up to the moment, and looks at what is left of it when the power goes."""
    for call in seen[load.followed:moment]:
        disk.take(call)
    load.followed = moment
    target = load.folder.parent / "left"
    shutil.rmtree(target, ignore_errors=True)
    disk.write_after_loss(target, chance)
    line = seen[moment].began
    wanted = {(station, number) for at, station, number in talk.acknowledged if at < line}
    if not (target / "stationmaster.sqlite").exists():
        true(not wanted, "there is no store")
        return
    environment = {**load.environment, "STATIONMASTER_CONFIG": str(target / "stationmaster.yaml")}
    for words in (["export"], ["verify"]):
        done = subprocess.run(
            [load.binaries / "stationmaster", *words], env=environment, capture_output=True, text=True, timeout=60)
        true(done.returncode == 0, f"at call {moment}: {words[0]}: {done.stderr.strip()[-300:]}")
        if words == ["export"]:
            there = {(line["station"], line["seq"]) for line in map(json.loads, done.stdout.splitlines())}
            true(wanted <= there, f"at call {moment}: {sorted(wanted - there)[:5]} of {len(wanted)} are not there")


def may_trace():
    allowed = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if allowed.returncode:
        print("SKIPPED: strace may not trace here, so no fault of the disk is shown")
    return allowed.returncode == 0


def delivered(load):
    items = []
    for line in (load.folder / "feed").read_text().splitlines():
        if line.startswith('{"item"') and line.endswith("}"):
            found = json.loads(line)
            items.append((found["station"], found["seq"]))
    return items


def crowd(load, checks, stations):
    load.announce("sim-", stations)
    logins = 60
    simulation = load.simulate("sim-", stations, stations / logins + 65, 10, logins)
    try:
        simulation.wait(400)
    finally:
        load.end(simulation)
    found = load.summary("sim-out")
    print(f"   {found}")
    with checks.that(f"{stations} stations are engraved, introduced and online"):
        equal(found["online"], stations, "online")
    with checks.that("each reports every 10 s for a minute, and all is acknowledged"):
        true(found["reports_sent"] >= stations * 6, f"only {found['reports_sent']} were sent")
        equal(found["reports_acknowledged"], found["reports_sent"], "acknowledged")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("play", choices=["kills", "faults", "power", "crowd"])
    parser.add_argument("server")
    parser.add_argument("binaries")
    parser.add_argument("folder")
    parser.add_argument("--times", type=int, help="of kills (50), faults (12) or losses of power (100)")
    parser.add_argument("--stations", type=int, default=1000)
    options = parser.parse_args()
    load, checks = Load(options), Checks()
    try:
        if options.play == "power":
            power_losses(load, checks, options.times or 100)
        else:
            load.start()
            load.ready()
            if options.play == "kills":
                kills(load, checks, options.times or 50)
            elif options.play == "faults":
                faults(load, checks, options.times or 12)
            else:
                crowd(load, checks, options.stations)
    finally:
        load.end(load.component)
    print(checks.summary())
    sys.exit(1 if checks.failed else 0)


main()
