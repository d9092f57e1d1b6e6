# SPDX-License-Identifier: Apache-2.0
"""What an information service has received, by station and by the station's own numbers."""

import time


class Tally:
    def __init__(self):
        self.items = {}         # serial → {seq: item id}
        self.received = 0
        self.duplicates = 0
        self.flaws = []         # what must never be
        self.latest = {}        # serial → {name: value} of the report with the highest number
        self.last_at = 0.0      # when something came, by the steady clock

    def take(self, line):
        serial, seq = line["station"], line["seq"]
        known = self.items.setdefault(serial, {})
        self.received += 1
        self.last_at = time.monotonic()
        if seq in known:
            self.duplicates += 1
            if known[seq] != line["item"]:
                self.flaws.append(f"report {seq} of {serial} came as item {known[seq]} and as item {line['item']}")
        known[seq] = line["item"]
        if seq == max(known):
            self.latest[serial] = {record.get("n"): record.get("v") for record in line["report"]["records"]}

    def highest(self, serial):
        return max(self.items.get(serial, ()), default=0)

    def count(self, serial):
        return len(self.items.get(serial, ()))

    def missing(self, serial, through=None):
        """Numbers from 1 on that have not come; up to the highest that has, if not told how far."""
        last = self.highest(serial) if through is None else through
        known = self.items.get(serial, ())
        return [seq for seq in range(1, last + 1) if seq not in known]
