"""What an effect is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dreamface.skin.canvas.overlay import Patch, Site

Way = Literal["", "across", "down", "aslant"]

MOST_COUNTED: Final = 60
"""How many of something can be asked for."""

MOST_LINES: Final = 12
"""How many lines, such as scars, can be asked for."""


@dataclass(frozen=True)
class Look:
    """How one use of an effect is wanted.

    Attributes:
        colour: linear Rec. 709; None is the effect's own.
        amount: 0..1 how much of it there is, where that is not how strong it is: the number of drops, say.
        variant: one of the effect's `variants`; "" is the first.
        count: how many of it; 0 is as many as the effect itself makes of the place.
        course: which way lines run over the place: "across", "down" or "aslant"; "" is along it.
    """

    colour: tuple[float, float, float] | None = None
    amount: float = 0.5
    variant: str = ""
    count: int = 0
    course: Way = ""


Drawing = Callable[[Site, Look], Sequence[Patch]]
"""What draws something on a place."""


@dataclass(frozen=True)
class Effect:
    """Something that can be put on a marked place.

    Attributes:
        name: such as "bruise".
        description: one line in plain words.
        words: phrases that ask for it, singular and plural.
        draw: what it changes at a site; texels at which the site's mask is 0 are left alone.
        reads: traits of the person that it reads.
        variants: kinds of it, such as "cut" and "burn" of a scar, each also a word that asks for it.
        takes_colour: whether a colour may be said with it.
        counts: whether it draws as many as it is asked for itself; else each lies on a piece of the place.
        lines: whether it is lines that run over the place, which have a course.
    """

    name: str
    description: str
    words: tuple[str, ...]
    draw: Drawing
    reads: tuple[str, ...] = ("skin.melanin", "skin.redness", "skin.yellowness")
    variants: tuple[str, ...] = ()
    takes_colour: bool = False
    counts: bool = False
    lines: bool = False
