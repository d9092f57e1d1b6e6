# SPDX-License-Identifier: Apache-2.0
"""Reports, good and bad. What is refused leaves no trace; the good ones go on as if nothing had been."""

import xml.etree.ElementTree as ET

from checks import equal
from link import JSON, OURS, payload, refused


async def reports(play):
    checks, station = play.checks, play.station
    with checks.that("reports are acknowledged", must=True):
        for number in range(1, 4):
            equal(await station.report(20 + number), number, "seq")
    with checks.that("the same report again is acknowledged again"):
        await station.report(23, seq=3)
    with checks.that("the same seq with another body is a conflict"):
        await refused(station.report(99, seq=3), "conflict")
    with checks.that("a report by local names and one by the station's own full name are the same to it"):
        name = station.birth.device_names[0] + ":"
        await station.link.ask("report", {"seq": 4, "records": [{"bn": name, "n": "temperature", "u": "Cel", "v": 24}]})
        station.seq = 4
    with checks.that("a leap is accepted when the station says that there is a gap"):
        await station.report(25, seq=6, gap=True)


def broken_reports(station):
    """Sentence, the JSON or the whole payload, condition, words in the text."""
    def body(**members):
        return {"seq": 50, "records": station.records(1), **members}

    twice = payload("report", body())
    twice.append(payload("report", body())[0])
    foreign = ET.Element("{%s}report" % OURS)
    ET.SubElement(foreign, "{urn:example:json}json").text = "{}"
    return [
        ("an unknown kind", payload("no-such-kind", {}), "feature-not-implemented", ""),
        ("an unknown namespace", ET.Element("{urn:example:none}report"), "service-unavailable", ""),
        ("JSON that breaks off", '{"seq":50,', "bad-request", ""),
        ("a key that stands twice", '{"seq":50,"seq":50,"records":[{"n":"temperature","v":1}]}', "bad-request", ""),
        ("a key that stands twice by an escape", r'{"seq":50,"\u0073eq":50,"records":[{"n":"temperature","v":1}]}', "bad-request", ""),
        ("a lone surrogate", r'{"seq":50,"records":[{"n":"temperature","vs":"\ud800"}]}', "bad-request", ""),
        ("a number beyond every range", '{"seq":50,"records":[{"n":"temperature","v":1e999}]}', "bad-request", ""),
        ("a seq beyond every integer", '{"seq":99999999999999999999,"records":[{"n":"temperature","v":1}]}', "bad-request", "/seq"),
        ("a trailing comma", '{"seq":50,"records":[{"n":"temperature","v":1},]}', "bad-request", ""),
        ("too deep a nesting", "[" * 500 + "]" * 500, "bad-request", ""),
        ("a seq that is text", body(seq="50"), "bad-request", "at /seq"),
        ("a seq of 0", body(seq=0), "bad-request", "at /seq"),
        ("a value that is text", body(records=[{"n": "temperature", "v": "warm"}]), "bad-request", "at /records/0/v"),
        ("two values in one record", body(records=[{"n": "temperature", "v": 1, "vs": "one"}]), "bad-request", "/records/0"),
        ("no records", body(records=[]), "bad-request", "at /records"),
        ("too many records", body(records=[{"n": "temperature", "v": 1}] * 257), "bad-request", "at /records"),
        ("a member nobody knows", body(colour="red"), "bad-request", "/colour"),
        ("a SenML member that must be understood", body(records=[{"n": "temperature", "v": 1, "new_": 1}]), "bad-request", "/records/0"),
        ("another station's name", body(records=[{"bn": "urn:dev:ops:32473-WS-900-other:", "n": "temperature", "v": 1}]), "bad-request", ""),
        ("two JSON containers", twice, "bad-request", ""),
        ("a <json/> of a foreign namespace", foreign, "bad-request", ""),
    ]


