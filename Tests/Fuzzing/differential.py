#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our readers with others on inputs made from a seed.

    differential.py [--seconds N] [--seed N] PROGRAM      PROGRAM is the fuzzers' own, called with --read
    differential.py --payload-seeds EXAMPLES FOLDER       the examples of payloads as inputs of the fuzzer `payload`

XML: Python's expat and libxml2 (its reader, by ctypes) read the same stream at once; ours reads it at once and byte by
byte. JSON: Python's reader, made as strict as ours. The last line says how many inputs were compared.

What was found is kept in Cases/differential, and comes first in each run. Give it a telling name behind `xml-` or `json-`.
"""
import ctypes
import hashlib
import json
import os
import random
import re
import struct
import subprocess
import sys
import time
from xml.parsers import expat

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Cases", "differential")
XML = "http://www.w3.org/XML/1998/namespace"


class Ours:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--read"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, letter, data):
        self.process.stdin.write(letter + struct.pack(">I", len(data)) + data)
        self.process.stdin.flush()
        head = self.process.stdout.read(4)
        if len(head) < 4:
            raise SystemExit(f"FLAW: our reader ended at {data!r}")
        return self.process.stdout.read(struct.unpack(">I", head)[0]).decode()


class Refused(Exception):
    pass


class Events:
    """The tags and texts of complete stanzas, as ours writes them; refuses what a stream must not hold."""

    def __init__(self):
        self.done, self.parts, self.depth, self.closed = [], [], 0, False

    def start(self, name, attributes):
        self.depth += 1
        if self.depth > 1:
            shown = sorted((f"{self.named(k)}\x1f{v}" for k, v in attributes), key=lambda text: text.encode())
            self.parts.append("\x1f".join(["S" + self.named(name)] + shown))

    def end(self):
        self.depth -= 1
        if self.depth >= 1:
            self.parts.append("E")
        if self.depth == 1:
            self.done, self.parts = self.done + self.parts, []
        self.closed = self.depth == 0

    def text(self, text):
        if self.depth <= 1:
            if text.strip(" \t\r\n"):
                raise Refused("text between stanzas")
        elif self.parts and self.parts[-1][0] == "T":
            self.parts[-1] += text
        else:
            self.parts.append("T" + text)

    @staticmethod
    def named(name):
        namespace, local = name
        return f"{{}}xml:{local}" if namespace == XML else f"{{{namespace}}}{local}"

    def answer(self, error):
        verdict = "error" if error else "closed" if self.closed else "open"
        return verdict, "\x1e".join(self.done)


def refuse(*_):
    raise Refused("restricted")


def by_expat(data):
    events = Events()
    split = lambda name: tuple(name.split("\x01")) if "\x01" in name else ("", name)
    parser = expat.ParserCreate("UTF-8", "\x01")
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler = lambda name, a: events.start(split(name), [(split(a[i]), a[i + 1]) for i in range(0, len(a), 2)])
    root_end = []

    def end(name):
        events.end()
        if events.closed:
            root_end.append(parser.CurrentByteIndex)

    def declaration(version, encoding, _):
        if version != "1.0" or (encoding or "UTF-8").upper() != "UTF-8":
            refuse()

    parser.EndElementHandler = end
    parser.XmlDeclHandler = declaration
    parser.CharacterDataHandler = events.text
    parser.CommentHandler = parser.ProcessingInstructionHandler = parser.StartDoctypeDeclHandler = refuse
    try:
        # No end is told: a stream may stop anywhere. So expat may wait for the end of a quote before or after the root, where
        # we do not.
        parser.Parse(data, False)
        if data[:1] in (b"'", b'"'):
            refuse()
        trailer = data[root_end[0]:].partition(b">")[2] if root_end else b""
        return events.answer(bool(trailer.strip(b" \t\r\n")))
    except (expat.ExpatError, Refused):
        return events.answer(True)


class Libxml2:
    """The reader of libxml2, without network, entities or document types."""

    def __init__(self):
        lib = self.lib = ctypes.CDLL("libxml2.so.2")
        lib.xmlReaderForMemory.restype = ctypes.c_void_p
        lib.xmlReaderForMemory.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
        for name in ["Read", "NodeType", "IsEmptyElement", "MoveToNextAttribute", "MoveToElement", "IsNamespaceDecl"]:
            getattr(lib, "xmlTextReader" + name).argtypes = [ctypes.c_void_p]
        for name in ["ConstLocalName", "ConstNamespaceUri", "ConstValue"]:
            getattr(lib, "xmlTextReader" + name).argtypes = [ctypes.c_void_p]
            getattr(lib, "xmlTextReader" + name).restype = ctypes.c_char_p
        lib.xmlFreeTextReader.argtypes = [ctypes.c_void_p]

    def read(self, data):
        lib, events = self.lib, Events()
        # No network (2048), no words on the terminal (32, 64).
        reader = lib.xmlReaderForMemory(data, len(data), b"", b"UTF-8", 2048 | 32 | 64)
        words = lambda name: (getattr(lib, "xmlTextReader" + name)(reader) or b"").decode()
        pair = lambda: (words("ConstNamespaceUri"), words("ConstLocalName"))
        try:
            while (status := lib.xmlTextReaderRead(reader)) == 1:
                kind = lib.xmlTextReaderNodeType(reader)
                if kind == 1:
                    name, empty, attributes = pair(), lib.xmlTextReaderIsEmptyElement(reader), []
                    while lib.xmlTextReaderMoveToNextAttribute(reader) == 1:
                        if lib.xmlTextReaderIsNamespaceDecl(reader) != 1:
                            attributes.append((pair(), words("ConstValue")))
                    lib.xmlTextReaderMoveToElement(reader)
                    events.start(name, attributes)
                    if empty:
                        events.end()
                elif kind == 15:
                    events.end()
                elif kind in (3, 4, 13, 14):
                    events.text(words("ConstValue"))
                elif kind in (5, 7, 8, 10):
                    refuse()
            return events.answer(status != 0)
        except Refused:
            return events.answer(True)
        finally:
            lib.xmlFreeTextReader(reader)


HEADERS = ["<s:s xmlns:s='u' xmlns='d' xmlns:p='v'>", "<?xml version='1.0' encoding='UTF-8'?>\n<s>", '<s xmlns="&quot;\'">']
PIECES = ["<a>", "</a>", "<a>", "</a>", "<b/>", "<a b='1'>", "<a b=\"&quot;'&lt;&#10;\n\t\" c=''/>", "&quot;", "&quot;x&quot;", "&amp;", "&lt;", "&#65;",
          "&#x20AC;", "text", " ", "\n", "\r\n", "\r", "<p:a p:b='2' xml:lang='en'/>", "<a xmlns='w'><c xmlns=''/></a>", "<q:c xmlns:q='w' q:d='3'/>", "]]",
          "\u20ac\U0001f600", "<![CDATA[<&quot;]]]>x]]>", "{&quot;n&quot;:&quot;temperature&quot;}", "'\"", ">", "\u0085\u2028", "</s:s>", "</s>"]
RARE = ["&", "<", "]]>", "<!-- x -->", "<?p?>", "<!DOCTYPE a>", "&nbsp;", "&#0;", "\x01", "\ufffe", "<a b='1' b='2'/>", "<a b=1/>", "</b>", "<1/>", "&quot",
        "<a b='<'/>", "<q:a/>", "\x00", "<a></a b=''>", "&#xD800;", "<a/ >"]


def xml_input(rng):
    if rng.random() < 0.5:
        body = "".join(nested(rng, 0) for _ in range(rng.randint(1, 4)))
    else:
        body = "".join(rng.choice(RARE if rng.random() < 0.06 else PIECES) for _ in range(rng.randint(1, 14)))
    data = (rng.choice(HEADERS) + body + rng.choice(["", "</s:s>", "</s>", "</s> \n"])).encode()
    if rng.random() < 0.2:
        place = rng.randrange(len(data))
        data = data[:place] + rng.choice([b"", bytes([rng.randrange(256)]), b"<", b"&", b"'"]) + data[place + rng.randint(0, 2):]
    return data


def nested(rng, depth):
    texts = [piece for piece in PIECES if "<" not in piece]
    inner = "".join(nested(rng, depth + 1) if depth < 4 and rng.random() < 0.4 else rng.choice(texts) for _ in range(rng.randint(0, 5)))
    name = rng.choice(["a", "p:b", "c"])
    return f"<{name} k='{rng.choice(['', 'v', '&quot;', '&#9;'])}'>{inner}</{name}>"


# expat takes names of the fourth edition and knows namespaces; libxml2 goes on after an error of namespaces.
NAMESPACE_ERRORS = re.compile(rb"<q:a/>|<s[ >]|p:|</?[^>]*:|xmlns")


def check_xml(ours, libxml2, data):
    whole = ours.ask(b"x", data)
    single = ours.ask(b"y", data)
    verdict, _, events = whole.partition("\x1e")
    kind = verdict.split()[0]
    if single.partition("\x1e")[2] != events or single.split("\x1e")[0].split()[0] != kind:
        return f"byte by byte {single!r} instead of {whole!r}"
    theirs = by_expat(data)
    # What is wrong with a stanza shows to us when the stanza ends.
    kinds = ("open", "error") if kind == "waiting" else (kind,)
    if events != theirs[1] or theirs[0] not in kinds:
        return f"ours {whole!r}, expat {theirs!r}"
    other, parts = libxml2.read(data)
    # libxml2 tells an ampersand in a namespace as the reference that it would be written with.
    if kind == "closed" and (other, str(parts).replace("&#38;", "&")) != (kind, events.replace("&#38;", "&")):
        return f"ours {whole!r}, libxml2 {(other, parts)!r}"
    if kind == "error" and other == "closed" and not NAMESPACE_ERRORS.search(data):
        return f"ours {whole!r}, libxml2 takes it"
    return None


def strict(data):
    """Python's reader, as strict as RFC 8259 with I-JSON and our limits."""
    def members(pairs):
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a name twice")
        return dict(pairs)

    def refuse_word(word):
        raise ValueError(word)

    def number(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError("too large")
        return value

    if len(data) > 65536:
        raise ValueError("too long")
    text = data.decode("utf-8")
    value = json.loads(text, object_pairs_hook=members, parse_constant=refuse_word, parse_float=number, parse_int=number)
    out = []
    show(value, out, 0)
    return "".join(out)


def show(value, out, depth):
    if value is None:
        out.append("n")
    elif value is True or value is False:
        out.append("t" if value else "f")
    elif isinstance(value, float):
        out.append("d" + struct.pack(">d", value if value != 0 else 0.0).hex())
    elif isinstance(value, str):
        out.append(f"s{len(value.encode())}:{value}")
    else:
        if depth == 32:
            raise ValueError("too deep")
        out.append("[" if isinstance(value, list) else "{")
        for item in value:
            show(item, out, depth + 1)
            if isinstance(value, dict):
                show(value[item], out, depth + 1)
        out.append("]" if isinstance(value, list) else "}")


def json_value(rng, depth):
    choice = rng.randrange(12)
    if choice < 3 and depth < 34:
        return "[" + ",".join(json_value(rng, depth + 1) for _ in range(rng.randint(0, 3))) + "]"
    if choice < 6 and depth < 34:
        return "{" + rng.choice([",", " , ", ",\n"]).join(json_string(rng) + rng.choice([":", " : "]) + json_value(rng, depth + 1) for _ in range(rng.randint(0, 3))) + "}"
    if choice < 8:
        return json_string(rng)
    if choice < 9:
        return rng.choice(["true", "false", "null"])
    sign, whole = rng.choice(["", "-"]), str(rng.randrange(10 ** rng.choice([1, 3, 9, 20])))
    return sign + whole + rng.choice(["", "", ".0", "." + str(rng.randrange(10 ** 9))]) + rng.choice(["", "", f"e{rng.randint(-330, 310)}", "E+5"])


def json_string(rng):
    pieces = ["a", "b", "seq", " ", "\\n", "\\u0061", "\\u00e9", "\u00e9", "\U0001f600", "\\ud83d\\ude00", "\\\\", "\\/", "\\\"", "\\u0000", "\u007f", "\ufffe"]
    return '"' + "".join(rng.choice(pieces) for _ in range(rng.randint(0, 4))) + '"'


def json_input(rng):
    deep = rng.randint(30, 34) if rng.random() < 0.05 else 0
    data = ("[" * deep + json_value(rng, 0) + "]" * deep).encode()
    for _ in range(rng.choice([0, 0, 1, 2])):
        place = rng.randrange(len(data) + 1)
        mutation = rng.choice([b"", b"0", b"-", b".", b"e", b",", b"]", b"}", b'"', b"\\", b"\\ud800", b" ", b"\x00", b"\xff", b"\xed\xa0\x80", b"NaN", b"\xef\xbb\xbf", b"\t"])
        data = data[:place] + mutation + data[place + rng.randint(0, 1):]
    return data


def check_json(ours, data):
    try:
        expected = strict(data)
        expected.encode()
    except (ValueError, RecursionError):
        # A lone surrogate cannot be encoded: a ValueError as well.
        expected = "error"
    got = ours.ask(b"j", data)
    return None if got == expected else f"ours {got!r}, Python {expected!r}"


def payload_seeds(examples, folder):
    kinds = ["engrave", "challenge", "prove", "engraved", "release", "released", "introduce", "online", "report", "update", "update-answer", "update-status",
             "resume", "resumed", "ack", "envelope", "manifest", "assignment"]
    for name in sorted(os.listdir(examples)):
        for file in sorted(os.listdir(f"{examples}/{name}")):
            if file.endswith(".json"):
                with open(f"{examples}/{name}/{file}", "rb") as text, open(f"{folder}/{name}-{file}", "wb") as seed:
                    seed.write(bytes([kinds.index(name) if name in kinds else 0]) + text.read())


def main(arguments):
    if arguments[:1] == ["--payload-seeds"]:
        return payload_seeds(*arguments[1:])
    seconds, seed = 60, int(time.time())
    while arguments[0].startswith("--"):
        if arguments[0] == "--seconds":
            seconds = int(arguments[1])
        else:
            seed = int(arguments[1])
        arguments = arguments[2:]
    sys.set_int_max_str_digits(0)
    ours, libxml2 = Ours(arguments[0]), Libxml2()
    print(f"seed {seed}")
    checks = {"xml": lambda data: check_xml(ours, libxml2, data), "json": lambda data: check_json(ours, data)}
    kept = sorted(os.listdir(CASES))
    for name in kept:
        with open(f"{CASES}/{name}", "rb") as case:
            data = case.read()
        flaw = checks[name.partition("-")[0]](data)
        if flaw:
            print(f"FLAW in {CASES}/{name}: {data!r}: {flaw}")
            return 1
    rng, end, counts = random.Random(seed), time.time() + seconds, {"xml": 0, "json": 0}
    while time.time() < end:
        for kind, make in (("xml", xml_input), ("json", json_input)):
            data = make(rng)
            flaw = checks[kind](data)
            counts[kind] += 1
            if flaw:
                with open(f"{CASES}/{kind}-{hashlib.sha1(data).hexdigest()}", "wb") as case:
                    case.write(data)
                print(f"FLAW at input {sum(counts.values())} of seed {seed}: {data!r}: {flaw}")
                return 1
    print(f"seed {seed}, {len(kept)} kept cases, {counts['xml']} streams with expat and libxml2, {counts['json']} JSON texts with Python")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
