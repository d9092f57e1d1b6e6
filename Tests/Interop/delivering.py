# SPDX-License-Identifier: Apache-2.0
"""Consumers: grants, XEP-0060 by slixmpp's plugin, live events, stored items, feeds with a window, presence of the twin."""

import asyncio
from xml.etree.ElementTree import Element

from checks import equal, true
from link import Refused, TIMEOUT, refused


async def grants(play):
    """weather1 takes events live, weather2 by a feed."""
    checks = play.checks
    node = f"stations/{play.serial}"
    play.live = await play.consumer("weather1", direct=True)
    play.feed = await play.consumer("weather2")
    with checks.that("a consumer without a grant may not subscribe: forbidden"):
        await refused(play.live.subscribe(node), "forbidden")
    with checks.that("the owner grants the station to two consumers", must=True):
        for consumer in (play.live, play.feed):
            await play.command.grant(consumer.jid, play.serial)
    with checks.that("the service is an XEP-0060 service and says so"):
        identities, features = await play.live.features()
        true(("pubsub", "service") in identities, f"identities are {sorted(identities)}")
        missing = {"http://jabber.org/protocol/pubsub", "http://jabber.org/protocol/pubsub#subscribe", "urn:xmpp:ping"} - features
        true(not missing, f"not among the features: {missing}")
    with checks.that("the granted node is listed, and is a leaf"):
        true(node in await play.live.nodes(), f"{node} is not listed")
        identities, _ = await play.live.features(node=node)
        true(("pubsub", "leaf") in identities, f"identities of the node are {sorted(identities)}")


async def live(play):
    checks, station, consumer = play.checks, play.station, play.live
    node = f"stations/{play.serial}"
    with checks.that("a consumer subscribes", must=True):
        play.live_subid = await consumer.subscribe(node)
        true(play.live_subid, "no subid")
    with checks.that("its subscription is listed"):
        true((node, play.live_subid) in await consumer.subscriptions(), "the subscription is not listed")
    with checks.that("a report arrives live, as it was sent"):
        seq = await station.report(27.25)
        delivery = await consumer.next_delivery()
        equal(delivery.kind, "headline", "the type of the message")
        equal(delivery.node, node, "the node")
        equal(delivery.publisher, station.online["jid"], "the publisher")
        equal((delivery.seq, delivery.report["records"][0]["v"]), (seq, 27.25), "the report")
        play.last = delivery
    with checks.that("the last item can be fetched"):
        equal(await consumer.items(node, max_items=1), [(play.last.item, play.last.report)], "the items")
    with checks.that("an item can be fetched by its id"):
        equal(await consumer.items(node, item_ids=[play.last.item]), [(play.last.item, play.last.report)], "the items")
    with checks.that("publishing is not for consumers"):
        try:
            await consumer._plugin(consumer.link["xep_0060"].publish(play.component, node, timeout=TIMEOUT))
            raise AssertionError("a consumer published")
        except Refused as refusal:
            true(refusal.condition in ("not-allowed", "forbidden", "feature-not-implemented"), f"refused with {refusal}")


async def feed(play):
    checks, station, consumer = play.checks, play.station, play.feed
    node = f"stations/{play.serial}"
    with checks.that("a consumer subscribes to a feed", must=True):
        play.subid = await consumer.subscribe(node, mode="feed", window="2")
        true(play.subid, "no subid")
    with checks.that("nothing comes before it resumes"):
        play.sent = [await station.report(30 + number) for number in range(5)]
        await consumer.silence()
    with checks.that("resuming says what is pending"):
        resumed = await consumer.resume(play.subid, window=2)
        equal((resumed["subid"], resumed["pending"]), (play.subid, 5), "resumed")
    with checks.that("a window of two holds two items, in order, not to be stored"):
        first, second = await consumer.deliveries(2)
        equal([first.seq, second.seq], play.sent[:2], "the order")
        for delivery in (first, second):
            equal((delivery.kind, delivery.kept_back, delivery.subid), ("normal", True, play.subid), "type, no-store and subid")
        await consumer.silence()
    with checks.that("an acknowledgement opens the window"):
        await consumer.acknowledge(second, play.subid)
        third, fourth = await consumer.deliveries(2)
        equal([third.seq, fourth.seq], play.sent[2:4], "the order")
        await consumer.acknowledge(third, play.subid)
        equal((await consumer.next_delivery()).seq, play.sent[4], "the fifth")
    with checks.that("acknowledging what was never delivered is refused"):
        try:
            await consumer.link.ask("ack", {"subid": play.subid, "item": "1-999999999"})
            raise AssertionError("it was taken")
        except Refused:
            pass
    with checks.that("a consumer who comes back is sent what it had not acknowledged"):
        await consumer.logout()
        play.sent.append(await station.report(35))
        await consumer.login()
        await consumer.silence(1)
        await consumer.resume(play.subid, window=10)
        again = await consumer.deliveries(3)
        equal([delivery.seq for delivery in again], play.sent[3:6], "the order")
        equal(again[0].item, fourth.item, "the item id of what comes twice")
        await consumer.acknowledge(again[2], play.subid)
    with checks.that("a feed that has caught up goes on by itself"):
        seq = await station.report(36)
        delivery = await consumer.next_delivery()
        equal(delivery.seq, seq, "seq")
        await consumer.acknowledge(delivery, play.subid)
    with checks.that("another consumer cannot resume it: forbidden"):
        await refused(play.live.resume(play.subid), "forbidden")


async def twin(play):
    """The contact that stands for the station. Presence and disco travel as XML in either encoding."""
    checks, consumer = play.checks, play.live
    address = f"{play.serial.lower()}@{play.component}"
    with checks.that("the twin answers disco and version for the station"):
        identities, _ = await consumer.features(jid=address)
        true(identities, "no identity")
        version = await consumer.link.request_raw("get", element("query", "jabber:iq:version"), to=address)
        equal(version.findtext(".//{jabber:iq:version}version"), play.station.firmware["version"], "the version")
    with checks.that("the twin says how long ago the last report came"):
        last = await consumer.link.request_raw("get", element("query", "jabber:iq:last"), to=address)
        seconds = int(last.find("{jabber:iq:last}query").get("seconds"))
        true(0 <= seconds < 600, f"{seconds} s")
    with checks.that("the twin accepts a granted contact and shows its presence"):
        seen = asyncio.get_running_loop().create_future()

        def available(presence):
            if presence["from"].bare == address and not seen.done():
                seen.set_result(presence["status"])
        consumer.link.add_event_handler("presence_available", available)
        consumer.link.send_presence_subscription(pto=address)
        true(await asyncio.wait_for(seen, TIMEOUT), "no status text")


def element(name, namespace):
    return Element("{%s}%s" % (namespace, name))


async def revoking(play):
    checks, consumer = play.checks, play.live
    node = f"stations/{play.serial}"
    while not consumer.link.messages.empty():
        consumer.link.messages.get_nowait()
    with checks.that("a grant taken back ends the deliveries"):
        await play.command.revoke(consumer.jid, play.serial)
        await play.station.report(40)
        await consumer.silence()
        await refused(consumer.items(node, max_items=1), "forbidden")
