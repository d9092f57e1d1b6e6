# SPDX-License-Identifier: Apache-2.0
"""One XMPP connection by slixmpp, and requests to the component in either encoding: plain XML or XEP-0295 in a container."""

import asyncio
import json
import logging
import ssl
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.stanza.error import Error
from slixmpp.xmlstream import tostring
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from identity import strict_json

OURS = "urn:stationmaster:1"
JSON = "urn:xmpp:json:0"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
PUBSUB = "http://jabber.org/protocol/pubsub"
EVENT = PUBSUB + "#event"
TIMEOUT = 20

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)
# A condition of RFC 6120 §8.3.3.12 that slixmpp's reader has forgotten; without it such an answer is lost and the request times out.
Error.conditions.add("policy-violation")


class Refused(Exception):
    """A stanza error, as read from the wire."""

    def __init__(self, error):
        conditions = [child for child in error if child.tag.startswith("{%s}" % STANZAS) and not child.tag.endswith("}text")]
        self.condition = conditions[0].tag.split("}")[1] if conditions else "none"
        self.kind = error.get("type")
        self.text = error.findtext("{%s}text" % STANZAS) or ""
        self.application = [child for child in error if not child.tag.startswith("{%s}" % STANZAS)]
        super().__init__(f"{self.condition} ({self.kind}) {self.text}")


def local(element):
    return element.tag.rsplit("}", 1)[-1]


def payload(kind, value, signature=None):
    """`<kind><json>…</json>[<signature/>]</kind>`; `value` is JSON, or text that is sent as it is."""
    element = ET.Element("{%s}%s" % (OURS, kind))
    ET.SubElement(element, "{%s}json" % JSON).text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    if signature is not None:
        key, text = signature
        sibling = ET.SubElement(element, "{%s}signature" % OURS, alg="ES256", key=key)
        sibling.text = text
    return element


def read(element, kind):
    """The JSON of a payload that must be of that kind."""
    if element is None:
        raise AssertionError(f"nothing came where a {kind} belongs")
    if element.tag != "{%s}%s" % (OURS, kind):
        raise AssertionError(f"a {element.tag} came where a {kind} belongs")
    containers = element.findall("{%s}json" % JSON)
    if len(containers) != 1:
        raise AssertionError(f"{len(containers)} JSON containers in a {kind}")
    return strict_json(containers[0].text)


def first_payload(iq):
    return next((child for child in iq if local(child) != "error"), None)


def inner_stanza(text):
    """The stanza that a container carries. Its default namespace is the one it would have had on the stream."""
    return ET.fromstring(f"<stream xmlns='jabber:client'>{strict_json(text)['s']}</stream>")[0]


async def log_in(server, *words, **options):
    """A link that has logged in. While a session before it ends, jabberd2 may close the next stream with
    `internal-server-error`: there a second try is made."""
    tries = 3 if server["server"] == "jabberd2" else 1
    while True:
        tries -= 1
        try:
            return await Link(server, *words, **options).login()
        except ConnectionError as problem:
            if not tries or "disconnected" not in str(problem):
                raise
            await asyncio.sleep(0.3)


