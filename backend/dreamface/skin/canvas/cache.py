"""What was computed for a topology, in memory for the next head of the same one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

from dreamface.face import Topology

_Value = TypeVar("_Value")


class TopologyCache(Generic[_Value]):
    """Thread-safe LRU cache, keyed by topology and `key`.

    Args:
        capacity: how much is kept.
        weight: of a value, in the unit of `capacity`; 1 unless given. A value that is heavier than the capacity is not
            kept.
    """

    def __init__(self, capacity: int, weight: Callable[[_Value], int] = lambda _: 1) -> None:
        # The topology is part of the entry: while it lives, no other object gets its `id`, which is part of the key.
        self._entries: LRUCache[tuple[int, Hashable], tuple[Topology, _Value]] = LRUCache(
            capacity, getsizeof=lambda entry: weight(entry[1])
        )
        self._busy = threading.RLock()

    def get(self, topology: Topology, key: Hashable, make: Callable[[], _Value]) -> _Value:
        """Return the value, and make it first where it is not in the cache."""
        place = (id(topology), key)
        with self._busy:
            if place in self._entries:
                return self._entries[place][1]
            value = make()
            if self._entries.getsizeof((topology, value)) <= self._entries.maxsize:
                self._entries[place] = (topology, value)
            return value
