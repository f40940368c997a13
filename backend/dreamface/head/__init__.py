"""Head models, and the choice between them."""

from __future__ import annotations

from functools import cache

from dreamface.errors import BadRequest
from dreamface.head.model import HeadModel

__all__ = ["HEADS", "HeadModel", "check_name", "load_model"]

HEADS = ("auto", "anny")
"""What can be asked for; "auto" takes the best model that is installed."""

_BEST = "anny"


def check_name(name: str) -> None:
    """Refuse a head model that is not here.

    Raises:
        BadRequest: there is none of that name.
    """
    if name not in HEADS:
        raise BadRequest(f"The head model {name!r} is not installed here; there is {', '.join(HEADS)}.")


def load_model(name: str = "auto") -> HeadModel:
    """The head model called `name`, loaded once per process.

    Raises:
        BadRequest: there is no head model of that name here.
    """
    check_name(name)
    return _load(_BEST if name == "auto" else name)


@cache
def _load(name: str) -> HeadModel:
    from dreamface.head.anny import AnnyHead

    assert name == AnnyHead.name
    return AnnyHead()
