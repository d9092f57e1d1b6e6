# SPDX-License-Identifier: Apache-2.0
"""`server`: through Prosody and ejabberd, with stations and consumers as their clients, beside each one's own mod_pubsub
as it is shipped. Mosquitto stands beside them for information: another protocol, and no report on the disk when it
is acknowledged."""
import json
import shutil
import subprocess
import time

from programs import Failed, ended
from results import interleaved, median, note
from servers import Server

STATIONS, WINDOW = 10, 100
# Reports of one run by subscribers, the same through both.
CASES = {"ejabberd": {1: 3000, 10: 1500, 100: 250}, "prosody": {1: 1000, 10: 500, 100: 100}}
GOAL = {("ejabberd", 10): (">=", 2.0)}


def load(programs, port, to, subscribers, reports, stations=STATIONS):
    return json.loads(programs.call([
        programs.tools / "clients", "--port", port, "--stations", stations, "--subscribers", subscribers, "--reports",
        reports, "--window", WINDOW, "--to", to], 240))


def through_stationmaster(programs, kind, subscribers, reports):
    """A server, Stationmaster attached to it, the load; all new."""
    with Server(kind, programs) as server:
        source = programs.fixture(STATIONS, subscribers)
        folder = programs.fresh(source)
        configuration = folder / "stationmaster.yaml"
        text = configuration.read_text(encoding="utf-8")
        configuration.write_text(
            text.replace(f"serverPort: {programs.port}", f"serverPort: {server.component}"), encoding="utf-8")
        configuration.chmod(0o600)
        with open(programs.folder / "component.log", "wb") as log:
            component = subprocess.Popen(
                [str(programs.binary), "run", "--config", str(configuration)], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        try:
            await_link(programs, configuration)
            return load(programs, server.client, "component", subscribers, reports)
        finally:
            ended(component)


def await_link(programs, configuration):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if "link: ready" in programs.call([programs.binary, "status", "--config", configuration]):
                return
        except Failed:
            pass
        time.sleep(0.1)
    raise Failed("the component did not get its link: " + (programs.folder / "component.log").read_text()[-500:])


def through_pubsub(programs, kind, subscribers, reports, stations):
    """A station may publish only to a node that it has made itself: that is how both servers are shipped."""
    with Server(kind, programs) as server:
        return load(programs, server.client, "pubsub", subscribers, reports, stations)


def against_pubsub(programs, results, kind, subscribers, reports, nodes):
    first, second = interleaved(
        5, lambda: through_stationmaster(programs, kind, subscribers, reports),
        lambda: through_pubsub(programs, kind, subscribers, reports, nodes))
    name = f"{kind}, {subscribers} subscribers, against its own mod_pubsub with {nodes} node{'s' if nodes > 1 else ''}"
    results.add(
        "server", name, "deliveries/s", [run["messagesPerSecond"] for run in first],
        [run["messagesPerSecond"] for run in second], GOAL.get((kind, subscribers)) if nodes == 1 else None,
        p50_ms=median([run["p50"] for run in first]), limit_p50_ms=median([run["p50"] for run in second]))


def mosquitto(programs, results, runs, subscribers, reports):
    def run():
        with Server("mosquitto", programs) as server:
            return json.loads(programs.call([
                programs.tools / "mqtt", "--port", server.client, "--stations", STATIONS, "--subscribers", subscribers,
                "--reports", reports, "--window", WINDOW], 240))

    figures = [run() for _ in range(runs)]
    results.add(
        "server", f"mosquitto, QoS 1, {subscribers} subscribers, for information", "deliveries/s",
        [one["messagesPerSecond"] for one in figures], p50_ms=median([one["p50"] for one in figures]))


def measure(programs, results, quick):
    if quick:
        note("server: left out of --quick, since servers take long to start")
        return
    for kind, cases in CASES.items():
        if not shutil.which("ejabberdctl" if kind == "ejabberd" else kind):
            note(f"server: no {kind} here; left out")
            continue
        for subscribers, reports in cases.items():
            for nodes in (1, STATIONS) if subscribers == 10 else (STATIONS,):
                against_pubsub(programs, results, kind, subscribers, reports, nodes)
    if shutil.which("mosquitto", path="/usr/sbin:/usr/bin") and (programs.tools / "mqtt").exists():
        for subscribers, reports in ((1, 20_000), (10, 5_000), (100, 800)):
            mosquitto(programs, results, 5, subscribers, reports)
