"""What an effect is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dreamface.skin.canvas.overlay import Patch, Site


@dataclass(frozen=True)
class Look:
    """How one use of an effect is wanted.

    Attributes:
        colour: linear Rec. 709; None is the effect's own.
        amount: 0..1 how much of it there is, where that is not how strong it is: the number of drops, say.
        variant: one of the effect's `variants`; "" is the first.
    """

    colour: tuple[float, float, float] | None = None
    amount: float = 0.5
    variant: str = ""


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
    """

    name: str
    description: str
    words: tuple[str, ...]
    draw: Callable[[Site, Look], Sequence[Patch]]
    reads: tuple[str, ...] = ("skin.melanin", "skin.redness", "skin.yellowness")
    variants: tuple[str, ...] = ()
    takes_colour: bool = False
