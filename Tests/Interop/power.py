# SPDX-License-Identifier: Apache-2.0
"""What a disk may hold after the power went, and what was acknowledged by then, made from what `strace` saw a program do.

Of a file only what was synced is certain. Of what was written since, any sectors of 512 bytes may be there or not, and the
size with them. Names change in order, and for certain once their folder was synced."""

import os
import random
import re
from pathlib import Path

SECTOR = 512
CALLS = "openat,pwrite64,pwritev,write,writev,sendto,sendmsg,read,recvfrom,readv,fdatasync,fsync,ftruncate,fallocate,rename,unlink"
DESCRIPTOR = re.compile(r"^(\d+|AT_FDCWD)<(.*?)>(?=[,)])")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def command(trace):
    """The words before those of the program that is watched."""
    return ["strace", "-f", "-qq", "-yy", "-xx", "-s", "4000000", "-o", str(trace), "-e", f"trace={CALLS}", "-e", "signal=none"]


def plain(text):
    """The path that is meant; of devices more follows it."""
    found = re.match(r"(?:\\x[0-9a-f]{2})+", text)
    return bytes.fromhex(found.group().replace("\\x", "")).decode() if found else text


class Call:
    """One system call, with the lines of the trace at which it began and ended."""

    def __init__(self, name, text, began, ended):
        self.name, self.began, self.ended = name, began, ended
        arguments, _, result = text.rpartition(" = ")
        self.failed = not re.match(r"\d", result)
        self.result = 0 if self.failed else int(result.split()[0].split("<")[0], 0)
        found = DESCRIPTOR.match(arguments)
        self.place = plain(found.group(2)) if found else ""
        self.rest = arguments[found.end():] if found else arguments
        self.texts = [bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(self.rest)]

    @property
    def data(self):
        return b"".join(self.texts)[:self.result]

    @property
    def number(self):
        """The last argument."""
        return int(self.rest.strip().rstrip(")").rpartition(", ")[2], 0)


def calls(trace):
    """The calls of a trace that ended, in the order of their ends."""
    begun = {}
    with open(trace, encoding="ascii", errors="replace") as lines:
        for number, line in enumerate(lines):
            process, _, text = line.rstrip("\n").partition(" ")
            text = text.lstrip()
            if text.endswith("<unfinished ...>"):
                begun[process] = (number, text.removesuffix("<unfinished ...>").rstrip())
                continue
            began = number
            resumed = re.match(r"<\.\.\. (\w+) resumed>\s*", text)
            if resumed:
                if process not in begun:
                    continue
                began, head = begun.pop(process)
                text = head + (" " if head.endswith(",") else "") + text[resumed.end():]
            name, bracket, rest = text.partition("(")
            if bracket and name.isidentifier():
                yield Call(name, rest, began, number)


class File:
    def __init__(self, content=b""):
        self.certain = bytearray(content)
        self.pending = []   # (call, at, bytes) or (call, size, None)

    def synced(self, sync):
        kept = []
        for change in self.pending:
            if change[0].ended < sync.began:
                self.apply(self.certain, change)
            else:
                kept.append(change)
        self.pending = kept

    @staticmethod
    def apply(content, change):
        _, at, data = change
        if data is None:
            if at < len(content):
                del content[at:]
            else:
                content.extend(bytes(at - len(content)))
            return
        if len(content) < at + len(data):
            content.extend(bytes(at + len(data) - len(content)))
        content[at:at + len(data)] = data

    def after_loss(self, chance, share):
        """What may be left: each sector of what was pending is there with a probability of `share`."""
        content = bytearray(self.certain)
        for call, at, data in self.pending:
            if data is None:
                if chance.random() < share:
                    self.apply(content, (call, at, None))
                continue
            offset = 0
            while offset < len(data):
                end = min(len(data), offset + SECTOR - (at + offset) % SECTOR)
                if chance.random() < share:
                    self.apply(content, (call, at + offset, data[offset:end]))
                offset = end
        return content


