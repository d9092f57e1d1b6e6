# SPDX-License-Identifier: Apache-2.0
"""What is seen: finished steps with a live picture below them on a terminal; plain lines with the time elsewhere."""

import os
import shutil
import sys
import time


def screen():
    sys.stdout.reconfigure(errors="replace")
    if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return Terminal()
    return Plain()


def write(text):
    """A terminal that is gone must not keep us from clearing up."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        sys.stdout = sys.stderr = open(os.devnull, "w")


class Plain:
    EVERY = 5   # seconds between two words about the stream

    def __init__(self):
        self.told = time.monotonic()

    def say(self, text, mark=""):
        for line in text.splitlines():
            write(f"{time.strftime('%H:%M:%S')} {mark + ' ' if mark else ''}{line}\n")

    def draw(self, picture, short):
        """`picture`: lines for a terminal; `short`: the same in one line, or nothing."""
        if short and time.monotonic() - self.told >= self.EVERY:
            self.told = time.monotonic()
            self.say(short)

    def close(self):
        pass


class Terminal:
    MARKS = {"ok": "\x1b[32m", "FAILED": "\x1b[31m"}

    def __init__(self):
        self.drawn = []
        self.colours = "NO_COLOR" not in os.environ
        write("\x1b[?25l")

    def _erased(self):
        """Where the picture began. A window made narrower since then has broken its lines."""
        width = max(1, shutil.get_terminal_size().columns)
        rows = sum(max(1, -(-len(line) // width)) for line in self.drawn)
        self.drawn = []
        return f"\r\x1b[{rows}A\x1b[J" if rows else "\r\x1b[J"

    def say(self, text, mark=""):
        if mark and self.colours and mark in self.MARKS:
            mark = f"{self.MARKS[mark]}{mark}\x1b[0m"
        kept = self.drawn
        write(self._erased() + (mark + " " if mark else "") + text + "\n")
        self._draw(kept)

    def draw(self, picture, short):
        self._draw(picture)

    def _draw(self, picture):
        size = shutil.get_terminal_size()
        # A picture that is higher than the window could not be erased again.
        cut = [line[:max(1, size.columns - 1)] for line in picture[:max(1, size.lines - 2)]]
        text = self._erased() + "".join(line + "\n" for line in cut)
        self.drawn = cut
        write(text)

    def close(self):
        """The picture stays as it was last."""
        self.drawn = []
        write("\x1b[?25h")
