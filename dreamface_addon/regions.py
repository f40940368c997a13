"""Regions of a face: which of their traits were changed or asked for, locks, and dice."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import bpy

from . import shaping
from .vocabulary import FAMILIES, FORMER_FAMILIES, SWATCHES, TRAITS, Trait

LOCKED = "dreamface_locked"
"""Custom property of the skin: names of the locked regions, as JSON."""

_WILDEST = 2.5
"""Standard deviations: the dice throw nothing further from the average."""


def locked(skin: bpy.types.Object) -> frozenset[str]:
    """Return the regions that new words and dice leave as they are."""
    try:
        stored = json.loads(skin.get(LOCKED, "[]"))
        names = [name for one in stored for name in FORMER_FAMILIES.get(one, (one,))]
        return frozenset(name for name in names if name in FAMILIES)
    except (ValueError, TypeError):
        return frozenset()


def toggle_lock(skin: bpy.types.Object, family: str) -> None:
    """Lock a region, or open it."""
    skin[LOCKED] = json.dumps(sorted(locked(skin) ^ {family}))


def locked_traits(skin: bpy.types.Object) -> dict[str, Any]:
    """Return trait -> value of everything in locked regions, within what may be asked for."""
    traits = [trait for family in sorted(locked(skin)) for trait in FAMILIES[family]]
    return {trait.name: _within(trait, shaping.value_of(skin, trait)) for trait in traits}


def _within(trait: Trait, value: Any) -> Any:
    """Return a value within the trait's range; what a mesh measures may lie beyond it."""
    return min(max(value, trait.low), trait.high) if trait.kind == "number" else value


def asked_for(skin: bpy.types.Object) -> frozenset[str]:
    """Return the traits that words, sliders or a look have set; the seed drew all others."""
    entries = shaping.traits_of(skin).items()
    return frozenset(
        name for name, entry in entries if isinstance(entry, dict) and float(entry.get("confidence") or 0.0) > 0.0
    )


def has_dice(family: str) -> bool:
    """Return whether chance decides about a region in life; paint and fantasy are chosen."""
    return family not in ("Make-up", "Fantasy")


def roll(skin: bpy.types.Object, family: str, dice: Random) -> None:
    """Give every trait of a region a value that people have."""
    bearded = shaping.value_of(skin, TRAITS["gender"]) > 0.0
    for trait in FAMILIES[family] if has_dice(family) else ():
        value = _thrown(trait, dice)
        if family == "Beard" and not (bearded and dice.random() < _BEARDED):
            value = "none" if trait.kind == "choice" else trait.low
        if value is not None:
            shaping.set_value(skin, trait, value)


def _thrown(trait: Trait, dice: Random) -> Any:
    """Return a random value of a trait; None for paint, which nobody has from birth."""
    if trait.unit == "sd":
        return min(max(dice.gauss(trait.default, 1.0), -_WILDEST), _WILDEST)
    if trait.name in _SELDOM:
        chance, most = _SELDOM[trait.name]
        return dice.triangular(trait.low, most, trait.low) if dice.random() < chance else trait.low
    if trait.kind == "number":
        return dice.triangular(trait.low, trait.high, trait.default)
    if trait.kind == "choice":
        return dice.choice(trait.choices)
    if trait.kind == "colour":
        return dice.choice([swatch.traits[trait.name] for swatch in SWATCHES["iris"] if trait.name in swatch.traits])
    return None


_BEARDED = 0.4
"""Share of men with a beard or stubble."""

_SELDOM = {
    "freckles.density": (0.25, 0.8), "moles.density": (0.4, 0.6), "age_spots.density": (0.12, 0.6),
    "blemishes.density": (0.2, 0.6), "capillaries.density": (0.15, 0.5), "scars.density": (0.08, 0.5),
    "vitiligo.coverage": (0.01, 0.6), "sclera.redness": (0.2, 0.6), "hair.grey": (0.25, 1.0),
    "hair.temple_grey": (0.15, 0.8), "hair.fringe": (0.3, 1.0), "hair.curl": (0.5, 1.0),
}  # fmt: skip
"""Trait that most people have nothing of -> share of people who have some, and the most that the dice give."""


def has_layer(skin: bpy.types.Object, layer: str) -> bool:
    """Return whether a layer of the skin that not everybody has shows on this face."""
    value = shaping.value_of(skin, TRAITS[LAYER_TRAITS[layer]])
    if isinstance(value, list):
        return float(value[-1]) > 0.0  # how strongly a colour is laid on
    return value not in _NOTHING if isinstance(value, str) else float(value) > 0.0


def put_on(skin: bpy.types.Object, layer: str) -> None:
    """Let a layer show that this face does not have."""
    trait = TRAITS[LAYER_TRAITS[layer]]
    added = _ADDED.get(layer, _ADDED_AMOUNT)
    before = shaping.value_of(skin, trait)
    if isinstance(before, list) and before[:3] != trait.default[:3]:
        added = [*before[:3], added[3]]  # the colour that it had before it was taken off
    shaping.set_value(skin, trait, added)
    shaping.set_strength(skin, layer, 1.0)


def take_off(skin: bpy.types.Object, layer: str) -> None:
    """Let a layer show no longer."""
    trait = TRAITS[LAYER_TRAITS[layer]]
    value = shaping.value_of(skin, trait)
    off: Any = [*value[:-1], 0.0] if isinstance(value, list) else "none" if trait.kind == "choice" else trait.low
    shaping.set_value(skin, trait, off)


LAYER_TRAITS = {
    "vitiligo": "vitiligo.coverage", "freckles": "freckles.density", "moles": "moles.density",
    "age_spots": "age_spots.density", "blemishes": "blemishes.density", "capillaries": "capillaries.density",
    "scars": "scars.density", "under_eyes": "under_eyes.darkness", "forehead_wrinkles": "wrinkles.forehead",
    "eyes_wrinkles": "wrinkles.eyes", "cheeks_wrinkles": "wrinkles.cheeks", "mouth_wrinkles": "wrinkles.mouth",
    "tint": "skin.tint", "metal": "skin.metal", "scales": "skin.scales", "spots": "skin.spots",
    "stripes": "skin.stripes", "foundation": "foundation", "blush": "blush", "eyeshadow": "eyeshadow",
    "eyeliner": "eyeliner", "lipstick": "lipstick", "stubble": "stubble.density", "beard": "beard.style",
}  # fmt: skip
"""Layers of the skin that not everybody has -> the trait that brings them."""

_NOTHING = ("none", "bald")
_ADDED_AMOUNT = 0.5
_ADDED: dict[str, Any] = {
    "tint": [0.12, 0.32, 0.62, 0.7],
    "metal": [0.83, 0.6, 0.25, 1.0],
    "scales": [0.1, 0.28, 0.08, 1.0],
    "spots": [0.05, 0.03, 0.02, 0.9],
    "stripes": [0.04, 0.03, 0.02, 0.9],
    "foundation": [0.6, 0.42, 0.32, 0.5],
    "blush": [0.62, 0.16, 0.16, 0.5],
    "eyeshadow": [0.16, 0.08, 0.12, 0.6],
    "eyeliner": [0.01, 0.01, 0.01, 1.0],
    "lipstick": [0.45, 0.03, 0.05, 0.9],
    "beard": "full",
}
"""Linear Rec. 709 and how strongly it is laid on, or a style: what a layer begins as."""
