# SPDX-License-Identifier: Apache-2.0
"""An information service in Python: slixmpp's own XEP-0060 plugin where plain XML is spoken, the same requests by hand in a container."""

import asyncio
import re
import xml.etree.ElementTree as ET

from link import EVENT, OURS, PUBSUB, TIMEOUT, Refused, log_in, read
from slixmpp.exceptions import IqError

ITEM = re.compile(r"^[0-9]+-[0-9]+$")
SUBSCRIBE_OPTIONS = PUBSUB + "#subscribe_options"


class Delivery:
    """One item of an event message."""

    def __init__(self, message, item, node):
        self.kind = message.get("type", "normal")
        self.node = node
        self.item = item.get("id")
        self.publisher = item.get("publisher")
        self.report = read(next(iter(item)), "report")
        feed = message.find("{%s}feed" % OURS)
        self.subid = feed.get("subid") if feed is not None else None
        self.kept_back = message.find("{urn:xmpp:hints}no-store") is not None
        if not ITEM.match(self.item or ""):
            raise AssertionError(f"the item has the id {self.item!r}")

    @property
    def seq(self):
        return self.report["seq"]


class Consumer:
    def __init__(self, server, name, container=False):
        self.server = server
        self.component = server["domains"]["component"]
        self.jid = f"{name}@{server['domains']['consumers']}"
        self.container = container
        self.link = None

    async def login(self, direct=False):
        self.link = await log_in(
            self.server, self.jid, self.server["users"][self.jid], direct=direct, container=self.container)
        return self

    async def logout(self):
        if self.link:
            await self.link.logout()
        self.link = None

    async def _plugin(self, awaitable):
        """slixmpp's errors as ours."""
        try:
            return (await awaitable).xml
        except IqError as error:
            raise Refused(error.iq.xml.find("{jabber:client}error")) from None

    async def _pubsub(self, type_, *children):
        element = ET.Element("{%s}pubsub" % PUBSUB)
        element.extend(children)
        return await self.link.request(type_, element)

    # XEP-0030

    async def nodes(self):
        result = await self._plugin(self.link["xep_0030"].get_items(jid=self.component, timeout=TIMEOUT))
        return [item.get("node") for item in result.iter("{http://jabber.org/protocol/disco#items}item")]

    async def features(self, jid=None, node=None):
        result = await self._plugin(self.link["xep_0030"].get_info(jid=jid or self.component, node=node, timeout=TIMEOUT))
        space = "{http://jabber.org/protocol/disco#info}"
        identities = {(found.get("category"), found.get("type")) for found in result.iter(space + "identity")}
        return identities, {found.get("var") for found in result.iter(space + "feature")}

    # XEP-0060

    def _form(self, options):
        form = self.link["xep_0004"].make_form(ftype="submit")
        form.add_field(var="FORM_TYPE", ftype="hidden", value=SUBSCRIBE_OPTIONS)
        for name, value in options.items():
            form.add_field(var=name, value=value)
        return form

    async def subscribe(self, node, **options):
        """The subid. Options: mode='feed', window='2'."""
        form = self._form({f"stationmaster#{name}": value for name, value in options.items()}) if options else None
        if self.container:
            children = [ET.Element("{%s}subscribe" % PUBSUB, node=node, jid=self.jid)]
            if form is not None:
                children.append(ET.Element("{%s}options" % PUBSUB))
                children[1].append(form.xml)
            result = await self._pubsub("set", *children)
            subscription = result.find("{%s}subscription" % PUBSUB)
        else:
            result = await self._plugin(self.link["xep_0060"].subscribe(self.component, node, options=form, timeout=TIMEOUT))
            subscription = result.find("{%s}pubsub/{%s}subscription" % (PUBSUB, PUBSUB))
        if subscription.get("subscription") != "subscribed":
            raise AssertionError(f"the subscription is {subscription.get('subscription')}")
        return subscription.get("subid")

    async def unsubscribe(self, node, subid):
        await self._plugin(self.link["xep_0060"].unsubscribe(self.component, node, subid=subid, timeout=TIMEOUT))

    async def subscriptions(self):
        result = await self._plugin(self.link["xep_0060"].get_subscriptions(self.component, timeout=TIMEOUT))
        return {(found.get("node"), found.get("subid")) for found in result.iter("{%s}subscription" % PUBSUB)}

    async def items(self, node, max_items=None, item_ids=None):
        """Item ids and reports, as the component gives them."""
        if self.container:
            attributes = {"node": node, **({"max_items": str(max_items)} if max_items else {})}
            items = ET.Element("{%s}items" % PUBSUB, attributes)
            for identifier in item_ids or []:
                ET.SubElement(items, "{%s}item" % PUBSUB, id=identifier)
            result = await self._pubsub("get", items)
        else:
            result = await self._plugin(self.link["xep_0060"].get_items(
                self.component, node, item_ids=item_ids, max_items=max_items, timeout=TIMEOUT))
        return [(item.get("id"), read(next(iter(item)), "report")) for item in result.iter("{%s}item" % PUBSUB)]

    # Deliveries

    async def next_delivery(self, timeout=TIMEOUT):
        while True:
            message = await asyncio.wait_for(self.link.messages.get(), timeout)
            items = message.find("{%s}event/{%s}items" % (EVENT, EVENT))
            if items is None or message.get("type") == "error":
                continue
            if message.get("from") != self.component:
                raise AssertionError(f"an event from {message.get('from')}")
            return Delivery(message, items.find("{%s}item" % EVENT), items.get("node"))

    async def deliveries(self, count):
        return [await self.next_delivery() for _ in range(count)]

    async def silence(self, seconds=1.5):
        """Nothing is delivered for that long."""
        try:
            delivery = await self.next_delivery(seconds)
        except asyncio.TimeoutError:
            return
        raise AssertionError(f"{delivery.item} was delivered, where silence was due")

    async def resume(self, subid, window=None):
        request = {"subid": subid, **({"window": window} if window else {})}
        return await self.link.ask("resume", request, "resumed")

    async def acknowledge(self, delivery, subid):
        await self.link.ask("ack", {"subid": subid, "item": delivery.item})
