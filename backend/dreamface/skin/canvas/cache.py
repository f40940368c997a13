"""What was worked out for topologies, kept for the next head of the same one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from dreamface.face import Topology

_Value = TypeVar("_Value")


class Kept(Generic[_Value]):
    """The values that were needed last, by topology and key; several threads may ask.

    Args:
        most: how much is kept.
        weight: of a value, in the unit of `most`; each weighs 1 unless told.
    """

    def __init__(self, most: int, weight: Callable[[_Value], int] = lambda _: 1) -> None:
        self._most = most
        self._weight = weight
        # With the topology, which so stays alive, and its id its own.
        self._values: OrderedDict[tuple[int, Hashable], tuple[Topology, _Value]] = OrderedDict()
        self._busy = threading.RLock()

    def get(self, topology: Topology, key: Hashable, make: Callable[[], _Value]) -> _Value:
        """The value, made where it is not kept."""
        place = (id(topology), key)
        with self._busy:
            if place not in self._values:
                self._values[place] = (topology, make())
            self._values.move_to_end(place)
            found = self._values[place][1]
            while len(self._values) > 1 and sum(self._weight(value) for _, value in self._values.values()) > self._most:
                self._values.popitem(last=False)
            return found
