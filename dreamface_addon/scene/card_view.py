"""Which of a head's hair and cards is shown, region by region, and whether the cards are still those of the hair."""

from __future__ import annotations

import hashlib
from typing import Final

import bpy

from .records import cards_of, hair_of
from .sculpting import basis_of

_STATE: Final = "dreamface_cards_of"
"""Custom property of an object of cards: the hair and the skin that they were made from, in short."""

_HIDDEN: Final = "dreamface_hidden_by_cards"
"""Custom property of an object of hair: we have hidden it, because cards stand for it."""


def show_cards(skin: bpy.types.Object, shown: bool) -> None:
    """Show a head's cards and hide the hair that they stand for, or the other way round; other hair stays as it is."""
    cards = cards_of(skin)
    for object_ in cards.values():
        object_.hide_viewport = object_.hide_render = not shown
    for region, object_ in hair_of(skin).items():
        if shown and region in cards:
            object_.hide_viewport = object_.hide_render = object_[_HIDDEN] = True
        elif region in cards or _HIDDEN in object_:
            object_.hide_viewport = object_.hide_render = False
            object_.pop(_HIDDEN, None)


def shows_cards(skin: bpy.types.Object) -> bool:
    """Return whether a head has cards, and shows them."""
    return any(not object_.hide_viewport for object_ in cards_of(skin).values())


def hides_hair(skin: bpy.types.Object) -> bool:
    """Return whether hair is hidden because cards stand for it, which an artist may have deleted since."""
    return any(_HIDDEN in object_ for object_ in hair_of(skin).values())


def state_of(skin: bpy.types.Object, hair: str) -> str:
    """Return a short name for what cards are made from: the hair, of which `hair` is one, and the skin's shape."""
    return f"{hair}/{hashlib.blake2b(basis_of(skin.data).tobytes(), digest_size=16).hexdigest()}"


def note_state(cards: bpy.types.Object, state: str) -> None:
    """Write on an object of cards what they were made from, as `state_of` says it."""
    cards[_STATE] = state


def are_old(skin: bpy.types.Object, hair: str) -> bool:
    """Return whether a head has cards that were made from other hair than `hair` names, or on another shape."""
    cards = cards_of(skin).values()
    now = state_of(skin, hair) if cards else ""
    return any(object_.get(_STATE) != now for object_ in cards)


def hide_old_cards(skin: bpy.types.Object, hair: str) -> None:
    """Show the hair again where cards are shown that are not of this hair, or float beside a head of another shape."""
    if (shows_cards(skin) or hides_hair(skin)) and (are_old(skin, hair) or not shows_cards(skin)):
        show_cards(skin, False)
