"""Moments that a phone sends over the network: Live Link Face."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterator
from typing import Final

from dreamface.errors import BadRequest
from dreamface.motion.moment import Moment
from dreamface.motion.packets import LONGEST, PORT, Receiver

PHONE: Final = "udp"
"""How the name of a phone among sources begins: "udp:11111", or "udp" for the usual port."""

_LOWEST_PORT: Final = 1024
_LOOK_UP: Final = 0.2  # seconds between looks at whether somebody has closed it


def is_phone(source: str) -> bool:
    """Return whether a source is a port that a phone sends to."""
    return re.fullmatch(rf"{PHONE}(:\d{{1,6}})?", source) is not None


class Phone:
    """What comes in at a port of this machine, from any address; what is no Live Link Face's is counted and ignored.

    Attributes:
        name: for people.
        size: zeros: there is no picture.
        receiver: knows what was left out.
    """

    size = (0, 0)

    def __init__(self, source: str) -> None:
        """Open the port.

        Raises:
            BadRequest: it is none, or taken.
        """
        port = int(source.partition(":")[2] or PORT)
        if not _LOWEST_PORT <= port < 2**16:
            raise BadRequest(f"A port is a number from {_LOWEST_PORT} to {2**16 - 1}: choose {PORT}, as the app does.")
        self.name = f"Live Link Face (port {port})"
        self.receiver = Receiver()
        self.ending = f"{self.name} was closed."
        self._is_open = True
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(("0.0.0.0", port))
        except OSError as error:
            self._socket.close()
            if error.errno == errno.EADDRINUSE:
                raise BadRequest(
                    f"Port {port} is taken by another program, such as Unreal: close it, or choose another port here "
                    "and in the app."
                ) from error
            raise BadRequest(f"Port {port} can't be used ({error.strerror}): choose another one.") from error
        self._socket.settimeout(_LOOK_UP)

    def __iter__(self) -> Iterator[Moment]:
        """Give moment after moment until `close`; waits for each."""
        while self._is_open:
            try:
                moment = self.receiver(self._socket.recv(LONGEST))
            except TimeoutError:
                continue
            except OSError:
                if not self._is_open:
                    return
                continue  # Windows tells of packets that others refused
            if moment is not None:
                yield moment

    def close(self) -> None:
        """Close the port."""
        self._is_open = False
        self._socket.close()
