"""Levels of detail in files: the head's own; cards of hair have levels of theirs."""

from __future__ import annotations

from dataclasses import replace

from dreamface.export.cards import Dressed
from dreamface.rig import reduced


def at_detail(worn: Dressed, detail: int) -> Dressed:
    """Return a face as it is written to a file at a level of detail; 0 is the whole head.

    Raises:
        BadRequest: there is no such level.
    """
    return replace(worn, face=reduced(worn.face, detail))
