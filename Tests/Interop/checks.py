# SPDX-License-Identifier: Apache-2.0
"""One line a check, counted: `ok …` or `FAILED …: why`."""

from contextlib import contextmanager


class Stop(Exception):
    """What follows makes no sense without the check that failed."""


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.prefix = ""

    @contextmanager
    def that(self, sentence, must=False):
        """A block that shows `sentence`. With `must`, a failure ends the play."""
        sentence = self.prefix + sentence
        try:
            yield
        except Stop:
            raise
        except Exception as problem:
            self.failed += 1
            why = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
            print(f"FAILED {sentence}: {why.splitlines()[0][:400]}", flush=True)
            if must:
                raise Stop(sentence) from problem
        else:
            self.passed += 1
            print(f"ok {sentence}", flush=True)

    def summary(self):
        return f"{self.passed} passed, {self.failed} failed"


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what + ' ' if what else ''}is {found!r}, not {wanted!r}")


def true(condition, sentence):
    if not condition:
        raise AssertionError(sentence)
