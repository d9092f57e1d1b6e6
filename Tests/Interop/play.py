# SPDX-License-Identifier: Apache-2.0
"""What every scene of the play has at hand."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from checks import Checks
from command import Stationmaster
from consumer import Consumer
from station import Station


@dataclass
class Play:
    server: dict
    command: Stationmaster
    folder: Path
    checks: Checks
    container: bool = False
    cast: list = field(default_factory=list)

    def __post_init__(self):
        # Serials are new each time, so that a store can be played against twice.
        mark = secrets.token_hex(3)
        letter = "J" if self.container else "X"
        self.serial, self.unannounced, self.outside = (f"{letter}-{mark}-{number}" for number in (1, 2, 3))
        self.station = self.new_station(self.serial)
        self.checks.prefix = f"{self.server['server']}, {'XEP-0295 in a container' if self.container else 'XML'}: "

    @property
    def component(self):
        return self.server["domains"]["component"]

    def new_station(self, serial):
        station = Station(self.server, self.folder, serial, self.container)
        self.cast.append(station)
        return station

    async def consumer(self, name, direct=False):
        consumer = Consumer(self.server, name, self.container)
        self.cast.append(consumer)
        return await consumer.login(direct)

    async def everybody_leaves(self):
        for player in self.cast:
            await player.logout()
