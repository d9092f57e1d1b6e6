# SPDX-License-Identifier: Apache-2.0
"""The same component as a user of slixmpp would write it: acknowledge, then hand to S subscribers; nothing stored.

usage: rival_slixmpp.py PORT DOMAIN SECRET SUBSCRIBERS
"""
import asyncio
import copy
import logging
import sys
from xml.etree import ElementTree

from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

EVENT = "http://jabber.org/protocol/pubsub#event"


class Service(ComponentXMPP):
    def __init__(self, port, domain, secret, subscribers):
        super().__init__(domain, secret, "127.0.0.1", port)
        self.subscribers = subscribers
        self.items = 0
        self.register_handler(
            Callback(
                "report", MatchXPath("{jabber:component:accept}iq/{urn:stationmaster:1}report"), self.received))

    def received(self, iq):
        report = iq.xml[0]
        sender = iq["from"]
        iq.reply().send()
        self.items += 1
        event = ElementTree.Element(f"{{{EVENT}}}event")
        items = ElementTree.SubElement(event, f"{{{EVENT}}}items", node="stations/" + sender.user)
        item = ElementTree.SubElement(items, f"{{{EVENT}}}item", id=f"1-{self.items}", publisher=sender.bare)
        item.append(report)
        for number in range(self.subscribers):
            message = self.make_message(
                mto=f"sub{number}@localhost", mfrom=self.boundjid.bare, mtype="headline")
            message.append(copy.copy(event))
            message.send()


def main():
    logging.disable(logging.CRITICAL)
    port, domain, secret, subscribers = sys.argv[1:5]
    try:
        asyncio.get_event_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())
    service = Service(int(port), domain, secret, int(subscribers))
    service.connect()
    service.loop.run_until_complete(service.disconnected)


main()
