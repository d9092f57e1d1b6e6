# SPDX-License-Identifier: Apache-2.0
"""Throw-away servers on 127.0.0.1, with their own mod_pubsub as it is shipped and a component port for us.

Clients log in without TLS: it would cost both sides of a comparison the same, and hide the difference.
"""
import glob
import os
import shutil
import socket
import subprocess
import time

from programs import DOMAIN, SECRET, Failed, ended, free_port

PROSODY = """
daemonize = false
run_as_root = true
data_path = "{folder}/data"
log = {{ warn = "{folder}/server.log" }}
interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
component_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {client} }}
c2s_direct_tls_ports = {{ }}
component_ports = {{ {component} }}
s2s_ports = {{ }}
gc = {{ mode = "generational" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
authentication = "internal_plain"
storage = "internal"
modules_enabled = {{ "roster", "saslauth", "disco", "register" }}
modules_disabled = {{ "s2s", "posix", "tls" }}
VirtualHost "localhost"
Component "pubsub.localhost" "pubsub"
    admins = {{ {stations} }}
Component "{domain}"
    component_secret = "{secret}"
"""

EJABBERD = """
loglevel: error
hosts: [localhost]
auth_method: internal
registration_timeout: infinity
s2s_access: none
listen:
  - {{port: {client}, ip: "127.0.0.1", module: ejabberd_c2s, access: all, shaper: none}}
  - port: {component}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    shaper: none
    global_routes: false
    hosts: {{{domain}: {{password: "{secret}"}}}}
modules:
  mod_disco: {{}}
  mod_caps: {{}}
  mod_register: {{ip_access: all, access: all, access_from: all}}
  mod_roster: {{}}
  mod_pubsub: {{host: pubsub.localhost, access_createnode: all}}
"""

MOSQUITTO = """
listener {client} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
max_queued_messages 100000
max_inflight_messages 100
log_dest none
"""


class Server:
    """One server, from start to end."""

    def __init__(self, kind, programs, stations=10):
        self.kind = kind
        self.folder = programs.folder / ("server-" + kind)
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "data").mkdir(parents=True)
        self.client, self.component = free_port(), free_port()
        self.process = None
        names = ", ".join(f'"ws{number}@localhost"' for number in range(stations))
        self.values = {
            "folder": self.folder, "client": self.client, "component": self.component, "domain": DOMAIN,
            "secret": SECRET, "stations": names}

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text.format(**self.values), encoding="utf-8")
        return path

    def command(self):
        """Command line and what the environment has besides."""
        if self.kind == "prosody":
            return ["prosody", "-F", "--config", str(self.write("prosody.cfg.lua", PROSODY))], {}
        if self.kind == "mosquitto":
            return ["/usr/sbin/mosquitto", "-c", str(self.write("mosquitto.conf", MOSQUITTO))], {}
        libraries = sorted(glob.glob("/usr/lib/*/ejabberd-[0-9]*") + glob.glob("/usr/lib/ejabberd-[0-9]*"))
        (self.folder / "inetrc").touch()
        return [
            "erl", "+K", "true", "-noinput", "-mnesia", "dir", f'"{self.folder}/data"', "-s", "ejabberd"], {
            "HOME": str(self.folder), "ERL_LIBS": os.path.dirname(libraries[0]), "ERL_CRASH_DUMP_BYTES": "0",
            "ERL_INETRC": str(self.folder / "inetrc"),
            "EJABBERD_CONFIG_PATH": str(self.write("ejabberd.yml", EJABBERD)),
            "EJABBERD_LOG_PATH": str(self.folder / "server.log"),
            "CONTRIB_MODULES_PATH": str(self.folder / "contrib")}

    def __enter__(self):
        command, environment = self.command()
        with open(self.folder / "output.log", "wb") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **environment}, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        for port in [self.client] + ([self.component] if self.kind != "mosquitto" else []):
            self.await_port(port)
        return self

    def await_port(self, port):
        end = time.monotonic() + 40
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        words = (self.folder / "output.log").read_text(errors="replace")[-1000:]
        ended(self.process)
        raise Failed(f"{self.kind} did not start: {words}")

    def __exit__(self, *_):
        ended(self.process)
