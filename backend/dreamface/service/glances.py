"""Pictures of people to choose from: while one is waited for, the next is being taken, too.

Much of a small picture is many small steps on one thread, so that two people at a time keep two processors busy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final, Generic, TypeVar

from dreamface.progress import Progress

AHEAD: Final = 1
"""People who are begun before they are asked for."""

_LOOK: Final = 0.05  # seconds between looks at whether the job was cancelled

Taken = TypeVar("Taken")


class Glances(Generic[Taken]):
    """Takes pictures in threads; those of people who come next are begun, and kept until they are asked for.

    Args:
        take: takes the picture that a request asks for.
    """

    def __init__(self, take: Callable[[Mapping[str, Any]], Taken]) -> None:
        self._take = take
        self._begun: dict[str, Future[Taken]] = {}
        self._threads = ThreadPoolExecutor(1 + AHEAD, thread_name_prefix="glance")

    def get(self, request: Mapping[str, Any], ahead: Sequence[Mapping[str, Any]], progress: Progress) -> Taken:
        """Return what is asked for, and begin what comes next.

        Args:
            request: what is asked for.
            ahead: requests that are likely to come next, in this order.
            progress: may cancel; what was begun then ends by itself.

        Raises:
            DreamFaceError: it can't be taken.
            Cancelled: the progress said so.
        """
        wanted = {_key(one): one for one in (request, *ahead[:AHEAD])}
        for key in self._begun.keys() - wanted.keys():
            self._begun.pop(key).cancel()
        for key, one in wanted.items():
            if key not in self._begun:
                self._begun[key] = self._threads.submit(self._take, one)
        mine = self._begun[_key(request)]
        while not wait((mine,), _LOOK).done:
            progress.report("preview", 0.3, "Taking the picture")
        self._begun.pop(_key(request), None)
        return mine.result()


def _key(request: Mapping[str, Any]) -> str:
    return json.dumps(request, sort_keys=True)