async def bad_input(play):
    checks, station = play.checks, play.station
    for sentence, content, condition, text in broken_reports(station):
        element = payload("report", content) if isinstance(content, (str, dict)) else content
        with checks.that(f"{sentence}: {condition}"):
            await refused(station.link.request("set", element), condition, text)
    if play.container:
        await bad_stanzas(play)
    else:
        # In a container this would be two layers of JSON; the outer one would be found too large first.
        with checks.that("JSON of 70,000 bytes: policy-violation"):
            await refused(station.link.ask("report", '{"seq":50,"records":[],"x":"%s"}' % ("x" * 70_000)), "policy-violation")
    with checks.that("after all of it a good report is acknowledged"):
        await station.report(26)


async def bad_stanzas(play):
    """Inner stanzas that may not be."""
    checks, link = play.checks, play.station.link
    report = payload("report", {"seq": 50, "records": [{"n": "temperature", "v": 1}]})
    for sentence, attributes in [
        ("an inner stanza from somebody else", {"from": f"somebody@{play.server['domains']['stations']}/x"}),
        ("an inner stanza to somebody else", {"to": "elsewhere.localhost"}),
    ]:
        with checks.that(f"{sentence}: bad-request"):
            await refused(link.request("set", report, inner=attributes), "bad-request")
    with checks.that("a stanza in a stanza in a stanza: bad-request"):
        await refused(link.request("set", payload("stanza", {"s": "<iq type='get' id='x'><ping xmlns='urn:xmpp:ping'/></iq>"})), "bad-request")
    for sentence, text in [
        ("an inner stanza that is no XML", "<iq type='set'"),
        ("an inner stanza with a DOCTYPE", "<!DOCTYPE iq><iq type='get' id='x'><ping xmlns='urn:xmpp:ping'/></iq>"),
        ("two inner stanzas", "<iq type='get' id='x'><ping xmlns='urn:xmpp:ping'/></iq><iq type='get' id='y'><ping xmlns='urn:xmpp:ping'/></iq>"),
        ("an inner element that is no stanza", "<note xmlns='urn:example'/>"),
    ]:
        with checks.that(f"{sentence}: bad-request"):
            await refused(link.request_raw("set", payload("stanza", {"s": text})), "bad-request")


async def mallory(play):
    """An account like any other, who is nobody's station, unit or service."""
    checks, station = play.checks, play.station
    nobody = await play.consumer("mallory")
    report = {"seq": station.seq + 1, "records": station.records(66)}
    introduction = {"serial": play.serial, "firmware": station.firmware, "certificates": []}
    engraving = {"serial": play.unannounced, "model": "WS-900", "hardware": "rev-b", "publicKey": "A" * 87}
    for sentence, kind, value in [
        ("report for a station", "report", report),
        ("introduce himself as a station", "introduce", introduction),
        ("resume a feed", "resume", {"subid": "1"}),
        ("acknowledge somebody's item", "ack", {"subid": "1", "item": "1-1"}),
        ("speak for an update", "update-status", {"job": "1", "status": "downloading"}),
    ]:
        with checks.that(f"mallory may not {sentence}: forbidden"):
            await refused(nobody.link.ask(kind, value), "forbidden", "not allowed")
    with checks.that("mallory may not be engraved: refused"):
        try:
            await refused(nobody.link.ask("engrave", engraving), "forbidden", "not allowed")
        except AssertionError as other:
            # A point that is not on the curve may be seen before who sent it.
            if "bad-request" not in str(other):
                raise
    with checks.that("mallory may not subscribe to a station: forbidden"):
        await refused(nobody.subscribe(f"stations/{play.serial}"), "forbidden")
    with checks.that("mallory may not subscribe to all: forbidden"):
        await refused(nobody.subscribe("all"), "forbidden")
    with checks.that("mallory may not read the items: forbidden"):
        await refused(nobody.items(f"stations/{play.serial}"), "forbidden")
    with checks.that("mallory is shown no station among the nodes"):
        equal([node for node in await nobody.nodes() if node != "all"], [], "the list")
    await nobody.logout()
