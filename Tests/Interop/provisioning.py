# SPDX-License-Identifier: Apache-2.0
"""UC007-1 (engraving in the factory) and UC007-2 (introduction to the owner)."""

from checks import equal, true
from identity import Key, open_envelope, point_of, strict_json
from link import refused

from cryptography import x509
from cryptography.hazmat.primitives import serialization


def known_points(folder):
    """Whoever may have signed a receipt: the maker or the director."""
    points = [point_of(x509.load_pem_x509_certificate((folder / "maker-ca.pem").read_bytes()).public_key())]
    director = folder / "director.key"
    if director.exists():
        points.append(point_of(serialization.load_pem_private_key(director.read_bytes(), None).public_key()))
    return points


async def engraving(play):
    checks, station = play.checks, play.station
    directory = play.command.directory
    with checks.that("an operator opens a batch", must=True):
        await play.command.open_batch(f"batch-{play.serial}", [play.serial, play.unannounced])
    with checks.that("a factory-new unit logs in with SASL ANONYMOUS", must=True):
        await station.login_to_factory()
    with checks.that("a serial outside the batch is refused as forbidden"):
        await refused(station.request_engraving(serial=play.outside), "forbidden", "not allowed")
    with checks.that("a proof by another key is refused as forbidden"):
        message = await station.request_engraving()
        await refused(station.prove_engraving(message, key=Key()), "forbidden", "not allowed")
    with checks.that("a unit is engraved", must=True):
        engraved = await station.engrave()
        equal(engraved["serial"], play.serial, "the serial")
    address = f"{play.serial.lower()}@{play.server['domains']['onboarding']}"
    with checks.that("its IDevID is what the maker's CA should have signed"):
        station.birth.check((directory / "maker-ca.pem").read_bytes(), station.key, play.serial, address)
        equal(station.birth.device_names, [f"urn:dev:ops:32473-WS-900-{play.serial}"], "the URI")
    with checks.that("the engraving receipt is signed and names the serial"):
        receipt = open_envelope(engraved["receipt"], "engraving-receipt", None, known_points(directory))
        equal(strict_json(receipt)["serial"], play.serial, "the receipt's serial")
    with checks.that("the answer lost, the same key is given the same certificate again"):
        first = station.birth.fingerprint
        await station.engrave()
        equal(station.birth.fingerprint, first, "the certificate")
    with checks.that("a proof is good for one use"):
        message = await station.request_engraving()
        await station.prove_engraving(message)
        await refused(station.prove_engraving(message), "forbidden")
    with checks.that("another key for an engraved serial is a conflict"):
        await refused(engrave_with(station, Key(), play.serial), "conflict")
    with checks.that("an engraved key for another serial is a conflict"):
        await refused(engrave_with(station, station.key, play.unannounced), "conflict")
    with checks.that("the unit confirms that it has stored its identity"):
        equal((await station.release())["serial"], play.serial, "the serial")


async def engrave_with(station, key, serial):
    """Refused at the request or at the proof, as the component sees fit."""
    await station.prove_engraving(await station.request_engraving(key, serial), key)


async def introduction(play):
    checks, station = play.checks, play.station
    with checks.that(f"the station logs in {station.way('IDevID')}", must=True):
        await station.login_to_onboarding(direct=play.container)
    with checks.that("before it is announced it is refused as forbidden"):
        await refused(announced_or_not(station), "forbidden", "not allowed")
    with checks.that("the owner announces the serial", must=True):
        await play.command.announce(play.serial)
    with checks.that("a proof by another key is refused as forbidden"):
        message = await station.request_introduction()
        await refused(station.prove_introduction(message, key=Key()), "forbidden", "not allowed")
    with checks.that("a station is introduced and put online", must=True):
        online = await station.prove_introduction(await station.request_introduction())
        equal(online["serial"], play.serial, "the serial")
        equal(online["service"], play.component, "the service")
        equal(online["jid"], f"{play.serial.lower()}@{play.server['domains']['stations']}", "the address to use from now on")
        true(online["interval"] > 0, "no interval to report in")
        equal(online["nextSeq"], 1, "nextSeq")
    with checks.that("its LDevID is what the owner's CA should have signed"):
        owner = (play.command.directory / "owner-ca.pem").read_bytes()
        station.local.check(owner, station.local_key, play.serial, station.online["jid"])
    with checks.that("a report from the onboarding host is refused as forbidden"):
        await refused(station.report(), "forbidden")
    with checks.that(f"the station logs in {station.way('LDevID')}", must=True):
        await station.login_to_stations(direct=play.container)
    with checks.that("introduced on the stations host it is online without a challenge", must=True):
        online = await station.introduce()
        equal(online["certificates"], [], "the certificates")
        equal(online["nextSeq"], 1, "nextSeq")
    with checks.that("the operator's list shows it online"):
        shown = {found["serial"]: found for found in await play.command.stations()}
        equal(shown[play.serial]["online"], True, "online")
        equal(shown[play.serial]["firmware"], station.firmware["version"], "the firmware")


async def announced_or_not(station):
    await station.prove_introduction(await station.request_introduction())


async def unknown_station(play):
    """A certificate of the maker's is not enough: the owner has to know the serial."""
    checks = play.checks
    stranger = play.new_station(play.unannounced)
    with checks.that("a station that nobody announced is engraved, logs in and is refused with the same words"):
        await stranger.login_to_factory()
        await stranger.engrave()
        await stranger.release()
        await stranger.login_to_onboarding()
        await refused(announced_or_not(stranger), "forbidden", "not allowed")
        await stranger.logout()