class Link(slixmpp.ClientXMPP):
    """A client that logs in once, over STARTTLS or direct TLS, and never comes back by itself."""

    def __init__(self, server, jid, password="", mechanism=None, certificate=None, direct=False, container=False):
        super().__init__(jid, password, sasl_mech=mechanism)
        self.place = server
        self.component = server["domains"]["component"]
        self.container = container
        self.direct = direct
        self.ca_certs = server["caFile"]
        self.enable_direct_tls, self.enable_starttls, self.enable_plaintext = direct, not direct, False
        if certificate:
            self.certfile, self.keyfile = (str(file) for file in certificate)
        # Who may see us is not for slixmpp to decide: only the component is let in.
        self.auto_authorize, self.auto_subscribe = None, False
        self.offers = asyncio.Queue()
        self.messages = asyncio.Queue()
        for name in ("update", "stanza"):
            self.register_handler(Callback(f"offer {name}", MatchXPath("{jabber:client}iq/{%s}%s" % (OURS, name)), self._offered))
        self.register_handler(Callback("any message", MatchXPath("{jabber:client}message"), lambda m: self.messages.put_nowait(m.xml)))
        self.add_event_handler("presence_subscribe", self._presence_subscribe)
        for plugin in ("xep_0030", "xep_0060", "xep_0199", "xep_0092", "xep_0012"):
            self.register_plugin(plugin)

    def get_ssl_context(self):
        context = super().get_ssl_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    async def login(self):
        done = asyncio.get_running_loop().create_future()

        def finish(result):
            if not done.done():
                done.set_result(result)

        self.add_event_handler("session_start", lambda _: finish(None))
        self.add_event_handler("failed_all_auth", lambda _: finish("not authenticated"))
        self.add_event_handler("disconnected", lambda why: finish(f"disconnected: {why}"))
        self.add_event_handler("connection_failed", lambda why: finish(f"no connection: {why}"))
        self.connect(self.place["host"], self.place["ports"]["directTLS" if self.direct else "client"])
        try:
            problem = await asyncio.wait_for(done, TIMEOUT)
        except asyncio.TimeoutError:
            problem = "no session in time"
        if problem:
            self.cancel_connection_attempt()
            self.abort()
            await self._end_filters()
            raise ConnectionError(f"{self.requested_jid}: {problem}")
        self.send_presence()
        # Directed presence tells the component when we are gone, whoever is on whose roster.
        self.send_presence(pto=self.component)
        return self

    async def logout(self):
        await self.disconnect(wait=2)
        await self._end_filters()

    async def _end_filters(self):
        """slixmpp leaves its sending task to the garbage collector, which complains."""
        if self._run_out_filters:
            self._run_out_filters.cancel()
            await asyncio.wait([self._run_out_filters], timeout=1)

    def _presence_subscribe(self, presence):
        if presence["from"].bare == self.component:
            self.send_presence(pto=presence["from"].bare, ptype="subscribed")

    def _offered(self, iq):
        if iq["from"].full == self.component and iq["type"] == "set":
            self.offers.put_nowait(iq)

    async def request_raw(self, type_, *children, to=None):
        """Send an IQ with these children in plain XML; its answer, or Refused."""
        iq = self.Iq()
        iq["type"], iq["to"] = type_, to or self.component
        for child in children:
            iq.xml.append(child)
        try:
            return (await iq.send(timeout=TIMEOUT)).xml
        except IqError as error:
            raise Refused(error.iq.xml.find("{jabber:client}error")) from None
        except IqTimeout:
            raise TimeoutError(f"no answer to {local(children[0]) if children else 'an IQ'} in {TIMEOUT} s") from None

    async def request(self, type_, element, to=None, inner=None):
        """Send a payload in this link's encoding; the payload of the answer (None when empty), or Refused.
        `inner` are more attributes for the inner stanza."""
        if not self.container:
            return first_payload(await self.request_raw(type_, element, to=to))
        identifier = self.new_id()
        stanza = ET.Element("iq", {"type": type_, "id": identifier, "to": to or self.component, **(inner or {})})
        stanza.append(element)
        answer = await self.request_raw("set", payload("stanza", {"s": tostring(stanza)}))
        wrapped = inner_stanza(first_payload(answer).findtext("{%s}json" % JSON))
        if local(wrapped) != "iq" or wrapped.get("id") != identifier:
            raise AssertionError(f"the inner answer is a {local(wrapped)} with id {wrapped.get('id')}")
        if wrapped.get("type") == "error":
            raise Refused(wrapped.find("{jabber:client}error"))
        return first_payload(wrapped)

    async def ask(self, kind, value, answer=None, signature=None):
        """A payload of ours out, the JSON of the answering kind in; `answer=None` expects an empty result."""
        result = await self.request("set", payload(kind, value, signature))
        if answer is None:
            if result is not None:
                raise AssertionError(f"the result of {kind} should be empty and has a {local(result)}")
            return None
        return read(result, answer)

    async def next_offer(self):
        """What the component asks of us: kind, JSON and a function that answers in the encoding it came in."""
        iq = await asyncio.wait_for(self.offers.get(), TIMEOUT)
        outer = first_payload(iq.xml)
        wrapped = local(outer) == "stanza"
        if wrapped != self.container:
            raise AssertionError("the component does not speak the encoding we introduced ourselves in")
        request = inner_stanza(outer.findtext("{%s}json" % JSON)) if wrapped else iq.xml
        element = first_payload(request)

        def answer(kind, value):
            child = payload(kind, value)
            if wrapped:
                stanza = ET.Element("iq", {"type": "result", "id": request.get("id"), "to": self.component})
                stanza.append(child)
                child = payload("stanza", {"s": tostring(stanza)})
            reply = self.Iq()
            reply["type"], reply["id"], reply["to"] = "result", iq["id"], self.component
            reply.xml.append(child)
            reply.send()

        return local(element), read(element, local(element)), answer


async def refused(awaitable, condition, text=""):
    """The request must be refused so, with that in the text; returns the refusal."""
    try:
        await awaitable
    except Refused as refusal:
        if refusal.condition != condition or text not in refusal.text:
            raise AssertionError(f"refused with {refusal}, not with {condition} {text!r}") from None
        return refusal
    raise AssertionError(f"done, where {condition} was due")