class Disk:
    """The files below a folder, from what they were before the program began."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.names = {}
        for path in Path(folder).rglob("*"):
            if path.is_file() and not path.is_symlink():
                self.names[str(path)] = File(path.read_bytes())
        self.certain_names = dict(self.names)
        self.name_changes = []

    def has(self, path):
        return path.startswith(self.folder + "/") and not path.endswith("-shm")

    def rename(self, call, change):
        change(self.names)
        self.name_changes.append((call, change))

    def take(self, call):
        """Follows one call."""
        if call.failed:
            return
        if call.name in ("rename", "unlink"):
            paths = [os.path.join(self.folder, text.decode()) for text in call.texts]
            if self.has(paths[0]) and paths[0] in self.names:
                if call.name == "unlink":
                    self.rename(call, lambda names: names.pop(paths[0], None))
                else:
                    self.rename(call, lambda names: names.__setitem__(paths[1], names.pop(paths[0])) if paths[0] in names else None)
        elif call.name == "openat":
            path = os.path.join(self.folder, call.texts[0].decode())
            if "O_CREAT" in call.rest and self.has(path) and path not in self.names:
                file = File()
                self.rename(call, lambda names: names.__setitem__(path, file))
            if "O_TRUNC" in call.rest and path in self.names:
                self.names[path].pending.append((call, 0, None))
        elif call.name in ("fdatasync", "fsync"):
            if call.place in self.names:
                self.names[call.place].synced(call)
            else:
                self.folder_synced(call)
        elif call.place in self.names:
            file = self.names[call.place]
            if call.name in ("pwrite64", "pwritev"):
                file.pending.append((call, call.number, call.data))
            elif call.name in ("write", "writev"):
                file.pending.append((call, len(file.after_loss(random.Random(0), 1)), call.data))
            elif call.name == "ftruncate":
                file.pending.append((call, call.number, None))
            elif call.name == "fallocate":
                raise AssertionError("fallocate is not followed")

    def folder_synced(self, sync):
        kept = []
        for call, change in self.name_changes:
            path_is_in = call.ended < sync.began
            if path_is_in and not kept:
                change(self.certain_names)
            else:
                kept.append((call, change))
        self.name_changes = kept

    def write_after_loss(self, target, chance):
        """Makes the folder `target` one that may be there after the power went now."""
        share = chance.choice([0, 0.2, 0.5, 0.8, 1])
        names = dict(self.certain_names)
        for _, change in self.name_changes[:chance.randint(0, len(self.name_changes))]:
            change(names)
        for path, file in names.items():
            place = Path(target, os.path.relpath(path, self.folder))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.after_loss(chance, share))
            place.chmod(0o600)


class Talk:
    """Which reports were acknowledged on the component's stream, and at which line of the trace."""

    TAG = re.compile(rb"<iq\b[^>]*>")
    ATTRIBUTE = re.compile(rb"(\w+)=(?:'([^']*)'|\"([^\"]*)\")")
    SEQUENCE = re.compile(rb"(?:&quot;|\")seq(?:&quot;|\"):(\d+)")

    def __init__(self, port):
        self.ending = f"->127.0.0.1:{port}]"
        self.unread = self.unsent = b""
        self.asked = {}
        self.acknowledged = []   # (line, station, number)

    def take(self, call):
        if call.failed or not call.place.endswith(self.ending):
            return
        if call.name in ("read", "recvfrom", "readv"):
            self.unread = self.follow(self.unread + call.data, self.ask)
        elif call.name in ("write", "writev", "sendto", "sendmsg"):
            self.unsent = self.follow(self.unsent + call.data, lambda *words: self.answer(call.began, *words))

    def follow(self, text, seen):
        """Reports the tag of each `<iq/>` with what follows it up to the next one; returns what may not be whole yet."""
        tags = list(self.TAG.finditer(text))
        for tag, following in zip(tags, tags[1:] + [None]):
            end = following.start() if following else len(text)
            if not following and b"</iq>" not in text[tag.end():] and not tag.group().endswith(b"/>"):
                return text[tag.start():]
            words = {name: one or other for name, one, other in self.ATTRIBUTE.findall(tag.group())}
            seen(words, text[tag.end():end])
        cut = text.rfind(b"<")
        return text[cut:] if cut >= 0 and b">" not in text[cut:] else b""

    def ask(self, words, body):
        found = self.SEQUENCE.search(body)
        if b"<report" in body and found:
            self.asked[words[b"from"], words[b"id"]] = int(found.group(1))

    def answer(self, line, words, _):
        number = self.asked.pop((words.get(b"to"), words.get(b"id")), None)
        if number is not None and words.get(b"type") == b"result":
            self.acknowledged.append((line, words[b"to"].split(b"@")[0].decode(), number))
