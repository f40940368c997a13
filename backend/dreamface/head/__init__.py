"""Head models, and the choice between them."""

from __future__ import annotations

from functools import cache

from dreamface.errors import BadRequest
from dreamface.head.model import HeadModel

__all__ = ["HEADS", "HeadModel", "load_model"]

HEADS = ("auto", "anny")
"""What can be asked for; "auto" takes the best model that is installed."""


@cache
def load_model(name: str = "auto") -> HeadModel:
    """The head model called `name`, loaded once per process.

    Raises:
        BadRequest: there is no head model of that name.
    """
    if name not in HEADS:
        raise BadRequest(f"There is no head model called {name!r}; choose one of {', '.join(HEADS)}.")
    from dreamface.head.anny import AnnyHead

    return AnnyHead()
