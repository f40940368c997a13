"""Head models, and the choice between them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dreamface.errors import BadRequest
from dreamface.head.model import AROUND, HeadModel, HeadSource
from dreamface.head.selection.clip_pool import Encoder, IndexPlan, prompt_likeness, usual_count
from dreamface.head.transfer.textures import Carrier
from dreamface.models import HEADS as KNOWN
from dreamface.models import check_head

if TYPE_CHECKING:
    from dreamface.head.ict.looks import LooksPool

__all__ = [
    "AROUND",
    "HEADS",
    "Carrier",
    "Encoder",
    "HeadModel",
    "HeadSource",
    "IndexPlan",
    "check_name",
    "forget",
    "load_model",
    "looks_pool",
    "looks_pools",
    "prompt_likeness",
    "usual_count",
]

HEADS = ("auto", *(head.name for head in KNOWN))
"""What can be asked for; "auto" takes the best model that is installed."""


def check_name(name: str) -> None:
    """Refuse a head model that is not here.

    Raises:
        BadRequest: there is none of that name, or it is not installed.
    """
    check_head(name)


def load_model(name: str = "auto") -> HeadModel:
    """Return the head model called `name`, loaded once per process.

    Raises:
        BadRequest: there is no head model of that name here.
    """
    check_name(name)
    return _models.get(best() if name == "auto" else name)


def looks_pool(count: int) -> LooksPool:
    """Return the pool of the production head that is chosen from by looks.

    Raises:
        BadRequest: the production head is not installed, or that is no number of candidates.
    """
    from dreamface.head.ict.looks import LooksPool

    model = load_model("ict")
    return LooksPool(model, count)  # type: ignore[arg-type]  # which that name loads


def looks_pools(name: str) -> list[LooksPool]:
    """Return the pools of a head model that an index was begun of, the largest first; only the production head has any.

    Raises:
        BadRequest: there is no head model of that name here.
    """
    from dreamface.head.ict.looks import begun_pools

    model = load_model(name)
    return begun_pools(model) if model.name == "ict" else []  # type: ignore[arg-type]


def best() -> str:
    """Return the name of the best head model that is installed."""
    return next(head.name for head in reversed(KNOWN) if head.installed)


def forget() -> None:
    """Load head models anew when they are next asked for: one was installed, replaced or removed.

    A model that another thread is loading at this moment goes to whoever asked for it, and is not kept.
    """
    _models.clear()


class _Models:
    """The head models that were loaded. Several threads may ask."""

    def __init__(self) -> None:
        self._loaded: dict[str, HeadModel] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._loaded = {}  # another one: it tells whoever is loading that this has happened

    def get(self, name: str) -> HeadModel:
        """Return a model, loaded if need be."""
        loaded = self._loaded
        model = loaded.get(name)
        if model is None:
            model = _make(name)
            with self._lock:
                if loaded is self._loaded:
                    model = loaded.setdefault(name, model)
        return model


_models = _Models()


def _make(name: str) -> HeadModel:
    if name == "anny":
        from dreamface.head.anny.model import AnnyHead

        return AnnyHead()
    if name == "ict":
        from dreamface.head.ict.model import IctHead

        return IctHead()
    raise BadRequest(f"There is no head model called {name!r}.")
