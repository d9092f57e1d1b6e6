# SPDX-License-Identifier: Apache-2.0
"""A weather station in Python: engraved, introduced, reporting, updated. It shares no code with the project's own agent."""

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from identity import Key, StationCertificate, b64, key_identifier, open_envelope, read_challenge, unb64
from link import log_in


class Station:
    def __init__(self, server, folder, serial, container=False):
        self.server = server
        self.component = server["domains"]["component"]
        self.folder = folder / serial
        self.folder.mkdir(parents=True, exist_ok=True)
        self.serial = serial
        self.container = container
        self.firmware = {"version": "1.0.0", "sequence": 1}
        self.key = Key()
        self.local_key = None
        self.birth = self.local = self.link = self.online = None
        self.seq = 0

    # Logging in

    async def _login(self, jid, mechanism, certificate=None, direct=False, password=""):
        await self.logout()
        self.link = await log_in(
            self.server, jid, password, mechanism=mechanism, certificate=certificate, direct=direct, container=self.container)
        return self.link

    async def logout(self):
        if self.link:
            await self.link.logout()
        self.link = None

    def _store(self, name, certificate, key):
        """slixmpp, that is OpenSSL, wants files."""
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(certificate.pem)
        files[1].touch(mode=0o600)
        files[1].write_bytes(key.pem)
        return files

    async def login_to_factory(self):
        return await self._login(self.server["domains"]["factory"], "ANONYMOUS")

    async def login_to_onboarding(self, direct=False):
        jid = f"{self.serial.lower()}@{self.server['domains']['onboarding']}"
        return await self._login_as_station(jid, "birth", self.birth, self.key, direct)

    async def login_to_stations(self, direct=False):
        return await self._login_as_station(self.online["jid"], "local", self.local, self.local_key, direct)

    def way(self, certificate):
        return "with its password" if self.server["stationPassword"] else f"over mutual TLS with its {certificate}"

    async def _login_as_station(self, jid, name, certificate, key, direct):
        """By certificate; where the server knows of none, by password."""
        password = self.server["stationPassword"]
        if not password:
            return await self._login(jid, "EXTERNAL", self._store(name, certificate, key), direct)
        self._open_account(*jid.split("@"), password)
        return await self._login(jid, "SCRAM-SHA-256", direct=direct, password=password)

    def _open_account(self, name, domain, password):
        """jabberd2 has no other way in for an operator than its database."""
        with closing(sqlite3.connect(Path(self.server["directory"]) / "data" / "sqlite.db")) as database, database:
            known = database.execute("SELECT 1 FROM authreg WHERE username = ? AND realm = ?", (name, domain)).fetchone()
            if not known:
                database.execute("INSERT INTO authreg (username, realm, password) VALUES (?, ?, ?)", (name, domain, password))

    # UC007-1

    async def request_engraving(self, key=None, serial=None):
        """The challenge's message, read and found to be meant for us."""
        key, serial = key or self.key, serial or self.serial
        challenge = await self.link.ask("engrave", {
            "serial": serial, "model": "WS-900", "hardware": "rev-b", "publicKey": b64(key.point)}, "challenge")
        message = unb64(challenge["message"])
        expires = read_challenge(message, "engrave", self.component, self.link.boundjid.bare, serial, key)
        if int(challenge["expires"]) != expires:
            raise AssertionError("the challenge's expiry differs from the one in its message")
        return message

    async def prove_engraving(self, message, key=None):
        return await self.link.ask(
            "prove", {"message": b64(message), "signature": b64((key or self.key).sign(message))}, "engraved")

    async def engrave(self):
        engraved = await self.prove_engraving(await self.request_engraving())
        self.birth = StationCertificate([unb64(der) for der in engraved["certificates"]])
        return engraved

    async def release(self):
        return await self.link.ask("release", {"serial": self.serial, "certificate": self.birth.fingerprint}, "released")

    # UC007-2

    async def request_introduction(self):
        challenge = await self.link.ask("introduce", {
            "serial": self.serial, "firmware": self.firmware,
            "certificates": [b64(der) for der in self.birth.ders],
            "position": {"lat": 59.3293, "lon": 18.0686, "alt": 28}}, "challenge")
        message = unb64(challenge["message"])
        read_challenge(message, "introduce", self.component, self.link.boundjid.bare, self.serial, self.key)
        return message

    async def prove_introduction(self, message, key=None):
        """With a key of our own making for the certificate we are going to log in with."""
        self.local_key = Key()
        online = await self.link.ask("prove", {
            "message": b64(message), "signature": b64((key or self.key).sign(message)),
            "csr": b64(self.local_key.request(self.serial))}, "online")
        self.online = online
        self.local = StationCertificate([unb64(der) for der in online["certificates"]])
        return online

    async def introduce(self):
        """The introduction of every later login: TLS has proved who we are."""
        online = await self.link.ask(
            "introduce", {"serial": self.serial, "firmware": self.firmware, "certificates": []}, "online")
        self.online = {**self.online, **{name: online[name] for name in ("jid", "nextSeq", "configuration", "service", "time", "releaseKeys", "directorKey")}}
        self.seq = online["nextSeq"] - 1
        return online

    # Reports

    def records(self, value, seq=0):
        return [{"n": "temperature", "u": "Cel", "v": value, "t": 1795413600 + seq}, {"n": "humidity", "u": "%RH", "v": 64}]

    async def report(self, value=21.5, seq=None, **more):
        """The next report, or the one of that number. Only what is answered is counted as sent."""
        number = self.seq + 1 if seq is None else seq
        await self.link.ask("report", {"seq": number, "records": self.records(value, number), **more})
        self.seq = max(self.seq, number)
        return number

    # UC007-3

    async def take_offer(self, artifact):
        """Wait for an update, check it as a station must before it touches anything, accept it."""
        kind, offer, answer = await self.link.next_offer()
        if kind != "update":
            raise AssertionError(f"a {kind} was offered")
        known = {key_identifier(unb64(key)) for key in self.online["releaseKeys"]}
        if not known & {signature["key"] for signature in offer["manifest"]["signatures"]}:
            # Keys are told in introductions only: this one may be newer than the last.
            await self.introduce()
        manifest_bytes = open_envelope(offer["manifest"], "manifest", "release", [unb64(key) for key in self.online["releaseKeys"]])
        manifest = json.loads(manifest_bytes)
        assignment = json.loads(open_envelope(offer["assignment"], "assignment", "director", [unb64(self.online["directorKey"])]))
        wanted = {"manifest": hashlib.sha256(manifest_bytes).hexdigest(), "serial": self.serial, "sequence": manifest["sequence"]}
        found = {name: assignment[name] for name in wanted}
        if found != wanted:
            raise AssertionError(f"the assignment says {found}, not {wanted}")
        if manifest["sequence"] <= self.firmware["sequence"]:
            raise AssertionError("an update that leads back")
        described = manifest["artifacts"][0]
        if (described["size"], described["sha256"]) != (len(artifact), hashlib.sha256(artifact).hexdigest()):
            raise AssertionError("the manifest describes another artifact")
        if len(unb64(assignment["nonce"])) != 16:
            raise AssertionError("a nonce that is not of 16 bytes")
        answer("update-answer", {"job": offer["job"], "answer": "accepted"})
        return {"job": offer["job"], "manifest": manifest, "nonce": assignment["nonce"], "window": offer["window"]}

    async def update_status(self, update, status, **more):
        await self.link.ask("update-status", {"job": update["job"], "status": status, **more})

    async def complete(self, update, key=None):
        """The signed word that the new version runs. `key` other than ours is a forger's."""
        text = json.dumps({
            "job": update["job"], "status": "completed", "version": self.firmware["version"],
            "sequence": self.firmware["sequence"], "nonce": update["nonce"]})
        key = key or self.local_key
        await self.link.ask(
            "update-status", text, signature=(key_identifier(self.local_key.point), b64(key.sign_text("update-status", text))))

    async def restart(self, manifest):
        """Into the new firmware: away, back, and introduced with another version."""
        self.firmware = {"version": manifest["version"], "sequence": manifest["sequence"]}
        await self.logout()
        await asyncio.sleep(0.5)
        await self.login_to_stations()
        return await self.introduce()
