"""What a request may name on the machine that the service runs on.

The owner, who has the service's own token, sits at that machine or has an account on it, and may name any file. Users
have nothing of it but what they sent and what was made for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel

from dreamface.errors import DreamFaceError
from dreamface.motion import is_phone
from dreamface.service.jobs import JobQueue
from dreamface.service.layout import Layout
from dreamface.service.schemas import StartLive, named_on_machine
from dreamface.service.users import OWNER, asking

_REFUSED: Final = (
    "Files and cameras of the machine that makes the faces are for whoever runs it: send the file (PUT /uploads), or "
    "name a face or a take that was made for you there."
)


class NotYours(DreamFaceError):
    """A user names something of the service's machine that is not theirs."""


class Naming:
    """Who may name what.

    Args:
        layout: of the store.
        jobs: know whose a face is.
    """

    def __init__(self, layout: Layout, jobs: JobQueue) -> None:
        self._layout = layout
        self._jobs = jobs

    def check(self, request: BaseModel) -> None:
        """Refuse a request of a user that names what is not theirs.

        Raises:
            NotYours: it does.
        """
        if asking.get() is OWNER:
            return
        for named in named_on_machine(request):
            is_port = isinstance(request, StartLive) and is_phone(named)
            if not is_port and not self._is_mine(named):
                raise NotYours(_REFUSED)

    def _is_mine(self, named: str) -> bool:
        """Whether a path leads to a face or a take of whoever asks, links followed."""
        try:
            path = Path(named).resolve(strict=True)
            takes = self._layout.takes_of(asking.get().name).resolve()
            folders = [self._layout.faces.resolve(), (self._layout.root / "exports").resolve()]
        except (OSError, ValueError, RuntimeError):  # not there; a NUL; links in a circle
            return False
        if path != takes and path.is_relative_to(takes):
            return True
        return any(
            path != folder and path.is_relative_to(folder) and self._jobs.is_mine(path.relative_to(folder).parts[0])
            for folder in folders
        )
